"""The action on this machine, through nektos/act: its set-up with the whole lock, and the release that a tag starts.

The release is that of ``tests/projects/molecool`` by the workflow that ``release-tools init`` writes, against doubles
of every place; each job sets the action up anew, from wheels in a folder as the action's input ``wheels`` keeps. ::

    python -m benchmarks.action
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from tests.acting import ROOT, copy_action
from tests.stage import stage
from tests.support.projects import molecool

SETUP, RELEASE = 5.0, 15.0


def main() -> int:
    """Measure, print the table, and answer 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheels = Path(folder) / "wheels"
        cold = _setup(Path(folder), wheels)
        warm = statistics.median(_setup(Path(folder), wheels) for _ in range(options.rounds))
        tools = Path(folder) / "tools"
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(tools))
        subprocess.run([*pip, "setuptools>=77", "versioningit>=3.3"], check=True)
        release = statistics.median(_release(wheels, tools) for _ in range(options.rounds))
    print(f"{'set-up, nothing at hand':44}{cold:>8.1f} s")
    print(f"{'set-up, wheels at hand':44}{warm:>8.1f} s   at most {SETUP:.0f} s")
    print(f"{'tag push to everywhere, six jobs':44}{release:>8.1f} s   at most {RELEASE:.0f} s")
    return int(warm > SETUP or release > RELEASE)


def _setup(folder: Path, wheels: Path) -> float:
    """Seconds of the action's first step in a job."""
    with tempfile.TemporaryDirectory(dir=folder) as temp:
        env = {**os.environ, "RUNNER_TEMP": temp, "GITHUB_OUTPUT": f"{temp}/output", "WHEELS": str(wheels)}
        started = time.perf_counter()
        subprocess.run([sys.executable, "-I", str(ROOT / "action" / "install.py")], env=env, check=True)
        return time.perf_counter() - started


def _release(wheels: Path, tools: Path) -> float:
    """Seconds from the tag to the published release."""
    found = {"PIP_FIND_LINKS": str(tools), "UV_FIND_LINKS": str(tools)}
    with tempfile.TemporaryDirectory() as temp:
        folder = Path(temp)
        action = copy_action(folder / "action", wheels)
        with redirect_stdout(StringIO()), stage(folder, action, molecool(), env=found) as there:
            there.push_tag("v1.0")
            started = time.perf_counter()
            run = there.run("release.yml", {"ref": "refs/tags/v1.0"})
            seconds = time.perf_counter() - started
        if not run.ok:
            sys.exit(f"the release failed\n{run.why}")
        return seconds


if __name__ == "__main__":
    sys.exit(main())
