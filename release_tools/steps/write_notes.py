"""Write the release notes once, for every destination that shows them."""

from dataclasses import replace

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.errors import ReleaseToolsError, RepositoryError
from release_tools.forges.registry import find_hosted_repository
from release_tools.history.tagged_releases import find_previous
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Kind, Release
from release_tools.model.versions import is_safe_ref
from release_tools.project.project_history import NOTES, ProjectHistory


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
    try:
        return write_notes(context, release)
    except RepositoryError:
        return Skip("there is no repository to make them from", "Check the tag out in this job.")


def _write(context: Context, release: Release) -> tuple[Note, Document]:
    history = ProjectHistory.shared(context, release)
    version = Version(release.version)
    notes = history.notes(version)
    link = "" if release.is_untagged else link_full_changelog(context, history, version, release.tag)
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
    return note, Document(NOTES, "\n\n".join(filter(None, (notes.text, _report_left_out(release), link))), "markdown")


def link_full_changelog(context: Context, history: ProjectHistory, version: Version, tag: str) -> str:
    """Return the line that leads to all changes since the previous release; empty without one, or without a forge.

    Args:
        context: the run's context.
        history: of the project.
        version: whose notes the line ends.
        tag: of the version.
    """
    before = find_previous(history.releases, version)
    if before is None or not is_safe_ref(tag):
        return ""
    try:
        repository = find_hosted_repository(context)
    except ReleaseToolsError:  # the steps that need the forge tell why
        return ""
    return f"**Full changelog**: {repository.url}/compare/{before.tag}...{tag}" if repository else ""


def _report_left_out(release: Release) -> str:
    """Return the sentence about optional wheels that were not built; empty where every wheel was."""
    if not release.left_out:
        return ""
    names = ", ".join(f"`{name}`" for name in release.left_out)
    return f"Not built for this release, and installed from source there: {names}."
