"""The release notes, as every place that shows them will show them."""

from functools import partial
from typing import Final

from packaging.version import Version

from release_tools.engine.background import Task
from release_tools.engine.context import Context
from release_tools.engine.preload import CHANGELOGS, import_while_waiting
from release_tools.errors import RepositoryError
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Release
from release_tools.project.project_history import NOTES, ProjectHistory

_PURPOSE: Final = "release notes"


def start_notes(context: Context, release: Release) -> None:
    """Begin to write them: they need the version, and nothing that is built."""
    import_while_waiting(CHANGELOGS, context.background)
    context.background.put_off(lambda: context.background.add(_PURPOSE, Task(partial(_written, context, release))))


def write_notes(context: Context, release: Release) -> Release:
    """Notes from the changelog, or from commits; kept as a document of the release.

    Raises:
        HistoryError: the changelog that is configured is not there.
    """
    background: Task[tuple[Note, Document]] | None = context.background.take(_PURPOSE, Task)
    said, notes = background.finish() if background else _written(context, release)
    return release.with_notes(said).with_documents(notes)


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
