"""Take the files that are served already for a release, instead of those that were built again.

A wheel that is built a second time may have other bytes. What is published stays as it is, so a release that is
completed later goes on with the served files and adds what is missing.
"""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from release_tools.artifacts import manifest
from release_tools.engine.context import Context
from release_tools.errors import OutputError, ReleaseToolsError, RemoteError
from release_tools.forges.base import Asset, HostedRelease, HostedRepository
from release_tools.forges.registry import find_hosted_repository
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.planning.build_plan import BuildPlan
from release_tools.planning.completeness import check_completeness
from release_tools.planning.gathering import ServedWheels, match_served
from release_tools.publishers.destinations import parse_route
from release_tools.publishers.package_index.index import PUBLIC_INDEXES, Index
from release_tools.publishers.package_index.simple_api import IndexFile, list_project
from release_tools.wording import count

_LARGEST: Final = 2_000_000_000
_MOST_DAYS: Final = 14
"""Days after the first file of a version in which PyPI takes further ones."""


@dataclass(frozen=True)
class ServedFiles:
    """The files of one release that one publisher serves.

    Attributes:
        title: the publisher's, for people.
        digests: the sha256 of each file, by its name; empty where it is not known.
        download: writes a file to a path.
        uploads: when each file was uploaded, where the publisher takes further ones for `_MOST_DAYS` days only.
        is_immutable: whether no file can be added to the release.
    """

    title: str
    digests: Mapping[str, str]
    download: Callable[[str, Path], None]
    uploads: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    is_immutable: bool = False


def start_served_files(context: Context, release: Release) -> None:
    """Start to ask what is served; artifacts of the release are not needed for that."""
    for title, ask in _list_publishers(context, release):
        context.background.start(_name_task(title), ask)


def take_served_files(context: Context, release: Release) -> Release:
    """Return the release with each wheel as the indexes of its route, or the GitHub release, serve it.

    A served wheel of an optional target that was left out this time becomes part of the release. Files count only where
    this very sdist is served. The first that serves a wheel decides: publishing compares the others with it. One that
    cannot be reached is only reported, as publishing compares the digests again.
    """
    decided: set[str] = set()
    for title, ask in _list_publishers(context, release):
        try:
            served = context.background.result(_name_task(title), ask)
            if served and served.digests:
                release = _take(context, release, served, decided)
        except ReleaseToolsError as error:
            context.report.add(Note(State.WARNING, f"{title} was not asked for files that it serves", error.message))
    return release


def _name_task(title: str) -> str:
    return f"files served by {title}"


def _list_publishers(context: Context, release: Release) -> Iterator[tuple[str, Callable[[], ServedFiles | None]]]:
    """Yield the title of each publisher that may serve wheels, and a function that asks it."""
    for destination in parse_route(context.config, release.kind):
        if isinstance(destination, Index):
            yield destination.title, partial(_ask_index, context, release, destination)
    if context.config.github.enabled and release.tag:
        yield "GitHub", partial(_ask_github, context, release)


def _take(context: Context, release: Release, served: ServedFiles, decided: set[str]) -> Release:
    """Return the release with the wheels that one publisher serves, and report them and those that are new there."""
    plan = release.plan
    if plan is None:
        return release
    wheels = release.artifacts_of_kind(ArtifactKind.WHEEL)
    there = match_served(plan, [wheel.filename for wheel in wheels], _list_served_wheels(release, served), decided)
    names = {*there.instead.values(), *there.further}
    if not names:
        return release
    if not _serves_sdist(release, served):
        text = f"{served.title} serves {count(len(names), 'wheel')} of this version, but not this sdist: none is taken"
        context.report.add(Note(State.WARNING, text, advice="Publishing compares their digests with those built here."))
        return release
    known = {wheel.filename: wheel.sha256 for wheel in wheels}
    wanted = [name for name in sorted(names - decided) if known.get(name) != served.digests[name]]
    taken = {name: _download(context, name, served) for name in wanted}
    decided.update(names)
    new = [wheel.filename for wheel in wheels if wheel.filename not in there.instead]
    context.report.add(*_make_notes(served, [*taken], new, _find_last_day(served, names)))
    return _with_wheels(release, plan, there, taken)


def _list_served_wheels(release: Release, served: ServedFiles) -> list[str]:
    """Return the wheels of this version whose digests are known, as an index lists those of every version."""
    found = []
    for name, digest in served.digests.items():
        with suppress(InvalidWheelFilename):
            project, version, _, _ = parse_wheel_filename(name)
            if digest and (project, version) == (canonicalize_name(release.name), Version(release.version)):
                found.append(name)
    return found


def _serves_sdist(release: Release, served: ServedFiles) -> bool:
    sdists = release.artifacts_of_kind(ArtifactKind.SDIST)
    return all(served.digests.get(sdist.filename) == sdist.sha256 for sdist in sdists)


def _find_last_day(served: ServedFiles, names: AbstractSet[str]) -> datetime | None:
    """Return when the publisher stops to take further files; None where it does not, or does not say."""
    first = min((served.uploads[name] for name in names if name in served.uploads), default=None)
    return first + timedelta(days=_MOST_DAYS) if first else None


def _with_wheels(release: Release, plan: BuildPlan, there: ServedWheels, taken: Mapping[str, Artifact]) -> Release:
    """Return the release with the wheels that were taken, each instead of the one that was built again."""
    replaced = [taken.get(there.instead.get(one.filename, ""), one) for one in release.artifacts]
    further = [taken[name] for name in there.further if name in taken]
    artifacts = tuple(dict.fromkeys((*replaced, *further)))
    wheels = [one.filename for one in artifacts if one.kind is ArtifactKind.WHEEL]
    left_out = tuple(target.identifier for _, target in check_completeness(plan, wheels).left_out)
    return replace(release, artifacts=artifacts, left_out=left_out)


def _download(context: Context, name: str, served: ServedFiles) -> Artifact:
    """Return the served file, compared with the digest that the publisher states.

    Raises:
        RemoteError: it cannot be downloaded, or has another digest.
    """
    folder = context.scratch / "served"
    folder.mkdir(exist_ok=True)
    path = folder / name
    served.download(name, path)
    found = Artifact.of(path, ArtifactKind.WHEEL)
    if found.sha256 != served.digests[name]:
        raise RemoteError(f"{name}: {served.title} served other bytes than it lists")
    return found


def _make_notes(served: ServedFiles, taken: list[str], new: list[str], last_day: datetime | None) -> Iterator[Note]:
    """Yield what was taken from a publisher, and what is new there."""
    if taken:
        yield Note(State.INFO, f"taken as {served.title} serves them: {count(len(taken), 'file')}", ", ".join(taken))
    if not new:
        return
    shown = ", ".join(new)
    if served.is_immutable:
        text = f"the release on {served.title} is immutable: it stays without {count(len(new), 'file')}"
        yield Note(State.WARNING, text, shown)
    elif last_day and last_day < datetime.now(UTC):
        text = f"{served.title} takes no further files of this version since {last_day:%Y-%m-%d}"
        yield Note(State.FAILED, text, f"new would be {shown}", "Release a new version.")
    else:
        until = f", which takes them until {last_day:%Y-%m-%d}" if last_day else ""
        yield Note(State.INFO, f"new on {served.title}{until}: {count(len(new), 'file')}", shown)


def _ask_index(context: Context, release: Release, index: Index) -> ServedFiles:
    files = list_project(context.http, index, release.name).files
    is_public = index in PUBLIC_INDEXES.values()
    return ServedFiles(
        index.title,
        {name: file.sha256 for name, file in files.items()},
        lambda name, path: _download_from_index(context, files[name], path),
        {name: file.uploaded for name, file in files.items() if file.uploaded and is_public},
    )


def _download_from_index(context: Context, file: IndexFile, path: Path) -> None:
    with path.open("wb") as target:
        response = context.http.get(file.url, limit=_LARGEST, into=target)
    if not response.ok:
        raise RemoteError(f"{path.name}: the index answered {response.status}")


def _ask_github(context: Context, release: Release) -> ServedFiles | None:
    """Return the files of the published release of the tag; those of a draft are compared when it is published."""
    repository = find_hosted_repository(context)
    hosted = repository.releases.find_published(release.tag) if repository else None
    if repository is None or hosted is None:
        return None
    assets = {asset.name: asset for asset in hosted.assets if asset.is_complete}
    return ServedFiles(
        "GitHub",
        _find_digests(context, repository, hosted, assets),
        lambda name, path: repository.releases.download(assets[name], path),
        is_immutable=hosted.is_immutable,
    )


def _find_digests(
    context: Context, repository: HostedRepository, hosted: HostedRelease, assets: Mapping[str, Asset]
) -> dict[str, str]:
    """Return the digest of each file: as the service states it, or by ``release.json`` where an older one does not."""
    digests = {name: asset.sha256 for name, asset in assets.items()}
    stated = assets.get(manifest.FILENAME)
    if all(digests.values()) or stated is None:
        return digests
    folder = context.scratch / "served-release"
    folder.mkdir(exist_ok=True)
    repository.releases.download(stated, folder / manifest.FILENAME)
    try:
        known = {artifact.filename: artifact.sha256 for artifact in manifest.load(folder).artifacts}
    except OutputError as error:
        raise RemoteError(f"the GitHub release {hosted.tag}: {error.message}") from None
    return {name: digest or known.get(name, "") for name, digest in digests.items()}
