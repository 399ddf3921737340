"""Conda packages to the channels of the route."""

from release_tools.context import Context
from release_tools.model import Release, Skip
from release_tools.places import route
from release_tools.publishing.delivery import deliver
from release_tools.publishing.on_channel import OnChannel


def upload_channel(context: Context, release: Release) -> Release | Skip:
    """Upload what is missing, wait until it is there, and compare.

    Raises:
        StoppedError: with what was done before.
    """
    way = route(context.config, release.kind)
    if not way.channels:
        missing = next((place for place in way.unconfigured if place.name.startswith("anaconda")), None)
        reason = f"the route of {release.kind} versions leads to no conda channel"
        return Skip(missing.reason, missing.advice) if missing else Skip(reason)
    if not OnChannel(context, release, way.channels[0]).artifacts:
        return Skip("no conda package was built")
    for channel in way.channels:
        place = OnChannel(context, release, channel)
        release = deliver(context, release, place, tuple(place.acts()))
    return release
