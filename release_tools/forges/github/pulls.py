"""Pull requests and their comments."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from release_tools.forges.github.client import HostedRepository

if TYPE_CHECKING:
    from github.PullRequest import PullRequest

_NEWEST: Final = 100
"""How many pull requests are looked at: more than any feedstock has between two releases."""


@dataclass(frozen=True)
class Pull:
    """A pull request.

    Attributes:
        number: in its repository.
        title: of it.
        author: the account that opened it; empty where that is gone.
        head: ``owner:branch`` of what it proposes; empty where that was not asked.
        base: the branch that it would change; empty where that was not asked.
        commit: the newest that it proposes; empty where that was not asked.
        url: where people see it.
        open: whether it is still to be decided.
        merged: whether it was taken.
    """

    number: int
    title: str
    author: str
    head: str
    base: str
    commit: str
    url: str
    open: bool
    merged: bool


@dataclass(frozen=True)
class Proposed:
    """A pull request to be opened.

    Attributes:
        head: ``owner:branch`` of what it proposes.
        base: the branch that it would change.
        title: of it.
        body: in Markdown.
        draft: whether it is not to be reviewed yet.
    """

    head: str
    base: str
    title: str
    body: str
    draft: bool = False


def newest_pulls(repository: HostedRepository, head: str = "") -> tuple[Pull, ...]:
    """The newest pull requests, whatever became of them.

    Args:
        repository: that they would change.
        head: ``owner:branch``, where only those from there are asked for.

    Raises:
        CredentialError: GitHub wants, or refuses, a token.
        RemoteError: the server failed.
    """
    narrowed = {"head": head} if head else {}
    with repository.hub.doing(f"read the pull requests of {repository.slug}"):
        found = repository.handle.get_pulls(state="all", sort="created", direction="desc", **narrowed)
        return tuple(map(_pull, islice(found, _NEWEST)))


def search_pulls(repository: HostedRepository, words: str) -> tuple[Pull, ...]:
    """The pull requests with these words in their titles, as GitHub's search knows them, which lags by some seconds.

    Raises:
        CredentialError: GitHub wants, or refuses, a token.
        RemoteError: the server failed.
    """
    query = f'repo:{repository.slug} is:pr in:title "{words}"'
    with repository.hub.doing(f"search the pull requests of {repository.slug}"):
        _, found = repository.hub.requester.requestJsonAndCheck(
            "GET", "/search/issues", parameters={"q": query, "per_page": _NEWEST}
        )
        return tuple(map(_found, found["items"]))


def open_pull(repository: HostedRepository, proposed: Proposed) -> Pull:
    """Open a pull request that those who maintain the repository may push to.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused: there is one from that branch.
    """
    with repository.hub.doing(f"open a pull request to {repository.slug}"):
        made = repository.handle.create_pull(
            proposed.base,
            proposed.head,
            title=proposed.title,
            body=proposed.body,
            draft=proposed.draft,
            maintainer_can_modify=True,
        )
        return _pull(made)


def comments(repository: HostedRepository, pull: Pull) -> Iterator[tuple[str, str]]:
    """The comments on a pull request, each as its text and its address.

    Raises:
        CredentialError: GitHub wants, or refuses, a token.
        RemoteError: the server failed.
    """
    with repository.hub.doing(f"read the comments on {pull.url}"):
        for comment in _object(repository, pull).get_issue_comments():
            yield comment.body or "", comment.html_url


def comment(repository: HostedRepository, pull: Pull, text: str) -> str:
    """Comment on a pull request; gives the comment's address.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused.
    """
    with repository.hub.doing(f"comment on {pull.url}"):
        return _object(repository, pull).create_issue_comment(text).html_url


def _object(repository: HostedRepository, pull: Pull) -> "PullRequest":
    from github.PullRequest import PullRequest

    place = f"{repository.hub.api}/repos/{repository.slug}"
    known = {"url": f"{place}/pulls/{pull.number}", "issue_url": f"{place}/issues/{pull.number}"}
    return PullRequest(repository.hub.requester, {}, known, completed=True)


def _pull(pull: "PullRequest") -> Pull:
    return Pull(
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


def _found(item: dict[str, Any]) -> Pull:
    return Pull(
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
