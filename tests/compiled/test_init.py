"""``init`` and ``doctor`` know that a project is compiled."""

from pathlib import Path

import pytest
import yaml

from release_tools.builders.cibuildwheel import read_cibuildwheel_version
from release_tools.workflows.render import RELEASE
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not read_cibuildwheel_version(), reason="no cibuildwheel: uv pip install cibuildwheel"),
]
ACTION = ("--action", f"python-release-tools/python-release-tools@{'a' * 40}")


ONE_PLATFORM = """
requires-python = ">=3.12,<3.13"
[tool.release-tools]
wheels.jobs = ["windows-x86_64", "windows-arm64"]
"""
"""For jobs of one platform, as cibuildwheel takes a process for each platform."""


def make_project(settings: str) -> dict[str, str]:
    files = in_tree_project()
    return {**files, "pyproject.toml": f"{files['pyproject.toml']}{settings}[tool.cibuildwheel]\n"}


@pytest.fixture
def checkout(run: Run, tmp_path: Path) -> Checkout:
    made = make_repository(tmp_path / "project", make_project(ONE_PLATFORM), ". v1.0")
    said = run("init", "-C", made.root, "--yes", *ACTION)
    assert said.code == 0, said.err
    return made


def test_init_writes_the_matrix_of_the_plan(checkout: Checkout) -> None:
    workflow = yaml.safe_load((checkout.root / RELEASE).read_text(encoding="utf-8"))
    cells = workflow["jobs"]["build"]["strategy"]["matrix"]["include"]
    assert [(cell["job"], cell["runner"]) for cell in cells] == [
        ("windows-x86_64", "windows-2025"),
        ("windows-arm64", "windows-11-arm"),
    ]


def test_init_check_fails_once_the_plan_has_changed(run: Run, checkout: Checkout) -> None:
    assert run("init", "-C", checkout.root, "--check").code == 0
    changed = ONE_PLATFORM.replace(', "windows-arm64"', "")
    checkout.write(make_project(changed))
    said = run("init", "-C", checkout.root, "--check")
    assert said.code == 16
    assert "windows-arm64" in said.out


def test_doctor_says_what_a_compiled_project_lacks(run: Run, checkout: Checkout) -> None:
    said = run("doctor", "-C", checkout.root)
    assert "compiled code" in said.out
    assert "no job builds wheels" not in said.out
    checkout.write(make_project("[tool.release-tools]\nwheels.jobs = []\n"))
    assert run("init", "-C", checkout.root, "--yes", *ACTION).code == 0
    checkout.write(make_project(ONE_PLATFORM))
    said = run("doctor", "-C", checkout.root)
    assert "no job builds wheels" in said.out
    assert said.code != 0
