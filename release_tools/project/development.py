"""The development version that follows a release, as the project's past commits show it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from packaging.version import Version

from release_tools.errors import HistoryError, VersionError
from release_tools.git import log
from release_tools.git.repository import Repository
from release_tools.project.committed_files import CommittedFiles
from release_tools.project.project_history import ProjectHistory
from release_tools.project.version_field import VersionField
from release_tools.project.version_files import VersionFiles

_COMMITS: Final = 200
"""The most changes of the file with the version that are read."""


@dataclass(frozen=True)
class PastFile:
    """One file of a project at an earlier commit, with ``pyproject.toml``, which says how it is read.

    Attributes:
        repository: to read.
        commit: at which.
        folder: of the project in the repository; empty where it is the top one.
        path: of the file, in the project.
    """

    repository: Repository
    commit: str
    folder: str
    path: str

    def paths(self) -> tuple[str, ...]:
        """Return the paths of the files."""
        return tuple(dict.fromkeys((self.path, "pyproject.toml", "setup.cfg", "setup.py")))

    def read(self, path: str) -> bytes | None:
        """Return the content of a file; None where it was not there."""
        text = log.read_file(self.repository, self.commit, f"{self.folder}/{path}".lstrip("/"))
        return None if text is None else text.encode()


def find_next_development_version(history: ProjectHistory, files: CommittedFiles) -> Version:
    """Return the development version to which the version in the project's files is raised after a release.

    The part that is raised is the one that was raised the last time.

    Args:
        history: of the project.
        files: of the commit that is checked out.

    Raises:
        HistoryError: no past commit has a development version.
        VersionError: the version comes from tags, or the one in the files was not released.
    """
    source, current = _find_source(files)
    if current.is_devrelease:
        return current
    if all(release.version != current for release in history.releases):
        raise VersionError(f"{source.where}: {current} is not tagged yet", f"Type: release-tools tag {current}")
    before, after = _find_last_raise(history, source)
    return _raise_last_part(current, before, after)


def _find_last_raise(history: ProjectHistory, source: VersionField) -> tuple[Version, Version]:
    """Return the version before a commit that raised it to a development version, and that one, the newest such.

    Raises:
        HistoryError: no past commit has a development version.
    """
    past = list(_list_past_versions(history, source))
    for before, after in zip(past[1:], past, strict=False):
        if after.is_devrelease and not before.is_prerelease:
            return before, after
    raise HistoryError(
        f"no past commit has a development version in {source.path}",
        "To set one anyway: release-tools prepare 1.5.0.dev0",
    )


def _find_source(files: CommittedFiles) -> tuple[VersionField, Version]:
    """Return the field that the version is built from, and the version.

    Raises:
        VersionError: there is no such field.
    """
    source = next((field for field in VersionFiles(files).sources if not field.problem), None)
    if source is None or source.version is None:
        raise VersionError(
            "no file contains the version that is built, so there is nothing to set",
            "Where the version comes from tags, every later commit has a development version by itself.",
        )
    return source, source.version


def _list_past_versions(history: ProjectHistory, source: VersionField) -> Iterator[Version]:
    """Return the versions that the file had, the newest first, each change once."""
    path = f"{history.path}/{source.path}".lstrip("/")
    commits = history.repository.git("log", f"--max-count={_COMMITS}", "--format=%H", history.commit, "--", path)
    last = None
    for commit in commits.split():
        version = _read_version(PastFile(history.repository, commit, history.path, source.path), source.path)
        if version is not None and version != last:
            yield version
            last = version


def _read_version(past: PastFile, path: str) -> Version | None:
    """Return the version that a file had at a commit; None where it had none."""
    fields = [field for field in VersionFiles(past).sources if field.path == path]
    return fields[0].version if fields else None


def _raise_last_part(current: Version, before: Version, after: Version) -> Version:
    """Return the version with the same part raised as between two earlier ones."""
    length = max(len(current.release), len(after.release), len(before.release))
    numbers, old, new = (
        [*version.release, *[0] * (length - len(version.release))] for version in (current, before, after)
    )
    part = next((at for at in range(length) if old[at] != new[at]), 1)
    raised = [*numbers[:part], numbers[part] + 1, *[0] * (length - part - 1)]
    text = ".".join(map(str, raised[: max(len(current.release), part + 1)]))
    return Version(f"{current.epoch}!{text}.dev0" if current.epoch else f"{text}.dev0")
