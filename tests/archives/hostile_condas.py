"""Conda packages that are not what they say, in both formats."""

import bz2
import gzip
import tarfile
from functools import partial

from conda_package_streaming.package_streaming import zstd

from tests.archives.hostile import Hostile
from tests.archives.raw import (
    DEFLATED,
    INDEX,
    PAYLOAD,
    Entry,
    Part,
    bz2_bytes,
    conda_bytes,
    info_entries,
    paths_of,
    tar_bytes,
)

LINK = tarfile.SYMTYPE
CONDA, BZ2 = "demo-1.0-py_0.conda", "demo-1.0-py_0.tar.bz2"
FILE = PAYLOAD[0]


def conda(id_: str, description: str, *payload: Entry, **facts: object) -> Hostile:
    return Hostile(id_, description, partial(conda_bytes, payload or PAYLOAD, **facts), CONDA)  # type: ignore[arg-type]  # as above


def reported(**change: object) -> list[Entry]:
    """``info/`` with another ``index.json``."""
    return info_entries(index=INDEX | change)


CONDAS = (
    conda("absolute path", "'/etc/x' has an absolute path", Entry("/etc/x", b"x")),
    conda("parent", "'../x' leaves the archive", Entry("../x", b"x")),
    conda("duplicate", "occurs twice", FILE, FILE),
    conda("case in noarch", "is the same file as", Entry("a", b"x"), Entry("A", b"x")),
    conda("link away", "which may leave the archive", Entry("bin/x", type=LINK, link="../../x")),
    conda("link to the root alone", "which may leave the archive", Entry("bin/x", type=LINK, link="/")),
    conda("link to the root twice", "which may leave the archive", Entry("bin/x", type=LINK, link="//")),
    conda("device", "is neither a file, a folder nor a link", Entry("x", type=tarfile.CHRTYPE)),
    conda("info in the payload", "belongs to the other part", FILE, Entry("info/x", b"x")),
    conda("payload in info", "belongs to the other part", info=[*info_entries(), Entry("lib/x", b"x")]),
    conda("no index", "info/index.json is missing", info=info_entries()[1:]),
    conda("no paths", "info/paths.json is missing", info=info_entries()[:1]),
    conda("index of another package", "says other-1.0-py_0", info=reported(name="other")),
    conda("index of another build", "says demo-1.0-py_1", info=reported(build="py_1")),
    conda("number as a text", "build_number is '0', not of type int", info=reported(build_number="0")),
    conda("number missing", "build_number is None, not of type int", info=reported(build_number=None)),
    conda("requirements not texts", "depends holds something else", info=reported(depends=[{"python": 3}])),
    conda("index not an object", "not an object", info=info_entries(index=b"[1]")),
    conda("index not JSON", "info/index.json: corrupt", info=info_entries(index=b"{")),
    conda("index not text", "info/index.json: corrupt", info=info_entries(index=b"\xff")),
    conda("key twice", "a key is there twice", info=info_entries(index=b'{"name": "a", "name": "b"}')),
    conda("too deep", "info/index.json: corrupt", info=info_entries(index=b"[" * 99999)),
    conda("other content", "content does not match paths.json", info=info_entries([Entry(FILE.name, b"y")])),
    conda("not in paths", "in the package, but not in paths.json", info=info_entries([])),
    conda("not in the package", "'gone': in paths.json, but not", info=info_entries([FILE, Entry("gone")])),
    conda("in paths twice", "in paths.json twice", info=info_entries(paths=paths_of(PAYLOAD) * 2)),
    conda("path not an object", "_path is None", info=info_entries(paths=["x"])),
    conda(
        "link.json not an object", "noarch is 'python', not of type dict", info=info_entries(link={"noarch": "python"})
    ),
    conda("another format", "not version 2", version=3),
    conda("third part", "are needed, found", parts=(Part("evil.tar.zst", b"x"),)),
    conda("parts of another package", "are needed, found", stem="other-1.0-py_0"),
    conda("compressed twice", "compressed twice", method=DEFLATED),
    conda("not zstd", "corrupt", pkg=b"PK" * 99),
    conda("zstd cut off", "cut off", pkg=zstd.compress(tar_bytes(PAYLOAD))[:-9]),
    conda("data behind zstd", "after the end of its compressed stream", pkg=zstd.compress(tar_bytes(PAYLOAD)) * 2),
    conda("bomb", "unpacks to more than", pkg=zstd.compress(bytes(65 << 20))),
    Hostile("prefix", "before the archive", lambda: b"#!" + conda_bytes(), CONDA),
    Hostile("suffix", "after the end", lambda: conda_bytes() + b"x", CONDA),
    Hostile("duplicate in bzip2", "occurs twice", lambda: bz2_bytes([FILE, FILE]), BZ2),
    Hostile("two bzip2 streams", "after the end of its compressed stream", lambda: bz2_bytes() * 2, BZ2),
    Hostile("bzip2 bomb", "unpacks to more than", lambda: bz2.compress(bytes(65 << 20)), BZ2),
    Hostile("not bzip2", "corrupt", lambda: gzip.compress(tar_bytes(PAYLOAD)), BZ2),
    Hostile("neither format", "neither a .conda nor a .tar.bz2", conda_bytes, "demo-1.0-py_0.zip"),
    Hostile("file name of another build", "says demo-1.0-py_0", bz2_bytes, "demo-1.0-py_1.tar.bz2"),
)
