"""``init`` and ``doctor`` know that a project is compiled."""

from pathlib import Path

import pytest
import yaml

from release_tools.builders.cibuildwheel import read_cibuildwheel_version
from release_tools.workflows.render import RELEASE
from tests.compiled.plans import WHEELS, project
from tests.conftest import Run
from tests.support.repositories import Checkout, make_repository

pytestmark = pytest.mark.skipif(not read_cibuildwheel_version(), reason="no cibuildwheel: uv pip install cibuildwheel")
ACTION = ("--action", f"python-release-tools/python-release-tools@{'a' * 40}")


@pytest.fixture
def checkout(run: Run, tmp_path: Path) -> Checkout:
    made = make_repository(tmp_path / "project", project(), ". v1.0")
    said = run("init", "-C", made.root, "--yes", *ACTION)
    assert said.code == 0, said.err
    return made


def cells(checkout: Checkout) -> list[tuple[str, str]]:
    workflow = yaml.safe_load((checkout.root / RELEASE).read_text(encoding="utf-8"))
    return [(cell["job"], cell["runner"]) for cell in workflow["jobs"]["build"]["strategy"]["matrix"]["include"]]


def test_init_writes_the_matrix_of_the_plan(checkout: Checkout) -> None:
    runners = dict(cells(checkout))
    assert list(runners) == list(WHEELS)
    assert runners["macos-arm64"] == "macos-15"


def test_init_check_fails_once_the_plan_has_changed(run: Run, checkout: Checkout) -> None:
    assert run("init", "-C", checkout.root, "--check").code == 0
    table = checkout.root / "pyproject.toml"
    table.write_text(table.read_text().replace('"windows-x86_64", ', ""), encoding="utf-8")
    table.write_text(table.read_text().replace('wheels.optional = ["cp313-win_amd64"]\n', ""), encoding="utf-8")
    said = run("init", "-C", checkout.root, "--check")
    assert said.code == 16
    assert "windows-x86_64" in said.out


def test_doctor_says_what_a_compiled_project_lacks(run: Run, checkout: Checkout) -> None:
    said = run("doctor", "-C", checkout.root)
    assert "compiled code" in said.out
    assert "no job builds wheels" not in said.out
    table = checkout.root / "pyproject.toml"
    pure = [line for line in project()["pyproject.toml"].splitlines() if not line.startswith("wheels.")]
    table.write_text("\n".join([*pure, "wheels.jobs = []", ""]), encoding="utf-8")
    assert run("init", "-C", checkout.root, "--yes", *ACTION).code == 0
    table.write_text(project()["pyproject.toml"], encoding="utf-8")
    said = run("doctor", "-C", checkout.root)
    assert "no job builds wheels" in said.out
    assert said.code != 0
