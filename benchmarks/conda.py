"""From wheel to conda package, beside ``whl2conda``: seconds, size, and the memory of a conversion.

Run it as ``python -m benchmarks.conda``.

Ours reads and checks the wheel, converts it, and writes the ``.conda`` file; so does ``Wheel2CondaConverter``
but for the check of RECORD. Both are called as libraries, in this one process, so that no start-up counts.
"""

import multiprocessing
import os
import sys
import zipfile
from functools import partial
from math import inf
from pathlib import Path

from benchmarks.measure import Row, from_index, options, peak_memory, scratch, table, timed
from release_tools.artifacts.wheels import read_wheel
from release_tools.builders.conda.from_wheel import Conversion, convert
from tests.support.artifacts import make_wheel

LARGE = ("django==5.2.5", "sqlalchemy==2.1.0", "gradio==5.44.0")
SMALL = ("rich==14.1.0", "requests==2.32.5", "six==1.17.0")
MEGABYTE = 1 << 20


def main() -> int:
    """Measure, print the tables, and return 1 where a ratio is missed."""
    chosen = options(__doc__, rounds=15)
    seconds, sizes = [], []
    with scratch() as folder:
        for requirement in (*LARGE, *SMALL):
            wheel = from_index(chosen.cache, requirement, binary=True)
            ours, theirs = folder / requirement / "ours", folder / requirement / "theirs"
            peer, own = partial(_peer, wheel, theirs), partial(_ours, wheel, ours)
            bound, largest, rounds = (1 / 10, 1.08, 1) if requirement in LARGE else (1 / 5, inf, chosen.rounds)
            seconds.append(timed(requirement, peer, own, bound=bound, rounds=rounds))
            sizes.append(Row(requirement, _size(theirs), _size(ours), largest, "MB"))
        memory = _memory(folder)
        missed = table("Wheel to conda package, seconds", "whl2conda", seconds)
        missed |= table("Wheel to conda package, size (bound from 2 MB on)", "whl2conda", sizes)
        return missed | table("Memory of a conversion", "unpacked size", [memory])


def _ours(wheel: Path, folder: Path) -> None:
    convert(read_wheel(wheel), folder, Conversion(), 1_700_000_000)


def _peer(wheel: Path, folder: Path) -> None:
    from whl2conda.api.converter import Wheel2CondaConverter

    folder.mkdir(parents=True, exist_ok=True)
    converter = Wheel2CondaConverter(wheel, folder)
    converter.overwrite = True
    converter.convert()


def _size(folder: Path) -> float:
    return next(folder.glob("*.conda")).stat().st_size / MEGABYTE


def _memory(folder: Path) -> Row:
    """Measure the peak memory of a process that converts a wheel of 64 MB of one random text."""
    wheel = make_wheel(folder, "big", body=f'DATA = "{os.urandom(32 * MEGABYTE).hex()}"')
    with zipfile.ZipFile(wheel) as archive:
        unpacked = sum(info.file_size for info in archive.infolist())
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        peak = pool.apply(_peak, (wheel, folder / "memory"))
    return Row("64 MB wheel", unpacked / MEGABYTE, peak / MEGABYTE, 4.0, "MB")


def _peak(wheel: Path, folder: Path) -> int:
    _ours(wheel, folder)
    return peak_memory()


if __name__ == "__main__":
    sys.exit(main())
