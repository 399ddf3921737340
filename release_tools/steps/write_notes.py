"""Write the release notes once, for every destination that shows them."""

from dataclasses import replace

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.errors import RepositoryError
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Kind, Release
from release_tools.project.project_history import NOTES, ProjectHistory


def write_notes(context: Context, release: Release) -> Release:
    """Make the notes from the changelog, or from commits, and keep them as a document of the release.

    Raises:
        HistoryError: the changelog that is configured is not there.
    """
    note, document = _written(context, release)
    return replace(release, release_notes=document.text).with_notes(note).with_documents(document)


def rewrite_notes(context: Context, release: Release) -> Release | Skip:
    """Make the notes in a job that publishes what another one built; only a GitHub release shows them.

    Raises:
        HistoryError: the changelog that is configured is not there.
    """
    if not context.config.github.enabled:
        return Skip("no GitHub release, the only one to show them, is made here")
    try:
        return write_notes(context, release)
    except RepositoryError:
        return Skip("there is no repository to make them from", "Check the tag out in this job.")


def _written(context: Context, release: Release) -> tuple[Note, Document]:
    history = ProjectHistory.shared(context, release)
    notes = history.notes(Version(release.version))
    note = Note(State.INFO, f"notes from {notes.source}", f"{len(notes.text.splitlines())} lines")
    if not notes.text:
        note = Note(
            State.WARNING,
            f"no release notes for {release.version}: there is no changelog, and no commit since the previous release",
        )
    elif history.repository.shallow and not notes.from_changelog:
        note = Note(
            State.WARNING,
            f"notes from {notes.source} only: the clone is shallow",
            advice="Fetch the whole history: git fetch --unshallow --tags (actions/checkout: fetch-depth: 0)",
        )
    elif notes.silent_changelog and release.kind is not Kind.DEV:
        note = Note(
            State.WARNING,
            f"{notes.silent_changelog} has no section for {release.version}: notes from {notes.source}",
            advice="Write one below a heading with this version, or below Unreleased.",
        )
    return note, Document(NOTES, notes.text, "markdown")
