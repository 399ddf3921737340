"""Write the release notes once, for every destination that shows them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.errors import ReleaseToolsError, RepositoryError
from release_tools.forges.base import HostedRepository
from release_tools.forges.registry import find_hosted_repository
from release_tools.history.commits import Commit
from release_tools.history.hosted_changes import HostedChanges, MergedPull
from release_tools.history.tagged_releases import find_previous
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Kind, Release
from release_tools.model.versions import is_safe_ref
from release_tools.project.project_history import NOTES, Notes, ProjectHistory
from release_tools.wording import count


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


def start_notes(context: Context, release: Release) -> None:
    """Start to make the notes, which need none of the files that are built meanwhile."""
    context.background.start(_name_task(release), _make, context, release)


def _name_task(release: Release) -> str:
    return f"notes of {release.version} at {release.commit}"


def _make(context: Context, release: Release) -> tuple[ProjectHistory, Notes]:
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
    return _describe(release, history, notes), Document(NOTES, text, "markdown")


def _describe(release: Release, history: ProjectHistory, notes: Notes) -> Note:
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


def make_notes(context: Context, history: ProjectHistory, version: Version, tag: str, *, planned: bool = True) -> Notes:
    """Return the notes of a version: those that its tag has already, or else new ones.

    Args:
        context: the run's context.
        history: of the project.
        version: of the notes.
        tag: of the version; empty where it is not tagged, and has no link to all changes.
        planned: as of `ProjectHistory.notes`.

    Raises:
        HistoryError: nothing is known of this version.
    """
    try:
        repository = find_hosted_repository(context)
    except ReleaseToolsError:  # the steps that need the hosting service tell why
        repository = None
    if text := _find_tagged_notes(history, version, tag, repository):
        return Notes(text, f"the tag {tag}", from_changelog=True)
    if repository is None:
        return history.notes(version, planned=planned)
    site = repository.url.removesuffix(f"/{repository.slug}")
    offline = HostedChanges(repository.url, site)
    notes = history.notes(version, planned=planned, offline=offline, ask=partial(_ask, repository, offline))
    return replace(notes, link=_write_link(history, version, tag, repository))


def _write_link(history: ProjectHistory, version: Version, tag: str, repository: HostedRepository) -> str:
    """Return the line that leads to all changes of a tag; empty without a tag, or a release before it."""
    before = find_previous(history.releases, version)
    if before is None or not is_safe_ref(tag):
        return ""
    return f"**Full changelog**: {repository.url}/compare/{before.tag}...{tag}"


def _find_tagged_notes(history: ProjectHistory, version: Version, tag: str, repository: HostedRepository | None) -> str:
    """Return the notes that a tag has already; empty where it has none.

    actions/checkout puts a tag without a message in the place of the one that started the workflow, so the hosting
    service is asked then.
    """
    message = history.message_of_tag(tag) if tag else None
    if message == "" and repository is not None:
        with suppress(ReleaseToolsError):
            message = repository.refs.message_of_tag(tag)
    return history.notes_in_message(message or "", version)


def _ask(repository: HostedRepository, known: HostedChanges, commits: Sequence[Commit], since: int) -> HostedChanges:
    """Return what the hosting service says about commits; without an answer, why there is none."""
    try:
        pulls = repository.pull_requests.list_merged_since(since)
        logins = repository.refs.logins(commits[0].id, len(commits))
    except ReleaseToolsError as error:
        return replace(known, problem=error.message)
    merged = {
        pull.number: MergedPull(pull.number, pull.title, pull.author, pull.labels, pull.merge_commit) for pull in pulls
    }
    return replace(known, pulls=merged, logins=logins)


def _describe_left_out(release: Release) -> str:
    """Return the sentence about optional wheels that were not built; empty where every wheel was."""
    if not release.left_out:
        return ""
    names = ", ".join(f"`{name}`" for name in release.left_out)
    return f"Not built for this release, and installed from source there: {names}."
