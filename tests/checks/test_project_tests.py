"""``verify.command``: the project's own tests, run where its wheel is installed."""

import sys
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.artifacts import Project

CHECK = "import demo, pathlib; assert demo.name == 'demo'; assert not list(pathlib.Path.cwd().iterdir())"
CASES = {
    "a module that is there": ("python {project}/check.py", 0),
    "a test that fails": ('python -c "raise SystemExit(3)"', 9),
    "a program that is not there": ("no-such-program-of-tests", 9),
    "half a quote": ("python 'x", 9),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_the_project_s_own_tests_decide(run: Run, tmp_path: Path, name: str) -> None:
    command, code = CASES[name]
    (tmp_path / "check.py").write_text(CHECK, encoding="utf-8")
    dist = tmp_path / "dist"
    dist.mkdir()
    Project("demo", headers=("Description-Content-Type: text/markdown",)).wheel(dist)
    said = run("verify", "-C", tmp_path, dist, "--no-conda", "--verify-command", command)
    assert said.code == code, said.out + said.err
    assert ("own tests" in said.out) is (name != "half a quote")


@pytest.mark.slow
def test_nothing_of_the_checkout_is_imported_instead(run: Run, tmp_path: Path) -> None:
    (tmp_path / "demo.py").write_text("raise RuntimeError('the checkout')", encoding="utf-8")
    dist = tmp_path / "dist"
    dist.mkdir()
    Project("demo", headers=("Description-Content-Type: text/markdown",)).wheel(dist)
    said = run("verify", "-C", tmp_path, dist, "--no-conda", "--verify-command", 'python -c "import demo"')
    assert said.code == 0, said.out + said.err
    assert sys.executable not in said.out
