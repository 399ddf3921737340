"""Files that were built elsewhere or earlier, instead of a build."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from packaging.version import Version

from release_tools.checks.artifacts import ReleaseFiles
from release_tools.engine.context import Context
from release_tools.errors import UsageError, VerifyError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Release
from release_tools.model.versions import find_kind
from release_tools.report.text import describe_artifact_note

_SUFFIXES: Final = {
    ".tar.gz": ArtifactKind.SDIST,
    ".whl": ArtifactKind.WHEEL,
    ".conda": ArtifactKind.CONDA,
    ".tar.bz2": ArtifactKind.CONDA,
}


def load_files(paths: Sequence[Path]) -> Callable[[Context, Release], Release]:
    """Return a step that takes these files, or all artifacts in these folders, as the release's artifacts."""

    def take(context: Context, release: Release) -> Release:
        artifacts = tuple(_read_artifact(path) for path in _list_files(paths))
        if not artifacts:
            raise UsageError("no sdist, wheel or conda package found", "Pass files, or a folder that contains some.")
        subject = ReleaseFiles.read(context, artifacts)
        context.report.add(*(describe_artifact_note(artifact) for artifact in artifacts))
        known = replace(release, artifacts=artifacts)
        if subject.faults:
            context.report.add(*subject.faults)
            return known
        name, version = _read_identity(subject)
        return replace(known, name=name, version=str(version), kind=find_kind(version))

    return take


def _list_files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files that are given, and the artifacts in the folders that are, by absolute paths."""
    for path in paths:
        absolute = path.absolute()  # they are read from other folders too
        if absolute.is_dir():
            yield from _find_artifacts(absolute)
        else:
            yield absolute


def _find_artifacts(folder: Path) -> Iterator[Path]:
    """Yield the artifacts in a folder; conda packages also in the folders of their subdirs."""
    for path in sorted(folder.iterdir()):
        if _find_kind(path) and path.is_file():
            yield path
    for path in sorted(folder.glob("*/*")):
        if _find_kind(path) is ArtifactKind.CONDA and path.is_file():
            yield path


def _read_artifact(path: Path) -> Artifact:
    kind = _find_kind(path)
    if not path.exists():
        raise UsageError(f"{path}: no such file", "Build first: release-tools build")
    if kind is None:
        raise UsageError(f"{path}: neither an sdist (.tar.gz), a wheel (.whl) nor a conda package (.conda, .tar.bz2)")
    try:
        return Artifact.of(path, kind)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None


def _find_kind(path: Path) -> ArtifactKind | None:
    return next((kind for suffix, kind in _SUFFIXES.items() if path.name.endswith(suffix)), None)


def _read_identity(subject: ReleaseFiles) -> tuple[str, Version]:
    found = subject.identities()
    if len(found) > 1:
        faults = [f"{name} {version}" for name, version in sorted(found)]
        raise VerifyError(
            "the files belong to more than one release:", "Verify the files of one release at a time.", faults=faults
        )
    if found:
        name, version = found.pop()
        return name, Version(version)
    package = subject.condas[0]
    return package.name, Version(package.version)
