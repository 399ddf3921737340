"""Read tar files once, forward, each header checked before its content is read.

Only what belongs in a package is accepted: files, folders, and links that stay inside. The format is POSIX pax and
GNU's long names, as `tarfile` reads them.
"""

import hashlib
import re
import stat
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, cast

from release_tools.artifacts.members import (
    CHUNK,
    LIMITS,
    PLACEHOLDER_START,
    REBUILD,
    Limits,
    Member,
    MemberNames,
    describe_encryption,
    describe_placeholder,
    find_name_fault,
    refuse_member,
)
from release_tools.artifacts.streams import Frame, translate_errors
from release_tools.errors import ArchiveError

_BLOCK: Final = tarfile.BLOCKSIZE
_LARGEST_HEADER: Final = 1 << 16
_USTAR_LARGEST: Final = 8 << 30
_GLOBAL_HARMLESS: Final = {"comment", "charset", "mtime", "hdrcharset"}
_UPWARDS: Final = re.compile(r"^(\.\./)*")


class _Headers:
    """A frame for `tarfile`, which reads only headers from it; one longer than an honest one is refused.

    Attributes:
        last: the last header block that was read.
    """

    def __init__(self, frame: Frame, shown: str) -> None:
        self.tell = frame.tell
        self.seek = frame.seek
        self.last = b""
        self._read = frame.read
        self._shown = shown

    def read(self, size: int) -> bytes:
        if size > _LARGEST_HEADER:
            raise ArchiveError(f"{self._shown}: a header of {size} bytes", REBUILD)
        self.last = self._read(size)
        return self.last


def _accept(_: tarfile.TarInfo) -> None:
    pass


def _pass_on(_: tarfile.TarInfo, content: Iterator[bytes]) -> Iterator[bytes]:
    return content


def walk(
    frame: Frame,
    shown: str,
    names: MemberNames,
    *,
    has_top_folder: bool = False,
    inspect: Callable[[tarfile.TarInfo], None] = _accept,
) -> Iterator[tuple[tarfile.TarInfo, Iterator[bytes]]]:
    """Yield each file and link of a tar stream with its content; what the caller leaves unread is skipped.

    Args:
        frame: the unpacked stream.
        shown: the archive's name, for errors.
        names: checks every member's name.
        has_top_folder: whether all members are in one folder, which no link may leave.
        inspect: called with each header, those of folders included.

    Raises:
        ArchiveError: a member must not be in a package, or the stream is corrupt; it names the member.
    """
    headers = _Headers(frame, shown)
    files: set[str] = set()
    end = 0
    with translate_errors(shown):
        archive = tarfile.TarFile(fileobj=cast("Any", headers), encoding="utf-8")
    while True:
        with translate_errors(shown):
            info = archive.next()
        if info is None:
            break
        inspect(info)
        names.add(info.name, folder=info.isdir())
        if fault := _describe_fault(info, archive, files, has_top_folder=has_top_folder):
            raise refuse_member(shown, info.name, fault)
        if _has_two_sizes(info, headers.last):
            raise refuse_member(shown, info.name, "has two sizes")
        end = info.offset_data + -(-info.size // _BLOCK) * _BLOCK
        if not info.isdir():
            yield info, _read_content(frame, info, shown)
        if info.isreg():
            files.add(info.name)
    if frame.tell() != end + _BLOCK or any(headers.last):
        raise ArchiveError(f"{shown}: cut off, or with a corrupt header", REBUILD)
    _check_padding(frame, shown)


def _check_padding(frame: Frame, shown: str) -> None:
    """Refuse an archive whose end is not a further block of zeros, with nothing but zeros after it."""
    rest = 0
    while chunk := frame.read():
        rest += len(chunk)
        if any(chunk):
            raise ArchiveError(f"{shown}: data after the end of the archive", REBUILD)
    if rest < _BLOCK:
        raise ArchiveError(f"{shown}: cut off", REBUILD)


def _read_content(frame: Frame, info: tarfile.TarInfo, shown: str) -> Iterator[bytes]:
    left = info.size
    frame.seek(info.offset_data)
    while left:
        chunk = frame.read(min(CHUNK, left))
        if not chunk:
            raise refuse_member(shown, info.name, "is cut off")
        left -= len(chunk)
        yield chunk


def _describe_fault(info: tarfile.TarInfo, archive: tarfile.TarFile, files: set[str], *, has_top_folder: bool) -> str:
    """Return what is wrong with a member, apart from its name; empty where nothing is."""
    unusual = ", ".join(sorted(archive.pax_headers.keys() - _GLOBAL_HARMLESS))
    faults = (
        (not _is_usual(info), "is neither a file, a folder nor a link"),
        (info.size and not info.isreg(), "is not a file and has content"),
        (unusual, f"follows a global header that sets {unusual}"),
        (
            info.islnk() and info.linkname not in files,
            f"is a hard link to {info.linkname!r}, which is no file before it",
        ),
        (
            info.issym() and _leaves(info.linkname, depth=info.name.count("/") - has_top_folder),
            f"is a link to {info.linkname!r}, which may leave the archive",
        ),
    )
    return next((fault for found, fault in faults if found), "")


def _has_two_sizes(info: tarfile.TarInfo, header: bytes) -> bool:
    """Return whether an extended header, which some parsers leave unread, says another size than the member's own.

    uv's build backend repeats the size of each file there.

    Args:
        info: the member.
        header: its own header block.
    """
    if "size" not in info.pax_headers or info.size >= _USTAR_LARGEST:
        return False
    return tarfile.TarInfo.frombuf(header, "utf-8", "surrogateescape").size != info.size


def _is_usual(info: tarfile.TarInfo) -> bool:
    return not info.issparse() and (info.isreg() or info.isdir() or info.issym() or info.islnk())


def _leaves(target: str, depth: int) -> bool:
    """Return whether a symbolic link may lead out of the archive.

    It may go up only at its beginning: further on, ``..`` would go up from wherever another link leads.

    Args:
        target: what the link points to, as written.
        depth: how many folders up it may go.
    """
    if not target or target.startswith("/"):
        return True
    steps = f"{target.rstrip('/')}/"
    upwards = cast("re.Match[str]", _UPWARDS.match(steps)).group()
    below = steps.removeprefix(upwards).removesuffix("/")
    return upwards.count("..") > depth or bool(below and find_name_fault(below))


def read_members(  # noqa: PLR0913 - as `walk`, and which contents are kept
    frame: Frame,
    shown: str,
    names: MemberNames,
    wanted: Callable[[str], bool],
    limits: Limits = LIMITS,
    *,
    has_top_folder: bool = False,
    inspect: Callable[[tarfile.TarInfo], None] = _accept,
    unpack: Callable[[tarfile.TarInfo, Iterator[bytes]], Iterator[bytes]] = _pass_on,
) -> Iterator[tuple[Member, bytes]]:
    """Yield each file and link of a tar stream as a `Member`, and the content of those that are wanted.

    Args:
        frame: the unpacked stream.
        shown: the archive's name, for errors.
        names: checks every member's name.
        wanted: returns whether the content of the member of a name is kept; that of others is given empty.
        limits: on what may be kept.
        has_top_folder: whether all members are in one folder, which no link may leave.
        inspect: called with each header, those of folders included.
        unpack: passes on the content of each file, and may write it; it is called for links as well.

    Raises:
        ArchiveError: a member must not be in a package, is too large to be kept, or the stream is corrupt.
    """
    known: dict[str, Member] = {}
    for info, packed in walk(frame, shown, names, has_top_folder=has_top_folder, inspect=inspect):
        content = unpack(info, packed)
        keep = wanted(info.name)
        if keep and info.size > limits.document:
            raise refuse_member(shown, info.name, f"has {info.size} bytes, more than {limits.document}")
        if info.islnk():
            member, kept = replace(known[info.linkname], name=info.name), b""
        elif info.issym():
            member, kept = Member(info.name, 0, "", link=info.linkname), b""
        else:
            member, kept = _read_file(info, content, keep=keep)
        known[info.name] = member
        yield member, kept


def _read_file(info: tarfile.TarInfo, content: Iterator[bytes], *, keep: bool) -> tuple[Member, bytes]:
    """Return a file and its content, which is empty unless it is to be kept."""
    digest = hashlib.sha256()
    kept = []
    start = b""
    for chunk in content:
        digest.update(chunk)
        start = start or chunk[:PLACEHOLDER_START]
        if keep:
            kept.append(chunk)
    member = Member(
        info.name,
        info.size,
        digest.hexdigest(),
        bool(info.mode & stat.S_IXUSR),
        placeholder=describe_placeholder(start),
        encryption=describe_encryption(info.name, start),
    )
    return member, b"".join(kept)
