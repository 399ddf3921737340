"""A whole dry run, conda package and all checks included, beside ``python -m build --installer uv`` alone.

On this repository, the example project, and real projects' sdists from PyPI, each made a repository with one commit and
one tag. The package cache is warm: a first round of each is not counted.

Run it as ``python -m benchmarks.dry_run``.
"""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from benchmarks.measure import from_index, options, python, scratch, table, timed

ROOT = Path(__file__).parents[1]
SDISTS = ("attrs==25.3.0", "click==8.2.1", "packaging==25.0", "requests==2.32.5", "rich==14.1.0")


def main() -> int:
    """Measure, print the table, and answer 1 where a ratio is missed."""
    chosen = options(__doc__, rounds=5)
    rows = []
    with scratch() as folder:
        projects = {"this repository": _cloned(folder / "self")}
        projects["molecool"] = _example(folder / "molecool")
        for requirement in SDISTS:
            sdist = from_index(chosen.cache, requirement, binary=False)
            projects[requirement] = _unpacked(folder / requirement, sdist, requirement.partition("==")[2])
        for name, project in projects.items():
            build = python("build", "--installer", "uv", "--outdir", project.parent / "peer", project)
            # The names are taken on PyPI, by these very versions: a conflict is told at the end, when all is done.
            ours = python("release_tools", "dry-run", "--project", project, "--allow-older", accept=(0, 11, 14))
            timed(name, build, ours, bound=1.0, rounds=1)
            rows.append(timed(name, build, ours, bound=1.0, rounds=chosen.rounds))
        return table("A whole dry run", "python -m build", rows)


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
