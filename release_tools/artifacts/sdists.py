"""Read source distributions: one gzipped tar with one folder in it.

https://packaging.python.org/specifications/source-distribution-format/
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tarfile import TarInfo
from typing import Final

from packaging.utils import InvalidSdistFilename, parse_sdist_filename
from packaging.version import Version

from release_tools.artifacts.core_metadata import CoreMetadata, check_identity, parse_metadata
from release_tools.artifacts.members import LIMITS, REBUILD, Limits, Member, MemberNames, open_regular
from release_tools.artifacts.streams import Frame, Packing
from release_tools.artifacts.tars import read_members
from release_tools.errors import ArchiveError

_LATEST: Final = (1 << 32) - 1


@dataclass(frozen=True)
class Sdist:
    """A source distribution that has been checked.

    Attributes:
        path: of the file.
        metadata: its PKG-INFO.
        members: its files and links, in their order in the archive.
        folder: the one folder that holds them all.
        documents: the content of the wanted files, by their path in the folder.
    """

    path: Path
    metadata: CoreMetadata
    members: tuple[Member, ...]
    folder: str
    documents: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def read_sdist(path: Path, limits: Limits = LIMITS, *, wanted: Callable[[str], bool] = lambda _: False) -> Sdist:
    """Read a source distribution and check every member of it.

    Args:
        path: the sdist.
        limits: on its size.
        wanted: returns whether the content of the file of a path in the sdist's folder is kept.

    Raises:
        ArchiveError: it is corrupt, hostile, or not what its file name says.
    """
    _parse_name(path)  # a file of another name is not opened
    with _frame(path, limits) as frame:
        names = MemberNames(path.name, limits)
        keeps = partial(_is_wanted, wanted)
        found = list(read_members(frame, path.name, names, keeps, limits, has_top_folder=True))
    return _describe(path, found, wanted)


def _describe(path: Path, found: Sequence[tuple[Member, bytes]], wanted: Callable[[str], bool]) -> Sdist:
    """Return the source distribution of these members; see `read_sdist`."""
    name, version = _parse_name(path)
    folder, content = _find_metadata(path, found)
    metadata = parse_metadata(content, f"{path.name}: PKG-INFO")
    check_identity(metadata, name, str(version), path.name, "its file name")
    stem = folder.rpartition("-")
    check_identity(metadata, stem[0], stem[2], path.name, f"its folder {folder}")
    kept = {rest: content for member, content in found if wanted(rest := member.name.partition("/")[2])}
    return Sdist(path, metadata, tuple(member for member, _ in found), folder, kept)


def _find_metadata(path: Path, found: Sequence[tuple[Member, bytes]]) -> tuple[str, bytes]:
    """Return the one folder of an sdist, and the content of the PKG-INFO there.

    Raises:
        ArchiveError: there are more folders, or none, or the file is missing.
    """
    folders = sorted({member.name.partition("/")[0] for member, _ in found})
    contents = {member.name: content for member, content in found}
    if len(folders) != 1 or f"{folders[0]}/PKG-INFO" not in contents:
        raise ArchiveError(f"{path.name}: one folder with a PKG-INFO is needed, found {folders}", REBUILD)
    return folders[0], contents[f"{folders[0]}/PKG-INFO"]


def _parse_name(path: Path) -> tuple[str, Version]:
    """Return name and version in the file's name.

    Raises:
        ArchiveError: it is not that of an sdist.
    """
    try:
        name, version = parse_sdist_filename(path.name)
    except InvalidSdistFilename as error:
        raise ArchiveError(f"{path.name}: {error}", "An sdist is called name-version.tar.gz (PEP 625).") from error
    if path.name.endswith(".zip"):
        raise ArchiveError(f"{path.name}: a zip file", "Build the sdist as a .tar.gz (PEP 625).")
    return name, version


@dataclass(frozen=True)
class UnpackedSdist:
    """A source distribution that was unpacked, and read meanwhile.

    Attributes:
        path: of the file.
        folder: its own folder.
        found: its files and links, with the contents that were wanted.
        wanted: returns whether the content of a file was kept.
    """

    path: Path
    folder: Path
    found: Sequence[tuple[Member, bytes]] = field(repr=False)
    wanted: Callable[[str], bool] = field(repr=False)

    def describe(self) -> Sdist:
        """Return what `read_sdist` would, without reading the file again.

        Raises:
            ArchiveError: it is not what its file name says.
        """
        return _describe(self.path, self.found, self.wanted)


def unpack_sdist(
    path: Path,
    folder: Path,
    limits: Limits = LIMITS,
    *,
    wanted: Callable[[str], bool] = lambda _: False,
    inspect: Callable[[TarInfo], None] = lambda _: None,
) -> UnpackedSdist:
    """Unpack a source distribution, to build from it.

    Each member is checked as when it is read, and written with its time; modes are 0755 and 0644.

    Args:
        path: the sdist.
        folder: an empty folder.
        limits: on its size.
        wanted: as of `read_sdist`.
        inspect: called with each header; what it raises stops the unpacking.

    Raises:
        ArchiveError: it is corrupt or hostile; files written before that stay in ``folder``.
    """
    with _frame(path, limits) as frame:
        names, keeps, unpack = MemberNames(path.name, limits), partial(_is_wanted, wanted), _Unpacker(folder).unpack
        found = tuple(
            read_members(frame, path.name, names, keeps, limits, has_top_folder=True, inspect=inspect, unpack=unpack)
        )
    top = found[-1][0].name.partition("/")[0] if found else ""
    return UnpackedSdist(path, folder / top, found, wanted)


class _Unpacker:
    """Writes the members of an archive to a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._created = set[Path]()

    def unpack(self, info: TarInfo, content: Iterator[bytes]) -> Iterator[bytes]:
        """Write a member, and pass its content on."""
        target = self._folder / info.name
        if target.parent not in self._created:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._created.add(target.parent)
        if info.issym():
            target.symlink_to(info.linkname)
        elif info.islnk():
            shutil.copy2(self._folder / info.linkname, target)
        else:
            return _write(info, content, target)
        return content


def _write(info: TarInfo, content: Iterator[bytes], target: Path) -> Iterator[bytes]:
    with target.open("xb") as file:
        for chunk in content:
            file.write(chunk)
            yield chunk
    target.chmod(0o755 if info.mode & 0o100 else 0o644)
    time = min(max(int(info.mtime), 0), _LATEST)
    os.utime(target, (time, time))


def _is_wanted(wanted: Callable[[str], bool], name: str) -> bool:
    path = name.partition("/")[2]
    return path == "PKG-INFO" or wanted(path)


@contextmanager
def _frame(path: Path, limits: Limits) -> Iterator[Frame]:
    with open_regular(path) as (file, size):
        ceiling = limits.compute_ceiling(size)
        yield Frame(file, start=0, packed=size, packing=Packing.GZIP, ceiling=ceiling, shown=path.name)
