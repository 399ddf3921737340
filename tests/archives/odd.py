"""Archives that look unusual and are sound: honest tools write each of them."""

import struct
import tarfile
import zlib
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tests.archives.raw import (
    DEFLATED,
    DESCRIBED,
    INDEX,
    INFO,
    METADATA,
    MODULE,
    WHEEL,
    Entry,
    Part,
    bz2_bytes,
    conda_bytes,
    info_entries,
    paths_of,
    record_line,
    sdist_bytes,
    wheel_bytes,
)


class Odd(NamedTuple):
    """One archive, and a member that must be found in it."""

    id: str
    make: Callable[[], bytes]
    member: str
    filename: str = "demo-1.0-py3-none-any.whl"


def wheel(id_: str, part: Part, **layout: object) -> Odd:
    return Odd(id_, partial(wheel_bytes, part, **layout), part.name)  # type: ignore[arg-type]  # raw's keywords


CRC = zlib.crc32(b"x")
UNSIGNED = struct.pack("<3L", CRC, 1, 1)
SIGNED = b"PK\7\10" + UNSIGNED
SIGNED64 = struct.pack("<4sL2Q", b"PK\7\10", CRC, 1, 1)
ZIP64 = struct.pack("<2H2Q", 1, 16, 1, 1)
STREAMED = {"crc": 0, "packed": 0, "size": 0}
WIDE = {"packed": 0xFFFFFFFF, "size": 0xFFFFFFFF}
TIMESTAMP = struct.pack("<2HBL", 0x5455, 5, 1, 0)
RECORD_512 = "".join(
    record_line(name, data, "sha512")
    for name, data in ((MODULE.name, MODULE.data), (f"{INFO}/METADATA", METADATA), (f"{INFO}/WHEEL", WHEEL))
)
RECORD_SIZELESS = "".join(line.rpartition(",")[0] + ",\n" for line in RECORD_512.splitlines())

WHEELS = (
    wheel("deflated", Part("demo/x", b"x" * 999, DEFLATED)),
    wheel("deflated and empty", Part("demo/x", b"", DEFLATED)),
    wheel("stored and empty", Part("demo/x")),
    wheel("sizes behind the data", Part("demo/x", b"x", flags=DESCRIBED, local=STREAMED, descriptor=SIGNED)),
    wheel(
        "sizes behind the data, unsigned", Part("demo/x", b"x", flags=DESCRIBED, local=STREAMED, descriptor=UNSIGNED)
    ),
    wheel("wide sizes behind the data", Part("demo/x", b"x", flags=DESCRIBED, local=STREAMED, descriptor=SIGNED64)),
    wheel("sizes before and behind", Part("demo/x", b"x", flags=DESCRIBED, descriptor=SIGNED)),
    wheel("wide sizes of a small file", Part("demo/x", b"x", local=WIDE, local_extra=ZIP64)),
    wheel("wide end record", Part("demo/x", b"x"), zip64=True),
    wheel("directory in another order", Part("demo/x", b"x"), reverse=True),
    wheel("time stamps", Part("demo/x", b"x", extra=TIMESTAMP)),
    wheel("padded header", Part("demo/x", b"x", local_extra=b"\0\0\0")),
    wheel("made on Windows", Part("demo/x", b"x", mode=0)),
    wheel("executable", Part("demo/x", b"x", mode=0o100755)),
    wheel("name not ASCII", Part("demo/Gödel 数.txt", b"x")),
    wheel("name with a comma", Part("demo/a, b.txt", b"x")),
    wheel("name that old Windows reserved", Part("demo/con.aux", b"x")),
    wheel("hidden file", Part("demo/.keep", b"")),
    wheel("long path", Part("/".join(["d" * 100] * 9), b"x")),
    wheel("namespace package", Part("ns/part/__init__.py", b"x")),
    wheel("every scheme", Part("demo-1.0.data/headers/x.h", b"x")),
    wheel("platlib of a pure wheel", Part("demo-1.0.data/platlib/y.py", b"x")),
    wheel("vendored dist-info", Part("demo/vendor/six-1.0.dist-info/METADATA", b"x")),
    wheel("package called data", Part("data/__init__.py", b"x")),
    wheel("signed record", Part(f"{INFO}/RECORD.jws", b"{}"), unrecorded=(f"{INFO}/RECORD.jws",)),
    Odd("strong digests", partial(wheel_bytes, record=RECORD_512), MODULE.name),
    Odd("digests without sizes", partial(wheel_bytes, record=RECORD_SIZELESS), MODULE.name),
    Odd("record with CRLF", partial(wheel_bytes, record=RECORD_512.replace("\n", "\r\n")), MODULE.name),
    Odd(
        "metadata of 2005",
        partial(wheel_bytes, metadata=b"Metadata-Version: 1.0\nName: demo\nVersion: 1.0\n"),
        MODULE.name,
    ),
    Odd("requirement in brackets", partial(wheel_bytes, metadata=METADATA + b"Requires-Dist: a (>=1)\n"), MODULE.name),
    Odd("unknown header", partial(wheel_bytes, metadata=METADATA + b"Home-Planet: Earth\n"), MODULE.name),
    Odd("not pure", partial(wheel_bytes, wheel=WHEEL.replace(b"true", b"false")), MODULE.name),
    Odd("newer minor wheel version", partial(wheel_bytes, wheel=WHEEL.replace(b": 1.0", b": 1.9")), MODULE.name),
    Odd("build tag", partial(wheel_bytes, wheel=WHEEL + b"Build: 7x\n"), MODULE.name, "demo-1.0-7x-py3-none-any.whl"),
    Odd(
        "two tags",
        partial(wheel_bytes, wheel=WHEEL + b"Tag: py2-none-any\n"),
        MODULE.name,
        "demo-1.0-py2.py3-none-any.whl",
    ),
    Odd(
        "name with dots and capitals",
        partial(wheel_bytes, metadata=METADATA.replace(b"demo", b"Demo.Co"), info="Demo.Co-1.0.dist-info"),
        MODULE.name,
        "Demo.Co-1.0-py3-none-any.whl",
    ),
    Odd("version not canonical", partial(wheel_bytes, metadata=METADATA.replace(b"1.0", b"v1")), MODULE.name),
)

TOP = "demo-1.0"


def sdist(id_: str, *entries: Entry, **facts: object) -> Odd:
    return Odd(id_, partial(sdist_bytes, *entries, **facts), entries[-1].name, f"{TOP}.tar.gz")  # type: ignore[arg-type]  # as above


FOLDER = Entry(f"{TOP}/d", type=tarfile.DIRTYPE, mode=0o755)
LONG = f"{TOP}/{'d' * 120}/{'f' * 120}"
SDISTS = (
    sdist("plain old tar", Entry(f"{TOP}/x", b"x"), style=tarfile.USTAR_FORMAT),
    sdist("GNU long name", Entry(LONG, b"x"), style=tarfile.GNU_FORMAT),
    sdist("pax long name", Entry(LONG, b"x")),
    sdist("pax times and owners", Entry(f"{TOP}/x", b"x", mtime=1.5, pax={"uname": "Gödel"})),
    sdist("size said twice, as by uv", Entry(f"{TOP}/x", b"x" * 10, pax={"size": "10", "path": f"{TOP}/x"})),
    sdist("git archive's comment", Entry(f"{TOP}/x", b"x"), pax={"comment": "0" * 40}),
    sdist("folder listed", FOLDER, Entry(f"{TOP}/d/x", b"x")),
    sdist("folder listed twice", FOLDER, FOLDER, Entry(f"{TOP}/d/x")),
    sdist("link to a neighbour", Entry(f"{TOP}/x", type=tarfile.SYMTYPE, link="PKG-INFO")),
    sdist("link upwards", Entry(f"{TOP}/docs/x", type=tarfile.SYMTYPE, link="../PKG-INFO")),
    sdist("link to the folder", Entry(f"{TOP}/docs/x", type=tarfile.SYMTYPE, link="..")),
    sdist("link to a folder", Entry(f"{TOP}/x", type=tarfile.SYMTYPE, link="docs/")),
    sdist("link to nothing there", Entry(f"{TOP}/x", type=tarfile.SYMTYPE, link="gone")),
    sdist("hard link", Entry(f"{TOP}/x", type=tarfile.LNKTYPE, link=f"{TOP}/PKG-INFO")),
    sdist("secret mode", Entry(f"{TOP}/x", b"x", mode=0o600)),
    sdist("set-uid", Entry(f"{TOP}/x", b"x", mode=0o4755)),
    sdist("time before the epoch", Entry(f"{TOP}/x", b"x", mtime=-1)),
    sdist("time after all computers", Entry(f"{TOP}/x", b"x", mtime=1 << 40)),
    sdist("contiguous file", Entry(f"{TOP}/x", b"x", type=tarfile.CONTTYPE)),
    sdist("a block exactly", Entry(f"{TOP}/x", b"x" * 512)),
    sdist("name with a colon", Entry(f"{TOP}/Foo::Bar.3", b"x")),
    sdist(
        "folder spelled in the old way",
        base=(),
        *[Entry("Demo-1.0/PKG-INFO", METADATA)],  # noqa: B026 - the entries are positional
    ),
)

FILE = Entry("lib/x", b"x")
SAME = Entry("lib/y", b"x")
FOLDER_PATH = {"_path": "etc", "path_type": "directory"}
ALIAS = INDEX | {"noarch": "generic"}
LINUX = INDEX | {"noarch": None, "subdir": "linux-64"}
CASES = (Entry("share/A", b"x"), Entry("share/a", b"x"))


def conda(id_: str, payload: tuple[Entry, ...], info: list[Entry] | None = None) -> tuple[Odd, Odd]:
    member = payload[-1].name if payload else ""
    return (
        Odd(id_, partial(conda_bytes, payload, info), member, "demo-1.0-py_0.conda"),
        Odd(f"{id_}, bzip2", partial(bz2_bytes, payload, info), member, "demo-1.0-py_0.tar.bz2"),
    )


CONDAS = (
    *conda("plain", (FILE,)),
    *conda("empty metapackage", (), info_entries((), index=ALIAS)),
    *conda("soft link", (FILE, Entry("bin/x", type=tarfile.SYMTYPE, link="../lib/x"))),
    *conda("hard link", (FILE, Entry("lib/y", type=tarfile.LNKTYPE, link="lib/x")), info_entries((FILE, SAME))),
    *conda("case matters on Linux", CASES, info_entries(CASES, index=LINUX)),
    *conda("folder in paths.json", (FILE,), info_entries(paths=[*paths_of((FILE,)), FOLDER_PATH])),
)
