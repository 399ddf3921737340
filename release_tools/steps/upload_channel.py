"""Conda packages to the channels of the route."""

from release_tools.engine.context import Context
from release_tools.engine.routes import route_for
from release_tools.model.note import Skip
from release_tools.model.release import Release
from release_tools.publishers.conda_channel.channel_publisher import ChannelPublisher
from release_tools.publishers.delivery import upload_and_confirm


def upload_channel(context: Context, release: Release) -> Release | Skip:
    """Upload what is missing, wait until it is there, and compare.

    Raises:
        StoppedError: with what was done before.
    """
    way = route_for(context.config, release.kind)
    if not way.channels:
        missing = next((place for place in way.unconfigured if place.name.startswith("anaconda")), None)
        reason = f"the route of {release.kind} versions leads to no conda channel"
        return Skip(missing.reason, missing.advice) if missing else Skip(reason)
    if not ChannelPublisher(context, release, way.channels[0]).artifacts:
        return Skip("no conda package was built")
    for channel in way.channels:
        place = ChannelPublisher(context, release, channel)
        release = upload_and_confirm(context, release, place, tuple(place.acts()))
    return release
