"""Many steps look at an archive; the first one reads it."""

import os
import shutil
from pathlib import Path

import pytest

from release_tools.artifacts import Wheel, read_wheel, wheels
from release_tools.artifacts.archive_cache import remembered
from release_tools.errors import ArchiveError
from tests.making import make_wheel


def test_the_same_file_elsewhere_is_read_once(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    (tmp_path / "dist").mkdir()
    copied = shutil.copyfile(wheel, tmp_path / "dist" / wheel.name)
    first, again = read_wheel(wheel), read_wheel(copied)
    assert again.members is first.members
    assert (first.path, again.path) == (wheel, copied)


def test_a_file_that_changed_is_read_anew_whatever_its_times_say(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path)
    read_wheel(wheel)
    times = wheel.stat()
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 1
    wheel.write_bytes(content)
    os.utime(wheel, ns=(times.st_atime_ns, times.st_mtime_ns))
    for _ in range(2):  # nor is a fault remembered as an answer
        with pytest.raises(ArchiveError):
            read_wheel(wheel)


def test_a_fault_is_told_though_many_others_were_read_meanwhile(tmp_path: Path) -> None:
    broken, *others = (make_wheel(tmp_path, f"demo{number}") for number in range(12))

    def read(path: Path) -> Wheel:
        if path != broken:
            return wheels.read_wheel(path)
        for other in others:
            reader(other)
        raise ArchiveError("broken")

    reader = remembered(read)
    with pytest.raises(ArchiveError, match="broken"):
        reader(broken)
