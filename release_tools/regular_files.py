"""Open files that somebody else may have put there: only regular ones, and none larger than makes sense.

Opening a named pipe would wait for its other end for ever, and a device has no end.
"""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path


class UnsuitableFileError(OSError):
    """A file is not a regular one, or larger than any file of its kind."""


def open_regular_file(path: Path) -> BufferedReader:
    """Open a regular file, or the one that a link leads to, to read its bytes.

    Raises:
        OSError: it is missing or may not be read.
        UnsuitableFileError: it is a folder, a pipe, a socket or a device.
    """
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UnsuitableFileError(errno.EINVAL, "not a regular file", str(path))
    return os.fdopen(descriptor, "rb")


def read_regular_file(path: Path, largest: int) -> bytes:
    """Return the bytes of a regular file, or of the one that a link leads to.

    Args:
        path: of the file.
        largest: the number of bytes that it may have.

    Raises:
        OSError: it is missing or may not be read.
        UnsuitableFileError: it is not a regular file, or is larger.
    """
    with open_regular_file(path) as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise UnsuitableFileError(errno.EFBIG, f"larger than {largest:,} bytes", str(path))
    return content
