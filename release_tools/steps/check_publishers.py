"""Before the first irreversible deed: everything that can be known, at every place, all faults told together."""

from collections.abc import Iterator
from itertools import chain

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.engine.executor import PartialFailureError
from release_tools.engine.routes import Route, route_for
from release_tools.errors import CredentialError, PreflightError, ReleaseToolsError, RemoteError
from release_tools.forges.origin import hosted
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.check_results import CheckResult, collect_errors


def start_index_queries(context: Context, release: Release) -> None:
    """In a dry run, start to ask the public indexes, whose answer may be a few moments old by the time it counts."""
    if context.gate.is_dry_run and context.http.once and release.name:
        from release_tools.publishers.package_index.index_publisher import IndexPublisher

        context.http.get_ready()
        for index in route_for(context.config, release.kind).indexes:
            if index.audience:  # the session keeps the answer
                context.background.start(f"ask {index.name}", IndexPublisher(context, release, index).look)


def check_publishers(context: Context, release: Release) -> Release:
    """Say where this kind of version goes, and look at each place.

    In a dry run a place that cannot be reached and a login that is missing are warnings; a conflict is not.

    Raises:
        StoppedError: something forbids the release; nothing was published.
    """
    way = route_for(context.config, release.kind)
    errors: list[ReleaseToolsError] = []
    looks = (_version(context, release), _way(release, way), _places(context, release, way), _hosting(context, release))
    for finding in chain.from_iterable(looks):
        if isinstance(finding, Note):
            release = release.with_notes(finding)
        elif context.gate.is_dry_run and isinstance(finding, CredentialError | RemoteError):
            release = release.with_notes(Note(State.WARNING, finding.message, advice=finding.advice))
        else:
            errors.append(finding)
    if errors:
        raise PartialFailureError(release, _together(errors))
    return release


def _version(context: Context, release: Release) -> Iterator[CheckResult]:
    if Version(release.version).local:
        yield PreflightError(f"{release.version} is a local version, which no index takes", "Tag the commit first.")
    asked = context.request.tag
    if asked and release.tag and asked != release.tag:
        yield PreflightError(f"this run is for the tag {asked}, but the files were built for {release.tag}")


def _way(release: Release, way: Route) -> Iterator[CheckResult]:
    titles = [*(index.title for index in way.indexes), *(channel.title for channel in way.channels)]
    yield Note(State.INFO, f"a {release.kind} version goes to {', then '.join(titles) or 'no place'}")
    for place in way.unconfigured:
        yield Note(State.SKIPPED, f"{place.name}: {place.reason}", advice=place.advice)


def _places(context: Context, release: Release, way: Route) -> Iterator[CheckResult]:
    if way.indexes and (release.artifacts_of_kind(ArtifactKind.SDIST) or release.artifacts_of_kind(ArtifactKind.WHEEL)):
        from release_tools.publishers.package_index.index_publisher import (
            IndexPublisher,  # which a job for another place never loads
        )

        for index in way.indexes:
            yield from collect_errors(IndexPublisher(context, release, index).checks)
    if way.channels and release.artifacts_of_kind(ArtifactKind.CONDA):
        from release_tools.publishers.conda_channel.channel_publisher import ChannelPublisher

        for channel in way.channels:
            yield from collect_errors(ChannelPublisher(context, release, channel).checks)


def _hosting(context: Context, release: Release) -> Iterator[CheckResult]:
    """Whether a release can be made on GitHub, where the project lies there."""
    if not context.config.github.enabled or release.is_untagged:
        return
    repository = hosted(context)
    if repository is None:
        return
    if context.gate.is_dry_run and repository.hub.token is None:
        yield Note(State.INFO, f"whether {repository.slug} can be written to is not rehearsed", "there is no token")
    else:
        yield from collect_errors(repository.may_be_written_to)


def _together(errors: list[ReleaseToolsError]) -> ReleaseToolsError:
    """One error for all; its class, and so the exit code, is theirs where they share it."""
    if len(errors) == 1:
        return errors[0]
    kind = type(errors[0]) if len({type(error) for error in errors}) == 1 else PreflightError
    faults = [f"{error.message}. {error.advice}".strip() for error in errors]
    return kind(
        "Several things forbid this release:", "Nothing was published. Mend them, then run again.", faults=faults
    )
