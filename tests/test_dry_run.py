"""The main job: ``release-tools dry-run`` in a real repository, without configuration."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.projects import molecool
from tests.support.repositories import make_repository


@pytest.mark.registry
@pytest.mark.slow
def test_a_project_of_computational_molecular_science_is_dry_run_whole(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "molecool", molecool(), ". v1.2.0 . .")
    before = checkout.git("status", "--porcelain", "--ignored"), checkout.git("for-each-ref")
    said = run("dry-run", "-C", checkout.root, "--json", "--output-dir", tmp_path / "out", "--network-tries", "1")
    assert said.code == 0, said.err
    report = json.loads(said.out)
    assert (report["version"], report["tag"], report["tagged"]) == ("1.3.0.dev2", "v1.3.0.dev2", False)
    names = {artifact["kind"]: artifact["filename"] for artifact in report["artifacts"]}
    assert names["sdist"] == "molecool-1.3.0.dev2.tar.gz"
    with zipfile.ZipFile(tmp_path / "out" / names["wheel"]) as wheel:
        contents = {name for name in wheel.namelist() if not name.startswith("molecool-")}
        assert b'__version__ = "1.3.0.dev2"' in wheel.read("molecool/_version.py")
    assert contents == {name for name in molecool() if name.startswith("molecool/")} | {"molecool/_version.py"}
    assert (checkout.git("status", "--porcelain", "--ignored"), checkout.git("for-each-ref")) == before
