"""Publish to a conda channel in a folder, such as a shared drive: files are copied, then indexed by py-rattler."""

import glob
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from release_tools.config.schema import Config
from release_tools.errors import OutputError
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.publishers.base import CheckResult, Unconfigured
from release_tools.publishers.conda_channel.channel_server import Channel, ChannelFile, ChannelServer
from release_tools.regular_files import open_regular_file


class FolderServer(ChannelServer):
    """A channel in a folder: ``file:///srv/channel``."""

    kind = "file"
    address_prefix = "file://"

    @classmethod
    def parse(cls, name: str, address: str, config: Config) -> Channel | Unconfigured:  # noqa: ARG003 - the address says it all
        """Return the channel of a ``file://`` address."""
        return Channel(name, cls.kind, f"{cls.address_prefix}{address}")

    @property
    def folder(self) -> Path:
        """Return the folder that the address names."""
        from urllib.request import url2pathname

        return Path(url2pathname(urlsplit(self.channel.url).path))

    def find_files(self, package: str, version: str, subdirs: frozenset[str]) -> Mapping[str, ChannelFile]:  # noqa: ARG002 - one search finds all
        """Return the files of one version, by ``subdir/file``.

        Raises:
            OutputError: a file cannot be read.
        """
        found = {}
        for path in sorted(self.folder.glob(f"*/{glob.escape(f'{package}-{version}-')}*")):
            if path.name.endswith((".conda", ".tar.bz2")):
                found[f"{path.parent.name}/{path.name}"] = ChannelFile(_hash_file(path))
        return found

    def check_write_access(self) -> Iterator[CheckResult]:
        """Check that the folder, or the nearest one above it that exists, can be written to."""
        folder = self.folder
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent
        if folder.is_dir() and os.access(folder, os.W_OK):
            yield Note(State.DONE, f"{self.folder} is writable")
        else:
            yield OutputError(f"{self.folder}: cannot be written to", "Choose another folder for this channel.")

    def upload(self, artifact: Artifact, path: Path) -> None:
        """Copy a package into the channel, whole or not at all, and index the channel.

        Raises:
            OutputError: the folder cannot be written to.
        """
        from release_tools.builders.conda.rattler import index_channel

        folder = self.folder
        subdir = folder / artifact.subdir
        try:
            (folder / "noarch").mkdir(parents=True, exist_ok=True)
            subdir.mkdir(exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=".release-tools-") as temporary:
                copy = Path(temporary, artifact.filename)
                shutil.copyfile(path, copy)
                copy.replace(subdir / artifact.filename)
            index_channel(folder)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be written to: {error.strerror or error}") from error


def _hash_file(path: Path) -> str:
    try:
        with open_regular_file(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from error
