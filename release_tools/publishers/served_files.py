"""Take the files that are served already for a release, instead of those that were built again.

A wheel that is built a second time may have other bytes. What is published stays as it is, so a release that is
completed later goes on with the served files and adds what is missing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Final

from release_tools.artifacts import manifest
from release_tools.engine.context import Context
from release_tools.errors import OutputError, ReleaseToolsError, RemoteError
from release_tools.forges.base import Asset, HostedRelease, HostedRepository
from release_tools.forges.registry import find_hosted_repository
from release_tools.model.artifact import Artifact, ArtifactKind, asset_names
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.planning.build_plan import BuildPlan
from release_tools.planning.completeness import check_completeness, is_wheel_of
from release_tools.planning.conda_targets import match_served_packages
from release_tools.planning.gathering import match_served
from release_tools.publishers.destinations import parse_route
from release_tools.publishers.package_index.index import PUBLIC_INDEXES, Index
from release_tools.publishers.package_index.simple_api import IndexFile, list_project
from release_tools.wording import count

_CONDA: Final = (".conda", ".tar.bz2")
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
        packages: the name under which it serves each conda package, by `Artifact.key`; None where it takes none.
    """

    title: str
    digests: Mapping[str, str]
    download: Callable[[str, Path], None]
    uploads: Mapping[str, datetime] = field(default_factory=lambda: MappingProxyType({}))
    is_immutable: bool = False
    packages: Mapping[str, str] | None = None


def start_served_files(context: Context, release: Release) -> None:
    """Start to ask what is served; artifacts of the release are not needed for that."""
    for title, ask in _list_publishers(context, release):
        context.background.start(_name_task(title), ask)


def take_served_files(context: Context, release: Release) -> Release:
    """Return the release with each wheel as the indexes of its route, or the GitHub release, serve it.

    Conda packages are those of the GitHub release, as a channel does not have the sdist. A served wheel of an optional
    target that was left out this time becomes part of the release, and so does a package. Files count only where this
    very sdist is served. The first that serves a wheel decides: publishing compares the others with it. One that cannot
    be reached is only reported, as publishing compares the digests again.
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
    """Return the release with the files that one publisher serves, and report them and those that are new there."""
    plan = release.plan
    match = _match(release, plan, served, decided) if plan else _Match({}, {})
    if plan is None or not match.names:
        return release
    if not _serves_sdist(release, served):
        files = count(len(match.names), "built file")
        text = f"{served.title} serves {files} of this version, but not this sdist: none is taken"
        context.report.add(Note(State.WARNING, text, advice="Publishing compares their digests with those built here."))
        return release
    wanted = _list_wanted(release, served, match, decided)
    taken = {key: _download(context, key, match.names[key], served) for key in wanted}
    decided.update(match.names)
    new = _list_new(release, served, match)
    context.report.add(*_make_notes(served, wanted, new, _find_last_day(served, match.names.values())))
    return _with_files(release, plan, match, taken)


@dataclass(frozen=True)
class _Match:
    """Describe which files of a release one publisher serves.

    Attributes:
        instead: the served file that replaces a gathered one, often of the same name; both by `Artifact.key`.
        names: the name under which each of them is served, and each that was not built this time, by `Artifact.key`.
    """

    instead: Mapping[str, str]
    names: Mapping[str, str]


def _match(release: Release, plan: BuildPlan, served: ServedFiles, decided: set[str]) -> _Match:
    wheels = [wheel.filename for wheel in release.artifacts_of_kind(ArtifactKind.WHEEL)]
    there = match_served(plan, wheels, _list_served_wheels(release, served), decided)
    published = served.packages or {}
    packages = [package.key for package in release.artifacts_of_kind(ArtifactKind.CONDA)]
    names = {name: name for name in (*there.instead.values(), *there.further)}
    return _Match({**there.instead, **match_served_packages(packages, published)}, {**names, **published})


def _list_wanted(release: Release, served: ServedFiles, match: _Match, decided: AbstractSet[str]) -> list[str]:
    """Return the served files, by `Artifact.key`, that have other bytes than those gathered, or were not built."""
    known = {one.key: one.sha256 for one in release.artifacts}
    names = sorted(match.names.items())
    return [key for key, name in names if key not in decided and known.get(key) != served.digests[name]]


def _list_new(release: Release, served: ServedFiles, match: _Match) -> list[str]:
    """Return the gathered files, by `Artifact.key`, that the publisher takes and does not serve yet."""
    kinds = {ArtifactKind.WHEEL} if served.packages is None else {ArtifactKind.WHEEL, ArtifactKind.CONDA}
    return [one.key for one in release.artifacts if one.kind in kinds and one.key not in match.instead]


def _list_served_wheels(release: Release, served: ServedFiles) -> list[str]:
    """Return the wheels of this version whose digests are known, as an index lists those of every version."""
    known = (name for name, digest in served.digests.items() if digest)
    return [name for name in known if is_wheel_of(name, release.name, release.version)]


def _serves_sdist(release: Release, served: ServedFiles) -> bool:
    sdists = release.artifacts_of_kind(ArtifactKind.SDIST)
    return all(served.digests.get(sdist.filename) == sdist.sha256 for sdist in sdists)


def _find_last_day(served: ServedFiles, names: Collection[str]) -> datetime | None:
    """Return when the publisher stops to take further files; None where it does not, or does not say."""
    first = min((served.uploads[name] for name in names if name in served.uploads), default=None)
    return first + timedelta(days=_MOST_DAYS) if first else None


def _with_files(release: Release, plan: BuildPlan, match: _Match, taken: Mapping[str, Artifact]) -> Release:
    """Return the release with the files that were taken, each instead of the one that was built again, if any was."""
    replaced = [taken.get(match.instead.get(one.key, ""), one) for one in release.artifacts]
    artifacts = tuple(dict.fromkeys((*replaced, *taken.values())))
    wheels = [one.filename for one in artifacts if one.kind is ArtifactKind.WHEEL]
    left_out = tuple(target.identifier for _, target in check_completeness(plan, wheels).left_out)
    return replace(release, artifacts=artifacts, left_out=left_out)


def _download(context: Context, key: str, name: str, served: ServedFiles) -> Artifact:
    """Return a wheel or a conda package as it is served, compared with the digest that the publisher states.

    Args:
        context: the run's surroundings.
        key: its `Artifact.key`.
        name: the name under which it is served.
        served: the files of the publisher.

    Raises:
        RemoteError: it cannot be downloaded, or has another digest.
    """
    subdir = key.rpartition("/")[0]
    path = context.scratch / "served" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    served.download(name, path)
    found = Artifact.of(path, ArtifactKind.CONDA if subdir else ArtifactKind.WHEEL, subdir)
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
    published = _read_published(context, repository, hosted, assets)
    return ServedFiles(
        "GitHub",
        {**{name: one.sha256 for name, one in published.items()}, **_list_stated(assets)},
        lambda name, path: repository.releases.download(assets[name], path),
        is_immutable=hosted.is_immutable,
        packages={one.key: name for name, one in published.items() if one.subdir},
    )


def _list_stated(assets: Mapping[str, Asset]) -> dict[str, str]:
    """Return the digests that the service states, by the names of the files; an older one states none."""
    return {name: asset.sha256 for name, asset in assets.items() if asset.sha256}


def _read_published(
    context: Context, repository: HostedRepository, hosted: HostedRelease, assets: Mapping[str, Asset]
) -> dict[str, Artifact]:
    """Return the files in ``release.json`` of a published release, by their names there.

    Raises:
        RemoteError: it cannot be downloaded or read.
    """
    stated = assets.get(manifest.FILENAME)
    if stated is None or not _needs_manifest(assets):
        return {}
    folder = context.scratch / "served-release"
    folder.mkdir(exist_ok=True)
    repository.releases.download(stated, folder / manifest.FILENAME)
    try:
        artifacts = manifest.load(folder).artifacts
    except OutputError as error:
        raise RemoteError(f"the GitHub release {hosted.tag}: {error.message}") from None
    names = asset_names(artifacts)
    return {names[one.key]: one for one in artifacts if names[one.key] in assets}


def _needs_manifest(assets: Mapping[str, Asset]) -> bool:
    """Return whether ``release.json`` has to be read: for the subdirs of conda packages, or for digests not stated."""
    return any(name.endswith(_CONDA) or not asset.sha256 for name, asset in assets.items())
