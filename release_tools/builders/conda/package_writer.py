"""Conda packages as files, in both formats (CEP 35), the same bytes on every machine.

The time that is handed in is the only clock; modes, owners and order are fixed, and zstd's output does not depend on
the number of its threads, as long as there is one. While one file is read, those before it are compressed.
"""

import io
import json
import os
import tarfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Protocol, cast
from zipfile import ZipFile, ZipInfo

_MOST_THREADS: Final = 4
_WORTH_A_THREAD: Final = 1 << 20
_ZIP_FIRST, _ZIP_LAST = 315_532_800, 4_354_819_198  # what a zip file's clock can show: 1980 to 2107
_UNIX: Final = 3
_USTAR_LARGEST: Final = 8 << 30
# zstd's levels mean other parameters below 256 KiB: there 12 is five times slower for 2 %. These keep to the strategy
# that they have above it, and take the window of level 19 (8 MiB), in which conda-forge's packages are written. What is
# small is searched less: a third of the time for 2 %, where a thread is not worth its while either. Each
# thread compresses 8 MiB (zstd's own choice would be 32, which few packages have for a second thread), and knows the
# 4 MiB before them; that, the smaller table and the number of threads bound the memory.
_LAZY_LEVELS: Final = range(10, 13)
_WINDOW_LOG: Final = 23
_JOB: Final = 8 << 20
_OVERLAP_LOG: Final = 8
_HASH_LOG: Final = 22
_SHORT_SEARCH_LOG: Final = 4


class Readable(Protocol):
    """Describe what a file's content is read from."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, fewer only at the end."""


@dataclass(frozen=True)
class PackageEntry:
    """One file to write.

    Attributes:
        name: its path in the package.
        size: in bytes.
        executable: whether it may be executed.
        link: what it points to, where it is a symbolic link; empty for a file.
        is_folder: whether it is an empty folder.
    """

    name: str
    size: int
    executable: bool = False
    link: str = ""
    is_folder: bool = False


@dataclass(frozen=True)
class Style:
    """Describe how a package is written.

    Attributes:
        suffix: its format, ``conda`` or ``tar.bz2``.
        level: of zstd, 1 to 22; bzip2 knows but one that is used.
        time: of every file in it, in seconds since the epoch.
    """

    suffix: str
    level: int
    time: int


@dataclass(frozen=True)
class Package:
    """A package to be written.

    Attributes:
        stem: the file's name without its suffix.
        info: the files under ``info/``, by their names below it.
        payload: the files that are installed, in the order in which they are to lie.
        contents: theirs, in the same order; each is read before the next is asked for.
    """

    stem: str
    info: Mapping[str, bytes]
    payload: Sequence[PackageEntry] = ()
    contents: Iterable[Readable] = ()


def write_package(folder: Path, package: Package, style: Style) -> Path:
    """Write a package, whole or not at all; an older file of the same name is replaced."""
    name = f"{package.stem}.{style.suffix}"
    written = _write_bz2 if style.suffix == "tar.bz2" else _write_conda
    part = folder / f".{name}.part"
    try:
        written(part, package, style)
        return part.replace(folder / name)
    finally:
        part.unlink(missing_ok=True)


def _write_bz2(path: Path, package: Package, style: Style) -> None:
    with tarfile.open(path, "w:bz2") as archive:
        _add(archive, package, style.time)


def _write_conda(path: Path, package: Package, style: Style) -> None:
    """Return a zip of two tars; conda-package-streaming's `CondaTarFile` tells which file belongs in which."""
    from conda_package_streaming.create import CONDA_PACKAGE_FORMAT_VERSION, CondaTarFile

    payload_size = _measure_tar(package.payload, style.time)
    info = io.BytesIO()
    with ZipFile(path, "w") as outer:
        metadata = json.dumps({"conda_pkg_format_version": CONDA_PACKAGE_FORMAT_VERSION})
        outer.writestr(_make_zip_entry("metadata.json", style), metadata)
        with (
            _compress(outer, f"pkg-{package.stem}.tar.zst", payload_size, style) as packed,
            tarfile.TarFile(fileobj=info, mode="w", encoding="utf-8") as info_tar,
            CondaTarFile(fileobj=packed, mode="w", info_tar=info_tar, encoding="utf-8") as archive,
        ):
            _add(archive, package, style.time)
        with _compress(outer, f"info-{package.stem}.tar.zst", info.tell(), style) as packed:
            packed.write(info.getbuffer())


def _add(archive: tarfile.TarFile, package: Package, time_: int) -> None:
    for name, content in package.info.items():
        archive.addfile(_make_header(PackageEntry(f"info/{name}", len(content)), time_), io.BytesIO(content))
    for entry, readable in zip(package.payload, package.contents, strict=True):
        archive.addfile(_make_header(entry, time_), cast("Any", readable))


def _make_header(entry: PackageEntry, time_: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(entry.name)
    header.size = entry.size
    header.mtime = time_
    header.mode = 0o755 if entry.executable else 0o644
    if entry.is_folder:
        header.type, header.mode = tarfile.DIRTYPE, 0o755
    if entry.link:
        header.type, header.linkname, header.mode = tarfile.SYMTYPE, entry.link, 0o777
    return header


def _measure_tar(entries: Iterable[PackageEntry], time_: int) -> int:
    """Return the bytes of a tar with these members; zstd wants to know before it begins."""
    used = 2 * tarfile.BLOCKSIZE
    for entry in entries:
        names = entry.name + entry.link
        plain = names.isascii() and max(len(entry.name), len(entry.link)) <= tarfile.LENGTH_NAME
        plain = plain and entry.size < _USTAR_LARGEST
        used += tarfile.BLOCKSIZE if plain else len(_make_header(entry, time_).tobuf(tarfile.PAX_FORMAT, "utf-8"))
        used += -(-entry.size // tarfile.BLOCKSIZE) * tarfile.BLOCKSIZE
    return -(-used // tarfile.RECORDSIZE) * tarfile.RECORDSIZE


def _make_zip_entry(name: str, style: Style) -> ZipInfo:
    entry = ZipInfo(name, time.gmtime(min(max(style.time, _ZIP_FIRST), _ZIP_LAST))[:6])
    entry.create_system = _UNIX
    entry.external_attr = 0o644 << 16
    return entry


@contextmanager
def _compress(outer: ZipFile, name: str, size: int, style: Style) -> Iterator["_Zstd"]:
    """Return a member of the zip that is one zstd frame of ``size`` unpacked bytes."""
    from conda_package_streaming.create import CONDA_ZIP64_LIMIT

    with outer.open(_make_zip_entry(name, style), "w", force_zip64=size > CONDA_ZIP64_LIMIT) as raw:
        packed = _Zstd(raw, size, style.level)
        yield packed
        packed.finish()


class _Zstd:
    """Compresses what is written to it, in a thread of its own."""

    def __init__(self, raw: IO[bytes], size: int, level: int) -> None:
        from conda_package_streaming.create import zstd

        threads = max(1, min(os.cpu_count() or 1, _MOST_THREADS, size // _WORTH_A_THREAD))
        parameters = zstd.CompressionParameter
        options = {parameters.compression_level: level, parameters.nb_workers: threads}
        if level in _LAZY_LEVELS:
            options |= {parameters.window_log: _WINDOW_LOG, parameters.strategy: zstd.Strategy.lazy2}
            options |= {parameters.job_size: _JOB, parameters.overlap_log: _OVERLAP_LOG, parameters.hash_log: _HASH_LOG}
            if size < _WORTH_A_THREAD:
                options |= {parameters.search_log: _SHORT_SEARCH_LOG}
        self._raw = raw
        self._position = 0
        self._compressor = zstd.ZstdCompressor(options=options)
        self._compressor.set_pledged_input_size(size)

    def write(self, data: bytes | memoryview) -> int:
        self._raw.write(self._compressor.compress(data))
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def finish(self) -> None:
        self._raw.write(self._compressor.flush())
