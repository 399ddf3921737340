"""Publishing twenty files to an index on this machine: ours beside ``twine upload``; and what ``status`` asks.

Ours looks first, uploads, waits until the files are served and compares them; twine only uploads. Once as fast as the
machine is, where what counts is how soon a program starts; and once with the time that a distant index takes. ::

    python -m benchmarks.publish
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Row, scratch, table
from release_tools.artifacts import manifest
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Kind, Release
from tests.servers.base import Request, Response, serve
from tests.servers.package_index import PackageIndex
from tests.support.artifacts import make_sdist, make_wheel

TOKEN = "pypi-benchmark"  # noqa: S105 - opens nothing but the double
ROOT = Path(__file__).parents[1]


def main() -> int:
    """Measure, print the table, and return 1 where a ratio is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=5_000_000, help="bytes of each wheel")
    parser.add_argument("--distance", type=float, default=0.1, help="seconds that a distant index takes for a file")
    options = parser.parse_args()
    with scratch() as project:
        names = _build(project / "dist", options.files, options.size)
        rows = [
            _row(project, names, options.rounds, "on this machine", 0.0),
            _row(project, names, options.rounds, f"{options.distance} s a file away", options.distance),
        ]
        requests = _status(project)
        missed = table(f"Publishing {options.files} files", "twine upload", rows)
    print(f"status of {options.files} files: {requests} request to the one place")
    return int(missed or requests != 1)


def _row(project: Path, names: Sequence[str], rounds: int, title: str, distance: float) -> Row:
    """Measure twine and release-tools in turns."""
    pairs = [(_twine(project, names, distance), _ours(project, distance)) for _ in range(rounds)]
    twine, ours = (statistics.median(times) for times in zip(*pairs, strict=True))
    return Row(title, twine, ours, 1.0)


class DistantIndex(PackageIndex):
    """An index that takes its time for each upload, and several at once."""

    distance = 0.0

    def handle(self, request: Request) -> Response | None:
        """Wait, then reply."""
        if request.method == "POST":
            time.sleep(self.distance)
        return super().handle(request)


def _build(dist: Path, files: int, size: int) -> list[str]:
    """Build an sdist, and wheels that differ in their build tags; return their paths."""
    dist.mkdir()
    body = f"text = {'x' * size!r}\n"
    wheels = [make_wheel(dist, build=str(number) if number else "", body=body) for number in range(files - 1)]
    artifacts = [
        Artifact.of(make_sdist(dist), ArtifactKind.SDIST),
        *(Artifact.of(w, ArtifactKind.WHEEL) for w in wheels),
    ]
    release = Release("demo", "1.0", Kind.FINAL, "v1.0", tagged=True, commit="c" * 40, artifacts=tuple(artifacts))
    (dist / manifest.FILENAME).write_text(manifest.dump(release), encoding="utf-8")
    return [str(artifact.path) for artifact in artifacts]


def _twine(project: Path, names: Sequence[str], distance: float) -> float:
    index = _index(distance)
    with serve(index) as url:
        address = ["--repository-url", f"{url}/legacy/", "--disable-progress-bar", "--non-interactive"]
        seconds = _timed([sys.executable, "-m", "twine", "upload", *address, *names], project)
    return _complete(index, len(names), seconds)


def _ours(project: Path, distance: float) -> float:
    index = _index(distance)
    with serve(index) as url:
        seconds = _timed([*_command("publish", project), "--routes-final", f"{url}/legacy/"], project)
    return _complete(index, len(list(project.glob("dist/demo-*"))), seconds)


def _status(project: Path) -> int:
    index = _index()
    for path in project.glob("dist/demo-*"):
        index.put(path.name, path.read_bytes())
    with serve(index) as url:
        routes = [f"--routes-{kind}={url}/legacy/" for kind in Kind]
        _timed([*_command("status", project), "1.0", "--name", "demo", *routes], project)
    return len(index.log)


def _command(name: str, project: Path) -> list[str]:
    return [sys.executable, "-m", "release_tools", name, "-C", str(project), "--no-conda-forge"]


def _index(distance: float = 0.0) -> PackageIndex:
    index = DistantIndex()
    index.distance = distance
    index.tokens[TOKEN] = None
    return index


def _timed(command: Sequence[str], project: Path) -> float:
    login = {"TWINE_USERNAME": "__token__", "TWINE_PASSWORD": TOKEN}
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR")}
    env = {**kept, "HOME": str(project), "PYTHONPATH": str(ROOT), **login}
    started = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _complete(index: PackageIndex, files: int, seconds: float) -> float:
    if len(index.files) != files:
        raise SystemExit(f"{len(index.files)} of {files} files arrived")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
