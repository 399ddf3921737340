"""Go on with the files of a complete draft release that an earlier run left on GitHub."""

from release_tools.engine.context import Context
from release_tools.model.note import Note, Skip
from release_tools.model.release import Release
from release_tools.publishers.routes import Publishers


def resume_draft(context: Context, release: Release) -> Release | Skip:
    """Return the release with the draft's files where our own build gave other bytes; nothing is changed on GitHub.

    Not every backend gives the same bytes twice, and what an index has already is compared with what is published now.

    Raises:
        ConflictError: the release on GitHub is of another commit, or its files are not what it says.
        RemoteError: GitHub could not be queried.
    """
    found: list[Note] = []
    for publisher in context.shared(Publishers).route(release.kind):
        release, notes = publisher.resume(release)
        found += notes
    if not found:
        return Skip(f"no run before this one left other files of {release.tag or release.version}")
    context.report.add(*found)
    return release
