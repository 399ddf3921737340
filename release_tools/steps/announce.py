"""Write an announcement of a release, for a mailing list or a forum."""

from typing import Final

from release_tools.engine.context import Context
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Release
from release_tools.publishers.base import Phase

TITLE: Final = "Announcement"


def announce(context: Context, release: Release) -> Release | Skip:
    """Report a text that a person can post: the version, where it is, how it is installed, and its notes.

    Without the setting ``announcement`` the step reports nothing.
    """
    if not context.config.announcement:
        return release
    if context.request.phase == Phase.STAGE.option:
        return Skip("the release is only a draft yet")
    context.report.add(
        Note(
            State.DONE, f"a text about {release.name} {release.version} is in the job's summary and in the report page"
        ),
        Document(TITLE, write_announcement(release), "markdown"),
    )
    return release


def write_announcement(release: Release) -> str:
    """Return the announcement in Markdown; it links to the pages of the destinations that this run knows of."""
    pages = dict.fromkeys(receipt.url for receipt in release.receipts if receipt.output and receipt.url)
    kind = "a pre-release, for those who help to test it" if release.is_prerelease else "now available"
    parts = [
        f"# {release.name} {release.version}",
        f"{release.name} {release.version} is {kind}.",
        f"    pip install --upgrade {release.name}=={release.version}",
        "\n".join(f"- {page}" for page in pages),
        release.release_notes,
    ]
    return "\n\n".join(filter(None, parts))
