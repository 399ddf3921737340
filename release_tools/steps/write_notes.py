"""Write the release notes once, for every destination that shows them."""

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.errors import RepositoryError
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Kind, Release
from release_tools.publishers.base import Phase
from release_tools.wording import count

if TYPE_CHECKING:
    from release_tools.project.project_history import Notes, ProjectHistory

_TITLE: Final = "Release notes"


def write_notes(context: Context, release: Release) -> Release:
    """Make the notes from the changelog, or from commits, and keep them as a document of the release.

    Raises:
        HistoryError: the changelog that is configured is not there.
    """
    note, document = _write(context, release)
    context.report.add(note)
    context.report.add(document)
    return replace(release, release_notes=document.text)


def rewrite_notes(context: Context, release: Release) -> Release | Skip:
    """Make the notes in a job that publishes what another one built; only a GitHub release shows them.

    Raises:
        HistoryError: the changelog that is configured is not there.
    """
    if not context.config.github.enabled:
        return Skip("no GitHub release, the only one to show them, is made here")
    if context.request.phase == Phase.REVEAL.option and not context.config.announcement:
        return Skip("the draft has them already")
    try:
        return write_notes(context, release)
    except RepositoryError:
        return Skip("there is no repository to make them from", "Check the tag out in this job.")


def start_notes(context: Context, release: Release) -> None:
    """Start to make the notes, which need none of the files that are built meanwhile."""
    context.background.start(_name_task(release), _make, context, release)


def _name_task(release: Release) -> str:
    return f"notes of {release.version} at {release.commit}"


def _make(context: Context, release: Release) -> tuple["ProjectHistory", "Notes"]:
    from release_tools.forges.hosted_notes import make_notes  # a job that publishes to an index makes none
    from release_tools.project.project_history import ProjectHistory

    history, version = ProjectHistory.reuse(context, release), Version(release.version)
    return history, make_notes(context, history, version, "" if release.is_untagged else release.tag)


def _write(context: Context, release: Release) -> tuple[Note, Document]:
    history, notes = context.background.result(_name_task(release), _make, context, release)
    if notes.problem:
        context.report.add(
            Note(State.INFO, "the release notes have no pull request labels and no user names", notes.problem)
        )
    further = [text for text in (_describe_left_out(release), notes.link) if text not in notes.text]
    text = "\n\n".join(filter(None, (notes.text, *further)))
    return _describe(release, history, notes), Document(_TITLE, text, "markdown")


def _describe(release: Release, history: "ProjectHistory", notes: "Notes") -> Note:
    """Return where the notes come from; a warning where somebody would expect better ones."""
    if not notes.text:
        return Note(
            State.WARNING,
            f"no release notes for {release.version}: neither a changelog section nor a commit since the"
            " previous release",
        )
    if history.repository.shallow and not notes.from_changelog:
        return Note(
            State.WARNING,
            f"release notes only from {notes.source}, because the clone is shallow",
            advice="Fetch the whole history: git fetch --unshallow --tags (actions/checkout: fetch-depth: 0)",
        )
    if notes.silent_changelog and release.kind is not Kind.DEV:
        return Note(
            State.WARNING,
            f"{notes.silent_changelog} has no section for {release.version}; the release notes come from"
            f" {notes.source}",
            advice="Add a section with this version, or one called Unreleased.",
        )
    return Note(State.INFO, f"release notes from {notes.source}", f"({count(len(notes.text.splitlines()), 'line')})")


def _describe_left_out(release: Release) -> str:
    """Return the sentence about optional wheels that were not built; empty where every wheel was."""
    if not release.left_out:
        return ""
    names = ", ".join(f"`{name}`" for name in release.left_out)
    return f"Not built for this release, and installed from source there: {names}."
