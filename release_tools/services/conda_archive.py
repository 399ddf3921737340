"""Conda packages as files, in both formats (CEP 35), the same bytes on every machine.

The time that is handed in is the only clock; modes, owners and order are fixed, and zstd's output does not depend on
the number of its threads.
"""

import io
import os
import tarfile
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from shutil import copyfileobj
from typing import Any, Final, Protocol, cast
from zipfile import ZipFile, ZipInfo

FORMATS: Final = ("conda", "tar.bz2")
_MOST_THREADS: Final = 8
_FIRST_TIME, _LAST_TIME = 315_532_800, 4_354_819_198  # what a zip file's clock can show: 1980 to 2107


class Readable(Protocol):
    """What a file's content is read from."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, fewer only at the end."""


@dataclass(frozen=True)
class File:
    """One file to write.

    Attributes:
        name: its path in the package.
        size: in bytes.
        content: read once, when the file is written.
        executable: whether it may be executed.
    """

    name: str
    size: int
    content: Readable
    executable: bool = False

    @classmethod
    def of(cls, name: str, content: bytes) -> "File":
        """A file whose content is at hand."""
        return cls(name, len(content), io.BytesIO(content))


@dataclass(frozen=True)
class Style:
    """How a package is written.

    Attributes:
        suffix: its format, ``conda`` or ``tar.bz2``.
        level: of zstd, 1 to 22; bzip2 knows but one that is used.
        time: of every file in it, in seconds since the epoch.
    """

    suffix: str
    level: int
    time: int


def write_package(folder: Path, stem: str, info: Iterable[File], payload: Iterable[File], style: Style) -> Path:
    """Write a package, whole or not at all.

    Args:
        folder: where; an older file of the same name is replaced.
        stem: the file's name without its suffix.
        info: the files under ``info/``.
        payload: the files that are installed, in the order in which they are to lie; their contents are streamed.
        style: how.
    """
    target = folder / f"{stem}.{style.suffix}"
    with tempfile.TemporaryDirectory(dir=folder, prefix=".release-tools-") as part:
        written = _write_bz2 if style.suffix == "tar.bz2" else _write_conda
        written(Path(part), stem, info, payload, style).replace(target)
    return target


def _write_conda(part: Path, stem: str, info: Iterable[File], payload: Iterable[File], style: Style) -> Path:
    from conda_package_streaming.create import conda_builder

    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    with conda_builder(stem, part, compression_level=style.level, compression_threads=threads) as archive:
        _add(archive, chain(info, payload), style.time)
    return _dated(part / f"{stem}.conda", style.time)


def _write_bz2(part: Path, stem: str, info: Iterable[File], payload: Iterable[File], style: Style) -> Path:
    path = part / f"{stem}.tar.bz2"
    with tarfile.open(path, "w:bz2") as archive:
        _add(archive, chain(info, payload), style.time)
    return path


def _add(archive: tarfile.TarFile, files: Iterable[File], time_: int) -> None:
    for file in files:
        entry = tarfile.TarInfo(file.name)
        entry.size = file.size
        entry.mtime = time_
        entry.mode = 0o755 if file.executable else 0o644
        archive.addfile(entry, cast("Any", file.content))


def _dated(path: Path, time_: int) -> Path:
    """The same ``.conda`` file with the given time on its three members, where its builder wrote the time of now."""
    date = time.gmtime(min(max(time_, _FIRST_TIME), _LAST_TIME))[:6]
    dated = path.with_suffix(".dated")
    with ZipFile(path) as source, ZipFile(dated, "w") as target:
        for found in source.infolist():
            entry = ZipInfo(found.filename, date)
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            entry.file_size = found.file_size
            with source.open(found) as content, target.open(entry, "w") as copy:
                copyfileobj(content, copy)
    return dated
