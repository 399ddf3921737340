"""Take the files that an index serves already for a release, instead of those that were built again.

A wheel that is built a second time may have other bytes. What an index serves stays as it is, so a release that is
completed later goes on with the served files and adds what is missing.
"""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Final

from release_tools.engine.context import Context
from release_tools.errors import RemoteError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.package_index.index import Index
from release_tools.publishers.package_index.simple_api import IndexFile, list_project
from release_tools.publishers.routes import parse_route

_LARGEST: Final = 2_000_000_000


def take_served_files(context: Context, release: Release) -> Release:
    """Return the release with each wheel as the indexes of its route serve it, if they serve this very sdist.

    An index that cannot be reached is only reported: publishing compares the digests again.
    """
    for destination in parse_route(context.config, release.kind):
        if isinstance(destination, Index):
            try:
                release = _from_index(context, release, destination)
            except RemoteError as error:
                context.report.add(
                    Note(State.WARNING, f"{destination.title} was not asked for files that it serves", error.message)
                )
    return release


def _from_index(context: Context, release: Release, index: Index) -> Release:
    served = list_project(context.http, index, release.name).files
    sdists = release.artifacts_of_kind(ArtifactKind.SDIST)
    if not all(one.filename in served and served[one.filename].sha256 == one.sha256 for one in sdists):
        return release
    taken: dict[str, Artifact] = {}
    for wheel in release.artifacts_of_kind(ArtifactKind.WHEEL):
        file = served.get(wheel.filename)
        if file and file.sha256 and file.sha256 != wheel.sha256:
            taken[wheel.filename] = _download(context, wheel, file)
    artifacts = tuple(taken.get(one.filename, one) for one in release.artifacts)
    context.report.add(*_make_notes(release, index, served.keys(), taken.keys()))
    return replace(release, artifacts=artifacts)


def _download(context: Context, wheel: Artifact, file: IndexFile) -> Artifact:
    """Return the served file, compared with the digest that the index states.

    Raises:
        RemoteError: it cannot be downloaded, or has another digest.
    """
    folder = context.scratch / "served"
    folder.mkdir(exist_ok=True)
    path = folder / wheel.filename
    with path.open("wb") as target:
        answer = context.http.get(file.url, limit=_LARGEST, into=target)
    if not answer.ok:
        raise RemoteError(f"{wheel.filename}: the index answered {answer.status}")
    found = Artifact.of(path, wheel.kind)
    if found.sha256 != file.sha256:
        raise RemoteError(f"{wheel.filename}: the index served other bytes than it lists")
    return found


def _make_notes(release: Release, index: Index, served: Collection[str], taken: Collection[str]) -> Iterator[Note]:
    """Yield what was taken from the index, and what is new there."""
    names = [one.filename for one in release.artifacts_of_kind(ArtifactKind.WHEEL)]
    kept = [name for name in names if name in taken]
    new = [name for name in names if name not in served]
    if kept:
        yield Note(State.INFO, f"taken as {index.title} serves them: {len(kept)} files", ", ".join(kept))
    if new:
        yield Note(State.INFO, f"new on {index.title}: {len(new)} files", ", ".join(new))
