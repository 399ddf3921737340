"""Read and write tags, branches, commits and files by GitHub's git data API, without a checkout.

https://docs.github.com/rest/git
"""

import base64
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from release_tools.errors import RemoteError, UnreachableError
from release_tools.parsed_values import find_table

if TYPE_CHECKING:
    from github import InputGitTreeElement

    from release_tools.forges.github.client import GitHubRepository

_PAGE: Final = 100
_MOST_PAGES: Final = 10
_NOT_FOUND: Final = 404
_MISSING: Final = frozenset({_NOT_FOUND, 409})
"""Statuses for a branch that does not exist, and for an empty repository, as a fork is while GitHub creates it."""


class GitHubRefs:
    """The refs of one repository on GitHub."""

    def __init__(self, repository: "GitHubRepository") -> None:
        self._repository = repository

    def default_branch(self) -> str:
        """Return the branch that a clone checks out.

        Raises:
            CredentialError: the repository cannot be read.
            RemoteError: the server failed.
        """
        return self._read_text("", f"read {self._repository.slug}", "default_branch")

    def commit_of_tag(self, tag: str) -> str:
        """Return the commit that a tag peels to; empty where there is no such tag.

        Raises:
            RemoteError: the tag does not point to a commit, or the server failed.
            CredentialError: the repository cannot be read.
        """
        target = self._find_target(f"tags/{tag}", f"read the tag {tag} of {self._repository.slug}")
        while target.get("type") == "tag":
            target = find_table(self._read_tag(tag, target), "object")
        if target and target.get("type") != "commit":
            slug = self._repository.slug
            raise RemoteError(f"{tag}: the tag of {slug} points to a {target.get('type')}, not to a commit")
        return str(target.get("sha", ""))

    def message_of_tag(self, tag: str) -> str:
        """Return the message of an annotated tag; empty where there is no such tag.

        Raises:
            CredentialError: the repository cannot be read.
            RemoteError: the server failed.
        """
        target = self._find_target(f"tags/{tag}", f"read the tag {tag} of {self._repository.slug}")
        return str(self._read_tag(tag, target).get("message", "")) if target.get("type") == "tag" else ""

    def tip(self, branch: str) -> str:
        """Return the newest commit of a branch; empty where there is no such branch, or no commit yet.

        Raises:
            CredentialError: the repository cannot be read.
            RemoteError: the server failed.
        """
        task = f"read the branch {branch} of {self._repository.slug}"
        return str(self._find_target(f"heads/{branch}", task, missing=_MISSING).get("sha", ""))

    def contains(self, branch: str, commit: str) -> bool:
        """Return whether a branch contains a commit; False where either does not exist.

        Raises:
            CredentialError: the repository cannot be read.
            RemoteError: the server failed.
        """
        task = f"compare {commit} with {branch} of {self._repository.slug}"
        found = self._read(f"/compare/{quote(branch, safe='')}...{quote(commit, safe='')}", task, missing=(_NOT_FOUND,))
        return isinstance(found, dict) and found.get("status") in {"behind", "identical"}

    def logins(self, commit: str, count: int) -> dict[str, str]:
        """Return the account of each address that the newest commits up to one were written with, in lower case.

        Where GitHub does not have the commit yet, those of the default branch are read.

        Args:
            commit: the last commit.
            count: how many commits are read; never more than a thousand.

        Raises:
            RemoteError: the server failed or refused.
        """
        path, task = f"/repos/{self._repository.slug}/commits", f"read the commits of {self._repository.slug}"
        pages = min(-(-count // _PAGE), _MOST_PAGES)
        try:
            items = list(self._repository.hub.read_pages(path, {"sha": commit}, task, most=pages))
        except UnreachableError:
            raise
        except RemoteError:
            items = list(self._repository.hub.read_pages(path, {}, task, most=pages))
        found: dict[str, str] = {}
        for item in items:
            account, written = find_table(item, "author"), find_table(item, "commit", "author")
            if account.get("login") and account.get("type") != "Bot" and written.get("email"):
                found.setdefault(str(written["email"]).strip().lower(), str(account["login"]))
        return found

    def read_file(self, commit: str, path: str) -> bytes | None:
        """Return a file's content at a commit, or on the default branch if that is empty; None if it does not exist.

        Raises:
            CredentialError: the repository cannot be read.
            RemoteError: the path is a folder, or the server failed.
        """
        query = f"?{urlencode({'ref': commit})}" if commit else ""
        task = f"read {path} of {self._repository.slug}"
        found = self._read(f"/contents/{quote(path)}{query}", task, missing=(_NOT_FOUND,))
        return _decode(found, task) if isinstance(found, dict) else None

    def create_tag(self, tag: str, commit: str, message: str, tagger: tuple[str, str]) -> None:
        """Create an annotated tag.

        Args:
            tag: its name.
            commit: the commit to tag.
            message: of the tag.
            tagger: name and address.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused: a rule forbids it, or the tag exists.
        """
        from github import InputGitAuthor

        repository = self._repository
        with repository.hub.translate_errors(f"create the tag {tag} in {repository.slug}"):
            created = repository.handle.create_git_tag(tag, message, commit, "commit", InputGitAuthor(*tagger))
            repository.handle.create_git_ref(f"refs/tags/{tag}", created.sha)

    def delete_tag(self, tag: str) -> None:
        """Delete a tag.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused.
        """
        repository = self._repository
        with repository.hub.translate_errors(f"delete the tag {tag} of {repository.slug}"):
            repository.handle.get_git_ref(f"tags/{tag}").complete().delete()  # its address is only known when read

    def tree_of(self, commit: str) -> str:
        """Return the name of the tree of a commit, which is the same for the same files.

        Raises:
            CredentialError: the repository cannot be read.
            RemoteError: there is no such commit, or the server failed.
        """
        task = f"read the commit {commit} of {self._repository.slug}"
        return self._read_text(f"/git/commits/{quote(commit)}", task, "tree", "sha")

    def commit_files(
        self,
        parent: str,
        files: Mapping[str, bytes | None],
        message: str,
        author: tuple[str, str] | None,
        *,
        executables: Collection[str] = (),
    ) -> str:
        """Create one commit that changes, adds or removes files, and return it; no branch has it yet.

        Args:
            parent: its parent commit.
            files: content by path; None removes a file.
            message: of the commit.
            author: name and address; the token's own account if None.
            executables: the paths of the files that can be run.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused.
        """
        from github import InputGitAuthor

        handle = self._repository.handle
        with self._repository.hub.translate_errors(f"commit to {self._repository.slug}"):
            before = handle.get_git_commit(parent)
            elements = [
                self._make_element(path, content, "100755" if path in executables else "100644")
                for path, content in files.items()
            ]
            tree = handle.create_git_tree(elements, before.tree)
            authored = {"author": InputGitAuthor(*author)} if author else {}
            return handle.create_git_commit(message, tree, [before], **authored).sha

    def create_branch(self, branch: str, commit: str) -> None:
        """Create a branch at a commit.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused: the branch exists.
        """
        with self._repository.hub.translate_errors(f"create the branch {branch} in {self._repository.slug}"):
            self._repository.handle.create_git_ref(f"refs/heads/{branch}", commit)

    def set_branch(self, branch: str, commit: str) -> None:
        """Create a branch of our own at a commit, or reset it to that commit.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused.
        """
        if not self.tip(branch):
            self.create_branch(branch, commit)
            return
        with self._repository.hub.translate_errors(f"replace the branch {branch} of {self._repository.slug}"):
            self._repository.handle.get_git_ref(f"heads/{branch}").complete().edit(commit, force=True)

    def _read(self, path: str, task: str, *, missing: Collection[int] = ()) -> Any:  # noqa: ANN401 - JSON is anything
        return self._repository.hub.read(f"/repos/{self._repository.slug}{path}", task, missing=missing)

    def _find_target(self, ref: str, task: str, *, missing: Collection[int] = (_NOT_FOUND,)) -> Mapping[str, Any]:
        """Return the object that a ref points to; nothing where there is no such ref."""
        found = self._read(f"/git/ref/{quote(ref)}", task, missing=missing)
        return find_table(found if isinstance(found, dict) else {}, "object")

    def _read_tag(self, tag: str, target: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the object of an annotated tag, by what refers to it."""
        found = self._read(f"/git/tags/{target.get('sha')}", f"read the tag {tag} of {self._repository.slug}")
        return found if isinstance(found, dict) else {}

    def _read_text(self, path: str, task: str, *keys: str) -> str:
        """Return a text within the tables that are answered.

        Raises:
            RemoteError: there is none.
        """
        found = self._read(path, task)
        text = find_table(found if isinstance(found, dict) else {}, *keys[:-1]).get(keys[-1])
        if not isinstance(text, str):
            raise RemoteError(f"could not {task}: GitHub's answer has no {'.'.join(keys)}")
        return text

    def _make_element(self, path: str, content: bytes | None, mode: str) -> "InputGitTreeElement":
        from github import InputGitTreeElement

        if content is None:
            return InputGitTreeElement(path, mode, "blob", sha=None)
        blob = self._repository.handle.create_git_blob(base64.b64encode(content).decode(), "base64")
        return InputGitTreeElement(path, mode, "blob", sha=blob.sha)


def _decode(found: Mapping[str, Any], task: str) -> bytes:
    """Return the content of a file that GitHub answered.

    Raises:
        RemoteError: the file has more than a megabyte, which GitHub does not send in this way, or is malformed.
    """
    try:
        if found["encoding"] == "base64":
            return base64.b64decode(found["content"])
    except (KeyError, TypeError, ValueError):
        pass
    raise RemoteError(f"could not {task}: GitHub did not send its content")
