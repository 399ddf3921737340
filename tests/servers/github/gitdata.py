"""The git data API: refs, tags, blobs, trees and commits, in the real repository."""

import base64
import binascii
import re
import subprocess
from datetime import datetime
from typing import Any, Final

from tests.servers.base import Response
from tests.servers.github.exchange import Exchange, RefusedError, Routes, invalid
from tests.servers.github.serialize import Json
from tests.servers.github.state import Repository

_REPO: Final = "/repos/{owner}/{repo}"
_GIT: Final = f"{_REPO}/git"


def _ref(exchange: Exchange) -> Response:
    repo = exchange.repo
    name = f"refs/{exchange.names['ref']}"
    sha = repo.bare.refs().get(name)
    if sha is None:
        raise RefusedError(404, "Not Found")
    return Response.of_json(exchange.server.teller.ref(repo, name, sha))


def _matching_refs(exchange: Exchange) -> Response:
    repo = exchange.repo
    found = repo.bare.refs(f"refs/{exchange.names['ref']}")
    return exchange.page([exchange.server.teller.ref(repo, name, sha) for name, sha in found.items()])


def _create_ref(exchange: Exchange) -> Response:
    token, repo, body = exchange.writer, exchange.repo, exchange.body
    name, sha = body["ref"], body["sha"]
    if not re.fullmatch(r"refs/[^/]+/.+", name):
        raise RefusedError(422, "Reference name must contain at least three parts separated by slashes")
    if name in repo.bare.refs():
        raise RefusedError(422, "Reference already exists")
    if repo.bare.kind(sha) is None:
        raise RefusedError(422, "Object does not exist")
    if name.startswith("refs/tags/") and repo.locked_tags:
        raise RefusedError(
            422, "Repository rule violations found: Cannot create ref due to creations being restricted."
        )
    del token
    repo.bare.git("update-ref", "--", name, sha, "0" * 40)
    return Response.of_json(exchange.server.teller.ref(repo, name, sha), 201)


def _update_ref(exchange: Exchange) -> Response:
    _, repo, body = exchange.writer, exchange.repo, exchange.body
    name = f"refs/{exchange.names['ref']}"
    old = repo.bare.refs().get(name)
    if old is None:
        raise RefusedError(422, "Reference does not exist")
    if not body.get("force") and not repo.bare.ancestor(old, body["sha"]):
        raise RefusedError(422, "Update is not a fast forward")
    if name.startswith("refs/tags/"):
        exchange.server.complaints.append(f"a tag was moved: {name}")
    repo.bare.git("update-ref", "--", name, body["sha"])
    return Response.of_json(exchange.server.teller.ref(repo, name, body["sha"]))


def _delete_ref(exchange: Exchange) -> Response:
    _, repo = exchange.writer, exchange.repo
    name = f"refs/{exchange.names['ref']}"
    if name not in repo.bare.refs():
        raise RefusedError(422, "Reference does not exist")
    if name.startswith("refs/tags/"):
        exchange.server.complaints.append(f"a tag was deleted: {name}")
    repo.bare.git("update-ref", "-d", name)
    return Response(204)


def _create_tag(exchange: Exchange) -> Response:
    token, repo, body = exchange.writer, exchange.repo, exchange.body
    if repo.bare.kind(body["object"]) != body["type"]:
        raise invalid("Tag", "object")
    tagger = body.get("tagger", {"name": token.login, "email": f"{token.login}@users.noreply.github.com"})
    when = _seconds(tagger["date"]) if "date" in tagger else exchange.server.now()
    lines = [
        f"object {body['object']}",
        f"type {body['type']}",
        f"tag {body['tag']}",
        f"tagger {tagger['name']} <{tagger['email']}> {when} +0000",
        "",
        body["message"],
    ]
    sha = repo.bare.git("mktag", data="\n".join([*lines, ""]).encode())
    return Response.of_json(_reported_tag(exchange, repo, sha), 201)


def _tag(exchange: Exchange) -> Response:
    repo, sha = exchange.repo, exchange.names["tag_sha"]
    if repo.bare.kind(sha) != "tag":
        raise RefusedError(404, "Not Found")
    return Response.of_json(_reported_tag(exchange, repo, sha))


def _reported_tag(exchange: Exchange, repo: Repository, sha: str) -> Json:
    head, _, message = repo.bare.fact("cat-file", "tag", sha).partition("\n\n")
    fields = dict(line.split(" ", 1) for line in head.splitlines())
    url = f"{exchange.server.at.api}/repos/{repo.full_name}/git"
    return {
        "sha": sha,
        "tag": fields["tag"],
        "message": message,
        "url": f"{url}/tags/{sha}",
        "object": {
            "sha": fields["object"],
            "type": fields["type"],
            "url": f"{url}/{fields['type']}s/{fields['object']}",
        },
    }


def _create_blob(exchange: Exchange) -> Response:
    _, repo, body = exchange.writer, exchange.repo, exchange.body
    content = body["content"].encode()
    if body.get("encoding", "utf-8") == "base64":
        try:
            content = base64.b64decode(content, validate=True)
        except binascii.Error:
            raise invalid("Blob", "content") from None
    sha = repo.bare.git("hash-object", "-w", "--stdin", data=content)
    return Response.of_json(
        {"sha": sha, "url": f"{exchange.server.at.api}/repos/{repo.full_name}/git/blobs/{sha}"}, 201
    )


def _create_tree(exchange: Exchange) -> Response:
    _, repo, body = exchange.writer, exchange.repo, exchange.body
    index = str(repo.bare.path / "index-of-the-api")
    if base := body.get("base_tree"):
        if repo.bare.kind(base) not in {"tree", "commit"}:
            raise RefusedError(404, "Not Found")
        repo.bare.git("read-tree", f"{base}^{{tree}}", GIT_INDEX_FILE=index)
    else:
        repo.bare.git("read-tree", "--empty", GIT_INDEX_FILE=index)
    for entry in body["tree"]:
        sha = entry.get("sha")
        if "content" in entry:
            sha = repo.bare.git("hash-object", "-w", "--stdin", data=entry["content"].encode())
        if sha is None:
            gone = f"0 {'0' * 40}\t{entry['path']}\n".encode()
            repo.bare.git("update-index", "--index-info", data=gone, GIT_INDEX_FILE=index)
        elif repo.bare.kind(sha) is None:
            raise RefusedError(422, f"tree.sha {sha} is not a valid blob")
        else:
            change = f"{entry['mode']} {sha}\t{entry['path']}\n".encode()
            repo.bare.git("update-index", "--add", "--index-info", data=change, GIT_INDEX_FILE=index)
    sha = repo.bare.git("write-tree", GIT_INDEX_FILE=index)
    return Response.of_json(_reported_tree(exchange, repo, sha), 201)


def _tree(exchange: Exchange) -> Response:
    repo = exchange.repo
    sha = repo.bare.resolve(f"{exchange.names['tree_sha']}^{{tree}}")
    if sha is None:
        raise RefusedError(404, "Not Found")
    return Response.of_json(_reported_tree(exchange, repo, sha, deep="recursive" in exchange.request.query))


def _reported_tree(exchange: Exchange, repo: Repository, sha: str, *, deep: bool = False) -> Json:
    lines = repo.bare.git("ls-tree", *(["-r"] if deep else []), "-z", sha).split("\0")
    rows = (line.split(None, 3) for line in lines if line)
    url = f"{exchange.server.at.api}/repos/{repo.full_name}/git"
    entries: list[Any] = [
        {"mode": mode, "type": kind, "sha": object_, "path": path, "url": f"{url}/{kind}s/{object_}"}
        for mode, kind, object_, path in rows
    ]
    return {"sha": sha, "url": f"{url}/trees/{sha}", "tree": entries, "truncated": False}


def _create_commit(exchange: Exchange) -> Response:
    token, repo, body = exchange.writer, exchange.repo, exchange.body
    if repo.bare.kind(body["tree"]) != "tree":
        raise RefusedError(422, "Tree SHA does not exist")
    for parent in body.get("parents", []):
        if repo.bare.kind(parent) != "commit":
            raise RefusedError(422, "Parent SHA does not exist or is not a commit object")
    person = {"name": token.login, "email": f"{token.login}@users.noreply.github.com"}
    author = body.get("author", person)
    committer = body.get("committer", author)
    environment = {
        f"GIT_{role}_{part.upper()}": str(who.get(part, exchange.server.now()))
        for role, who in (("AUTHOR", author), ("COMMITTER", committer))
        for part in ("name", "email", "date")
    }
    parents = [argument for parent in body.get("parents", []) for argument in ("-p", parent)]
    sha = repo.bare.git("commit-tree", body["tree"], *parents, data=body["message"].encode(), **environment)
    return Response.of_json(exchange.server.teller.git_commit(repo, sha), 201)


def _commit(exchange: Exchange) -> Response:
    repo, sha = exchange.repo, exchange.names["commit_sha"]
    if repo.bare.kind(sha) != "commit":
        raise RefusedError(404, "Not Found")
    return Response.of_json(exchange.server.teller.git_commit(repo, sha))


def _seconds(date: str) -> int:
    return int(datetime.fromisoformat(date).timestamp())


def merge(repo: Repository, theirs: str, ours: str) -> str | None:
    """The commit that merges two, or None where they conflict."""
    try:
        tree = repo.bare.git("merge-tree", "--write-tree", ours, theirs).splitlines()[0]
    except subprocess.CalledProcessError:
        return None
    return repo.bare.git("commit-tree", tree, "-p", ours, "-p", theirs, data=b"Merge upstream")


ROUTES: Final[Routes] = {
    ("GET", f"{_GIT}/ref/{{ref}}"): _ref,
    ("GET", f"{_GIT}/matching-refs/{{ref}}"): _matching_refs,
    ("POST", f"{_GIT}/refs"): _create_ref,
    ("PATCH", f"{_GIT}/refs/{{ref}}"): _update_ref,
    ("DELETE", f"{_GIT}/refs/{{ref}}"): _delete_ref,
    ("POST", f"{_GIT}/tags"): _create_tag,
    ("GET", f"{_GIT}/tags/{{tag_sha}}"): _tag,
    ("POST", f"{_GIT}/blobs"): _create_blob,
    ("POST", f"{_GIT}/trees"): _create_tree,
    ("GET", f"{_GIT}/trees/{{tree_sha}}"): _tree,
    ("POST", f"{_GIT}/commits"): _create_commit,
    ("GET", f"{_GIT}/commits/{{commit_sha}}"): _commit,
}
