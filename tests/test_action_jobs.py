"""Compare what pyproject.toml says that a job of the action needs with what such a job can do."""

import json
import runpy
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from tests.acting import ROOT
from tests.publishing.destinations import DESTINATIONS, build, machines

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="the action runs on Linux")]

RUN = """\
import json, os, sys
from importlib.abc import MetaPathFinder
blocked = set(json.loads(sys.argv[1]))
class Blocker(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"{name} is not installed for this job")
sys.meta_path.insert(0, Blocker())
from release_tools.cli.main import main
sys.exit(main(sys.argv[2:], dict(os.environ)))
"""
SCRIPT = runpy.run_path(str(ROOT / "action/install.py"))
LOCK = SCRIPT["read_lock"]()
JOBS, EXTRAS = SCRIPT["read_jobs"]()


def strings(value: Any) -> set[str]:  # noqa: ANN401 - whatever TOML holds
    if isinstance(value, str):
        return {value}
    return set().union(*map(strings, value.values() if isinstance(value, dict) else value))


def test_every_name_is_one_of_the_lock() -> None:
    assert strings(JOBS) | strings(list(map(list, EXTRAS.values()))) <= LOCK.keys()


def test_what_is_compiled_ahead_is_a_package_of_the_lock() -> None:
    found = packages_distributions()
    assert {
        str(canonicalize_name(found[name][0])) for name in SCRIPT["COMPILED"] + SCRIPT["COMPILED_FOR_TWINE"]
    } <= LOCK.keys()


def test_what_a_job_needs_is_asked_for_by_ourselves() -> None:
    ours = {name for name, one in LOCK.items() if SCRIPT["OURSELVES"] in one.askers}
    named = [JOBS["publish"], *JOBS["publish-to"].values(), *JOBS["unused"].values()]
    assert set().union(*named, *EXTRAS.values()) <= ours


def modules_of(names: Iterable[str]) -> list[str]:
    """The modules of distributions; a namespace such as ``backports`` belongs to none."""
    found = packages_distributions()
    return [module for module, owners in found.items() if {str(canonicalize_name(one)) for one in owners} <= set(names)]


@pytest.mark.parametrize(
    ("destination", "only"),
    [("GitHub release", "github"), ("PyPI", "pypi"), ("TestPyPI", "testpypi"), ("anaconda", "anaconda")],
)
def test_a_publishing_job_does_with_what_is_installed_for_it(tmp_path: Path, destination: str, only: str) -> None:
    files = tmp_path / "built"
    files.mkdir()
    build(files)
    installed = SCRIPT["needed"]({"COMMAND": "publish", "ONLY": only}, LOCK).keys()
    last = SCRIPT["needed"]({"COMMAND": "publish", "ONLY": only, "ARGUMENTS": "--status"}, LOCK).keys()
    assert last >= installed | {"pypi-simple"}
    with machines(tmp_path / "world", DESTINATIONS[destination], files) as there:
        for names, options in (installed, ()), (last, ("--status",)):
            blocked = modules_of(LOCK.keys() - names)
            assert "scriv" not in blocked
            assert {"rattler", "build"} <= set(blocked)
            arguments, env, _ = there.machine()
            run_job(blocked, *arguments, *options, env=env)


def run_job(blocked: list[str], *arguments: str, env: dict[str, str]) -> None:
    """Run a command without some modules, and check that it succeeds."""
    command = [sys.executable, "-c", RUN, json.dumps(blocked), *arguments]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_last_job_of_a_release_does_with_what_is_installed_for_it(tmp_path: Path) -> None:
    files = tmp_path / "built"
    files.mkdir()
    build(files)
    blocked = modules_of(LOCK.keys() - SCRIPT["needed"]({"COMMAND": "status"}, LOCK).keys())
    assert {"rattler_build", "sigstore", "twine", "uv"} <= set(blocked)
    with machines(tmp_path / "world", DESTINATIONS["anaconda"], files) as there:
        arguments, env, _ = there.machine()
        run_job([], *arguments, env=env)
        _, *project = arguments[:3]
        run_job(blocked, "status", *project, "1.0", "--anaconda-owner", "octo", env=env)
