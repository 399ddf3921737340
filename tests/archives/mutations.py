"""Archives changed at random: their bytes, or what lies within, packed again so that the change is reached."""

import bz2
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from random import Random
from tarfile import BLOCKSIZE
from typing import NamedTuple

from conda_package_streaming.package_streaming import zstd

from tests.archives.raw import DEFLATED, Part, record_line, zip_bytes

TOKENS = (
    *(b"..", b"/", b"\\", b"\0", b"\n", b"\r\n", b"\r", b"'", b'"', b",", b":", b";", b"=", b"%", b"{", b"[", b" "),
    *(b"../", b"/etc/x", b"C:", b"\xc3\xa9", b"e\xcc\x81", b"\xff", b"\xe2\x80\xae", b"\x1b[31m", b"A", b"a", b"1e9"),
    *(b"demo", b"DEMO", b"info/", b".data/", b".dist-info/", b".pyc", b".so", b"null", b"-1", b"true", b"{}", b"[]"),
    *(b"PK\3\4", b"PK\1\2", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\7\10", b"ustar\0", b"99999999999", b"30 path=/x\n"),
    *(b"Name: x\n", b"Version: 2\n", b"Requires-Dist: a>=1; python_version<'3'\n", b"Tag: py2-none-any\n"),
    *(b"Requires-Python: >=3.9\n", b"Dynamic: Version\n", b"License-File: x\n", b"Import-Name: x\n", b"\n\n"),
)
NUMBERS = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
UNREADABLE = (EOFError, OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error, zstd.ZstdError)
CHECKSUM = slice(148, 156)
MAGIC = slice(257, 262)


class Archive(NamedTuple):
    """An archive before it is a file."""

    filename: str
    content: bytes


def mutated(archives: Sequence[Archive], random: Random) -> Iterator[Archive]:
    """Without end, an archive with one change or a few, on one of its levels."""
    while True:
        archive, other = random.choice(archives), random.choice(archives).content
        change = _Change(random, other)
        content = change(archive.content) if random.random() < 0.3 else _inside(archive, change, random)
        yield Archive(archive.filename, content)


class _Change:
    """Changes bytes, a little most of the time."""

    def __init__(self, random: Random, other: bytes) -> None:
        self._random = random
        self._other = other

    def __call__(self, content: bytes) -> bytes:
        data = bytearray(content)
        for _ in range(self._random.choice((1, 1, 1, 2, 3, 8))):
            self._random.choice((_flip, _number, _token, _token, _token, _cut, _repeat, _splice))(
                data, self._random, self._other
            )
        return bytes(data)


def _place(data: bytearray, random: Random) -> int:
    """Somewhere, and often in one of the headers, where there is more to break."""
    signature = random.choice((b"PK", b"PK\5\6", b"PK\1\2", b"ustar", b"sha256", b": ", b"\n"))
    found = data.find(signature, random.randint(0, len(data))) if random.random() < 0.6 else -1
    return min(found + random.randint(0, 40), len(data)) if found >= 0 else random.randint(0, len(data))


def _flip(data: bytearray, random: Random, _: bytes) -> None:
    at = _place(data, random)
    data[at : at + 1] = bytes([random.randint(0, 255)])


def _number(data: bytearray, random: Random, _: bytes) -> None:
    at, width = _place(data, random), random.choice((1, 2, 4, 8))
    number = random.choice((*NUMBERS, len(data), len(data) - at, at)) & (1 << 8 * width) - 1
    data[at : at + width] = number.to_bytes(width, random.choice(("little", "big")))


def _token(data: bytearray, random: Random, _: bytes) -> None:
    at, token = _place(data, random), random.choice(TOKENS)
    data[at : at + random.choice((0, len(token)))] = token


def _cut(data: bytearray, random: Random, _: bytes) -> None:
    at = _place(data, random)
    del data[at : at + random.choice((1, 2, 10, 512, len(data)))]


def _repeat(data: bytearray, random: Random, _: bytes) -> None:
    at, size = _place(data, random), random.choice((1, 10, 46, 512, 1024))
    data[at:at] = data[at : at + size] * random.choice((1, 1, 1, 2, 60))


def _splice(data: bytearray, random: Random, other: bytes) -> None:
    start, size = random.randint(0, len(other)), random.choice((4, 30, 512, 4096))
    at = _place(data, random)
    data[at : at + random.choice((0, size))] = other[start : start + size]


def _inside(archive: Archive, change: Callable[[bytes], bytes], random: Random) -> bytes:
    """The archive with its content changed and packed again; with its bytes changed where it is no archive."""
    try:
        match archive.filename.rpartition(".")[2]:
            case "whl":
                return _wheel(archive.content, change, random)
            case "conda":
                return _conda(archive.content, change, random)
            case "bz2":
                return bz2.compress(_tar(bz2.decompress(archive.content), change, random))
            case _:
                return gzip.compress(_tar(gzip.decompress(archive.content), change, random), mtime=0)
    except (
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        zipfile.BadZipFile,
        zlib.error,
        zstd.ZstdError,
    ):
        return change(archive.content)


def _tar(content: bytes, change: Callable[[bytes], bytes], random: Random) -> bytes:
    """A tar changed, and mostly with the checksums of its headers made right."""
    data = bytearray(change(content))
    if random.random() < 0.9:
        for start in range(0, len(data) - BLOCKSIZE, BLOCKSIZE):
            header = data[start : start + BLOCKSIZE]
            if header[MAGIC] == b"ustar":
                header[CHECKSUM] = b" " * 8
                header[CHECKSUM] = b"%06o\0 " % sum(header)
                data[start : start + BLOCKSIZE] = header
    return bytes(data)


def _members(content: bytes) -> list[tuple[zipfile.ZipInfo, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as outer:
        return [(info, outer.read(info)) for info in outer.infolist()]


def _wheel(content: bytes, change: Callable[[bytes], bytes], random: Random) -> bytes:
    """A wheel with a member or its name changed, and mostly with a RECORD that is true again."""
    members = [(info.filename, data) for info, data in _members(content)]
    which = random.randrange(len(members))
    name, data = members[which]
    if random.random() < 0.3:
        members[which] = (change(name.encode())[:300].decode(errors="replace"), data)
    else:
        members[which] = (name, change(data))
    if random.random() < 0.2:
        members[random.randrange(len(members))] = (name, data)
    if random.random() < 0.8:
        lines = "".join(record_line(name, data) for name, data in members if not name.endswith(("RECORD", "/")))
        members = [(n, f"{lines}{n},,\n".encode() if n.endswith("RECORD") else data) for n, data in members]
    return zip_bytes(Part(name, data, random.choice((0, DEFLATED))) for name, data in members)


def _conda(content: bytes, change: Callable[[bytes], bytes], random: Random) -> bytes:
    """A ``.conda`` file with one of its two tars changed."""
    members = [(info.filename, data) for info, data in _members(content)]
    which = random.randrange(len(members))
    name, data = members[which]
    inner = change(data) if name.endswith(".json") else zstd.compress(_tar(zstd.decompress(data), change, random))
    members[which] = (name, inner)
    return zip_bytes(Part(name, data) for name, data in members)
