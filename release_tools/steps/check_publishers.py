"""Check every destination of the route before the first irreversible change, and report all faults together."""

from collections.abc import Iterable, Iterator
from typing import Final

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.engine.executor import PartialFailureError
from release_tools.errors import CredentialError, PreflightError, ReleaseToolsError, RemoteError
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.base import CheckResult, Publisher
from release_tools.publishers.routes import Publishers
from release_tools.system.credentials import find_visible_credentials
from release_tools.wording import count

_UNCHECKED_LOGIN: Final = Note(
    State.INFO,
    "credentials were not checked: a dry run has no access to them",
    "release-tools doctor checks credentials",
)


def start_early_queries(context: Context, release: Release) -> None:
    """Start to query the destinations before the build in a dry run, as the answers are only shown then."""
    if context.gate.is_dry_run and release.name:
        _start_queries(context, release, context.reuse(Publishers).route(release.kind))


def start_queries(context: Context, release: Release) -> None:
    """Start to query the destinations that a release whose files are here is published to, all at once."""
    _start_queries(context, release, _list_checked(context, release))


def _start_queries(context: Context, release: Release, publishers: Iterable[Publisher]) -> None:
    context.http.get_ready()
    for publisher in publishers:
        query = publisher.first_query(release)
        if query is not None:
            context.background.start(f"query {publisher.name}", query)


def check_publishers(context: Context, release: Release) -> Release:
    """Check each destination of this kind of version.

    In a dry run, a destination that cannot be reached and missing credentials are warnings; a conflict is not. The
    command ``dry-run`` has no credentials by design, so that it does not warn of those that are missing.

    Raises:
        PartialFailureError: something forbids the release; nothing was published.
    """
    errors: list[ReleaseToolsError] = []
    notes: list[Note] = []
    for result in _check(context, release):
        if isinstance(result, Note):
            notes.append(result)
        elif context.gate.is_dry_run and isinstance(result, CredentialError | RemoteError):
            notes.append(_describe_unchecked(context, result))
        else:
            errors.append(result)
    context.report.add(*dict.fromkeys(notes))
    if errors:
        raise PartialFailureError(release, _combine(errors))
    return release


def _describe_unchecked(context: Context, error: ReleaseToolsError) -> Note:
    """Return the line of a dry run about what it could not check."""
    is_by_design = context.request.is_dry_run and not find_visible_credentials(context.env)
    if is_by_design and isinstance(error, CredentialError):
        return _UNCHECKED_LOGIN
    return Note(State.WARNING, error.message, advice=error.advice)


def _check(context: Context, release: Release) -> Iterator[CheckResult]:
    yield from _check_version(context, release)
    for publisher in _list_checked(context, release):
        yield from _preflight(publisher, release)


def _list_checked(context: Context, release: Release) -> list[Publisher]:
    """Return the publishers of the route that have something to do."""
    publishers = context.reuse(Publishers).route(release.kind)
    return [one for one in publishers if one.is_selectable and one.skip(release) is None]


def _check_version(context: Context, release: Release) -> Iterator[CheckResult]:
    if Version(release.version).local:
        advice = "Tag the commit first."
        yield PreflightError(f"{release.version} is a local version, which no index accepts", advice)
    tag = context.request.tag
    if tag and release.tag and tag != release.tag:
        yield PreflightError(
            f"this run is for the tag {tag}, but the files were built for {release.tag}",
            "Build again from that tag.",
        )


def _preflight(publisher: Publisher, release: Release) -> Iterator[CheckResult]:
    try:
        yield from publisher.preflight(release)
    except ReleaseToolsError as error:
        yield error


def _combine(errors: list[ReleaseToolsError]) -> ReleaseToolsError:
    """Return one error for all; its class, and so the exit code, is theirs where they share it."""
    if len(errors) == 1:
        return errors[0]
    classes = {type(error) for error in errors}
    combined = classes.pop() if len(classes) == 1 else PreflightError
    faults = [f"{error.message}. {error.advice}".strip() for error in errors]
    return combined(
        f"{count(len(errors), 'problem')} must be fixed before this release:",
        "Nothing was published. Fix these and run the same command again.",
        faults=faults,
    )
