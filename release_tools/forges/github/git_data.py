"""Commits and branches through the git data API: files are written without a checkout."""

import base64
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from release_tools.forges.github.client import HostedRepository

if TYPE_CHECKING:
    from github import InputGitTreeElement


_NOTHING: Final = frozenset({404, 409})
"""No such branch, or an empty repository, as a fork is while GitHub makes it."""


def tip(repository: HostedRepository, branch: str) -> str:
    """The newest commit of a branch; empty where there is no such branch, or nothing at all yet.

    Raises:
        CredentialError: the repository cannot be read.
        RemoteError: the server failed.
    """
    from github import GithubException

    with repository.hub.doing(f"read the branch {branch} of {repository.slug}"):
        try:
            return repository.handle.get_git_ref(f"heads/{branch}").object.sha
        except GithubException as error:
            if error.status in _NOTHING:
                return ""
            raise


def read_file(repository: HostedRepository, commit: str, path: str) -> bytes | None:
    """A file's content at a commit, or on the default branch if that is empty; None where there is no such file.

    Raises:
        CredentialError: the repository cannot be read.
        RemoteError: the path is a folder, or the server failed.
    """
    from github import UnknownObjectException

    with repository.hub.doing(f"read {path} of {repository.slug}"):
        try:
            found = repository.handle.get_contents(path, **({"ref": commit} if commit else {}))
        except UnknownObjectException:
            return None
    return None if isinstance(found, list) else found.decoded_content


def commit_files(  # noqa: PLR0913 - as many as a commit has parts
    repository: HostedRepository,
    parent: str,
    files: Mapping[str, bytes | None],
    message: str,
    author: tuple[str, str] | None,
    *,
    executables: Collection[str] = (),
) -> str:
    """Make one commit that changes, adds or removes files; no branch has it yet.

    Args:
        repository: where.
        parent: the commit that it follows.
        files: content by path; None removes a file.
        message: of the commit.
        author: name and address; the token's own account if None.
        executables: the paths of the files that can be run.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused.
    """
    from github import InputGitAuthor

    handle = repository.handle
    with repository.hub.doing(f"commit to {repository.slug}"):
        before = handle.get_git_commit(parent)
        tree = handle.create_git_tree(
            [
                _element(repository, path, content, "100755" if path in executables else "100644")
                for path, content in files.items()
            ],
            before.tree,
        )
        who = {"author": InputGitAuthor(*author)} if author else {}
        return handle.create_git_commit(message, tree, [before], **who).sha


def tree_of(repository: HostedRepository, commit: str) -> str:
    """Return the name of the tree of a commit, which is the same for the same files.

    Raises:
        CredentialError: the repository cannot be read.
        RemoteError: there is no such commit, or the server failed.
    """
    with repository.hub.doing(f"read the commit {commit} of {repository.slug}"):
        return repository.handle.get_git_commit(commit).tree.sha


def create_branch(repository: HostedRepository, branch: str, commit: str) -> None:
    """Make a branch that begins at a commit.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused: there is such a branch.
    """
    with repository.hub.doing(f"make the branch {branch} in {repository.slug}"):
        repository.handle.create_git_ref(f"refs/heads/{branch}", commit)


def set_branch(repository: HostedRepository, branch: str, commit: str) -> None:
    """Let a branch of our own begin anew at a commit, whether it is there or not.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused.
    """
    if not tip(repository, branch):
        create_branch(repository, branch, commit)
        return
    with repository.hub.doing(f"replace the branch {branch} of {repository.slug}"):
        repository.handle.get_git_ref(f"heads/{branch}").complete().edit(commit, force=True)


def _element(repository: HostedRepository, path: str, content: bytes | None, mode: str) -> "InputGitTreeElement":
    from github import InputGitTreeElement

    if content is None:
        return InputGitTreeElement(path, mode, "blob", sha=None)
    blob = repository.handle.create_git_blob(base64.b64encode(content).decode(), "base64")
    return InputGitTreeElement(path, mode, "blob", sha=blob.sha)
