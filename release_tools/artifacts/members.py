"""Check the file of an archive, the names of its members, and their sizes."""

import re
import stat
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from release_tools.errors import ArchiveError
from release_tools.system.sanitize import make_visible

CHUNK: Final = 112 << 10
"""Bytes that are read or unpacked at once: of 128 kB or more, glibc would get the memory from the system each time."""
REBUILD: Final = "Build the file again from a clean checkout, and do not publish this one."

PLACEHOLDER_START: Final = 512
"""The number of bytes by which `describe_placeholder` and `describe_encryption` recognise a file."""

_LFS_POINTER: Final = re.compile(
    rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v\d+\n(?:ext-[^\n]*\n)*oid sha256:"
)
_ANNEX_POINTER: Final = re.compile(rb"/annex/objects/[A-Z0-9]+-[^\n]*\n?")
_GIT_CRYPT: Final = b"\0GITCRYPT\0"
_ENCRYPTED: Final = {
    b"__pyarmor__(__name__, __file__,": "PyArmor",
    b"__pyarmor_enter__": "PyArmor",
    b"---BEGIN PYE FILE---": "SourceDefender",
}
_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST_NAME = 1024
_LONGEST_PART = 255
_LONGEST_QUOTE = 500


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    Attributes:
        name: its path inside the archive, with forward slashes.
        size: in bytes, unpacked.
        sha256: lower-case hexadecimal digest of its content; empty for a link.
        executable: whether its owner may execute it.
        link: what it points to, as written, where it is a symbolic link; empty for a file.
        placeholder: the tool whose placeholder is there instead of the content, such as ``Git LFS``; empty for
            everything else.
        encryption: the tool that encrypted it, such as ``PyArmor``; empty for everything else.
    """

    name: str
    size: int
    sha256: str
    executable: bool = False
    link: str = ""
    placeholder: str = ""
    encryption: str = ""


@dataclass(frozen=True)
class Limits:
    """The limits beyond which an archive is a decompression bomb and no package.

    Attributes:
        members: the most members that an archive may have.
        unpacked: the most bytes that it may unpack to.
        ratio: the most that it may grow by when unpacked; PyPI's own limit.
        conda_ratio: the same for a conda package: zstd sees repetitions over megabytes, where the deflate of a wheel
            sees only 32 kB, so a sound wheel may become a conda package of a far higher ratio.
        ratio_from: the unpacked bytes from which the ratio counts; PyPI's own limit.
        document: the most bytes of a member that is read whole, such as METADATA.
        binary: the most bytes of a program or library that is read to find out what it runs on.
    """

    members: int = 200_000
    unpacked: int = 16 << 30
    ratio: int = 50
    conda_ratio: int = 1000
    ratio_from: int = 64 << 20
    document: int = 64 << 20
    binary: int = 2 << 30

    def compute_ceiling(self, packed: int, ratio: int = 0) -> int:
        """Return the most bytes that an archive of ``packed`` bytes may unpack to, by another ratio if one is given."""
        return min(self.unpacked, max(self.ratio_from, (ratio or self.ratio) * packed))


LIMITS: Final = Limits()


class MemberNames:
    """Checks the names of one archive, one by one, for file systems on which they could not all exist."""

    def __init__(self, archive: str, limits: Limits, *, case_sensitive: bool = False) -> None:
        self._archive = archive
        self._limits = limits
        self._case_sensitive = case_sensitive
        self._count = 0
        self._folders: set[str] = set()
        self._files: set[str] = set()
        self._spellings: dict[str, str] = {}

    def add(self, name: str, *, folder: bool = False) -> None:
        """Check one member's name, without a trailing slash, against those before it.

        Raises:
            ArchiveError: it leaves the archive, cannot be written on every system, or repeats another.
        """
        self._count += 1
        if self._count > self._limits.members:
            raise ArchiveError(f"{self._archive}: more than {self._limits.members} members", REBUILD)
        if fault := find_name_fault(name):
            raise refuse_member(self._archive, name, fault)
        parent, _, _ = name.rpartition("/")
        if parent not in self._folders:
            for end in (match.start() for match in re.finditer("/", name)):
                self._claim(name[:end], folder=True)
        self._claim(name, folder=folder)

    def _claim(self, name: str, *, folder: bool) -> None:
        if name in self._files or (not folder and name in self._folders):
            raise refuse_member(self._archive, name, "occurs twice")
        if not self._case_sensitive:
            self._check_spelling(name)
        (self._folders if folder else self._files).add(name)

    def _check_spelling(self, name: str) -> None:
        spelled = self._spellings.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if spelled != name:
            raise refuse_member(self._archive, name, f"is the same file as {spelled!r} where case does not matter")


def find_name_fault(name: str) -> str:
    """Return what is wrong with a member's name; empty where nothing is."""
    parts = name.split("/")
    faults = (
        (name.startswith("/") or _DRIVE.match(name), "has an absolute path"),
        (".." in parts, "leaves the archive by '..'"),
        (not name.isprintable(), "has control characters in its name"),
        ("\\" in name, "has a backslash in its name"),
        ("" in parts or "." in parts, "has an empty part in its path"),
        (len(name) > _LONGEST_NAME, "has a path too long for a file system"),
        (
            len(name) > _LONGEST_PART // 4 and _find_longest(parts) > _LONGEST_PART,
            "has a name too long for a file system",
        ),
    )
    return next((fault for found, fault in faults if found), "")


def _find_longest(parts: list[str]) -> int:
    return max(len(part.encode(errors="replace")) for part in parts)


def describe_placeholder(start: bytes) -> str:
    """Return which tool's placeholder a file is, by its first `PLACEHOLDER_START` bytes; empty where it is none.

    A checkout shows the real content, but git stores, and a clone has, the placeholder.
    """
    if _LFS_POINTER.match(start):
        return "Git LFS"
    if _ANNEX_POINTER.fullmatch(start):
        return "git-annex"
    return "git-crypt" if start.startswith(_GIT_CRYPT) else ""


def describe_encryption(name: str, start: bytes) -> str:
    """Return which tool encrypted a Python module, by the start of its content; empty where none did.

    Args:
        name: its path.
        start: its first `PLACEHOLDER_START` bytes.
    """
    if not name.lower().endswith((".py", ".pye")):
        return ""
    return next((tool for mark, tool in _ENCRYPTED.items() if mark in start), "")


def refuse_member(archive: str, member: str, why: str) -> ArchiveError:
    """Return the error that names a member; a hostile name is quoted and cut short."""
    shown = member if len(member) <= 120 else f"{member[:117]}..."  # noqa: PLR2004 - the width of a terminal line
    return ArchiveError(f"{archive}: member {shown!r} {why}", REBUILD)


def join_lines(text: str) -> str:
    """Return text from an archive as a message may quote it: one line, cut short, control characters visible."""
    line = make_visible(" ".join(text.split()))
    return line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]}..."


@contextmanager
def open_regular(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open a file that is read as an archive; return it and its size.

    Raises:
        ArchiveError: it is missing, unreadable, or not a regular file (a link, a pipe, a device).
    """
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise ArchiveError(f"{path.name}: not a regular file", "Pass the file itself, not a link or a folder.")
        file = path.open("rb")
    except OSError as error:
        raise ArchiveError(f"{path.name}: cannot be read: {error.strerror}", "Check the path.") from error
    with file:
        yield file, file.seek(0, 2)
