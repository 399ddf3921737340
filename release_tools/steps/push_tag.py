"""The tag, where everybody sees it."""

from dataclasses import replace

from release_tools.engine.context import Context
from release_tools.engine.executor import run_actions
from release_tools.engine.gate import Action
from release_tools.errors import RemoteError, RepositoryError
from release_tools.forges.origin import GitOrigin, Origin, origin
from release_tools.git.repository import Repository
from release_tools.git.tags import verify_tag
from release_tools.model.action import Receipt
from release_tools.model.note import Skip, State
from release_tools.model.release import Release
from release_tools.project.project_history import release_notes


def push_tag(context: Context, release: Release) -> Release | Skip:
    """The annotated tag on the remote, made there by git or by GitHub's API.

    Raises:
        ConflictError: the remote has that tag on another commit.
        RepositoryError: git cannot sign, or a tag that must be signed is not.
        RemoteError: the remote refused or failed.
    """
    if release.is_untagged:
        return Skip("development versions are not tagged")
    there = origin(context)
    if there is None:
        return Skip(
            f"there is no git remote {context.config.tag.remote}",
            f"Type: git remote add {context.config.tag.remote} ADDRESS",
        )
    done = run_actions(context, release, [_act(there, release)])
    if context.config.tag.sign and done.receipts[-1].state is State.UNCHANGED:
        _see_signature(context, there, release.tag)
    return replace(done, tagged=True)


def _act(there: Origin, release: Release) -> Action:
    expected = Receipt(f"tag:{release.tag}", there.url(release.tag), release.commit)

    def find() -> Receipt | None:
        commit = there.commit_of_tag(release.tag)
        return replace(expected, digest=commit) if commit else None

    def apply() -> Receipt:
        there.make_tag(release.tag, release.commit, _message(release))
        made = find()
        if made is None:
            raise RemoteError(f"{release.tag}: {there.title} took the tag and does not show it")
        return made

    return Action(f"push the tag {release.tag} to {there.title}", expected, find, apply)


def _message(release: Release) -> str:
    return "\n\n".join(filter(None, (f"{release.name} {release.version}".strip(), release_notes(release))))


def _see_signature(context: Context, there: Origin, tag: str) -> None:
    """A tag of somebody else's making is taken only with a signature that is trusted."""
    if not isinstance(there, GitOrigin):
        raise RepositoryError(f"{tag}: its signature can only be seen by git", 'Set tag.push = "git".')
    there.remote.fetch_tag(tag)
    verify_tag(Repository.open(context.project, context.env), tag)
