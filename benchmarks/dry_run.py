"""Compare a whole dry run, conda package and all checks included, with ``python -m build --installer uv`` alone.

The small projects are this repository, the example project, and real projects' sdists from PyPI, each made a repository
with one commit and one tag. The large ones are made by `benchmarks.large_project`. The package cache is warm: a first
round of each is not counted. The bounds are those of the geometric means.

Run it as ``python -m benchmarks.dry_run``.
"""

import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from math import inf
from pathlib import Path

from benchmarks.large_project import make_large_project
from benchmarks.measure import Row, from_index, geometric_mean, options, python, scratch, table, timed

ROOT = Path(__file__).parents[1]
SMALL, LARGE = 1.0, 1.2
DATA = 20_000_000
SDISTS = ("attrs==25.3.0", "click==8.2.1", "packaging==25.0", "requests==2.32.5", "rich==14.1.0")


def main() -> int:
    """Measure, print the tables, and return 1 where a ratio is missed."""
    chosen = options(__doc__, rounds=5)
    with scratch() as folder:
        small = {"this repository": _cloned(folder / "self")}
        small["molecool"] = _example(folder / "molecool")
        for requirement in SDISTS:
            sdist = from_index(chosen.cache, requirement, binary=False)
            small[requirement] = _unpacked(folder / requirement, sdist, requirement.partition("==")[2])
        large = {
            "1,500 files": make_large_project(folder / "large"),
            "with 20 MB of data": make_large_project(folder / "data", data=DATA),
        }
        rows = _measured(small, chosen.rounds)
        missed = table("A dry run", "python -m build", [*rows, geometric_mean("geometric mean", rows, SMALL)])
        rows = _measured(large, chosen.rounds)
        more = [*rows, geometric_mean("geometric mean", rows, LARGE)]
        return missed | table("A dry run of a project with 10,000 commits", "python -m build", more)


def _measured(projects: Mapping[str, Path], rounds: int) -> list[Row]:
    rows = []
    for name, project in projects.items():
        build = python("build", "--installer", "uv", "--outdir", project.parent / "peer", project)
        # PyPI has these names and versions: a conflict is reported at the end, when all is done.
        ours = python("release_tools", "dry-run", "--project", project, "--allow-older", accept=(0, 11, 14))
        timed(name, build, ours, bound=inf, rounds=1)
        rows.append(timed(name, build, ours, bound=inf, rounds=rounds))
    return rows


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@localhost")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S607 - the PATH's git


def _cloned(folder: Path) -> Path:
    _git(ROOT, "clone", "--quiet", str(ROOT), str(folder))
    return folder


def _example(folder: Path) -> Path:
    shutil.copytree(ROOT / "tests" / "projects" / "molecool", folder)
    return _committed(folder, "1.0.0")


def _unpacked(folder: Path, sdist: Path, version: str) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (project,) = folder.iterdir()
    (project / "PKG-INFO").unlink()
    return _committed(project, version)


def _committed(project: Path, version: str) -> Path:
    _git(project, "init", "--quiet")
    _git(project, "add", "--all")
    _git(project, "commit", "--quiet", "--message", "Release")
    _git(project, "tag", "--annotate", "--message", version, version)
    return project


if __name__ == "__main__":
    sys.exit(main())
