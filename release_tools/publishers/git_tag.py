"""Publish the annotated git tag."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from typing import Final

from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import ReleaseToolsError, RemoteError, RepositoryError
from release_tools.forges.tag_remote import GitTagRemote, TagRemote, find_tag_remote
from release_tools.git.repository import Repository
from release_tools.git.tags import verify_tag
from release_tools.model.action import Receipt
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Kind, Release
from release_tools.publishers.base import (
    BasePublisher,
    CheckResult,
    FileStatus,
    JobNeeds,
    Phase,
    PublisherStatus,
    StatusQuery,
    require,
)

NAME: Final = "tag"


class GitTagPublisher(BasePublisher):
    """Publishes the tag, by git or by the API of the hosting service.

    `release_tools.steps.check_tag` checks what the tag must satisfy.
    """

    name = NAME
    title = "git remote"
    phases = (Phase.TAG,)
    is_selectable = False

    def __init__(self, context: Context) -> None:
        self._context = context

    def takes(self, kind: Kind) -> bool:
        """Return whether versions of this kind are tagged."""
        return kind is not Kind.DEV

    def headline(self, phase: Phase) -> str:  # noqa: ARG002 - there is one phase
        """Return ``Tag``."""
        return "Tag"

    def outcome(self, phase: Phase) -> str:  # noqa: ARG002 - there is one phase
        """Return ``tag pushed``."""
        return "tag pushed"

    def skip(self, release: Release) -> Skip | None:
        """Skip a development version, and a project without a remote."""
        if release.is_untagged:
            return Skip("development versions are not tagged")
        if self._remote is None:
            name = self._context.config.tag.remote
            return Skip(f"there is no git remote {name}", f"Type: git remote add {name} ADDRESS")
        return None

    def preflight(self, release: Release) -> Iterator[CheckResult]:  # noqa: ARG002 - a step of its own checks it
        """Check nothing: the step ``check_tag`` does."""
        yield from ()

    def actions(self, release: Release, phase: Phase) -> Iterator[Action | Note]:  # noqa: ARG002 - there is one phase
        """Yield the push of the tag.

        Raises:
            RemoteError: the remote could not be queried.
        """
        remote = require(self._remote)
        expected = Receipt(f"{NAME}:{release.tag}", remote.url(release.tag), release.commit)

        def find() -> Receipt | None:
            commit = remote.commit_of_tag(release.tag)
            return replace(expected, digest=commit) if commit else None

        def apply() -> Receipt:
            remote.create_tag(release.tag, release.commit, _write_message(release))
            pushed = find()
            if pushed is None:
                raise RemoteError(f"{release.tag}: {remote.title} accepted the tag but does not show it")
            return pushed

        yield Action(f"push the tag {release.tag} to {remote.title}", expected, find, apply)

    def confirm(self, release: Release, phase: Phase, *, is_changed: bool) -> Iterator[Note]:  # noqa: ARG002 - there is one phase
        """Verify the signature of a tag that somebody else pushed, where tags must be signed.

        Raises:
            RepositoryError: the tag has no trusted signature.
        """
        if self._context.config.tag.sign and not is_changed:
            remote = require(self._remote)
            if not isinstance(remote, GitTagRemote):
                raise RepositoryError(f"{release.tag}: only git can verify its signature", 'Set tag.push = "git".')
            remote.remote.fetch_tag(release.tag)
            verify_tag(Repository.open(self._context.project, self._context.env), release.tag)
            yield Note(State.DONE, f"{release.tag} has a trusted signature")

    def status(self, query: StatusQuery) -> PublisherStatus:
        """Return the commit that the tag is on; nothing for a development version, which need not have one."""
        remote = self._remote
        if remote is None:
            return PublisherStatus(NAME, self.title, "")
        url = remote.url(query.tag)
        try:
            commit = remote.commit_of_tag(query.tag)
        except ReleaseToolsError as error:
            return PublisherStatus(NAME, self.title, url, error=error)
        if commit:
            expected = query.built.commit
            state = State.FAILED if expected and expected != commit else State.DONE
            return PublisherStatus(NAME, self.title, url, (FileStatus(query.tag, commit, state),))
        if query.version.is_devrelease:
            return PublisherStatus(NAME, self.title, "")
        missing = (FileStatus(query.tag, query.built.commit, State.PLANNED),) if query.built.commit else ()
        return PublisherStatus(NAME, self.title, url, missing)

    def retract(self, query: StatusQuery, reason: str) -> Iterator[Action | Note | Document]:  # noqa: ARG002 - a tag has no text
        """Delete the tag of a version that was published nowhere; keep any other, so that its sources can be found."""
        remote = self._remote
        if remote is None or not remote.commit_of_tag(query.tag):
            yield Note(State.SKIPPED, f"there is no tag {query.tag}")
        elif not query.is_published():
            yield self._delete_action(remote, query.tag)
        else:
            name = self._context.config.tag.remote
            yield Note(
                State.INFO,
                f"the tag {query.tag} stays, so that the sources of {query.version} can be found",
                advice=f"If nothing was published under it: git push {name} --delete refs/tags/{query.tag}",
            )

    def _delete_action(self, remote: TagRemote, tag: str) -> Action:
        expected = Receipt(f"{NAME}:deleted:{tag}", remote.url(tag), "")

        def find() -> Receipt | None:
            return None if remote.commit_of_tag(tag) else expected

        def apply() -> Receipt:
            remote.delete_tag(tag)
            return expected

        return Action(
            f"delete the tag {tag} from {remote.title}, as nothing was published under it", expected, find, apply
        )

    def jobs(self) -> tuple[JobNeeds, ...]:
        """Return no job: the workflow's own job creates the tag on a dispatch."""
        return ()

    @cached_property
    def _remote(self) -> TagRemote | None:
        return find_tag_remote(self._context)


def _write_message(release: Release) -> str:
    return "\n\n".join(filter(None, (f"{release.name} {release.version}".strip(), release.release_notes)))
