"""Read and write pull requests, their comments, and the forks that they come from.

https://docs.github.com/rest/pulls
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from release_tools.errors import CredentialError, RemoteError
from release_tools.forges.base import Checks, HostedRepository, NewPullRequest, PullRequest
from release_tools.parsed_values import find_table, list_tables

if TYPE_CHECKING:
    from github.PullRequest import PullRequest as GitHubObject

    from release_tools.forges.github.client import GitHubRepository

_NEWEST: Final = 100
"""Pull requests that are read: more than any feedstock has between two releases."""
_MOST_PAGES: Final = 10
_PASSED: Final = frozenset({"success", "neutral", "skipped"})
_CONFLICT: Final = 409
_INVALID: Final = 422


class GitHubPullRequests:
    """The pull requests to one repository on GitHub."""

    def __init__(self, repository: "GitHubRepository") -> None:
        self._repository = repository

    def fork_of(self, login: str) -> "GitHubRepository | None":
        """Return an account's fork of the same name; None where there is none, or an unrelated repository.

        Raises:
            CredentialError: GitHub refuses the token.
            RemoteError: the server failed.
        """
        from github import UnknownObjectException

        upstream = self._repository
        fork = upstream.hub.repository(f"{login}/{upstream.slug.partition('/')[2]}")
        with upstream.hub.translate_errors(f"look for {fork.slug}"):
            try:
                handle = fork.handle
                relatives = (handle.parent, handle.source) if handle.fork else ()
            except UnknownObjectException:
                return None
            names = {
                relative.full_name.lower() for relative in relatives if relative is not None and relative.full_name
            }
        return fork if upstream.slug.lower() in names else None

    def create_fork(self) -> "GitHubRepository":
        """Create a fork for the token's account, or return the one that it has; it may not be readable at once.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused.
        """
        with self._repository.hub.translate_errors(f"fork {self._repository.slug}"):
            return self._repository.hub.repository(self._repository.handle.create_fork().full_name)

    def sync_fork(self, fork: HostedRepository, branch: str) -> None:
        """Bring a branch of a fork up to date with the same branch of this repository.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed, or the branch has conflicting commits of its own.
        """
        from github import GithubException

        hub = self._repository.hub
        with hub.translate_errors(f"bring {branch} of {fork.slug} up to date"):
            try:
                hub.repository(fork.slug).handle.merge_upstream(branch)
            except GithubException as error:
                if error.status == _CONFLICT:
                    raise RemoteError(
                        f"{fork.slug}: its branch {branch} has conflicting commits of its own",
                        f"Reset it to {self._repository.slug}, or delete the fork: {fork.url}",
                    ) from None
                if error.status == _INVALID and "workflow" in str(error.data).lower():
                    raise CredentialError(
                        f"{fork.slug}: GitHub copies changed workflows only for a token that may change workflows",
                        f"Add the scope workflow to the token in {hub.variable}.",
                    ) from None
                raise

    def newest(self, head: str = "") -> tuple[PullRequest, ...]:
        """Return the newest pull requests, whatever their state.

        Args:
            head: ``owner:branch``, to return only those that come from there.

        Raises:
            CredentialError: GitHub requires a token, or refuses it.
            RemoteError: the server failed.
        """
        narrowed = {"head": head} if head else {}
        with self._repository.hub.translate_errors(f"read the pull requests of {self._repository.slug}"):
            found = self._repository.handle.get_pulls(state="all", sort="created", direction="desc", **narrowed)
            return tuple(map(_from_object, islice(found, _NEWEST)))

    def list_merged_since(self, time: int) -> tuple[PullRequest, ...]:
        """Return the pull requests that were merged after a time, the last changed first; never more than a thousand.

        Args:
            time: in seconds since the epoch.

        Raises:
            RemoteError: the server failed or refused.
        """
        repository, since = self._repository, datetime.fromtimestamp(time, UTC)
        query = {"state": "closed", "sort": "updated", "direction": "desc"}
        task = f"read the pull requests of {repository.slug}"
        found: list[PullRequest] = []
        for item in repository.hub.read_pages(f"/repos/{repository.slug}/pulls", query, task, most=_MOST_PAGES):
            try:
                if datetime.fromisoformat(item["updated_at"]) < since:
                    break
                found += [_from_list(item)] if item.get("merged_at") else []
            except (KeyError, TypeError, ValueError) as error:
                raise RemoteError(f"could not {task}: GitHub's answer has another form: {error!r}") from None
        return tuple(found)

    def search(self, words: str) -> tuple[PullRequest, ...]:
        """Return the pull requests with these words in their titles; GitHub's search lags by some seconds.

        Raises:
            CredentialError: GitHub requires a token, or refuses it.
            RemoteError: the server failed.
        """
        query = f'repo:{self._repository.slug} is:pr in:title "{words}"'
        with self._repository.hub.translate_errors(f"search the pull requests of {self._repository.slug}"):
            _, found = self._repository.hub.requester.requestJsonAndCheck(
                "GET", "/search/issues", parameters={"q": query, "per_page": _NEWEST}
            )
            return tuple(map(_from_search, found["items"]))

    def open(self, new: NewPullRequest) -> PullRequest:
        """Open a pull request that the repository's maintainers may push to.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused: that branch has one.
        """
        with self._repository.hub.translate_errors(f"open a pull request to {self._repository.slug}"):
            opened = self._repository.handle.create_pull(
                new.base, new.head, title=new.title, body=new.body, draft=new.is_draft, maintainer_can_modify=True
            )
            return _from_object(opened)

    def read(self, number: int) -> PullRequest:
        """Return a pull request by its number, with its branches and its newest commit.

        Raises:
            CredentialError: GitHub requires a token, or refuses it.
            RemoteError: the server failed, or has no such pull request.
        """
        with self._repository.hub.translate_errors(f"read pull request {number} of {self._repository.slug}"):
            return _from_object(self._repository.handle.get_pull(number))

    def checks(self, pull: PullRequest) -> Checks:
        """Return how the checks of its newest commit ended: check runs of apps, and statuses of older services.

        Raises:
            CredentialError: GitHub requires a token, or refuses it.
            RemoteError: the server failed.
        """
        path = f"/repos/{self._repository.slug}/commits/{pull.commit}"
        with self._repository.hub.translate_errors(f"read the checks of {pull.url}"):
            _, runs = self._repository.hub.requester.requestJsonAndCheck(
                "GET", f"{path}/check-runs", parameters={"per_page": _NEWEST}
            )
            _, combined = self._repository.hub.requester.requestJsonAndCheck(
                "GET", f"{path}/status", parameters={"per_page": _NEWEST}
            )
        states = [(str(run["name"]), run.get("conclusion") or "pending") for run in runs["check_runs"]]
        states += [(str(status["context"]), str(status["state"])) for status in combined["statuses"]]
        return Checks(
            sum(state in _PASSED for _, state in states),
            tuple(name for name, state in states if state not in {*_PASSED, "pending"}),
            tuple(name for name, state in states if state == "pending"),
        )

    def comments(self, pull: PullRequest) -> Iterator[tuple[str, str]]:
        """Yield the text and the address of each comment on a pull request.

        Raises:
            CredentialError: GitHub requires a token, or refuses it.
            RemoteError: the server failed.
        """
        with self._repository.hub.translate_errors(f"read the comments on {pull.url}"):
            for comment in self._object(pull).get_issue_comments():
                yield comment.body or "", comment.html_url

    def comment(self, pull: PullRequest, text: str) -> str:
        """Comment on a pull request, and return the comment's address.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused.
        """
        with self._repository.hub.translate_errors(f"comment on {pull.url}"):
            return self._object(pull).create_issue_comment(text).html_url

    def _object(self, pull: PullRequest) -> "GitHubObject":
        from github.PullRequest import PullRequest as GitHubObject

        root = f"{self._repository.hub.api}/repos/{self._repository.slug}"
        known = {"url": f"{root}/pulls/{pull.number}", "issue_url": f"{root}/issues/{pull.number}"}
        return GitHubObject(self._repository.hub.requester, {}, known, completed=True)


def _from_object(pull: "GitHubObject") -> PullRequest:
    return PullRequest(
        pull.number,
        pull.title,
        getattr(pull.user, "login", ""),
        pull.head.label,
        pull.base.ref,
        pull.head.sha,
        pull.html_url,
        pull.state == "open",
        pull.merged_at is not None,
    )


def _from_list(item: dict[str, Any]) -> PullRequest:
    """Return a closed pull request as the list of them shows it."""
    head = find_table(item, "head")
    return PullRequest(
        int(item["number"]),
        str(item["title"]),
        str(find_table(item, "user").get("login", "")),
        str(head.get("label") or ""),
        str(find_table(item, "base").get("ref", "")),
        str(head.get("sha", "")),
        str(item["html_url"]),
        is_open=False,
        is_merged=bool(item.get("merged_at")),
        labels=tuple(str(label.get("name", "")) for label in list_tables(item.get("labels"))),
        merge_commit=str(item.get("merge_commit_sha") or ""),
    )


def _from_search(item: dict[str, Any]) -> PullRequest:
    return PullRequest(
        int(item["number"]),
        str(item["title"]),
        str((item.get("user") or {}).get("login", "")),
        "",
        "",
        "",
        str(item["html_url"]),
        item["state"] == "open",
        bool((item.get("pull_request") or {}).get("merged_at")),
    )
