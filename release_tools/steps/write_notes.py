"""The release notes, as every place that shows them will show them."""

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.errors import RepositoryError
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Release
from release_tools.project.project_history import NOTES, ProjectHistory


def write_notes(context: Context, release: Release) -> Release:
    """Notes from the changelog, or from commits; kept as a document of the release.

    Raises:
        HistoryError: the changelog that is configured is not there.
    """
    note, document = _written(context, release)
    return release.with_notes(note).with_documents(document)


def rewrite_notes(context: Context, release: Release) -> Release | Skip:
    """The same in a job that publishes what another one built; only a GitHub release shows them.

    Raises:
        HistoryError: the changelog that is configured is not there.
    """
    if not context.config.github.enabled:
        return Skip("no GitHub release is made here, which would show them")
    try:
        return write_notes(context, release)
    except RepositoryError:
        return Skip("there is no repository to make them from", "Check the tag out in this job.")


def _written(context: Context, release: Release) -> tuple[Note, Document]:
    survey = ProjectHistory.of(context)
    notes = survey.notes(Version(release.version))
    said = Note(State.INFO, f"notes from {notes.source}", f"{len(notes.text.splitlines())} lines")
    if not notes.text:
        said = Note(
            State.WARNING,
            f"nothing is said of {release.version}: there is no changelog, and no commit since the release before",
        )
    elif survey.repository.shallow and not notes.from_changelog:
        said = Note(
            State.WARNING,
            f"notes from {notes.source} only: the clone is shallow",
            advice="Fetch the whole history: git fetch --unshallow --tags (actions/checkout: fetch-depth: 0)",
        )
    return said, Document(NOTES, notes.text, "markdown")
