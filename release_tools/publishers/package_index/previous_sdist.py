"""Compare the files of an sdist with those of the newest sdist on an index: distributions build from it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from packaging.utils import InvalidSdistFilename, parse_sdist_filename
from packaging.version import Version

from release_tools.artifacts import Sdist, read_sdist
from release_tools.engine.context import Context
from release_tools.errors import ArchiveError, RemoteError, RepositoryError
from release_tools.git.log import list_files
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.package_index.previous_files import find_newest_before, open_served
from release_tools.publishers.package_index.simple_api import Listing
from release_tools.system.http import Http
from release_tools.system.process import ProcessError
from release_tools.wording import count, list_some

_LARGEST: Final = 10 << 20
"""The most bytes of an sdist that are downloaded to compare with it: it has no list of its files, so all of it is."""
_WRITTEN_BY_BACKENDS: Final = frozenset({"PKG-INFO", "setup.cfg", "setup.py"})
_METADATA_FOLDERS: Final = (".egg-info", ".dist-info")


@dataclass(frozen=True)
class PreviousSdist:
    """The newest sdist before a release.

    Attributes:
        version: of the sdist.
        files: their paths in its folder.
        problem: why they are not known; empty where they are.
    """

    version: Version
    files: frozenset[str] = frozenset()
    problem: str = ""


def read_previous_sdist(http: Http, known: Listing, version: Version, scratch: Path) -> PreviousSdist | None:
    """Return the newest sdist below a version; None where the index has none.

    Args:
        http: the session.
        known: what the index serves of the project.
        version: of this release.
        scratch: a folder for the download.
    """
    previous = find_newest_before(known.files, version, _parse_version)
    if previous is None:
        return None
    filename, file = next(item for item in known.files.items() if _parse_version(item[0]) == previous)
    if (file.size or 0) > _LARGEST:
        return PreviousSdist(previous, problem=f"it is larger than {_LARGEST >> 20} MB")
    try:
        with open_served(http, filename, file, scratch, _LARGEST) as path:
            return PreviousSdist(previous, _list_files(read_sdist(path)))
    except (ArchiveError, RemoteError) as error:
        return PreviousSdist(previous, problem=error.message)


def check_files_of_sdist(context: Context, release: Release, previous: PreviousSdist, sdist: Sdist) -> Iterator[Note]:
    """Yield notes about the files of the previous sdist that this one does not have.

    It is a warning where git still has them, or never had them because the build generates them; those that were
    deleted from the repository are information. Without a repository nobody can tell, and all are information.
    """
    if previous.problem:
        yield Note(State.INFO, f"not compared with the sdist of {previous.version}", previous.problem)
        return
    gone = sorted(previous.files - _list_files(sdist))
    deleted = _list_deleted(context, release, previous.version) if gone else frozenset()
    if deleted is None:
        yield _describe_gone(State.INFO, gone, f"the sdist of {previous.version} are not in this one")
        return
    lost, removed = sorted(set(gone) - set(deleted)), sorted(set(gone) & set(deleted))
    if lost:
        text = f"the sdist of {previous.version} are not in this one, and were not deleted from the repository"
        yield _describe_gone(State.WARNING, lost, text)
    else:
        yield Note(State.DONE, f"every file of the sdist of {previous.version} is still in the sdist, or was deleted")
    if removed:
        yield _describe_gone(State.INFO, removed, f"the sdist of {previous.version} were deleted from the repository")


def _parse_version(filename: str) -> Version | None:
    """Return the version in the name of an sdist; None for other files, and for the zip files of old times."""
    try:
        return None if filename.endswith(".zip") else parse_sdist_filename(filename)[1]
    except InvalidSdistFilename:
        return None


def _list_files(sdist: Sdist) -> frozenset[str]:
    """Return the paths of an sdist's files, without the metadata that a build backend writes."""
    paths = (member.name.partition("/")[2] for member in sdist.members)
    return frozenset(path for path in paths if not _is_left_over(PurePosixPath(path)))


def _is_left_over(path: PurePosixPath) -> bool:
    """Return whether nobody misses a file: metadata of a backend, or what Python compiled."""
    if str(path) in _WRITTEN_BY_BACKENDS or path.suffix == ".pyc":
        return True
    return any(part.endswith(_METADATA_FOLDERS) for part in path.parts)


def _list_deleted(context: Context, release: Release, previous: Version) -> Collection[str] | None:
    """Return the project's files that were committed at a previous version and are not now; None if git cannot say."""
    from release_tools.project.project_history import ProjectHistory

    try:
        history = ProjectHistory.reuse(context, release)
        tagged = [past.commit for past in history.releases if past.version == previous]
        if not tagged:
            return None
        before = list_files(history.repository, tagged[0], history.path)
        now = list_files(history.repository, release.commit, history.path)
    except (RepositoryError, ProcessError):
        return None
    return frozenset(before) - frozenset(now)


def _describe_gone(state: State, names: list[str], what: str) -> Note:
    advice = ""
    if state is State.WARNING:
        advice = (
            "conda-forge and distributions build from the sdist. If that is not intended, include the files in the"
            " settings of your build backend."
        )
    return Note(state, f"{count(len(names), 'file')} of {what}", list_some(names), advice)
