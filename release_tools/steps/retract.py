"""Withdraw a version at every destination of any route."""

from release_tools.engine.context import Context
from release_tools.engine.executor import PartialFailureError, run_actions
from release_tools.engine.gate import Action
from release_tools.errors import ReleaseToolsError
from release_tools.model.note import Document, Skip
from release_tools.model.release import Release
from release_tools.publishers.base import Publisher, StatusQuery


def retract(
    context: Context, release: Release, publisher: Publisher, query: StatusQuery, reason: str
) -> Release | Skip:
    """Withdraw a version at one publisher as far as a program can, and say what is left to a person.

    Raises:
        PartialFailureError: an action failed; with what was done before.
    """
    try:
        items = tuple(publisher.retract(query, reason))
    except ReleaseToolsError as error:
        raise PartialFailureError(release, error) from error
    for item in items:
        if isinstance(item, Document):
            context.report.add(item)
        elif isinstance(item, Action):
            release = run_actions(context, release, [item])
        else:
            context.report.add(item)
    return release
