"""Whether each place would let this process in, known before anything is built."""

from collections.abc import Iterator

from release_tools.context import Context
from release_tools.model import Note, Release, State
from release_tools.places import route
from release_tools.publishing.finding import attempt
from release_tools.publishing.on_channel import OnChannel
from release_tools.publishing.on_index import OnIndex


def see_logins(context: Context, release: Release) -> Release:
    """Try every login that is there, as far as that changes nothing.

    A place for which nothing is there is no fault outside of the job that publishes to it.
    """
    way = route(context.config, release.kind)
    places: list[OnIndex | OnChannel] = [
        *(OnIndex(context, release, index) for index in way.indexes),
        *(OnChannel(context, release, channel) for channel in way.channels),
    ]
    return release.telling(*(note for place in places for note in _notes(place)))


def _notes(place: OnIndex | OnChannel) -> Iterator[Note]:
    if not place.has_login:
        yield Note(State.SKIPPED, f"nothing here to log in to {place.title} with", "the job that publishes has its own")
        return
    for finding in attempt(place.login_checks):
        if isinstance(finding, Note):
            yield finding
        else:
            yield Note(State.FAILED, finding.message, "; ".join(finding.faults), finding.advice)
