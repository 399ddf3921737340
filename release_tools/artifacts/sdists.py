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
from release_tools.artifacts.tars import read_members, walk
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
    name, version = _parse_name(path)
    with _frame(path, limits) as frame:
        names = MemberNames(path.name, limits)
        keeps = partial(_is_wanted, wanted)
        found = list(read_members(frame, path.name, names, keeps, limits, has_top_folder=True))
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


def unpack_sdist(path: Path, folder: Path, limits: Limits = LIMITS) -> Path:
    """Unpack a source distribution, to build from it; return its own folder inside ``folder``.

    Each member is checked as when it is read, and written with its time; modes are 0755 and 0644.

    Args:
        path: the sdist.
        folder: an empty folder.
        limits: on its size.

    Raises:
        ArchiveError: it is corrupt or hostile; files written before that stay in ``folder``.
    """
    top = ""
    created = set[Path]()
    with _frame(path, limits) as frame:
        for info, content in walk(frame, path.name, MemberNames(path.name, limits), has_top_folder=True):
            top = info.name.partition("/")[0]
            target = folder / info.name
            if target.parent not in created:
                target.parent.mkdir(parents=True, exist_ok=True)
                created.add(target.parent)
            _write(info, content, target, folder)
    return folder / top


def _write(info: TarInfo, content: Iterator[bytes], target: Path, folder: Path) -> None:
    if info.issym():
        target.symlink_to(info.linkname)
        return
    if info.islnk():
        shutil.copy2(folder / info.linkname, target)
        return
    with target.open("xb") as file:
        file.writelines(content)
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
