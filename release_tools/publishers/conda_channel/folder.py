"""A conda channel in a folder, such as a shared drive: files copied in, then indexed by py-rattler."""

import glob
import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

from release_tools.builders.conda.rattler import index
from release_tools.engine.routes import Channel
from release_tools.errors import OutputError
from release_tools.model.artifact import Artifact


def folder_of(channel: Channel) -> Path:
    """Where a ``file://`` channel lies."""
    from urllib.request import url2pathname

    return Path(url2pathname(urlsplit(channel.url).path))


def digest_of(channel: Channel, basename: str) -> str | None:
    """The sha256 of a file on the channel, ``subdir/file``; None where there is none.

    Raises:
        OutputError: it is there but cannot be read.
    """
    path = folder_of(channel) / basename
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error


def digests_of(channel: Channel, package: str, version: str) -> dict[str, str]:
    """The sha256 of every build of one version of a package, by ``subdir/file``.

    Raises:
        OutputError: a file cannot be read.
    """
    paths = sorted(folder_of(channel).glob(f"*/{glob.escape(f'{package}-{version}-')}*"))
    names = [f"{path.parent.name}/{path.name}" for path in paths if path.name.endswith((".conda", ".tar.bz2"))]
    return {name: digest for name in names if (digest := digest_of(channel, name))}


def writable(channel: Channel) -> bool:
    """Whether files can be put there; the folder itself is made at the first upload."""
    folder = folder_of(channel)
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK)


def add(channel: Channel, artifact: Artifact) -> None:
    """Put a package there, whole or not at all, and index the channel.

    Raises:
        OutputError: the folder cannot be written.
    """
    folder = folder_of(channel)
    subdir = folder / artifact.subdir
    try:
        (folder / "noarch").mkdir(parents=True, exist_ok=True)
        subdir.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".release-tools-") as part:
            copy = Path(part, artifact.filename)
            shutil.copyfile(artifact.path, copy)
            copy.replace(subdir / artifact.filename)
        index(folder)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written to: {error.strerror or error}") from error
