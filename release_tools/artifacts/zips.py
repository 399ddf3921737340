"""Read zip files in which every parser finds the same members.

The central directory is what `zipfile` reads, the local headers are what a streaming parser reads. Both must agree, and
together fill the file: from its first byte to its last, without gaps, overlaps, prefix, comment or trailing data. That
rules out polyglots, hidden members and overlapping bombs at once. The format is PKWARE's APPNOTE.TXT.
"""

import hashlib
import stat
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from release_tools.artifacts.members import CHUNK, LIMITS, REBUILD, Limits, MemberNames, open_regular, refuse_member
from release_tools.artifacts.streams import Frame, Packing, translate_errors
from release_tools.errors import ArchiveError

_LOCAL: Final = struct.Struct("<4s5H3L2H")
_CENTRAL: Final = struct.Struct("<4s24x3H12x")
_END: Final = struct.Struct("<4s4H2LH")
_END64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64: Final = struct.Struct("<4sLQL")
_SENTINELS: Final = (0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
_DESCRIPTORS: Final = (struct.Struct("<L2Q"), struct.Struct("<3L"))

_PACKINGS: Final = {ZIP_STORED: Packing.STORED, ZIP_DEFLATED: Packing.DEFLATE}
_ENCRYPTED: Final = 0x1
_DESCRIBED: Final = 0x8
_UTF8: Final = 0x800
_ZIP64_EXTRA: Final = 1
_ZIP64_LENGTHS: Final = (0, 8, 16, 24, 28)
_ONE_SIZE: Final = 8
_UNICODE_PATH_EXTRA: Final = 0x7075
_EXTRA_HEADER: Final = struct.Struct("<2H")


@dataclass(frozen=True)
class Entry:
    """One member of a zip file, as its header and the central directory describe it.

    Attributes:
        name: without the trailing slash of a folder.
        size: unpacked bytes.
        packed: bytes in the file.
        start: of its data in the file.
        packing: its compression.
        crc: of its content.
        folder: whether it is a folder.
        executable: whether its owner may execute it.
    """

    name: str
    size: int
    packed: int
    start: int
    packing: Packing
    crc: int
    folder: bool
    executable: bool


@dataclass(frozen=True)
class Zip:
    """An open zip file whose structure has been checked.

    Attributes:
        file: the open file.
        shown: its name, for errors.
        entries: by name, in the order of the central directory.
        limits: on what may be read.
        streaming_fault: why a program that reads only the local headers would fail; empty where it would not.
    """

    file: BinaryIO
    shown: str
    entries: Mapping[str, Entry]
    limits: Limits
    streaming_fault: str

    def frame(self, entry: Entry) -> Frame:
        """Return a stream of one member's content; the caller compares the checksum."""
        return Frame(
            self.file,
            start=entry.start,
            packed=entry.packed,
            packing=entry.packing,
            ceiling=entry.size,
            shown=f"{self.shown}: member {entry.name!r}",
        )

    def open(self, name: str, algorithm: str = "sha256") -> "Content":
        """Open one member's content; only one at a time may be read.

        Raises:
            ArchiveError: there is no member of that name.
        """
        entry = self.entries.get(name)
        if entry is None:
            raise ArchiveError(f"{self.shown}: member {name!r} is missing", REBUILD)
        return Content(self, entry, algorithm)

    def read(self, name: str) -> bytes:
        """Return one member's whole content.

        Raises:
            ArchiveError: it is missing, corrupt, or too large to be read whole.
        """
        content = self.open(name)
        if content.entry.size > self.limits.document:
            raise refuse_member(self.shown, name, f"has {content.entry.size} bytes, more than {self.limits.document}")
        whole = content.read(content.entry.size)
        content.finish()
        return whole


class Content:
    """One member's content, digested while it is read.

    Attributes:
        entry: the member.
    """

    def __init__(self, archive: Zip, entry: Entry, algorithm: str) -> None:
        self.entry = entry
        self._shown = archive.shown
        self._frame = archive.frame(entry)
        self._crc = 0
        self._hashes = {name: hashlib.new(name) for name in {"sha256", algorithm}}

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next ``size`` bytes; fewer only at the end."""
        return self._digest(self._frame.read(size))

    def read_some(self) -> bytes:
        """Return some of the next bytes, as many as cost least; none only at the end."""
        return self._digest(self._frame.read_some())

    def finish(self) -> "Content":
        """Read the rest, and verify the whole.

        Raises:
            ArchiveError: it is corrupt; it names the member.
        """
        while self.read_some():
            pass
        if (self._frame.tell(), self._crc) != (self.entry.size, self.entry.crc):
            raise refuse_member(self._shown, self.entry.name, "does not match its checksum")
        return self

    def digest(self, algorithm: str = "sha256") -> bytes:
        """Return the digest of what has been read."""
        return self._hashes[algorithm].digest()

    def _digest(self, chunk: bytes) -> bytes:
        self._crc = zlib.crc32(chunk, self._crc)
        for digest in self._hashes.values():
            digest.update(chunk)
        return chunk


@contextmanager
def open_zip(path: Path, limits: Limits = LIMITS) -> Iterator[Zip]:
    """Open a zip file and check its structure; its members have not been read yet.

    Raises:
        ArchiveError: the file is not a zip, is ambiguous, or would unpack to too much; it names the member.
    """
    with open_regular(path) as (file, size):
        with translate_errors(path.name):
            infos = ZipFile(file).infolist()
        names = MemberNames(path.name, limits)
        for info in infos:
            names.add(info.orig_filename.removesuffix("/"), folder=_is_folder(info))
            if fault := _find_fault(info):
                raise refuse_member(path.name, info.orig_filename, fault)
        unpacked = sum(info.file_size for info in infos)
        if unpacked > limits.compute_ceiling(size):
            raise ArchiveError(f"{path.name}: {size} bytes that unpack to {unpacked}: a decompression bomb", REBUILD)
        with translate_errors(path.name):
            starts, streaming_fault = _check_layout(file, size, infos, path.name)
        entries = {entry.name: entry for entry in map(_read_entry, infos, starts)}
        yield Zip(file, path.name, entries, limits, streaming_fault)


def _read_entry(info: ZipInfo, start: int) -> Entry:
    return Entry(
        name=info.orig_filename.removesuffix("/"),
        size=info.file_size,
        packed=info.compress_size,
        start=start,
        packing=_PACKINGS[info.compress_type],
        crc=info.CRC,
        folder=_is_folder(info),
        executable=bool(info.external_attr >> 16 & stat.S_IXUSR),
    )


def _find_fault(info: ZipInfo) -> str:
    """Return what is wrong with one entry of the central directory, apart from its name; empty where nothing is."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFDIR if _is_folder(info) else stat.S_IFREG):
        return "is neither a file nor a folder"
    if _is_folder(info) and info.file_size:
        return "is a folder with content"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in _PACKINGS:
        return f"is compressed by method {info.compress_type}, which is neither stored nor deflated"
    if info.comment:
        return "has a comment"
    return ""


def _check_layout(file: BinaryIO, size: int, infos: list[ZipInfo], archive: str) -> tuple[list[int], str]:
    """Refuse a file in which two parsers could find different members.

    Returns:
        Where the data of each member start, and the first fault of a local header that only some parsers mind.
    """
    entries_end, directory_end, count = _find_directory(file, size, archive)
    if count != len(infos) or _measure_directory(file, entries_end, infos) != directory_end:
        raise ArchiveError(f"{archive}: its central directory does not list what it says", REBUILD)
    starts, end, first_fault = _follow_headers(file, infos, archive)
    if end != entries_end:
        raise ArchiveError(f"{archive}: data that belong to no member", REBUILD)
    return [starts[info.orig_filename] for info in infos], first_fault


def _follow_headers(file: BinaryIO, infos: list[ZipInfo], archive: str) -> tuple[dict[str, int], int, str]:
    """Return where the data of each member start, where the last one ends, and the first fault as `_check_layout`."""
    starts = {}
    end, first_fault = 0, ""
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset != end:
            raise refuse_member(archive, info.orig_filename, "overlaps another, or follows data that belong to none")
        starts[info.orig_filename], end, fault = _find_span(file, info, archive)
        first_fault = first_fault or fault
    return starts, end, first_fault


def _find_directory(file: BinaryIO, size: int, archive: str) -> tuple[int, int, int]:
    """Return where the central directory begins and ends, and how many entries it claims to have."""
    end = size - _END.size
    file.seek(end)
    signature, *found, comment = _END.unpack(file.read(_END.size))
    if signature != b"PK\5\6" or comment:
        raise ArchiveError(f"{archive}: data after the end of the archive", REBUILD)
    wide = _read_wide_end(file, end, found, archive)
    if wide:
        end -= _LOCATOR64.size + _END64.size
        found = wide
    disk, first_disk, count_here, count, length, start = found
    if disk or first_disk or count_here != count or start + length != end:
        raise ArchiveError(f"{archive}: data before the archive, or between its parts", REBUILD)
    return start, end, count


def _read_wide_end(file: BinaryIO, end: int, found: list[int], archive: str) -> list[int]:
    """Return the values of the ZIP64 end record, if the file has one, after comparing them with those of the other.

    Raises:
        ArchiveError: they disagree.
    """
    if end < _LOCATOR64.size + _END64.size:
        return []
    file.seek(end - _LOCATOR64.size)
    signature, disk, offset, disks = _LOCATOR64.unpack(file.read(_LOCATOR64.size))
    if signature != b"PK\6\7":
        return []
    start = end - _LOCATOR64.size - _END64.size
    file.seek(start)
    signature, rest, _, _, *wide = _END64.unpack(file.read(_END64.size))
    agree = all(short in (long, full) for short, long, full in zip(found, wide, _SENTINELS, strict=True))
    if (signature, rest, offset, disk, disks, agree) != (b"PK\6\6", 44, start, 0, 1, True):
        raise ArchiveError(f"{archive}: its two end records disagree", REBUILD)
    return wide


def _measure_directory(file: BinaryIO, start: int, infos: list[ZipInfo]) -> int:
    """Return where the central directory ends if its headers have the lengths that `zipfile` read; -1 where not.

    `zipfile` cuts a name, an extra field or a comment off where the directory ends; another parser reads on.
    """
    for info in infos:
        file.seek(start)
        signature, *lengths = _CENTRAL.unpack(file.read(_CENTRAL.size))
        if signature != b"PK\1\2" or lengths != [len(_encode_name(info)), len(info.extra), len(info.comment)]:
            return -1
        start += _CENTRAL.size + sum(lengths)
    return start


def _find_span(file: BinaryIO, info: ZipInfo, archive: str) -> tuple[int, int, str]:
    """Return where a member's data starts, where its part of the file ends, and what some parsers mind in its header.

    Raises:
        ArchiveError: its header does not agree with the central directory.
    """
    file.seek(info.header_offset)
    signature, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(
        file.read(_LOCAL.size)
    )
    name = file.read(name_length)
    raw_extra, local_sizes = file.read(extra_length), (packed, size)
    extra = _parse_extra_fields(raw_extra)
    wide = iter(_read_wide_sizes(extra.get(_ZIP64_EXTRA, b"")))
    size, packed = (next(wide, short) if short == _SENTINELS[-1] else short for short in (size, packed))
    listed = (info.CRC, info.compress_size, info.file_size)
    described = bool(flags & _DESCRIBED)
    agree = _agree((crc, packed, size), listed, are_described=described)
    renamed = _UNICODE_PATH_EXTRA in extra or _UNICODE_PATH_EXTRA in _parse_extra_fields(info.extra)
    expected = (b"PK\3\4", info.flag_bits, info.compress_type, _encode_name(info), True, False)
    if (signature, flags, method, name, agree, renamed) != expected:
        raise refuse_member(
            archive, info.orig_filename, "is described in two ways by its header and by the central directory"
        )
    start = info.header_offset + _LOCAL.size + name_length + extra_length
    end = start + info.compress_size
    fault = _find_local_fault(info, name, raw_extra, local_sizes)
    shown = f"{info.orig_filename!r} {fault}" if fault else ""
    return start, end + (_measure_descriptor(file, end, listed) if described else 0), shown


def _agree(here: tuple[int, int, int], listed: tuple[int, int, int], *, are_described: bool) -> bool:
    """Return whether checksum and sizes of a local header are those of the directory; a descriptor may follow zeros."""
    pairs = zip(here, listed, strict=True)
    return here == listed or (are_described and all(short in (0, long) for short, long in pairs))


def _measure_descriptor(file: BinaryIO, start: int, listed: tuple[int, int, int]) -> int:
    """Return the size of the data descriptor that repeats the directory; 0, which leaves a gap, where none does."""
    file.seek(start)
    found = file.read(24)
    for layout in _DESCRIPTORS:
        for signature in (b"PK\7\10", b""):
            if max(listed) <= _SENTINELS[-1] or layout is _DESCRIPTORS[0]:
                expected = signature + layout.pack(*listed)
                if found.startswith(expected):
                    return len(expected)
    return 0


def _is_folder(info: ZipInfo) -> bool:
    return info.orig_filename.endswith("/")


def _encode_name(info: ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8 else "cp437")


def _parse_extra_fields(extra: bytes) -> dict[int, bytes]:
    """Return the extra fields of an entry by their identifier.

    Raises:
        ValueError: one is repeated.
    """
    fields: dict[int, bytes] = {}
    while len(extra) >= _EXTRA_HEADER.size:
        identifier, length = _EXTRA_HEADER.unpack_from(extra)
        if identifier in fields:
            raise ValueError(f"extra field {identifier} twice")
        fields[identifier] = extra[_EXTRA_HEADER.size : _EXTRA_HEADER.size + length]
        extra = extra[_EXTRA_HEADER.size + length :]
    return fields


def _read_wide_sizes(extra: bytes) -> tuple[int, ...]:
    """Return the sizes and offsets of a ZIP64 extra field; a disk number of four bytes may follow them."""
    return struct.unpack_from(f"<{len(extra) // 8}Q", extra)


def _find_local_fault(info: ZipInfo, name: bytes, extra: bytes, sizes: tuple[int, int]) -> str:
    """Return why a program that reads only the local headers would fail at this one; empty where it would not.

    A zip file that was written to a pipe has data descriptors; some writers leave broken extra fields.
    """
    if info.flag_bits & _DESCRIBED:
        return "has a data descriptor"
    if name != info.orig_filename.encode():
        return "has a name that is not UTF-8"
    return _find_extra_fault(info, extra, sizes)


def _find_extra_fault(info: ZipInfo, extra: bytes, sizes: tuple[int, int]) -> str:
    """Return what is wrong with the extra fields of a local header, or with the sizes there; empty where nothing is."""
    fields = list(_iterate_extra_fields(extra))
    if sum(_EXTRA_HEADER.size + len(value) for _, value in fields) != len(extra):
        return "has a malformed extra field"
    wide = [value for identifier, value in fields if identifier == _ZIP64_EXTRA]
    if len(wide) > 1 or (wide and not _is_sound_zip64(info, len(wide[0]))):
        return "has a malformed ZIP64 extra field, or two"
    if wide:
        sizes = _read_streamed_sizes(*sizes, _read_wide_sizes(wide[0]))
    if sizes != (info.compress_size, info.file_size):
        return "has other sizes in its ZIP64 extra field than in the central directory"
    return ""


def _iterate_extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the extra fields of an entry up to the first that is shorter than it states."""
    while len(extra) >= _EXTRA_HEADER.size:
        identifier, length = _EXTRA_HEADER.unpack_from(extra)
        value, extra = extra[_EXTRA_HEADER.size :][:length], extra[_EXTRA_HEADER.size + length :]
        if len(value) < length:
            return
        yield identifier, value


def _is_sound_zip64(info: ZipInfo, length: int) -> bool:
    """Return whether a ZIP64 extra field has a length that its member allows: eight bytes hold one size of two."""
    return length in _ZIP64_LENGTHS and (length != _ONE_SIZE or info.compress_type == ZIP_STORED)


def _read_streamed_sizes(packed: int, size: int, wide: tuple[int, ...]) -> tuple[int, int]:
    """Return the packed and unpacked size that PyPI reads: the packed one is always that of the ZIP64 extra field."""
    if not wide:
        return packed, size
    return wide[min(len(wide) - 1, 1)], wide[0] if size == _SENTINELS[-1] else size
