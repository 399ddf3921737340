"""Compare the files of a wheel with those of the newest release on an index, to see what is gone."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Final

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from release_tools.artifacts import Wheel, read_wheel
from release_tools.artifacts.install_scheme import install_path_of
from release_tools.errors import ArchiveError, RemoteError
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.publishers.package_index.simple_api import IndexFile, Listing
from release_tools.system.http import Http
from release_tools.wording import list_some

_LARGEST: Final = 64 << 20
"""The most bytes of a wheel that are downloaded to compare with it."""
_EXTENSIONS: Final = (".so", ".pyd")
_VENDORED: Final = (".libs", ".dylibs")


def check_gone_files(
    http: Http, known: Listing, wheels: Iterable[Artifact], version: Version, scratch: Path
) -> Iterator[Note]:
    """Yield a note about the files of the previous release's wheel that this release does not install.

    It is a warning where data or a whole package is gone, and information where modules are.

    Args:
        http: the session.
        known: what the index serves of the project.
        wheels: of this release; the first that has a counterpart is compared.
        version: of this release.
        scratch: a folder for the download.
    """
    previous = find_newest_before(known.files, version, _parse_version)
    if previous is None:
        return
    for artifact in wheels:
        served = _find_counterpart(known.files, previous, parse_wheel_filename(artifact.filename)[3])
        if served is None:
            continue
        filename, file = served
        try:
            with open_served(http, filename, file, scratch, _LARGEST) as path:
                before = list_installed_files(read_wheel(path))
            installed = list_installed_files(read_wheel(artifact.path))
        except (ArchiveError, RemoteError) as error:
            yield Note(State.INFO, f"not compared with the files of {previous}", error.message)
            return
        yield _note(sorted(before - installed), installed, previous)
        return


def find_newest_before(
    files: Mapping[str, IndexFile], version: Version, parse_version: Callable[[str], Version | None]
) -> Version | None:
    """Return the newest final version below this one that has a file of one kind and was not yanked.

    Args:
        files: what the index serves, by file name.
        version: of this release.
        parse_version: returns the version in the name of a file of this kind; None for other files.
    """
    versions = set()
    for name, file in files.items():
        found = parse_version(name)
        if found and not file.is_yanked and not found.is_prerelease and found < version:
            versions.add(found)
    return max(versions, default=None)


@contextmanager
def open_served(http: Http, filename: str, file: IndexFile, scratch: Path, limit: int) -> Iterator[Path]:
    """Download a file of an index for as long as the context lasts.

    Args:
        http: the session.
        filename: of the file.
        file: as the index lists it.
        scratch: a folder for the download.
        limit: the most bytes of it.

    Raises:
        RemoteError: the index does not serve it, or it is larger.
    """
    with TemporaryDirectory(dir=scratch) as folder:
        path = Path(folder, filename)
        with path.open("wb") as target:
            answer = http.get(file.url, limit=limit, into=target)
        if not answer.ok:
            raise RemoteError(f"{filename}: the index answered {answer.status}")
        yield path


def _parse_version(filename: str) -> Version | None:
    try:
        return parse_wheel_filename(filename)[1]
    except InvalidWheelFilename:
        return None


def list_installed_files(wheel: Wheel) -> frozenset[str]:
    """Return the paths that a wheel installs, without its metadata, the tags of extension modules and vendored ones."""
    found = set()
    for member in wheel.members:
        place = install_path_of(member.name)
        if place is None or place.path.startswith(f"{wheel.dist_info}/"):
            continue
        if not place.path.partition("/")[0].endswith(_VENDORED):
            found.add(f"{place.scheme}:{_strip_tag(place.path)}")
    return frozenset(found)


def _strip_tag(path: str) -> str:
    """Return the path of an extension module without the tag of its Python and platform; other paths as they are."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}.so" if name.endswith(_EXTENSIONS) else path


def _find_counterpart(
    files: Mapping[str, IndexFile], version: Version, tags: frozenset[Tag]
) -> tuple[str, IndexFile] | None:
    """Return the wheel of a version that is for one of the same platforms; None where it has none, or a large one."""
    platforms = {_find_system(tag) for tag in tags}
    small = ((name, file) for name, file in sorted(files.items()) if (file.size or 0) <= _LARGEST)
    return next(((name, file) for name, file in small if platforms & _list_systems(name, version)), None)


def _list_systems(name: str, version: Version) -> set[str]:
    """Return the platforms of a wheel of this version, by its file name; none of any other file."""
    try:
        _, found, _, tags = parse_wheel_filename(name)
    except InvalidWheelFilename:
        return set()
    return {_find_system(tag) for tag in tags} if found == version else set()


def _find_system(tag: Tag) -> str:
    """Return a platform without its version: ``manylinux_x86_64`` for ``manylinux_2_28_x86_64``."""
    return re.sub(r"(?<=[a-z])(?:\d+|_\d+_\d+)(?=_)", "", tag.platform)


def _note(gone: list[str], installed: frozenset[str], previous: Version) -> Note:
    if not gone:
        return Note(State.DONE, f"every file that {previous} installs is still in the wheel")
    paths = [path.partition(":")[2] for path in gone]
    packages = {path.partition(":")[2].partition("/")[0] for path in installed}
    text, detail = f"{len(paths)} files that {previous} installs are gone", list_some(paths)
    if not any(_is_serious(path, packages) for path in paths):
        return Note(State.INFO, text, detail)
    advice = "If that is not intended, include them in the settings of your build backend."
    return Note(State.WARNING, text, detail, advice)


def _is_serious(path: str, packages: Collection[str]) -> bool:
    """Return whether a file that is gone is likely to be missed: data, or a whole package."""
    return PurePosixPath(path).suffix not in (".py", ".pyi", ".so") or path.partition("/")[0] not in packages
