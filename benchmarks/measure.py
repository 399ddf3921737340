"""Share what every benchmark needs: commands timed in turns, their memory, files from PyPI, and a table of ratios."""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Final
from unittest import mock

GIGABYTE: Final = 1 << 30
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of our own is made there
"""The folder where Linux has a file system in memory."""


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        what: was measured.
        peer: its figure, by the peer or floor.
        ours: the same by us.
        bound: the largest ratio of ours to the peer's that is good enough; ``inf`` where none is promised.
        unit: of both figures.
        cpu_ratio: the ratio of the processor seconds of both; 0 where they were not measured.
    """

    what: str
    peer: float
    ours: float
    bound: float
    unit: str = "s"
    cpu_ratio: float = 0.0

    @property
    def ratio(self) -> float:
        """Return our figure divided by the peer's."""
        return self.ours / self.peer


def geometric_mean(what: str, rows: Sequence[Row], bound: float) -> Row:
    """Return the geometric means of rows: of both figures, and of the ratios of processor seconds."""
    return Row(
        what,
        statistics.geometric_mean(row.peer for row in rows),
        statistics.geometric_mean(row.ours for row in rows),
        bound,
        cpu_ratio=statistics.geometric_mean(row.cpu_ratio for row in rows),
    )


@contextmanager
def scratch(room: int = 4 * GIGABYTE) -> Iterator[Path]:
    """Yield a folder of a benchmark's own, which has the temporary files of both sides.

    It is in memory, where the system has room there and the caller sets no ``TMPDIR``. How fast a disk creates and
    deletes thousands of small files depends on what was done to it before (ext4 is slow for minutes after many
    deletions), and on neither side of a ratio. uv's cache is then there too: from another file system uv would copy
    each file into an environment, where it makes a hard link otherwise.

    Args:
        room: the bytes that the benchmark may need.
    """
    memory = "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= room
    with tempfile.TemporaryDirectory(dir=MEMORY if memory else None, prefix="release-tools-bench-") as name:
        folder = Path(name)
        moved = {"TMPDIR": name, **({"UV_CACHE_DIR": str(folder / "uv-cache")} if memory else {})}
        with mock.patch.dict(os.environ, moved), mock.patch.object(tempfile, "tempdir", name):
            yield folder


def where() -> str:
    """Return the line below the title of a table: where temporary files are, and why."""
    folder = Path(tempfile.gettempdir())
    if folder.is_relative_to(MEMORY):
        return f"temporary files of both sides are in memory ({MEMORY}), as the speed of a disk varies"
    return f"temporary files of both sides are in {folder}"


def table(title: str, peer: str, rows: Sequence[Row]) -> int:
    """Print rows; return 1 where one misses its bound."""
    width = max(len(row.what) for row in rows)
    print(f"\n{title}\n({where()})\n{'':{width}}  {peer:>14}  {'release-tools':>14}   ratio   bound     cpu")
    for row in rows:
        figures = f"{_figure(row.peer, row.unit)}  {_figure(row.ours, row.unit)}"
        bound = f"{row.bound:.2f}" if row.bound < inf else "-"
        cpu_ratio = f"{row.cpu_ratio:.2f}" if row.cpu_ratio else "-"
        missed = "" if row.ratio <= row.bound else "  missed"
        print(f"{row.what:{width}}  {figures}  {row.ratio:6.2f}  {bound:>6}  {cpu_ratio:>6}{missed}")
    return int(any(row.ratio > row.bound for row in rows))


def _figure(figure: float, unit: str) -> str:
    digits = 2 if figure >= 1 else 3
    return f"{figure:>11.{digits}f} {unit:<2}"


def timed(what: str, peer: Callable[[], object], ours: Callable[[], object], *, bound: float, rounds: int) -> Row:
    """Return the median seconds of both, measured in turns, so that other work on the machine slows both alike.

    The ratio of processor seconds is that of the smallest figures: other work makes them larger, never smaller.
    """
    seconds: list[list[float]] = [[], []]
    cpu_seconds: list[list[float]] = [[], []]
    for _ in range(rounds):
        for index, run in enumerate((peer, ours)):
            started, cpu_started = time.perf_counter(), _cpu_seconds()
            run()
            seconds[index].append(time.perf_counter() - started)
            cpu_seconds[index].append(_cpu_seconds() - cpu_started)
    cpu_ratio = min(cpu_seconds[1]) / min(cpu_seconds[0])
    return Row(what, statistics.median(seconds[0]), statistics.median(seconds[1]), bound, cpu_ratio=cpu_ratio)


def _cpu_seconds() -> float:
    """Return the processor seconds of this process, and of those that it started and waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def environment() -> dict[str, str]:
    """Return the environment of both sides: interpreters keep their bytecode, as after an installation."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def command(
    *argv: str | Path, cwd: Path | None = None, accept: Sequence[int] = (0,), env: Mapping[str, str] | None = None
) -> Callable[[], None]:
    """Return a function that runs a command to its end, silently; ``env`` is added to the environment."""

    def run() -> None:
        all_env = {**environment(), **(env or {})}
        done = subprocess.run([*map(str, argv)], cwd=cwd, env=all_env, capture_output=True, text=True, check=False)
        if done.returncode not in accept:
            raise SystemExit(f"{' '.join(map(str, argv))} exited with {done.returncode}:\n{done.stdout}{done.stderr}")

    return run


def python(*arguments: str | Path, cwd: Path | None = None, accept: Sequence[int] = (0,)) -> Callable[[], None]:
    """Return a function that runs a module of this environment."""
    return command(sys.executable, "-m", *arguments, cwd=cwd, accept=accept)


def peak_memory() -> int:
    """Return the most memory that this process ever had, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # in ru_maxrss Linux counts what the parent held when it forked this process
        return next(
            int(line.split()[1]) << 10
            for line in status.read_text(encoding="utf-8").splitlines()
            if line.startswith("VmHWM:")
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def from_index(cache: Path, requirement: str, *, binary: bool) -> Path:
    """Return a project's pure wheel, or its sdist, from PyPI, kept in a folder."""
    folder = cache / ("wheels" if binary else "sdists") / requirement
    if not folder.is_dir():
        only = ("--only-binary=:all:", "--platform=any") if binary else ("--no-binary=:all:",)
        command(
            sys.executable,
            "-m",
            "uv",
            "tool",
            "run",
            "pip",
            "download",
            "--quiet",
            "--no-deps",
            *only,
            "--dest",
            folder,
            requirement,
        )()
    return next(folder.iterdir())


def options(description: str | None, rounds: int) -> argparse.Namespace:
    """Return the options that the benchmarks share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/release-tools-bench").expanduser())
    return parser.parse_args()
