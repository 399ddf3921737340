"""The action on this machine, through nektos/act: its set-up with the whole lock, and the release that a tag starts.

The release is that of ``tests/projects/molecool`` by the workflow that ``release-tools init`` writes, against doubles
of every destination; each of its six jobs that need it sets the action up, from wheels in a folder as the action's
input ``wheels`` keeps. What pip takes for the same set-up is measured, too. Processor time says what a busy machine
hides. Nothing is deleted before the end, as a disk that has much to delete is slow to make files. ::

    python -m benchmarks.action
"""

import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from benchmarks.measure import command, options, scratch, where
from tests.acting import ROOT, copy_action
from tests.stage import stage
from tests.support.projects import molecool
from tests.support.world import SLUG

SETUP, RELEASE = 2.0, 10.0
PYPI = {"COMMAND": "publish", "ONLY": "pypi"}


def main() -> int:
    """Measure, print the table, and return 1 where a bound is missed."""
    chosen = options(__doc__, rounds=3)
    with scratch() as folder:
        wheels, tools = folder / "wheels", folder / "tools"
        command(
            sys.executable,
            "-m",
            "uv",
            "tool",
            "run",
            "pip",
            "download",
            "--dest",
            tools,
            "setuptools>=77",
            "versioningit>=3.3",
        )()
        print(f"({where()})\n{'':44}{'seconds':>10}{'processor':>11}{'at most':>9}")
        _show("set-up from the index", _median(chosen.rounds, lambda: _setup(folder)))
        _show("the same of a job that publishes to PyPI", _median(chosen.rounds, lambda: _setup(folder, **PYPI)))
        _show("set-up, a folder of wheels to be filled", _cost(lambda: _setup(folder, wheels)))
        _show("set-up by pip, wheels in a folder", _cost(lambda: _by_pip(folder, wheels)))
        setup = _median(chosen.rounds, lambda: _setup(folder, wheels))
        _show("set-up, wheels in a folder", setup, SETUP)
        _show(
            "the same of a job that publishes to PyPI", _median(chosen.rounds, lambda: _setup(folder, wheels, **PYPI))
        )
        release = statistics.median_low(_release(folder, wheels, tools) for _ in range(chosen.rounds))
        _show("tag push to everywhere, seven jobs", release, RELEASE)
    return int(setup[0] > SETUP or release[0] > RELEASE)


Cost = tuple[float, float]
"""Seconds, and processor seconds of all processes together but those that compile after a set-up."""
_COMPILING = 2.0
"""Seconds after which these have ended, so that they take nothing from the next measurement."""


def _cost(run: Callable[[], object]) -> Cost:
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    run()
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    time.sleep(_COMPILING)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _median(rounds: int, run: Callable[[], object]) -> Cost:
    return statistics.median_low(_cost(run) for _ in range(rounds))


def _show(what: str, cost: Cost, bound: float | None = None) -> None:
    print(f"{what:44}{cost[0]:>10.1f}{cost[1]:>11.1f}{f'{bound:.0f}' if bound else '':>9}")


def _setup(folder: Path, wheels: Path | str = "", **inputs: str) -> None:
    """Run the action's first step in a job."""
    temp = tempfile.mkdtemp(dir=folder)
    env = {"RUNNER_TEMP": temp, "GITHUB_OUTPUT": f"{temp}/output", "WHEELS": str(wheels), **inputs}
    command(sys.executable, "-I", ROOT / "action" / "install.py", env=env)()


def _by_pip(folder: Path, wheels: Path) -> None:
    """Install the same with pip, as people would by hand."""
    temp = tempfile.mkdtemp(dir=folder)
    command(sys.executable, "-m", "venv", temp)()
    pip = (f"{temp}/bin/python", "-m", "pip", "install", "--no-deps", "--require-hashes", "--no-index")
    command(*pip, "--find-links", wheels, "-r", ROOT / "requirements.lock")()


def _release(folder: Path, wheels: Path, tools: Path) -> Cost:
    """Measure a release, from the tag to its publication."""
    found = {"PIP_FIND_LINKS": str(tools), "UV_FIND_LINKS": str(tools)}
    here = Path(tempfile.mkdtemp(dir=folder))
    action = copy_action(here / "action", wheels)
    with redirect_stdout(StringIO()), stage(here, action, molecool(), env=found) as there:
        there.push_tag("v1.0")
        runs = []
        cost = _cost(lambda: runs.append(there.run("release.yml", {"ref": "refs/tags/v1.0"})))
        [release] = there.github.repositories[SLUG].releases
    if not runs[0].ok or release.draft:
        sys.exit(f"the release failed\n{runs[0].why}")
    return cost


if __name__ == "__main__":
    sys.exit(main())
