"""Much of everything: 500 files in one release, a wheel of 2 GB, and a repository of 50 packages.

Run it as ``python -m benchmarks.load``. What is measured is whether much costs more than many times a little: seconds
a file beside those of a small release, memory beside the size of the wheel, a package among 50 beside one alone. (A
repository of 10,000 tags is in ``benchmarks.commands``.)
"""

import base64
import hashlib
import multiprocessing
import os
import shutil
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import redirect_stdout
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from statistics import median
from threading import Thread

from benchmarks.measure import GIGABYTE, Row, options, peak_memory, python, scratch, table
from release_tools.artifacts.wheels import read_wheel
from release_tools.builders.conda.from_wheel import Conversion, convert
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.publishers.package_index.index import Index
from release_tools.publishers.package_index.uploader import Login, Uploader
from release_tools.system.http import Http
from tests.archives.raw import record_line
from tests.publishing.built_project import built_project
from tests.support.monorepo import packages

FEW, MANY = 20, 500
PACKAGES = 50
MEGABYTE = 1 << 20
LARGE = 2048 * MEGABYTE
QUICK = ("--no-conda", "--no-verify-install", "--no-conda-forge")


def main() -> int:
    """Measure, print the tables, and return 1 where a bound is missed."""
    chosen = options(__doc__, rounds=3)
    with scratch(6 * GIGABYTE) as folder:
        missed = table(f"A release of {MANY} files, milliseconds a file", f"{FEW} files", _releases(folder))
        seconds, memory = _large(folder / "large")
        missed |= table("A wheel of 2 GB, seconds", "zipfile, sha256", seconds)
        missed |= table("A wheel of 2 GB, memory", "its size", memory)
        rows = _monorepo(folder, chosen.rounds)
        return missed | table(f"A package among {PACKAGES} in one repository, seconds", "alone", rows)


def _releases(folder: Path) -> list[Row]:
    """Measure a dry run, the uploads, and a run that finds all of them done."""
    taken = {files: _published(folder / str(files), files) for files in (FEW, MANY)}
    names = ("dry run", "published", "found published")
    return [Row(name, few, many, 1.0, "ms") for name, few, many in zip(names, taken[FEW], taken[MANY], strict=True)]


def _published(folder: Path, files: int) -> list[float]:
    folder.mkdir()
    taken = []
    with built_project(folder) as there:
        there.log_in()
        there.build(wheels=files - 1, conda=False)
        for more in (("--dry-run",), (), ()):
            started = time.perf_counter()
            with open(os.devnull, "w", encoding="utf-8") as nothing, redirect_stdout(nothing):  # noqa: PTH123 - no file
                if there.run("publish", "--no-conda-forge", *more):
                    raise SystemExit(f"{files} files were not published")
            taken.append((time.perf_counter() - started) / files * 1000)
        if len(there.pypi.files) != files:
            raise SystemExit(f"{len(there.pypi.files)} of {files} files arrived")
    return taken


def _large(folder: Path) -> tuple[list[Row], list[Row]]:
    """Measure reading, converting and uploading a wheel, each in a process of its own, and one pass over it."""
    folder.mkdir()
    wheel = _large_wheel(folder)
    floor, _ = _alone(_one_pass, wheel)
    tasks: dict[str, tuple[Callable[[Path], None], float]] = {
        "read and verified": (_read, 1.5),
        "converted": (_converted, 10.0),
        "uploaded": (_uploaded, 6.0),
    }
    measured = {name: (*_alone(task, wheel), bound) for name, (task, bound) in tasks.items()}
    size = wheel.stat().st_size / MEGABYTE
    shutil.rmtree(folder)
    seconds = [Row(name, floor, taken, bound) for name, (taken, _, bound) in measured.items()]
    return seconds, [Row(name, size, peak, 0.15, "MB") for name, (_, peak, _) in measured.items()]


def _large_wheel(folder: Path) -> Path:
    """Write a wheel with one file, not compressed: 64 kB of noise sixteen times, and so on."""
    info = "large-1.0.dist-info"
    documents = {
        f"{info}/METADATA": "Metadata-Version: 2.4\nName: large\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / "large-1.0-py3-none-any.whl"
    digest = hashlib.sha256()
    with zipfile.ZipFile(path, "w") as wheel:
        with wheel.open("large/data.bin", "w", force_zip64=True) as file:
            for _ in range(LARGE // MEGABYTE):
                piece = os.urandom(MEGABYTE // 16) * 16
                digest.update(piece)
                file.write(piece)
        encoded = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
        lines = [f"large/data.bin,sha256={encoded},{LARGE}\n"]
        for name, text in documents.items():
            wheel.writestr(name, text)
            lines.append(record_line(name, text.encode()))
        wheel.writestr(f"{info}/RECORD", "".join([*lines, f"{info}/RECORD,,\n"]))
    return path


def _alone(task: Callable[[Path], None], wheel: Path) -> tuple[float, float]:
    """Return the seconds that a function takes in a process of its own, and the most megabytes of that process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measured, (task, wheel))


def _measured(task: Callable[[Path], None], wheel: Path) -> tuple[float, float]:
    started = time.perf_counter()
    task(wheel)
    return time.perf_counter() - started, peak_memory() / MEGABYTE


def _one_pass(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive, archive.open("large/data.bin") as content:
        digest = hashlib.sha256()
        while chunk := content.read(MEGABYTE):
            digest.update(chunk)


def _read(wheel: Path) -> None:
    read_wheel(wheel)


def _converted(wheel: Path) -> None:
    convert(read_wheel(wheel), wheel.parent / "conda", Conversion(), 1_700_000_000)


class _Sink(BaseHTTPRequestHandler):
    """Accepts an upload and discards it."""

    def do_POST(self) -> None:
        """Read the body to its end, and reply with 200."""
        left = int(self.headers["Content-Length"])
        while left > 0:
            left -= len(self.rfile.read(min(left, MEGABYTE)))
        self.send_response_only(200)
        self.end_headers()


def _uploaded(wheel: Path) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Sink)
    Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/legacy/"
    index = Index("sink", "Sink", url, url)
    login = Login("__token__", "pypi-benchmark", "here")
    uploader = Uploader(Http.to([url], {}), index)
    with uploader.connect():
        uploader.upload(Artifact.of(wheel, ArtifactKind.WHEEL), lambda: login)


def _monorepo(folder: Path, rounds: int) -> list[Row]:
    """Measure each command for packages that are alone in a repository, and for packages among many."""
    among = packages(folder / "many", PACKAGES)
    alone = packages(folder / "one", 1)
    commands = {"version": ((), 1.5), "next": ((), 1.5), "dry-run": (QUICK, 1.5)}
    rows = []
    for command, (more, bound) in commands.items():
        times: list[list[float]] = [[], []]
        for number in range(rounds):
            places = (alone.root / "packages/part0", among.root / f"packages/part{number * 7 % PACKAGES}")
            for package, taken in zip(places, times, strict=True):
                started = time.perf_counter()
                python("release_tools", command, "-C", package, *more)()
                taken.append(time.perf_counter() - started)
        rows.append(Row(command, median(times[0]), median(times[1]), bound))
    return rows


if __name__ == "__main__":
    sys.exit(main())
