"""Whether each place would let this process in, known before anything is built."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from release_tools.engine.context import Context
from release_tools.engine.routes import includes_conda_forge, route_for
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.check_results import CheckResult, collect_errors
from release_tools.publishers.conda_channel.channel_publisher import ChannelPublisher
from release_tools.publishers.conda_forge.token import token_checks
from release_tools.publishers.package_index.index_publisher import IndexPublisher


def check_credentials(context: Context, release: Release) -> Release:
    """Try every login that is there, as far as that changes nothing.

    A place for which nothing is there is no fault outside of the job that publishes to it.
    """
    way = route_for(context.config, release.kind)
    places: list[IndexPublisher | ChannelPublisher] = [
        *(IndexPublisher(context, release, index) for index in way.indexes),
        *(ChannelPublisher(context, release, channel) for channel in way.channels),
    ]
    release = release.with_notes(*(note for place in places for note in _notes(place)))
    if includes_conda_forge(context.config, release.kind):
        release = release.with_notes(*_told(partial(token_checks, context)))
    return release


def _notes(place: IndexPublisher | ChannelPublisher) -> Iterator[Note]:
    if not place.has_login:
        yield Note(State.SKIPPED, f"nothing here to log in to {place.title} with", "the job that publishes has its own")
        return
    yield from _told(place.login_checks)


def _told(check: Callable[[], Iterable[CheckResult]]) -> Iterator[Note]:
    for finding in collect_errors(check):
        if isinstance(finding, Note):
            yield finding
        else:
            yield Note(State.FAILED, finding.message, "; ".join(finding.faults), finding.advice)
