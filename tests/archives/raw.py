"""Archives written byte by byte, so that each of them can lie in exactly one way."""

import base64
import bz2
import gzip
import hashlib
import io
import json
import struct
import tarfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conda_package_streaming.package_streaming import zstd

DEFLATED = 8
DESCRIBED = 0x8
UTF8 = 0x800


@dataclass(frozen=True)
class Part:
    """One member of a zip file; ``local`` and ``central`` override what one of the two headers says."""

    name: str
    data: bytes = b""
    method: int = 0
    mode: int = 0o100644
    flags: int = 0
    extra: bytes = b""
    local_extra: bytes = b""
    comment: bytes = b""
    before: bytes = b""
    descriptor: bytes = b""
    packed: bytes | None = None
    local: Mapping[str, Any] = field(default_factory=dict)
    central: Mapping[str, Any] = field(default_factory=dict)
    listed: bool = True
    written: bool = True
    at: int | None = None


def zip_bytes(
    parts: Iterable[Part],
    *,
    prefix: bytes = b"",
    before_directory: bytes = b"",
    comment: bytes = b"",
    suffix: bytes = b"",
    count: int | None = None,
    disk: int = 0,
    zip64: bool = False,
    locator_shift: int = 0,
    reverse: bool = False,
) -> bytes:
    """A zip file of these parts; offsets count from its beginning, behind the prefix or not as honest writers do."""
    body = bytearray(prefix)
    entries = []
    for part in parts:
        body += part.before
        offset = len(body) if part.at is None else part.at
        packed = part.packed
        if packed is None:
            packed = deflated(part.data) if part.method == DEFLATED else part.data
        facts = {
            "name": part.name.encode(),
            "flags": part.flags | (0 if part.name.isascii() else UTF8),
            "method": part.method,
            "crc": zlib.crc32(part.data),
            "packed": len(packed),
            "size": len(part.data),
        }
        if part.written:
            body += _local({**facts, **part.local}, part.local_extra or part.extra) + packed + part.descriptor
        if part.listed:
            entries.append(_central({**facts, **part.central}, part, offset))
    body += before_directory
    start = len(body)
    directory = b"".join(reversed(entries) if reverse else entries)
    body += directory
    total = len(entries) if count is None else count
    if zip64:
        end = len(body)
        body += struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, total, total, len(directory), start)
        body += struct.pack("<4sLQL", b"PK\6\7", 0, end + locator_shift, 1)
    body += struct.pack("<4s4H2LH", b"PK\5\6", disk, disk, total, total, len(directory), start, len(comment))
    return bytes(body + comment + suffix)


def _local(facts: Mapping[str, Any], extra: bytes) -> bytes:
    name: bytes = facts["name"]
    return (
        struct.pack(
            "<4s5H3L2H",
            b"PK\3\4",
            20,
            facts["flags"],
            facts["method"],
            0,
            0x5C21,
            facts["crc"],
            facts["packed"],
            facts["size"],
            len(name),
            len(extra),
        )
        + name
        + extra
    )


def _central(facts: Mapping[str, Any], part: Part, offset: int) -> bytes:
    name: bytes = facts["name"]
    return (
        struct.pack(
            "<4s6H3L5H2L",
            b"PK\1\2",
            0x314,
            20,
            facts["flags"],
            facts["method"],
            0,
            0x5C21,
            facts["crc"],
            facts["packed"],
            facts["size"],
            len(name),
            len(part.extra),
            len(part.comment),
            0,
            0,
            part.mode << 16,
            offset,
        )
        + name
        + part.extra
        + part.comment
    )


def deflated(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


# --- wheels

INFO = "demo-1.0.dist-info"
METADATA = b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\n"
WHEEL = b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
MODULE = Part("demo/__init__.py", b"x = 1\n")


def record_line(name: str, data: bytes, algorithm: str = "sha256") -> str:
    digest = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).rstrip(b"=").decode()
    shown = f'"{name}"' if set(',"\n') & set(name) else name
    return f"{shown},{algorithm}={digest},{len(data)}\n"


def wheel_bytes(
    *extra: Part,
    metadata: bytes = METADATA,
    wheel: bytes = WHEEL,
    info: str = INFO,
    entry_points: bytes = b"",
    record: str | None = None,
    unrecorded: tuple[str, ...] = (),
    **layout: Any,  # noqa: ANN401 - what zip_bytes takes
) -> bytes:
    """A wheel whose RECORD is true for every part, hostile ones too, so that each case is refused for one reason."""
    parts = [MODULE, *extra, Part(f"{info}/METADATA", metadata), Part(f"{info}/WHEEL", wheel)]
    if entry_points:
        parts.append(Part(f"{info}/entry_points.txt", entry_points))
    if record is None:
        record = "".join(
            record_line(part.name, part.data)
            for part in parts
            if not part.name.endswith("/") and part.listed and part.name not in unrecorded
        )
        record += f"{info}/RECORD,,\n"
    return zip_bytes([*parts, Part(f"{info}/RECORD", record.encode())], **layout)


# --- tars


@dataclass(frozen=True)
class Entry:
    """One member of a tar file."""

    name: str
    data: bytes = b""
    type: bytes = tarfile.REGTYPE
    link: str = ""
    mode: int = 0o644
    size: int | None = None
    mtime: float = 0
    pax: Mapping[str, str] = field(default_factory=dict)


def tar_bytes(
    entries: Iterable[Entry], *, style: int = tarfile.PAX_FORMAT, pax: Mapping[str, str] | None = None
) -> bytes:
    """A tar file of these entries."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=style, pax_headers=pax) as archive:
        for entry in entries:
            info = tarfile.TarInfo(entry.name)
            info.type, info.linkname, info.mode, info.mtime = entry.type, entry.link, entry.mode, entry.mtime
            info.size = len(entry.data) if entry.size is None else entry.size
            info.pax_headers = dict(entry.pax)
            archive.addfile(info, io.BytesIO(entry.data) if entry.data else None)
    return raw.getvalue()


PKG_INFO = Entry("demo-1.0/PKG-INFO", METADATA)
PYPROJECT = Entry("demo-1.0/pyproject.toml", b"[project]\n")


def sdist_bytes(
    *extra: Entry,
    base: tuple[Entry, ...] = (PKG_INFO, PYPROJECT),
    style: int = tarfile.PAX_FORMAT,
    pax: Mapping[str, str] | None = None,
) -> bytes:
    """An sdist with these entries added."""
    return gzip.compress(tar_bytes([*base, *extra], style=style, pax=pax), mtime=0)


# --- conda packages

STEM = "demo-1.0-py_0"
PAYLOAD = (Entry("site-packages/demo/__init__.py", b"x = 1\n"),)
INDEX = {"name": "demo", "version": "1.0", "build": "py_0", "build_number": 0, "subdir": "noarch", "noarch": "python"}


def paths_of(payload: Iterable[Entry]) -> list[dict[str, Any]]:
    return [
        {
            "_path": entry.name,
            "path_type": "softlink" if entry.type == tarfile.SYMTYPE else "hardlink",
            "sha256": hashlib.sha256(entry.data).hexdigest(),
            "size_in_bytes": len(entry.data),
        }
        for entry in payload
    ]


def info_entries(
    payload: Iterable[Entry] = PAYLOAD,
    *,
    index: Mapping[str, Any] | bytes = INDEX,
    paths: list[Any] | None = None,
    link: Mapping[str, Any] | None = None,
) -> list[Entry]:
    """The ``info/`` files of a package."""
    listed = paths_of(payload) if paths is None else paths
    documents = {
        "index.json": index if isinstance(index, bytes) else json.dumps(index).encode(),
        "paths.json": json.dumps({"paths": listed, "paths_version": 1}).encode(),
    }
    if link is not None:
        documents["link.json"] = json.dumps(link).encode()
    return [Entry(f"info/{name}", data) for name, data in documents.items()]


def conda_bytes(
    payload: Iterable[Entry] = PAYLOAD,
    info: Iterable[Entry] | None = None,
    *,
    stem: str = STEM,
    pkg: bytes | None = None,
    method: int = 0,
    version: int = 2,
    parts: tuple[Part, ...] = (),
) -> bytes:
    """A ``.conda`` file; ``pkg`` replaces the compressed payload."""
    payload = tuple(payload)
    about = tar_bytes(info_entries(payload) if info is None else info)
    return zip_bytes(
        [
            Part("metadata.json", json.dumps({"conda_pkg_format_version": version}).encode()),
            Part(f"pkg-{stem}.tar.zst", zstd.compress(tar_bytes(payload)) if pkg is None else pkg, method),
            Part(f"info-{stem}.tar.zst", zstd.compress(about)),
            *parts,
        ]
    )


def bz2_bytes(payload: Iterable[Entry] = PAYLOAD, info: Iterable[Entry] | None = None) -> bytes:
    """A ``.tar.bz2`` package."""
    payload = tuple(payload)
    return bz2.compress(tar_bytes([*(info_entries(payload) if info is None else info), *payload]))
