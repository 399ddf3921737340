"""Pull requests, their comments, and the search for them."""

import shlex
from typing import Final

from tests.servers.base import Response
from tests.servers.github.exchange import Exchange, RefusedError, Routes, invalid
from tests.servers.github.serialize import Json, changed
from tests.servers.github.state import Comment, Pull, Repository, TokenKind

_REPO: Final = "/repos/{owner}/{repo}"


def _list(exchange: Exchange) -> Response:
    repo, query = exchange.repo, exchange.request.query
    state, head, base = query.get("state", "open"), query.get("head"), query.get("base")
    newest_first = query.get("direction", "desc") == "desc"
    by_change = query.get("sort") == "updated"
    found = [
        pull
        for pull in sorted(
            repo.pulls, key=lambda pull: (changed(pull) if by_change else 0, pull.number), reverse=newest_first
        )
        if state in {"all", pull.state}
        and (head is None or head == f"{pull.head_repository.partition('/')[0]}:{pull.head_branch}")
        and (base is None or base == pull.base)
    ]
    return exchange.page([exchange.server.teller.pull(repo, pull, whole=False) for pull in found])


def _create(exchange: Exchange) -> Response:
    token, repo, body = exchange.person, exchange.repo, exchange.body
    elsewhere = token.kind is not TokenKind.CLASSIC and not repo.writable(token)
    if elsewhere:
        raise RefusedError(403, token.refusal)
    owner, _, branch = body["head"].rpartition(":")
    source = _source(exchange, repo, owner)
    sha = source.bare.refs().get(f"refs/heads/{branch}") if source else None
    if source is None or sha is None:
        raise invalid("PullRequest", "head")
    target = repo.bare.refs().get(f"refs/heads/{body['base']}")
    if target is None:
        raise invalid("PullRequest", "base")
    for pull in repo.pulls:
        same = (pull.head_repository, pull.head_branch, pull.base) == (source.full_name, branch, body["base"])
        if same and pull.state == "open":
            message = f"A pull request already exists for {body['head']}."
            raise invalid("PullRequest", "", "custom", message)
    if source.bare.ancestor(sha, target):
        message = f"No commits between {repo.owner}:{body['base']} and {body['head']}"
        raise invalid("PullRequest", "", "custom", message)
    if repo.archived:
        raise RefusedError(403, "Repository was archived so is read-only.")
    pull = Pull(
        number=exchange.server.next_number(repo),
        title=body["title"],
        body=body.get("body", ""),
        head_repository=source.full_name,
        head_branch=branch,
        head_sha=sha,
        base=body["base"],
        author=token.login,
        created=exchange.server.tick(),
        draft=body.get("draft", False),
        maintainer_can_modify=body.get("maintainer_can_modify", True),
    )
    repo.pulls.append(pull)
    propose(repo, source, pull)
    return Response.of_json(exchange.server.teller.pull(repo, pull), 201)


def propose(repo: Repository, source: Repository, pull: Pull) -> None:
    """Bring what a pull request proposes into the repository, where GitHub shows it as a ref of its own."""
    repo.bare.git("fetch", "--quiet", str(source.bare.path), f"{pull.head_sha}:refs/pull/{pull.number}/head")


def _source(exchange: Exchange, repo: Repository, owner: str) -> Repository | None:
    """The repository of the same family that belongs to somebody."""
    family = {repo.full_name, repo.parent} - {""}
    for each in exchange.server.repositories.values():
        if each.owner == (owner or repo.owner) and (each.full_name in family or each.parent in family):
            return each
    return None


def _get(exchange: Exchange) -> Response:
    repo = exchange.repo
    return Response.of_json(exchange.server.teller.pull(repo, _by_number(exchange, repo, "pull_number")))


def _update(exchange: Exchange) -> Response:
    token, repo, body = exchange.person, exchange.repo, exchange.body
    pull = _by_number(exchange, repo, "pull_number")
    if token.login != pull.author and not repo.writable(token):
        raise RefusedError(403, token.refusal)
    for key in ("title", "body", "state", "base", "maintainer_can_modify"):
        if key in body:
            setattr(pull, key, body[key])
    return Response.of_json(exchange.server.teller.pull(repo, pull))


def _of_commit(exchange: Exchange) -> Response:
    repo, sha = exchange.repo, exchange.names["commit_sha"]
    if repo.bare.kind(sha) != "commit":
        raise RefusedError(422, f"No commit found for SHA: {sha}")
    found = [pull for pull in repo.pulls if pull.merge_sha == sha]
    return exchange.page([exchange.server.teller.pull(repo, pull, whole=False) for pull in found])


def _comments(exchange: Exchange) -> Response:
    repo = exchange.repo
    pull = _by_number(exchange, repo, "issue_number")
    return exchange.page([exchange.server.teller.comment(repo, pull, comment) for comment in pull.comments])


def _create_comment(exchange: Exchange) -> Response:
    token, repo = exchange.person, exchange.repo
    pull = _by_number(exchange, repo, "issue_number")
    if token.kind is not TokenKind.CLASSIC and not repo.writable(token):
        raise RefusedError(403, token.refusal)
    comment = Comment(exchange.server.next_id(), token.login, exchange.body["body"])
    pull.comments.append(comment)
    return Response.of_json(exchange.server.teller.comment(repo, pull, comment), 201)


def _by_number(exchange: Exchange, repo: Repository, name: str) -> Pull:
    for pull in repo.pulls:
        if str(pull.number) == exchange.names[name]:
            return pull
    raise RefusedError(404, "Not Found")


def _search(exchange: Exchange) -> Response:
    """The search for pull requests of one repository by words of their titles; other searches are not played."""
    words: list[str] = []
    qualifiers: dict[str, set[str]] = {}
    for part in shlex.split(exchange.request.query["q"]):
        name, colon, value = part.partition(":")
        if colon and name in {"repo", "is", "in", "state", "author", "head", "type"}:
            qualifiers.setdefault(name, set()).add(value)
        else:
            words.append(part.casefold())
    repo = exchange.server.find(next(iter(qualifiers.get("repo", {""}))))
    if repo is None:
        raise invalid("Search", "q", "invalid", "The listed users and repositories cannot be searched")
    states = qualifiers.get("is", set()) | qualifiers.get("state", set())
    found = [
        pull
        for pull in sorted(repo.pulls, key=lambda pull: pull.number, reverse=True)
        if pull.number not in exchange.server.unsearchable
        and all(word in pull.title.casefold() for word in words)
        and (pull.author in qualifiers.get("author", {pull.author}))
        and (pull.head_branch in qualifiers.get("head", {pull.head_branch}))
        and not ({"open", "closed"} - {pull.state}) & states
        and ("merged" not in states or pull.merged is not None)
    ]
    items = [_item(exchange, repo, pull) for pull in found]
    return Response.of_json({"total_count": len(items), "incomplete_results": False, "items": items})


def _item(exchange: Exchange, repo: Repository, pull: Pull) -> Json:
    reported = exchange.server.teller.pull(repo, pull)
    same = {key: reported[key] for key in ("id", "number", "title", "body", "state", "draft", "user", "html_url")}
    links = {"url": reported["url"], "html_url": reported["html_url"], "diff_url": None, "patch_url": None}
    return {
        **same,
        "url": reported["issue_url"],
        "repository_url": f"{exchange.server.at.api}/repos/{repo.full_name}",
        "pull_request": {**links, "merged_at": reported["merged_at"]},
    }


def _check_runs(exchange: Exchange) -> Response:
    found = [
        check for pull in exchange.repo.pulls if pull.head_sha == exchange.names["ref"] for check in pull.checks.items()
    ]
    runs = [
        {"id": number, "name": name, "status": "completed", "conclusion": ended}
        if ended
        else {"id": number, "name": name, "status": "in_progress"}
        for number, (name, ended) in enumerate(found, 1)
    ]
    return Response.of_json({"total_count": len(runs), "check_runs": runs})


def _status(exchange: Exchange) -> Response:
    sha = exchange.names["ref"]
    found = [status for pull in exchange.repo.pulls if pull.head_sha == sha for status in pull.statuses.items()]
    statuses = [{"id": number, "context": name, "state": state} for number, (name, state) in enumerate(found, 1)]
    return Response.of_json({"state": "pending", "sha": sha, "total_count": len(statuses), "statuses": statuses})


ROUTES: Final[Routes] = {
    ("GET", f"{_REPO}/pulls"): _list,
    ("POST", f"{_REPO}/pulls"): _create,
    ("GET", f"{_REPO}/pulls/{{pull_number}}"): _get,
    ("PATCH", f"{_REPO}/pulls/{{pull_number}}"): _update,
    ("GET", f"{_REPO}/commits/{{commit_sha}}/pulls"): _of_commit,
    ("GET", f"{_REPO}/commits/{{ref}}/check-runs"): _check_runs,
    ("GET", f"{_REPO}/commits/{{ref}}/status"): _status,
    ("GET", f"{_REPO}/issues/{{issue_number}}/comments"): _comments,
    ("POST", f"{_REPO}/issues/{{issue_number}}/comments"): _create_comment,
    ("GET", "/search/issues"): _search,
}
