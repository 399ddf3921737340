"""Go on with the files of a complete draft release that an earlier run left on GitHub."""

from release_tools.artifacts import manifest
from release_tools.engine.context import Context
from release_tools.errors import ConflictError
from release_tools.model.note import Note, Skip
from release_tools.model.release import Release
from release_tools.publishers.routes import Publishers


def resume_draft(context: Context, release: Release) -> Release | Skip:
    """Return the release with the draft's files where our own build gave other bytes; nothing is changed on GitHub.

    Not every backend gives the same bytes twice, and what an index has already is compared with what is published now.

    Raises:
        ConflictError: the release on GitHub is of another commit, its files are not what it says, or they are not those
            that are expected.
        RemoteError: GitHub could not be queried.
    """
    found: list[Note] = []
    for publisher in context.reuse(Publishers).route(release.kind):
        release, notes = publisher.resume(release)
        found += notes
    _refuse_unexpected(context, release)
    if not found:
        return Skip(f"no run before this one left other files of {release.tag or release.version}")
    context.report.add(*found)
    return release


def _refuse_unexpected(context: Context, release: Release) -> None:
    """Compare the files with the expected manifest again: those who may write drafts must not choose what is published.

    Raises:
        ConflictError: the draft has other files.
    """
    expect = context.request.expect
    faults = [] if expect is None else list(manifest.find_differences(release, expect))
    if faults:
        raise ConflictError(
            f"the GitHub release {release.tag} has other files than expected:",
            "Run the failed jobs of that run again, which have its files, or delete the draft if none of them was"
            " published.",
            faults=faults,
        )
