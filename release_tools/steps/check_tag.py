"""Check everything that a tag must satisfy before it is made."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.errors import RepositoryError
from release_tools.forges.tag_remote import TagRemote, find_tag_remote
from release_tools.git.project_repository import open_repository
from release_tools.git.repository import Head, Repository
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.model.versions import TagFormat
from release_tools.project.tag_spelling import find_tag_format, find_unrecognized_tags
from release_tools.project.version_rules import find_newest_final, find_version_faults
from release_tools.wording import list_some
from release_tools.workflows.skip_markers import find_skip_marker

_SHORT: Final = 12


@dataclass(eq=False)
class _Subject:
    """The tag that is checked, and what it is checked against.

    Attributes:
        context: of the run.
        release: the release that the tag is for.
        repository: the checkout.
        head: the commit that is checked out there.
        versions: every version that is tagged, by its tag.
        tag_format: the format of the project's tags.
    """

    context: Context
    release: Release
    repository: Repository
    head: Head
    versions: dict[str, Version]
    tag_format: TagFormat

    @property
    def still_to_do(self) -> State:
        """Return the state of something that a person can still do before the release: no reason to fail a dry run."""
        return State.WARNING if self.context.gate.is_dry_run else State.FAILED


def check_tag(context: Context, release: Release) -> Release | Skip:
    """Check that the version may be tagged on this commit; report every fault.

    A commit that carries its tag already is only checked for its branch, where one is configured, and for its tag on
    the remote, where this run does not push it.

    Raises:
        RepositoryError: there is no repository.
        RemoteError: the remote could not be reached.
    """
    if release.is_untagged:
        return Skip("development versions are not tagged")
    subject, there = _make_subject(context, release), find_tag_remote(context)
    if there is None:
        return Skip(
            f"there is no git remote {context.config.tag.remote}",
            f"Type: git remote add {context.config.tag.remote} ADDRESS",
        )
    check = _check_existing_tag if release.tagged else _check_new_tag
    notes = tuple(check(subject, there))
    if not notes:
        return Skip(f"{release.tag} exists already")
    context.report.add(*notes)
    return release


def _make_subject(context: Context, release: Release) -> _Subject:
    repository, tag_format = open_repository(context), find_tag_format(context)
    versions = {tag: version for tag in repository.tags() if (version := tag_format.version(tag))}
    return _Subject(context, release, repository, repository.head(), versions, tag_format)


def _check_new_tag(subject: _Subject, there: TagRemote) -> Iterator[Note]:
    yield from _check_version(subject)
    yield from _check_unrecognized(subject)
    yield from _check_remote(subject, there)
    yield from _check_tree(subject)
    yield from _check_branch(subject, there)
    yield from _check_trigger(subject)


def _check_existing_tag(subject: _Subject, there: TagRemote) -> Iterator[Note]:
    if subject.context.request.only:
        yield from _check_remote(subject, there)
    if subject.context.config.tag.branch:
        yield from _check_branch(subject, there)


def _check_version(subject: _Subject) -> Iterator[Note]:
    """Check that the version is canonical, free, and above the released ones."""
    context, release = subject.context, subject.release
    asked, version = context.request.version, Version(release.version)
    if asked and asked.removeprefix("v") != str(version):
        yield Note(State.FAILED, f"{asked} is not the canonical spelling", advice=f"Write {version} (PEP 440).")
    faults = list(find_version_faults(context.config, subject.repository, subject.versions, version, release.commit))
    for fault in faults:
        yield Note(State.FAILED, fault.text, advice=fault.advice)
    if not faults:
        newest = find_newest_final(subject.versions.values())
        yield Note(State.DONE, f"{version} is canonical", f"newest final version so far: {newest or 'none'}")


def _check_unrecognized(subject: _Subject) -> Iterator[Note]:
    """Check that this commit has no tag in another form that seems to carry the same version."""
    if subject.context.config.tag_format:
        return
    release = subject.release
    unknown = find_unrecognized_tags(subject.repository, release.commit, Version(release.version), subject.tag_format)
    for tag in unknown[:1]:
        yield Note(
            subject.still_to_do,
            f"this commit is tagged {tag}, which seems to be the same release",
            advice='Set tag-format to the form of that tag, or to "v{version}" if it belongs to another project.',
        )


def _check_remote(subject: _Subject, there: TagRemote) -> Iterator[Note]:
    """Check that the tag is not on another commit there, and that it is there if this run does not push it."""
    release = subject.release
    on_remote = there.commit_of_tag(release.tag)
    if on_remote == release.commit:
        yield Note(State.DONE, f"{there.title} has {release.tag} on this commit")
    elif on_remote:
        yield Note(
            State.FAILED,
            f"{there.title} has {release.tag} on another commit, {on_remote[:_SHORT]}",
            advice="A released version never changes: choose the next one.",
        )
    elif subject.context.request.only:
        yield Note(
            subject.still_to_do,
            f"{there.title} has no tag {release.tag}, and a run with --only does not push it",
            advice=f"Push it first: release-tools tag {release.version}",
        )
    elif not subject.repository.commit_of_tag(release.tag):
        yield Note(State.DONE, f"{release.tag} is free", f"here and on {there.title}")


def _check_tree(subject: _Subject) -> Iterator[Note]:
    """Check that nothing is uncommitted."""
    changes = subject.repository.changes()
    if changes:
        yield Note(
            subject.still_to_do,
            f"uncommitted: {list_some(changes, 1)}",
            advice="Commit what belongs to the release, and stash the rest: git stash --include-untracked",
        )
    else:
        yield Note(State.DONE, "no uncommitted changes")


def _check_branch(subject: _Subject, there: TagRemote) -> Iterator[Note]:
    """Check that the commit is public, on the branch that releases are made from."""
    commit, branch = subject.release.commit, _choose_branch(subject, there)
    push = f"Type: git push {subject.context.config.tag.remote} {branch}"
    if not there.tip(branch):
        yield Note(subject.still_to_do, f"{there.title} has no branch {branch}", advice=push)
    elif not there.contains(branch, commit):
        detail = "the clone is shallow, so older commits are unknown" if subject.repository.shallow else ""
        text = f"{branch} of {there.title} does not contain {commit[:_SHORT]}"
        yield Note(subject.still_to_do, text, detail, push)
    else:
        yield Note(State.DONE, f"{branch} of {there.title} contains {commit[:_SHORT]}")


def _choose_branch(subject: _Subject, there: TagRemote) -> str:
    """Return the branch that is configured, else the one that is checked out, else the remote's default.

    Raises:
        RepositoryError: there is none of them.
    """
    branch = subject.context.config.tag.branch or subject.head.branch or there.default_branch()
    if not branch:
        raise RepositoryError(f"the default branch of {there.title} is unknown", "Set tag.branch.")
    return branch


def _check_trigger(subject: _Subject) -> Iterator[Note]:
    """Check that the commit's message does not keep GitHub from starting a workflow for the tag."""
    commit = subject.release.commit
    message = subject.repository.git("log", "-1", "--no-show-signature", "--format=%B", commit, "--")
    marker = find_skip_marker(message)
    if marker:
        yield Note(
            State.WARNING,
            f"GitHub starts no workflow for a tag on {commit[:_SHORT]}: its message contains {marker}",
            advice="Tag a later commit, or start the release workflow by hand.",
        )
