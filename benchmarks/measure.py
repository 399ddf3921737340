"""What every benchmark needs: commands timed in turns, their memory, files from PyPI, and a table of ratios."""

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
"""Where Linux has a file system in memory."""


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        what: was measured.
        peer: its figure, by the peer or floor.
        ours: the same by us.
        bound: the largest ratio of ours to the peer's that is good enough; ``inf`` where none is promised.
        unit: of both figures.
    """

    what: str
    peer: float
    ours: float
    bound: float
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """Ours to the peer's."""
        return self.ours / self.peer


@contextmanager
def scratch(room: int = 4 * GIGABYTE) -> Iterator[Path]:
    """A folder of a benchmark's own; as long as it lasts, everybody's temporary files lie in it.

    In memory, where the system has room there and the caller names no ``TMPDIR``. How soon a disk makes and deletes
    thousands of small files depends on what was done to it before (ext4 looks around for minutes after many deletions),
    and on neither side of a ratio. uv's cache then lies there too: from another file system it would copy each
    file into an environment, where it makes a hard link otherwise.

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
    """Where temporary files lie, and why; the line below the title of a table."""
    folder = Path(tempfile.gettempdir())
    if folder.is_relative_to(MEMORY):
        return f"temporary files of both sides in memory ({MEMORY}), as a disk has moods"
    return f"temporary files of both sides in {folder}"


def table(title: str, peer: str, rows: Sequence[Row]) -> int:
    """Print rows; answer 1 where one misses its bound."""
    width = max(len(row.what) for row in rows)
    print(f"\n{title}\n({where()})\n{'':{width}}  {peer:>14}  {'release-tools':>14}   ratio   bound")
    for row in rows:
        figures = "  ".join(f"{figure:>11.{2 if figure >= 1 else 3}f} {row.unit:<2}" for figure in (row.peer, row.ours))
        bound = f"{row.bound:6.2f}" if row.bound < inf else f"{'-':>6}"
        missed = "" if row.ratio <= row.bound else "  missed"
        print(f"{row.what:{width}}  {figures}  {row.ratio:6.2f}  {bound}{missed}")
    return int(any(row.ratio > row.bound for row in rows))


def timed(what: str, peer: Callable[[], object], ours: Callable[[], object], *, bound: float, rounds: int) -> Row:
    """Median seconds of both, taken in turns, so that the machine's moods hit both alike."""
    times: list[list[float]] = [[], []]
    for _ in range(rounds):
        for deed, taken in zip((peer, ours), times, strict=True):
            started = time.perf_counter()
            deed()
            taken.append(time.perf_counter() - started)
    return Row(what, statistics.median(times[0]), statistics.median(times[1]), bound)


def environment() -> dict[str, str]:
    """Everybody's: interpreters keep their bytecode, as after an installation; containers tend to forbid it."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def command(
    *argv: str | Path, cwd: Path | None = None, accept: Sequence[int] = (0,), env: Mapping[str, str] | None = None
) -> Callable[[], None]:
    """A deed: run a command to its end, silently; ``env`` is added to everybody's."""

    def run() -> None:
        all_env = {**environment(), **(env or {})}
        done = subprocess.run([*map(str, argv)], cwd=cwd, env=all_env, capture_output=True, text=True, check=False)
        if done.returncode not in accept:
            raise SystemExit(f"{' '.join(map(str, argv))} exited with {done.returncode}:\n{done.stdout}{done.stderr}")

    return run


def python(*arguments: str | Path, cwd: Path | None = None, accept: Sequence[int] = (0,)) -> Callable[[], None]:
    """A deed: run a module of this environment."""
    return command(sys.executable, "-m", *arguments, cwd=cwd, accept=accept)


def peak_memory() -> int:
    """The most memory that this process ever held, in bytes."""
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
    """A project's pure wheel, or its sdist, from PyPI, kept in a folder."""
    folder = cache / ("wheels" if binary else "sdists") / requirement
    if not folder.is_dir():
        only = ("--only-binary=:all:", "--platform=any") if binary else ("--no-binary=:all:",)
        command(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", *only, "--dest", folder, requirement)()
    return next(folder.iterdir())


def options(description: str | None, rounds: int) -> argparse.Namespace:
    """The options that the benchmarks share."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/release-tools-bench").expanduser())
    return parser.parse_args()
