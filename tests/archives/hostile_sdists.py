"""Tar files that must not be unpacked, or that are no sound sdists."""

import gzip
import tarfile
from collections.abc import Callable
from functools import partial

from tests.archives.hostile import Hostile
from tests.archives.raw import (
    METADATA,
    MODULE,
    PKG_INFO,
    Entry,
    sdist_bytes,
    tar_bytes,
    zip_bytes,
)

SDIST = "demo-1.0.tar.gz"
LINK, HARD, TOP = tarfile.SYMTYPE, tarfile.LNKTYPE, "demo-1.0"


def sdist(id_: str, description: str, *entries: Entry, **facts: object) -> Hostile:
    return Hostile(id_, description, partial(sdist_bytes, *entries, **facts), SDIST)  # type: ignore[arg-type]  # as above


def patched(offset: int, value: bytes) -> Callable[[], bytes]:
    """An sdist whose second header says something else, with the checksum to match."""

    def make() -> bytes:
        raw = bytearray(tar_bytes([PKG_INFO, Entry(f"{TOP}/x", b"x" * 10)], style=tarfile.USTAR_FORMAT))
        header = raw[1024:1536]
        header[offset : offset + len(value)] = value
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        raw[1024:1536] = header
        return gzip.compress(raw)

    return make


def spoiled(change: Callable[[bytes], bytes]) -> Callable[[], bytes]:
    """An sdist whose tar was changed before it was packed."""
    return lambda: gzip.compress(change(tar_bytes([PKG_INFO, Entry(f"{TOP}/x", b"x" * 10)])))


SDISTS = (
    sdist("absolute path", "'/etc/passwd' has an absolute path", Entry("/etc/passwd", b"x")),
    sdist("parent", "'demo-1.0/../../x' leaves the archive", Entry(f"{TOP}/../../x", b"x")),
    sdist("control character", "has control characters", Entry(f"{TOP}/a\rb", b"x")),
    sdist("name not UTF-8", "has control characters", Entry(f"{TOP}/\udcff", b"x"), style=tarfile.GNU_FORMAT),
    sdist("duplicate", "'demo-1.0/PKG-INFO' occurs twice", PKG_INFO),
    sdist("case", "is the same file as", Entry(f"{TOP}/pkg-info", b"x")),
    sdist("link away", "which may leave the archive", Entry(f"{TOP}/x", type=LINK, link="../../x")),
    sdist("link to the root", "which may leave the archive", Entry(f"{TOP}/x", type=LINK, link="/etc/passwd")),
    sdist("link through another", "which may leave", Entry(f"{TOP}/x", type=LINK, link="a/../../../x")),
    sdist("link to the root alone", "which may leave the archive", Entry(f"{TOP}/x", type=LINK, link="/")),
    sdist("link to the root twice", "which may leave the archive", Entry(f"{TOP}/x", type=LINK, link="//")),
    sdist("link to the root by a dot", "which may leave the archive", Entry(f"{TOP}/x", type=LINK, link="/.")),
    sdist("link to a drive", "which may leave the archive", Entry(f"{TOP}/x", type=LINK, link="C:")),
    sdist("link to a drive's root", "which may leave the archive", Entry(f"{TOP}/x", type=LINK, link="C:/")),
    sdist("link to a share", "which may leave the archive", Entry(f"{TOP}/x", type=LINK, link="\\\\host\\x")),
    sdist("link out of the folder", "which may leave the archive", Entry(f"{TOP}/x", type=LINK, link="..")),
    sdist("link beside the folder", "which may leave the archive", Entry(f"{TOP}/x", type=LINK, link="../other/x")),
    sdist("link out by a slash", "which may leave the archive", Entry(f"{TOP}/d/x", type=LINK, link="../../")),
    sdist("link to nothing", "which may leave the archive", Entry(f"{TOP}/x", type=LINK)),
    sdist(
        "file through a link",
        "'demo-1.0/d' occurs twice",
        Entry(f"{TOP}/d", type=LINK, link="e"),
        Entry(f"{TOP}/d/x", b"x"),
    ),
    sdist(
        "link over a folder",
        "'demo-1.0/d' occurs twice",
        Entry(f"{TOP}/d/x", b"x"),
        Entry(f"{TOP}/d", type=LINK, link="x"),
    ),
    sdist("hard link away", "is a hard link to '/etc/passwd'", Entry(f"{TOP}/x", type=HARD, link="/etc/passwd")),
    sdist(
        "hard link forward",
        "which is no file before it",
        Entry(f"{TOP}/x", type=HARD, link=f"{TOP}/y"),
        Entry(f"{TOP}/y", b"x"),
    ),
    sdist(
        "hard link to a link",
        "which is no file before it",
        Entry(f"{TOP}/y", type=LINK, link="PKG-INFO"),
        Entry(f"{TOP}/x", type=HARD, link=f"{TOP}/y"),
    ),
    sdist("character device", "is neither a file, a folder nor a link", Entry(f"{TOP}/x", type=tarfile.CHRTYPE)),
    sdist("block device", "is neither a file, a folder nor a link", Entry(f"{TOP}/x", type=tarfile.BLKTYPE)),
    sdist("pipe", "is neither a file, a folder nor a link", Entry(f"{TOP}/x", type=tarfile.FIFOTYPE)),
    sdist("unknown type", "is neither a file, a folder nor a link", Entry(f"{TOP}/x", type=b"Z")),
    sdist(
        "sparse file",
        "is neither a file, a folder nor a link",
        Entry(f"{TOP}/x", b"x" * 9, pax={"GNU.sparse.map": "0,9", "GNU.sparse.size": "9"}),
    ),
    sdist("folder with content", "is not a file and has content", Entry(f"{TOP}/x", b"x" * 512, type=tarfile.DIRTYPE)),
    sdist("two sizes", "has two sizes", Entry(f"{TOP}/x", b"x" * 10, pax={"size": "9"})),
    sdist("global path", "follows a global header that sets path", Entry(f"{TOP}/x", b"x"), pax={"path": f"{TOP}/y"}),
    sdist("long header", "a header of", Entry(f"{TOP}/{'x' * 99999}", b"x")),
    sdist("bomb", "unpacks to more than", Entry(f"{TOP}/x", bytes(65 << 20))),
    sdist("no PKG-INFO", "one folder with a PKG-INFO is needed", base=(Entry(f"{TOP}/x", b"x"),)),
    sdist("two folders", "found ['demo-1.0', 'other']", Entry("other/x", b"x")),
    sdist("file beside the folder", "found ['demo-1.0', 'x']", Entry("x", b"x")),
    sdist("folder of another version", "its folder demo-1.1", base=(Entry("demo-1.1/PKG-INFO", METADATA),)),
    sdist(
        "metadata of another project",
        "its metadata says other",
        base=(Entry(f"{TOP}/PKG-INFO", METADATA.replace(b"demo", b"other")),),
    ),
    Hostile("negative size", "cut off", patched(124, b"\xff" * 11 + b"\xf0"), SDIST),
    Hostile("size beyond the end", "cut off", patched(124, b"%011o\0" % 99999), SDIST),
    Hostile(
        "corrupt header", "with a corrupt header", spoiled(lambda raw: raw[:1024] + b"junk" * 128 + raw[1024:]), SDIST
    ),
    Hostile("data behind the end", "after the end of the archive", spoiled(lambda raw: raw + raw), SDIST),
    Hostile("no end", "cut off", spoiled(lambda raw: raw[:2048]), SDIST),
    Hostile("half an end", "cut off", spoiled(lambda raw: raw[:2560]), SDIST),
    Hostile("tar cut off", "cut off", spoiled(lambda raw: raw[:1600]), SDIST),
    Hostile("gzip cut off", "cut off", lambda: sdist_bytes()[:-9], SDIST),
    Hostile("wrong gzip checksum", "corrupt", lambda: sdist_bytes()[:-8] + bytes(8), SDIST),
    Hostile("two gzip members", "after the end of its compressed stream", lambda: sdist_bytes() * 2, SDIST),
    Hostile("data behind gzip", "after the end of its compressed stream", lambda: sdist_bytes() + b"\0", SDIST),
    Hostile("data before gzip", "corrupt", lambda: b"#!" + sdist_bytes(), SDIST),
    Hostile("not gzip", "corrupt", lambda: b"an sdist, honestly" * 99, SDIST),
    Hostile("not a tar", "corrupt", lambda: gzip.compress(b"an sdist, honestly" * 99), SDIST),
    Hostile("empty tar", "corrupt", lambda: gzip.compress(b""), SDIST),
    Hostile("nothing inside", "one folder with a PKG-INFO", lambda: gzip.compress(tar_bytes([])), SDIST),
    Hostile("zip", "a zip file", lambda: zip_bytes([MODULE]), "demo-1.0.zip"),
    Hostile("file name without a version", "Invalid sdist filename", sdist_bytes, "demo.tar.gz"),
)
