"""Make release notes of a project's history and its hosting service, which knows pull requests and user names."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.errors import ReleaseToolsError
from release_tools.forges.base import HostedRepository
from release_tools.forges.registry import find_hosted_repository
from release_tools.history.commits import Commit
from release_tools.history.hosted_changes import HostedChanges, MergedPull
from release_tools.history.tagged_releases import find_previous
from release_tools.model.versions import is_safe_ref
from release_tools.project.project_history import Notes, ProjectHistory


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
