"""A dry run of a compiled project on a laptop: all that this machine can build, every check, and the plan."""

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from release_tools.builders.cibuildwheel import read_cibuildwheel_version
from tests.compiled.plans import TAG_HERE, tag_wheels
from tests.compiled.projects import PROJECTS, SETUPTOOLS
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

pytestmark = [
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.skipif(not read_cibuildwheel_version(), reason="no cibuildwheel: uv pip install cibuildwheel"),
    pytest.mark.skipif(not shutil.which("gcc"), reason="no C compiler: gcc"),
]
NEEDS = {"maturin": "cargo"}
RUST = {
    variable: os.environ.get(variable) or str(Path.home() / folder)
    for variable, folder in (("RUSTUP_HOME", ".rustup"), ("CARGO_HOME", ".cargo"))
}
"""The toolchain's folder, as the tests have a home of their own."""
QUICK = ("--network-tries", "1", "--no-verify-recipe", "--no-conda-forge")


def notes(report: Mapping[str, Any], title: str) -> list[dict[str, str]]:
    [section] = (section for section in report["sections"] if section["title"] == title)
    found: list[dict[str, str]] = section["notes"]
    return found


ALL_JOBS = ["linux-x86_64", "linux-aarch64", "macos-arm64", "macos-x86_64", "windows-x86_64"]
ONE_JOB = '[tool.release-tools]\nwheels.jobs = ["linux-x86_64"]\n'
INSTALLED = ("setuptools", "abi3")
"""Projects with a wheel for one Python and for many, whichever backend builds it."""


@pytest.mark.parametrize("name", PROJECTS)
def test_a_compiled_project_is_tried_out_and_its_wheels_are_planned(run: Run, tmp_path: Path, name: str) -> None:
    if not shutil.which(NEEDS.get(name, "gcc")):
        pytest.skip(f"no {NEEDS[name]}")
    files = dict(PROJECTS[name])
    if is_planned_for_one := name != "setuptools":  # the plan does not depend on the backend
        files["pyproject.toml"] += ONE_JOB
    checkout = make_repository(tmp_path / "project", files, ". v1.0")
    is_installed = name in INSTALLED
    options = QUICK if is_installed else (*QUICK, "--no-verify-install")
    said = run("dry-run", "-C", checkout.root, "--json", "--packages-dir", tmp_path / "dist", *options, **RUST)
    assert said.code == 0, said.out + said.err
    report = json.loads(said.out)
    assert [artifact["kind"] for artifact in report["artifacts"]] == ["sdist"]
    assert report["plan"]
    reported = notes(report, "Build sdist and wheel")
    jobs = [note["text"].split()[0] for note in reported if "built by" in note["text"] or "built here" in note["text"]]
    assert jobs == ["source", *(["linux-x86_64"] if is_planned_for_one else ALL_JOBS)]
    assert any("this machine only" in note["text"] for note in reported)
    assert not any(".whl" in note["text"] for section in report["sections"] for note in section["notes"]
                   if note["state"] == "planned")  # fmt: skip
    checked = notes(report, "Verify")
    assert any("(1 binary)" in note["text"] for note in checked), [note["text"] for note in checked]
    assert any(note["text"].startswith("installs") for note in checked) is is_installed, [
        note["text"] for note in checked
    ]


def test_a_plan_that_cannot_be_made_stops_a_dry_run_before_the_build(run: Run, tmp_path: Path) -> None:
    """The build would fail as well, so its failure is what a run that builds first reports."""
    settings = f'{ONE_JOB}wheels.optional = ["cp39-*"]\n'
    files = {**SETUPTOOLS, "pyproject.toml": SETUPTOOLS["pyproject.toml"] + settings, "quickcrc/_core.c": "no C"}
    checkout = make_repository(tmp_path / "project", files, ". v1.0")
    said = run("dry-run", "-C", checkout.root, *QUICK)
    assert said.code == 3, said.out + said.err
    assert "wheels.optional" in said.err


def test_one_machine_does_not_release_a_compiled_project(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "project", SETUPTOOLS, ". v1.0")
    said = run("release", "-C", checkout.root, *QUICK)
    assert said.code == 14
    assert "release-tools tag" in said.err
    assert not (checkout.root / "dist").exists()


def test_what_this_machine_built_is_not_published_as_the_whole(run: Run, tmp_path: Path) -> None:
    files = tag_wheels(in_tree_project(), TAG_HERE)
    files["pyproject.toml"] += (
        '[tool.cibuildwheel]\n[tool.release-tools]\nwheels.jobs = ["linux-x86_64", "windows-x86_64"]\n'
    )
    checkout = make_repository(tmp_path / "project", files, ". v1.0")
    assert run("build", "-C", checkout.root, "--no-verify-install").code == 0
    said = run("publish", "-C", checkout.root, "--dry-run", *QUICK)
    assert said.code == 14
    assert "cp312-win_amd64" in said.err
