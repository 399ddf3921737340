"""Turn the preparation in the scratch clone into one commit of the checkout, uncommitted edits, or a patch."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.errors import RepositoryError
from release_tools.git import local_commit
from release_tools.git.repository import Repository
from release_tools.history.preparation import write_preparation_message
from release_tools.model.note import Document, Note, State
from release_tools.model.release import Kind, Release
from release_tools.wording import count

_SHORT: Final = 12


def commit_preparation(context: Context, release: Release) -> Release:
    """Take what was prepared into the checkout; a file with other uncommitted changes is never overwritten.

    Raises:
        RepositoryError: such a file is there, no branch is checked out, or git failed.
    """
    clone = local_commit.clone_prepared(context.scratch, context.env)
    changes = local_commit.list_staged_changes(clone)
    if not changes:
        note = Note(State.SKIPPED, f"{release.version} is prepared already", advice=_give_advice(release))
        context.report.add(note)
        return replace(release, is_prepared=True)
    diff = local_commit.read_staged_diff(clone)
    context.report.add(Document(f"Changes for {release.version}", diff, "diff"))
    release = replace(release, is_prepared=False)
    if context.request.patch:
        return _write_patch(context, release, clone)
    repository = Repository.open(context.project, context.env)
    if dirty := local_commit.list_uncommitted(repository, changes):
        raise RepositoryError(
            f"{count(len(dirty), 'file')} to be edited ha{'ve' if len(dirty) > 1 else 's'} uncommitted changes",
            "Commit or stash them (git stash), then run the same command again.",
            faults=dirty,
        )
    if not context.request.no_commit:
        local_commit.refuse_unfinished(repository)
    message = write_preparation_message(Version(release.version))
    files = count(len(changes), "file")
    if context.gate.is_dry_run:
        context.report.add(Note(State.PLANNED, f"commit {files}: {message}"))
        return release
    commit = local_commit.commit_staged(repository, clone, message)
    local_commit.check_out_changes(repository, changes, commit, stage=not context.request.no_commit)
    if context.request.no_commit:
        context.report.add(Note(State.DONE, f"{files} edited, and not committed", advice="To see the edits: git diff"))
        return release
    local_commit.advance_branch(repository, release.commit, commit, f"release-tools prepare: {message}")
    context.report.add(Note(State.DONE, f"{message}: commit {commit[:_SHORT]}", files, _give_advice(release)))
    return release


def _write_patch(context: Context, release: Release, clone: Repository) -> Release:
    file = Path(context.request.patch).resolve()
    if context.gate.is_dry_run:
        context.report.add(Note(State.PLANNED, f"write {file}"))
        return release
    local_commit.write_patch(clone, file)
    context.report.add(Note(State.DONE, f"{file} is written", "a patch, of which nothing is applied here"))
    return release


def _give_advice(release: Release) -> str:
    if release.kind is Kind.DEV:
        return "Type: git push"
    return f"Type: git push, then: release-tools tag {release.version}"
