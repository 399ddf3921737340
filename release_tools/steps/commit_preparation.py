"""Turn the preparation in the scratch clone into one commit of the checkout, uncommitted edits, or a patch."""

from collections.abc import Sequence
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
        context.report.add(_write_patch(context, clone))
    else:
        context.report.add(_take_into_checkout(context, release, clone, changes))
    return release


def _take_into_checkout(
    context: Context, release: Release, clone: Repository, changes: Sequence[local_commit.FileChange]
) -> Note:
    """Commit what is staged in the clone on the checkout's branch, or only edit its files, and return the line on it.

    Raises:
        RepositoryError: a file has other changes, no branch is checked out, or git failed.
    """
    repository, is_committed = Repository.open(context.project, context.env), not context.request.no_commit
    _refuse_uncommitted(repository, changes)
    if is_committed:
        local_commit.refuse_unfinished(repository)
    message = write_preparation_message(Version(release.version))
    files = count(len(changes), "file")
    if context.gate.is_dry_run:
        return Note(State.PLANNED, f"commit {files}: {message}")
    commit = local_commit.commit_staged(repository, clone, message)
    local_commit.check_out_changes(repository, changes, commit, stage=is_committed)
    if not is_committed:
        return Note(State.DONE, f"{files} edited, and not committed", advice="To see the edits: git diff")
    local_commit.advance_branch(repository, release.commit, commit, f"release-tools prepare: {message}")
    return Note(State.DONE, f"{message}: commit {commit[:_SHORT]}", files, _give_advice(release))


def _refuse_uncommitted(repository: Repository, changes: Sequence[local_commit.FileChange]) -> None:
    """Refuse to edit files of the checkout that have uncommitted changes.

    Raises:
        RepositoryError: there are some.
    """
    dirty = local_commit.list_uncommitted(repository, changes)
    if dirty:
        raise RepositoryError(
            f"{count(len(dirty), 'file')} to be edited ha{'ve' if len(dirty) > 1 else 's'} uncommitted changes",
            "Commit or stash them (git stash), then run the same command again.",
            faults=dirty,
        )


def _write_patch(context: Context, clone: Repository) -> Note:
    file = Path(context.request.patch).resolve()
    if context.gate.is_dry_run:
        return Note(State.PLANNED, f"write {file}")
    local_commit.write_patch(clone, file)
    return Note(State.DONE, f"{file} is written", "a patch, of which nothing is applied here")


def _give_advice(release: Release) -> str:
    if release.kind is Kind.DEV:
        return "Type: git push"
    return f"Type: git push, then: release-tools tag {release.version}"
