"""Show where a release goes, before anything is done."""

from release_tools.engine.context import Context
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.publishers import github_release
from release_tools.publishers.base import Publisher
from release_tools.publishers.git_tag import NAME as TAG
from release_tools.publishers.routes import Publishers


def show_plan(context: Context, release: Release) -> Release:
    """Report the publishers of this kind of version in their order, and those that are left out, each with the reason.

    Raises:
        ConfigError: the route names unknown destinations.
    """
    publishers = context.reuse(Publishers)
    names = publishers.names(release.kind)
    titles, left_out = [], []
    for publisher in publishers.route(release.kind):
        skip = _skip(publisher, release, is_configured=publisher.name in names)
        if skip is None:
            titles.append(f"the tag {release.tag}" if publisher.name == TAG else publisher.title)
        else:
            left_out.append(f"{publisher.name if publisher.name == TAG else publisher.title}: {skip.reason}")
    context.report.add(Note(State.INFO, f"to publish: {', then '.join(titles) or 'nothing'}"))
    if left_out:
        context.report.add(Note(State.INFO, "left out", "; ".join(left_out)))
    return release


def _skip(publisher: Publisher, release: Release, *, is_configured: bool) -> Skip | None:
    """Return why a publisher does not apply; one that only lacks what is not built yet does."""
    is_complete = bool(release.artifacts) or not is_configured or publisher.name == github_release.NAME
    return publisher.skip(release) if is_complete else None
