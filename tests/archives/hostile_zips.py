"""Zip files in which two parsers would see different members, or which a file system could not hold."""

import struct
from functools import partial

from tests.archives.hostile import Hostile, named, wheel_with
from tests.archives.raw import (
    DEFLATED,
    DESCRIBED,
    MODULE,
    Part,
    deflated,
    wheel_bytes,
    zip_bytes,
)


def packed(data: bytes, hidden: bytes) -> Part:
    return Part("demo/x", data, DEFLATED, packed=deflated(data) + hidden)


DESCRIPTOR = struct.pack("<4s3L", b"PK\7\10", 0xFFFFFFFF, 1, 1)
UNICODE_PATH = struct.pack("<2H5s6s", 0x7075, 11, b"\1\0\0\0\0", b"demo/y")
TWICE = struct.pack("<2H4s", 0x5455, 4, b"time") * 2


def cut_off(field: int) -> bytes:
    """A wheel whose last entry in the central directory has a part that is longer than the directory."""
    wheel = bytearray(wheel_bytes())
    wheel[wheel.rindex(b"PK\1\2") + field] += 9
    return bytes(wheel)


ZIPS = (
    Hostile("absolute path", "member '/etc/passwd' has an absolute path", named("/etc/passwd")),
    Hostile("drive", "member 'C:/x' has an absolute path", named("C:/x")),
    Hostile("drive without a root", "member 'c:x' has an absolute path", named("c:x")),
    Hostile("parent first", "member '../x' leaves the archive", named("../x")),
    Hostile("parent inside", "member 'demo/../../x' leaves the archive", named("demo/../../x")),
    Hostile("parent last", "member 'demo/..' leaves the archive", named("demo/..")),
    Hostile("backslash", r"'demo\\x' has a backslash", named("demo\\x")),
    Hostile("backslash parent", r"'..\\x' has a backslash", named("..\\x")),
    Hostile("nul", r"'demo/x.py\x00.txt' has control characters", named("demo/x.py\0.txt")),
    Hostile("newline", r"'demo/a\nb' has control characters", named("demo/a\nb")),
    Hostile("terminal escape", r"x1b[31m' has control characters", named("demo/\x1b[31m")),
    Hostile("text direction", r"u202egpj.py' has control characters", named("demo/\u202egpj.py")),
    Hostile("delete character", r"x7f' has control characters", named("demo/\x7f")),
    Hostile("empty part", "'demo//x' has an empty part", named("demo//x")),
    Hostile("dot part", "'./demo/x' has an empty part", named("./demo/x")),
    Hostile("no name", "member '' has an empty part", named("")),
    Hostile("name too long", "has a name too long", named("demo/" + "x" * 256)),
    Hostile("name too long in bytes", "has a name too long", named("demo/" + "é" * 128)),
    Hostile("path too long", "has a path too long", named("/".join(["d" * 200] * 6))),
    Hostile("duplicate", "'demo/__init__.py' occurs twice", named("demo/__init__.py")),
    Hostile("case", "'demo/__INIT__.py' is the same file as 'demo/__init__.py'", named("demo/__INIT__.py")),
    Hostile("case of a folder", "'Demo' is the same file as 'demo'", named("Demo/other.py")),
    Hostile("unicode form", "is the same file as", wheel_with(Part("demo/\u00e9", b"x"), Part("demo/e\u0301", b"x"))),
    Hostile("sharp s", "is the same file as", wheel_with(Part("demo/\u00df", b"x"), Part("demo/ss", b"x"))),
    Hostile("file as folder", "'demo/__init__.py' occurs twice", named("demo/__init__.py/x")),
    Hostile("folder as file", "'demo' occurs twice", named("demo")),
    Hostile("symbolic link", "'demo/x' is neither a file nor a folder", named("demo/x", mode=0o120777)),
    Hostile("device", "'demo/x' is neither a file nor a folder", named("demo/x", mode=0o020644)),
    Hostile("pipe", "'demo/x' is neither a file nor a folder", named("demo/x", mode=0o010644)),
    Hostile("file called a folder", "'demo/x/' is neither", wheel_with(Part("demo/x/", mode=0o100644))),
    Hostile("folder with content", "'demo/x/' is a folder with content", named("demo/x/", mode=0o040755)),
    Hostile("encrypted", "'demo/x' is encrypted", named("demo/x", flags=1)),
    Hostile("comment beyond the directory", "does not list what it says", partial(cut_off, 32)),
    Hostile("extra field beyond the directory", "demo", partial(cut_off, 30)),
    Hostile("bzip2", "'demo/x' is compressed by method 12", named("demo/x", method=12)),
    Hostile("lzma", "'demo/x' is compressed by method 14", named("demo/x", method=14)),
    Hostile("zstd", "'demo/x' is compressed by method 93", named("demo/x", method=93)),
    Hostile("member comment", "'demo/x' has a comment", named("demo/x", comment=b"PK")),
    Hostile("prefix", "overlaps another, or follows data", partial(wheel_bytes, prefix=b"#!/bin/sh\n")),
    Hostile("prefix behind offsets", "before the archive", lambda: b"#!/bin/sh\n" + wheel_bytes()),
    Hostile("polyglot of two zips", "before the archive", lambda: wheel_bytes(Part("evil")) + wheel_bytes()),
    Hostile("suffix", "after the end of the archive", partial(wheel_bytes, suffix=b"\0")),
    Hostile("archive comment", "after the end of the archive", partial(wheel_bytes, comment=b"hello")),
    Hostile("zip inside a comment", "before the archive", lambda: wheel_bytes(comment=wheel_bytes())),
    Hostile("gap before a member", "'demo/x' overlaps another, or follows data", named("demo/x", before=b"hidden")),
    Hostile("gap before the directory", "belong to no member", partial(wheel_bytes, before_directory=b"hidden")),
    Hostile("member in no directory", "follows data that belong to none", named("demo/x", listed=False)),
    Hostile("last member in no directory", "belong to no member", lambda: zip_bytes([MODULE, Part("x", listed=False)])),
    Hostile("member without a header", "described in two ways", named("demo/x", written=False)),
    Hostile("overlap", "overlaps another", wheel_with(Part("demo/x", b"x"), Part("demo/y", b"x", written=False, at=0))),
    Hostile("two names", "'demo/x' is described in two ways", named("demo/x", local={"name": b"demo/y"})),
    Hostile("two sizes", "'demo/x' is described in two ways", named("demo/x", local={"size": 2})),
    Hostile("two methods", "'demo/x' is described in two ways", named("demo/x", local={"method": DEFLATED})),
    Hostile("two flags", "'demo/x' is described in two ways", named("demo/x", local={"flags": DESCRIBED})),
    Hostile("unicode path", "'demo/x' is described in two ways", named("demo/x", extra=UNICODE_PATH)),
    Hostile("unicode path in the header", "described in two ways", named("demo/x", local_extra=UNICODE_PATH)),
    Hostile("extra field twice", "extra field 21589 twice", named("demo/x", extra=TWICE)),
    Hostile(
        "lying descriptor", "overlaps another, or follows data", named("demo/x", flags=DESCRIBED, descriptor=DESCRIPTOR)
    ),
    Hostile(
        "wrong checksum",
        "'demo/x' does not match its checksum",
        named("demo/x", local={"crc": 1}, central={"crc": 1}),
    ),
    Hostile("data behind the deflated", "'demo/x': data after the end", wheel_with(packed(b"x", b"hidden"))),
    Hostile(
        "deflated cut off",
        "'demo/x': cut off",
        wheel_with(Part("demo/x", b"x" * 99, DEFLATED, packed=deflated(b"x" * 99)[:-2])),
    ),
    Hostile("not deflated", "corrupt", wheel_with(Part("demo/x", b"x", DEFLATED, packed=b"\xff\xff"))),
    Hostile(
        "unpacks to more",
        "unpacks to more than 1",
        wheel_with(Part("demo/x", b"x", DEFLATED, packed=deflated(b"x" * 99))),
    ),
    Hostile(
        "unpacks to less",
        "'demo/x' does not match its checksum",
        wheel_with(Part("demo/x", b"x", DEFLATED, local={"size": 9}, central={"size": 9})),
    ),
    Hostile(
        "stored with two sizes",
        "does not match its checksum",
        named("demo/x", local={"size": 9}, central={"size": 9}),
    ),
    Hostile("bomb", "a decompression bomb", wheel_with(Part("demo/x", bytes(65 << 20), DEFLATED))),
    Hostile(
        "bomb by its word", "a decompression bomb", named("demo/x", local={"size": 1 << 31}, central={"size": 1 << 31})
    ),
    Hostile("wrong count", "does not list what it says", partial(wheel_bytes, count=3)),
    Hostile("second disk", "before the archive, or between", partial(wheel_bytes, disk=1)),
    Hostile("zip64 locator elsewhere", "two end records disagree", partial(wheel_bytes, zip64=True, locator_shift=1)),
    Hostile("cut off", "File is not a zip file", lambda: wheel_bytes()[:-30]),
    Hostile("text", "corrupt: File is not a zip file", lambda: b"a wheel, honestly\n" * 9),
    Hostile("empty file", "corrupt: File is not a zip file", bytes),
)
