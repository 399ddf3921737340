"""Read compressed streams of exactly one frame, forward only and never beyond a ceiling."""

import csv
import struct
import sys
import tarfile
import zipfile
import zlib
from bz2 import BZ2Decompressor
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import BinaryIO, Final, Protocol

from release_tools.artifacts.members import CHUNK, REBUILD, join_lines
from release_tools.errors import ArchiveError

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdDecompressor, ZstdError
else:
    from backports.zstd import ZstdDecompressor, ZstdError

_GZIP_WINDOW: Final = 31
_RAW_WINDOW: Final = -15


@contextmanager
def translate_errors(archive: str) -> Iterator[None]:
    """Turn the errors of the standard library's decoders on corrupt input into an ArchiveError."""
    try:
        yield
    except (
        csv.Error,
        tarfile.TarError,
        zipfile.BadZipFile,
        zlib.error,
        ZstdError,
        struct.error,
        EOFError,
        OSError,
        OverflowError,
        RuntimeError,
        ValueError,
    ) as error:
        raise ArchiveError(f"{archive}: corrupt: {join_lines(str(error))}", REBUILD) from error


class Packing(StrEnum):
    """The compression of a stream."""

    STORED = "stored"
    DEFLATE = "deflate"
    GZIP = "gzip"
    BZIP2 = "bzip2"
    ZSTD = "zstd"


class _Decompressor(Protocol):
    """The common interface of `bz2` and `zstd`, which keep the input that they have not used yet."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Zlib:
    """The same interface for `zlib`, which returns unused input instead."""

    def __init__(self, window: int) -> None:
        self._object = zlib.decompressobj(window)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        out = self._object.decompress(self._object.unconsumed_tail + data, max_length)
        self.needs_input = len(out) < max_length
        return out


def _make_decompressor(packing: Packing) -> _Decompressor | None:
    match packing:
        case Packing.STORED:
            return None
        case Packing.DEFLATE:
            return _Zlib(_RAW_WINDOW)
        case Packing.GZIP:
            return _Zlib(_GZIP_WINDOW)
        case Packing.BZIP2:
            return BZ2Decompressor()
        case Packing.ZSTD:
            return ZstdDecompressor()


class Frame:
    """A readable stream over the one compressed frame that fills a part of a file, or a whole one.

    It behaves enough like a file for `tarfile`: ``read``, ``tell``, and ``seek`` forward. Only one frame of a file may
    be read at a time, for they share its position.
    """

    def __init__(  # noqa: PLR0913 - each one is a fact about where the bytes are and how many there may be
        self, file: BinaryIO, *, start: int, packed: int, packing: Packing, ceiling: int, shown: str
    ) -> None:
        """Start to read a part of a file.

        Args:
            file: the open archive.
            start: the part's first byte.
            packed: the part's length in bytes.
            packing: its compression.
            ceiling: the most bytes that it may unpack to.
            shown: its name, for errors.
        """
        self._file = file
        self._left = packed
        self._decompressor = _make_decompressor(packing)
        self._ceiling = ceiling
        self._shown = shown
        self._position = 0
        self._chunk = b""  # unpacked, and returned up to ``_given``; most reads are of a header
        self._given = 0
        self._ended = False
        file.seek(start)

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next ``size`` bytes; fewer only at the end.

        Raises:
            ArchiveError: the frame is corrupt, is cut off, goes beyond the ceiling, or more data follow it.
        """
        parts = []
        while size > 0 and self._has_more():
            part = self._chunk[self._given : self._given + size]  # the chunk itself, not a copy, where it is all
            size -= len(part)
            self._given += len(part)
            self._position += len(part)
            if self._position > self._ceiling:
                raise ArchiveError(f"{self._shown}: unpacks to more than {self._ceiling} bytes", REBUILD)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read_some(self) -> bytes:
        """Return some of the next bytes, as they were unpacked; none only at the end.

        Raises:
            ArchiveError: as from `read`.
        """
        return self.read(len(self._chunk) - self._given) if self._has_more() else b""

    def tell(self) -> int:
        """Return how many unpacked bytes have been read."""
        return self._position

    def seek(self, position: int) -> int:
        """Go forward to an unpacked position.

        Raises:
            ArchiveError: it is before the current one, as only a forged header asks for, or beyond the end.
        """
        if position < self._position:
            raise ArchiveError(f"{self._shown}: a header points backwards", REBUILD)
        while self._position < position:
            if not self.read(min(CHUNK, position - self._position)):
                raise ArchiveError(f"{self._shown}: cut off", REBUILD)
        return position

    def _has_more(self) -> bool:
        while self._given == len(self._chunk):
            if self._ended:
                if self._left or (self._decompressor and self._decompressor.unused_data):
                    raise ArchiveError(f"{self._shown}: data after the end of its compressed stream", REBUILD)
                return False
            with translate_errors(self._shown):
                self._chunk, self._given = self._unpack(), 0
        return True

    def _unpack(self) -> bytes:
        if self._decompressor is None:
            chunk = self._feed(CHUNK) if self._left else b""
            self._ended = not self._left
            return chunk
        chunk = self._decompressor.decompress(self._feed(CHUNK) if self._decompressor.needs_input else b"", CHUNK)
        self._ended = self._decompressor.eof
        return chunk

    def _feed(self, size: int) -> bytes:
        fed = self._file.read(min(size, self._left))
        if not fed:
            raise ArchiveError(f"{self._shown}: cut off", REBUILD)
        self._left -= len(fed)
        return fed
