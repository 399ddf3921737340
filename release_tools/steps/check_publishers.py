"""Before the first irreversible deed: everything that can be known, at every place, all faults told together."""

from collections.abc import Iterator
from itertools import chain

from packaging.version import Version

from release_tools.engine.background import Task
from release_tools.engine.context import Context
from release_tools.engine.executor import StoppedError
from release_tools.engine.routes import Route, route
from release_tools.errors import CredentialError, PreflightError, ReleaseToolsError, RemoteError
from release_tools.forges.origin import hosted
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.check_results import Finding, attempt


def begin_to_look(context: Context, release: Release) -> None:
    """In a rehearsal, begin to ask the public indexes, whose answer may be a few moments old by the time it counts."""
    if context.gate.dry and context.http.once and release.name:
        from release_tools.publishers.package_index.index_publisher import OnIndex

        context.http.get_ready()
        for index in route(context.config, release.kind).indexes:
            purpose = f"look at {index.name}"
            if index.audience and purpose not in context.begun:
                context.begun.add(purpose, Task(OnIndex(context, release, index).look))  # the session keeps the answer


def ready(context: Context, release: Release) -> Release:
    """Say where this kind of version goes, and look at each place.

    In a dry run a place that cannot be reached and a login that is missing are warnings; a conflict is not.

    Raises:
        StoppedError: something forbids the release; nothing was published.
    """
    way = route(context.config, release.kind)
    errors: list[ReleaseToolsError] = []
    looks = (_version(context, release), _way(release, way), _places(context, release, way), _hosting(context, release))
    for finding in chain.from_iterable(looks):
        if isinstance(finding, Note):
            release = release.telling(finding)
        elif context.gate.dry and isinstance(finding, CredentialError | RemoteError):
            release = release.telling(Note(State.WARNING, finding.message, advice=finding.advice))
        else:
            errors.append(finding)
    if errors:
        raise StoppedError(release, _together(errors))
    return release


def _version(context: Context, release: Release) -> Iterator[Finding]:
    if Version(release.version).local:
        yield PreflightError(f"{release.version} is a local version, which no index takes", "Tag the commit first.")
    asked = context.request.tag
    if asked and release.tag and asked != release.tag:
        yield PreflightError(f"this run is for the tag {asked}, but the files were built for {release.tag}")


def _way(release: Release, way: Route) -> Iterator[Finding]:
    titles = [*(index.title for index in way.indexes), *(channel.title for channel in way.channels)]
    yield Note(State.FACT, f"a {release.kind} version goes to {', then '.join(titles) or 'no place'}")
    for place in way.unconfigured:
        yield Note(State.SKIPPED, f"{place.name}: {place.reason}", advice=place.advice)


def _places(context: Context, release: Release, way: Route) -> Iterator[Finding]:
    if way.indexes and (release.of_kind(ArtifactKind.SDIST) or release.of_kind(ArtifactKind.WHEEL)):
        from release_tools.publishers.package_index.index_publisher import (
            OnIndex,  # which a job for another place never loads
        )

        for index in way.indexes:
            yield from attempt(OnIndex(context, release, index).checks)
    if way.channels and release.of_kind(ArtifactKind.CONDA):
        from release_tools.publishers.conda_channel.channel_publisher import OnChannel

        for channel in way.channels:
            yield from attempt(OnChannel(context, release, channel).checks)


def _hosting(context: Context, release: Release) -> Iterator[Finding]:
    """Whether a release can be made on GitHub, where the project lies there."""
    if not context.config.github.enabled or release.is_passing:
        return
    repository = hosted(context)
    if repository is None:
        return
    if context.gate.dry and repository.hub.token is None:
        yield Note(State.FACT, f"whether {repository.slug} can be written to is not rehearsed", "there is no token")
    else:
        yield from attempt(repository.may_be_written_to)


def _together(errors: list[ReleaseToolsError]) -> ReleaseToolsError:
    """One error for all; its class, and so the exit code, is theirs where they share it."""
    if len(errors) == 1:
        return errors[0]
    kind = type(errors[0]) if len({type(error) for error in errors}) == 1 else PreflightError
    faults = [f"{error.message}. {error.advice}".strip() for error in errors]
    return kind(
        "Several things forbid this release:", "Nothing was published. Mend them, then run again.", faults=faults
    )
