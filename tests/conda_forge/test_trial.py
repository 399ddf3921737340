"""A dry run builds and tests the recipe that it shows, where a channel can be reached."""

import json
import sys
from pathlib import Path

import pytest

from tests.conda_forge.feedstock import feedstock
from tests.conftest import Run
from tests.support.conda import NEEDS_POSIX, Channel
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

pytestmark = pytest.mark.slow

HERE = f"Requires-Python: >={sys.version_info.major}.{sys.version_info.minor}"
ELSEWHERE = ("--no-conda", "--no-verify-install", "--no-github")


@NEEDS_POSIX
def test_a_dry_run_builds_and_tests_the_recipe(run: Run, tmp_path: Path, conda_channel: Channel) -> None:
    files = in_tree_project(version="1.0")
    backend = files["build-backend/backend.py"]
    files["build-backend/backend.py"] = backend.replace("Summary: A demonstration", rf"{HERE}\nSummary: Demo")
    checkout = make_repository(tmp_path / "demo", files, ". v1.0")
    with feedstock(tmp_path) as there:
        there.github.create("conda-forge/staged-recipes", {"README.md": "Begin\n"})
        channels = {"RELEASE_TOOLS_CONDA_CHANNELS": conda_channel.url}
        said = run("dry-run", "-C", checkout.root, "--json", *ELSEWHERE, **there.env, **channels)
    assert said.code == 0, said.err
    report = json.loads(said.out)
    (trial,) = (section["notes"] for section in report["sections"] if section["title"] == "Recipe test build")
    assert [(note["state"], note["detail"]) for note in trial] == [("done", "by rattler-build")]
    assert not (checkout.root / "dist" / "recipe" / "noarch").exists()
