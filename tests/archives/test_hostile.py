import contextlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from release_tools.artifacts import Limits, read_conda, read_sdist, read_wheel, unpack_sdist
from release_tools.errors import ArchiveError
from tests.archives.hostile import Hostile
from tests.archives.hostile_condas import CONDAS
from tests.archives.hostile_sdists import SDISTS
from tests.archives.hostile_wheels import WHEELS
from tests.archives.hostile_zips import ZIPS
from tests.archives.raw import wheel_bytes

READERS: dict[str, tuple[Callable[[Path], object], tuple[Hostile, ...]]] = {
    "wheels": (read_wheel, (*ZIPS, *WHEELS)),
    "sdists": (read_sdist, (*SDISTS,)),
    "conda packages": (read_conda, (*CONDAS,)),
}


@pytest.mark.parametrize(("read", "cases"), READERS.values(), ids=READERS)
def test_a_hostile_archive_is_refused_for_what_is_wrong_with_it(
    read: Callable[[Path], object], cases: tuple[Hostile, ...], tmp_path: Path
) -> None:
    """All cases are tried, and all that go wrong are named."""
    faults = {case.id: fault for case in cases if (fault := find_fault(read, case, tmp_path))}
    assert faults == {}


def find_fault(read: Callable[[Path], object], case: Hostile, folder: Path) -> str:
    """Return what is wrong with the refusal of an archive; empty where it is as it must be."""
    path = folder / case.filename
    path.write_bytes(case.make())
    try:
        read(path)
    except ArchiveError as refusal:
        text = str(refusal)
        if case.description not in text or case.filename not in refusal.message or not refusal.advice:
            return f"does not say why, of which file or what to do: {text}"
        if not all(line.isprintable() for line in text.split("\n")):
            return f"would play tricks on the terminal: {text!r}"
        return ""
    except Exception as error:  # noqa: BLE001 - any other is the fault that is looked for
        return repr(error)
    return "is read"


def a_link(path: Path) -> None:
    target = path.with_name("real")
    target.write_bytes(wheel_bytes())
    path.symlink_to(target)


NOT_FILES = {
    "a symbolic link": a_link,
    "a folder": Path.mkdir,
    "a pipe": os.mkfifo,
    "nothing": lambda _: None,
}


@pytest.mark.skipif(os.name != "posix", reason="links and pipes need rights on Windows")
@pytest.mark.parametrize("make", [pytest.param(make, id=id_) for id_, make in NOT_FILES.items()])
def test_only_a_regular_file_is_opened(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    make(path)
    with pytest.raises(ArchiveError, match=r"not a regular file|No such file"):
        read_wheel(path)


@pytest.mark.parametrize(
    ("limits", "description"),
    [
        (Limits(members=3), "more than 3 members"),
        (Limits(unpacked=99), "a decompression bomb"),
        (Limits(document=9), "METADATA' has 46 bytes, more than 9"),
    ],
)
def test_an_archive_beyond_a_limit_is_refused(limits: Limits, description: str, tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    path.write_bytes(wheel_bytes())
    with pytest.raises(ArchiveError, match=description):
        read_wheel(path, limits)


def test_a_wheel_changed_after_its_check_is_not_streamed(tmp_path: Path) -> None:
    path = tmp_path / "demo-1.0-py3-none-any.whl"
    path.write_bytes(wheel_bytes())
    wheel = read_wheel(path)
    path.write_bytes(wheel_bytes().replace(b"x = 1\n", b"x = 2\n"))
    with pytest.raises(ArchiveError, match="checksum"):
        list(wheel.stream())


@pytest.mark.slow
def test_a_hostile_sdist_writes_nothing_outside(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    for number, case in enumerate(SDISTS):
        path = tmp_path / f"{number}.tar.gz"
        path.write_bytes(case.make())
        folder = inside / str(number)
        folder.mkdir()
        with contextlib.suppress(ArchiveError):
            unpack_sdist(path, folder)
        path.unlink()
        assert all(made.resolve().is_relative_to(folder) for made in folder.rglob("*"))
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]
