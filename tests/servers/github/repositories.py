"""Repositories, their forks, and what is read of their history."""

import base64
from typing import Final

from tests.servers.base import Response
from tests.servers.github.exchange import Exchange, RefusedError, Routes
from tests.servers.github.gitdata import merge
from tests.servers.github.state import Repository, TokenKind

_REPO: Final = "/repos/{owner}/{repo}"


def _user(exchange: Exchange) -> Response:
    token = exchange.person
    if token.kind is TokenKind.ACTIONS:
        raise RefusedError(403, token.refusal)
    return Response.of_json(exchange.server.teller.user(token.login))


def _somebody(exchange: Exchange) -> Response:
    login = exchange.names["username"]
    if login not in exchange.server.logins:
        raise RefusedError(404, "Not Found")
    return Response.of_json(exchange.server.teller.user(login))


def _get(exchange: Exchange) -> Response:
    repo = exchange.repo
    parent = exchange.server.find(repo.parent) if repo.parent else None
    return Response.of_json(exchange.server.teller.repository(repo, exchange.token, parent))


def _forks(exchange: Exchange) -> Response:
    repo = exchange.repo
    forks = [each for each in exchange.server.repositories.values() if each.parent == repo.full_name]
    return exchange.page([exchange.server.teller.repository(each, exchange.token) for each in forks])


def _fork(exchange: Exchange) -> Response:
    token, repo = exchange.person, exchange.repo
    if token.kind is not TokenKind.CLASSIC or "organization" in exchange.body:
        raise RefusedError(403, token.refusal)
    server = exchange.server
    fork = next(
        (each for each in server.repositories.values() if each.parent == repo.full_name and each.owner == token.login),
        None,
    )
    if fork is None:
        name = exchange.body.get("name", repo.name)
        while server.find(f"{token.login}/{name}"):
            name += "-1"
        fork = server.fork(repo, token.login, name)
        fork.reads_until_ready = server.fork_delay
    return Response.of_json(server.teller.repository(fork, token, repo), 202)


def _merge_upstream(exchange: Exchange) -> Response:
    token, repo, branch = exchange.writer, exchange.repo, exchange.body["branch"]
    parent = exchange.server.find(repo.parent)
    if parent is None:
        raise RefusedError(422, "There is no upstream repository")
    theirs, ours = (each.bare.resolve(f"refs/heads/{branch}") for each in (parent, repo))
    if theirs is None or ours is None:
        raise RefusedError(422, f"Branch {branch} does not exist")
    repo.bare.git("fetch", "--quiet", str(parent.bare.path), theirs)
    changed = repo.bare.git("diff", "--name-only", ours, theirs).splitlines()
    if "workflow" not in token.scopes and any(path.startswith(".github/workflows/") for path in changed):
        raise RefusedError(422, "Upstream commits contain workflow changes, which require the `workflow` scope")
    if repo.bare.ancestor(theirs, ours):
        kind, new = "none", ours
    elif repo.bare.ancestor(ours, theirs):
        kind, new = "fast-forward", theirs
    else:
        merged = merge(repo, theirs, ours)
        if merged is None:
            raise RefusedError(409, "There are merge conflicts")
        kind, new = "merge", merged
    repo.bare.git("update-ref", f"refs/heads/{branch}", new)
    return Response.of_json(
        {"message": f"Synced with {parent.full_name}", "merge_type": kind, "base_branch": f"{parent.owner}:{branch}"}
    )


def _contents(exchange: Exchange) -> Response:
    repo, path = exchange.repo, exchange.names["path"].strip("/")
    at = exchange.request.query.get("ref", repo.default_branch)
    sha = repo.bare.resolve(f"{at}:{path}")
    if sha is None:
        raise RefusedError(404, "Not Found")
    if repo.bare.kind(sha) == "blob":
        content = base64.encodebytes(repo.bare.bytes_of(sha)).decode()
        return Response.of_json({**_entry(exchange, repo, path, sha), "encoding": "base64", "content": content})
    rows = (line.split(None, 3) for line in repo.bare.git("ls-tree", sha).splitlines())
    inside = [(f"{path}/{name}".lstrip("/"), child, kind) for _, kind, child, name in rows]
    return Response.of_json([
        {**_entry(exchange, repo, name, child), "type": "dir" if kind == "tree" else "file"}
        for name, child, kind in inside
    ])  # fmt: skip


def _entry(exchange: Exchange, repo: Repository, path: str, sha: str) -> dict[str, object]:
    size = int(repo.bare.fact("cat-file", "-s", sha))
    url = f"{exchange.server.at.api}/repos/{repo.full_name}/contents/{path}"
    return {"type": "file", "path": path, "name": path.rpartition("/")[2], "sha": sha, "size": size, "url": url}


def _commits(exchange: Exchange) -> Response:
    repo = exchange.repo
    start = repo.bare.resolve(f"{exchange.request.query.get('sha', repo.default_branch)}^{{commit}}")
    if start is None:
        raise RefusedError(404, "Not Found")
    shas = repo.bare.git("rev-list", start).splitlines()
    return exchange.page([exchange.server.teller.commit(repo, sha) for sha in shas])


def _commit(exchange: Exchange) -> Response:
    repo = exchange.repo
    sha = repo.bare.resolve(f"{exchange.names['ref']}^{{commit}}")
    if sha is None:
        raise RefusedError(422, f"No commit found for SHA: {exchange.names['ref']}")
    return Response.of_json(exchange.server.teller.commit(repo, sha))


def _compare(exchange: Exchange) -> Response:
    repo = exchange.repo
    base, _, head = exchange.names["basehead"].partition("...")
    old, new = (repo.bare.resolve(f"{name}^{{commit}}") for name in (base, head))
    if old is None or new is None:
        raise RefusedError(404, "Not Found")
    behind, early = (
        int(count) for count in repo.bare.git("rev-list", "--left-right", "--count", f"{old}...{new}").split()
    )
    status = {(False, False): "identical", (True, False): "behind", (False, True): "ahead", (True, True): "diverged"}
    commits = repo.bare.git("rev-list", "--reverse", f"{old}..{new}").splitlines()
    return Response.of_json({
        "status": status[bool(behind), bool(early)],
        "ahead_by": early,
        "behind_by": behind,
        "total_commits": len(commits),
        "commits": [exchange.server.teller.commit(repo, sha) for sha in commits],
        "base_commit": exchange.server.teller.commit(repo, old),
        "html_url": f"{exchange.server.at.site}/{repo.full_name}/compare/{base}...{head}",
    })  # fmt: skip


ROUTES: Final[Routes] = {
    ("GET", "/user"): _user,
    ("GET", "/users/{username}"): _somebody,
    ("GET", _REPO): _get,
    ("GET", f"{_REPO}/forks"): _forks,
    ("POST", f"{_REPO}/forks"): _fork,
    ("POST", f"{_REPO}/merge-upstream"): _merge_upstream,
    ("GET", f"{_REPO}/contents/{{path}}"): _contents,
    ("GET", f"{_REPO}/commits"): _commits,
    ("GET", f"{_REPO}/commits/{{ref}}"): _commit,
    ("GET", f"{_REPO}/compare/{{basehead}}"): _compare,
}
