"""Whether each place would let this process in, known before anything is built."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from release_tools.engine.context import Context
from release_tools.engine.routes import leads_to_conda_forge, route
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.check_results import Finding, attempt
from release_tools.publishers.conda_channel.channel_publisher import OnChannel
from release_tools.publishers.conda_forge.token import token_checks
from release_tools.publishers.package_index.index_publisher import OnIndex


def see_logins(context: Context, release: Release) -> Release:
    """Try every login that is there, as far as that changes nothing.

    A place for which nothing is there is no fault outside of the job that publishes to it.
    """
    way = route(context.config, release.kind)
    places: list[OnIndex | OnChannel] = [
        *(OnIndex(context, release, index) for index in way.indexes),
        *(OnChannel(context, release, channel) for channel in way.channels),
    ]
    release = release.telling(*(note for place in places for note in _notes(place)))
    if leads_to_conda_forge(context.config, release.kind):
        release = release.telling(*_told(partial(token_checks, context)))
    return release


def _notes(place: OnIndex | OnChannel) -> Iterator[Note]:
    if not place.has_login:
        yield Note(State.SKIPPED, f"nothing here to log in to {place.title} with", "the job that publishes has its own")
        return
    yield from _told(place.login_checks)


def _told(check: Callable[[], Iterable[Finding]]) -> Iterator[Note]:
    for finding in attempt(check):
        if isinstance(finding, Note):
            yield finding
        else:
            yield Note(State.FAILED, finding.message, "; ".join(finding.faults), finding.advice)
