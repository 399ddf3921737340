"""Releases and their files."""

import hashlib
import re
from typing import Any, Final

from tests.servers.base import Response
from tests.servers.github.exchange import Exchange, RefusedError, Routes, invalid
from tests.servers.github.state import Asset, Release, Repository

_REPO: Final = "/repos/{owner}/{repo}"
_LATEST: Final = "Latest release cannot be draft or prerelease"


def _list(exchange: Exchange) -> Response:
    repo = exchange.repo
    shown = [each for each in repo.releases if not each.draft or repo.writable(exchange.token)]
    shown.sort(key=lambda release: (release.draft, release.created, release.id), reverse=True)
    return exchange.page([exchange.server.teller.release(repo, release) for release in shown])


def _create(exchange: Exchange) -> Response:
    token, repo, body = exchange.writer, exchange.repo, exchange.body
    release = Release(
        id=exchange.server.next_id(),
        tag=body["tag_name"],
        target=body.get("target_commitish", repo.default_branch),
        name=body.get("name", ""),
        body=body.get("body", ""),
        draft=body.get("draft", False),
        prerelease=body.get("prerelease", False),
        author=token.login,
        created=exchange.server.tick(),
    )
    if not release.draft:
        _publish(exchange, repo, release, body)
    repo.releases.append(release)
    return Response.of_json(exchange.server.teller.release(repo, release), 201)


def _update(exchange: Exchange) -> Response:
    _, repo, body = exchange.writer, exchange.repo, exchange.body
    release = _by_id(exchange, repo)
    if release.immutable and {"tag_name", "target_commitish"} & body.keys():
        changed = body.get("tag_name", release.tag) != release.tag or "target_commitish" in body
        if changed:
            raise RefusedError(422, "Cannot change the tag of an immutable release.")
    was_draft = release.draft
    fields = {"tag_name": "tag", "target_commitish": "target", "name": "name", "body": "body", "draft": "draft"}
    for key, attribute in {**fields, "prerelease": "prerelease"}.items():
        if key in body:
            setattr(release, attribute, body[key])
    if was_draft and not release.draft:
        try:
            _publish(exchange, repo, release, body)
        except RefusedError:
            release.draft = True
            raise
    elif not release.draft:
        _mark_latest(repo, release, body)
    return Response.of_json(exchange.server.teller.release(repo, release))


def _publish(exchange: Exchange, repo: Repository, release: Release, body: dict[str, Any]) -> None:
    others = (each for each in repo.releases if each is not release and not each.draft)
    if any(other.tag == release.tag for other in others):
        raise invalid("Release", "tag_name", "already_exists")
    ref = f"refs/tags/{release.tag}"
    if repo.bare.resolve(ref) is None:
        target = repo.bare.resolve(f"{release.target}^{{commit}}")
        if target is None:
            raise invalid("Release", "target_commitish")
        exchange.server.complaints.append(f"a release made the tag {release.tag} by itself: it is not annotated")
        repo.bare.git("update-ref", ref, target)
    _mark_latest(repo, release, body)
    release.published = exchange.server.tick()
    release.immutable = repo.immutable


def _mark_latest(repo: Repository, release: Release, body: dict[str, Any]) -> None:
    match body.get("make_latest"):
        case "true" if release.prerelease:
            raise invalid("Release", "make_latest", "custom", _LATEST)
        case "true":
            repo.latest = release.id
        case None if not release.prerelease and release.published is None:
            repo.latest = release.id
        case _:
            pass


def latest(repo: Repository) -> Release | None:
    """The release with the badge: the marked one, or the newest that is neither draft nor pre-release."""
    final = [each for each in repo.releases if not each.draft and not each.prerelease]
    marked = [each for each in final if each.id == repo.latest]
    return next(iter(marked or sorted(final, key=lambda release: -release.created)), None)


def _latest(exchange: Exchange) -> Response:
    return _shown(exchange, exchange.repo, latest(exchange.repo))


def _by_tag(exchange: Exchange) -> Response:
    repo = exchange.repo
    tag = exchange.names["tag"]
    return _shown(exchange, repo, next((each for each in repo.releases if each.tag == tag and not each.draft), None))


def _get(exchange: Exchange) -> Response:
    repo = exchange.repo
    release = _by_id(exchange, repo)
    return _shown(exchange, repo, release if not release.draft or repo.writable(exchange.token) else None)


def _shown(exchange: Exchange, repo: Repository, release: Release | None) -> Response:
    if release is None:
        raise RefusedError(404, "Not Found")
    return Response.of_json(exchange.server.teller.release(repo, release))


def _delete(exchange: Exchange) -> Response:
    _, repo = exchange.writer, exchange.repo
    release = _by_id(exchange, repo)
    if not release.draft:
        exchange.server.complaints.append(f"a published release was deleted: {release.tag}")
    repo.releases.remove(release)
    return Response(204)


def _by_id(exchange: Exchange, repo: Repository) -> Release:
    for release in repo.releases:
        if str(release.id) == exchange.names["release_id"]:
            return release
    raise RefusedError(404, "Not Found")


def _assets(exchange: Exchange) -> Response:
    repo = exchange.repo
    release = _by_id(exchange, repo)
    return exchange.page([exchange.server.teller.asset(repo, release, asset) for asset in release.assets])


def _upload(exchange: Exchange) -> Response:
    token, repo, request = exchange.writer, exchange.repo, exchange.request
    release = _by_id(exchange, repo)
    if release.immutable:
        raise RefusedError(422, "Cannot upload assets to an immutable release.")
    name = shown_name(request.query["name"])
    if release.asset(name):
        raise invalid("ReleaseAsset", "name", "already_exists")
    asset = Asset(
        id=exchange.server.next_id(),
        name=name,
        label=request.query.get("label", ""),
        content=request.body,
        digest=f"sha256:{hashlib.sha256(request.body).hexdigest()}" if exchange.server.digests else None,
        media=request.headers.get("content-type", ""),
        uploader=token.login,
    )
    release.assets.append(asset)
    return Response.of_json(exchange.server.teller.asset(repo, release, asset), 201)


def shown_name(name: str) -> str:
    """GitHub renames what it does not like in the name of a file."""
    return re.sub(r"[^\w.+@-]", ".", name, flags=re.ASCII).strip(".")


def _asset(exchange: Exchange) -> Response:
    repo = exchange.repo
    release, asset = _asset_by_id(exchange, repo)
    if "application/octet-stream" in exchange.request.headers.get("accept", ""):
        where = f"{exchange.server.at.storage}/{repo.full_name}/{asset.id}?signature=s3cr3t"
        return Response(302, headers={"Location": where})
    return Response.of_json(exchange.server.teller.asset(repo, release, asset))


def _delete_asset(exchange: Exchange) -> Response:
    _, repo = exchange.writer, exchange.repo
    release, asset = _asset_by_id(exchange, repo)
    if release.immutable:
        raise RefusedError(422, "Cannot delete assets of an immutable release.")
    if not release.draft:
        exchange.server.complaints.append(f"a file of a published release was deleted: {asset.name}")
    release.assets.remove(asset)
    return Response(204)


def _asset_by_id(exchange: Exchange, repo: Repository) -> tuple[Release, Asset]:
    for release in repo.releases:
        for asset in release.assets:
            if str(asset.id) == exchange.names["asset_id"] and (not release.draft or repo.writable(exchange.token)):
                return release, asset
    raise RefusedError(404, "Not Found")


def _immutable(exchange: Exchange) -> Response:
    if not exchange.repo.immutable:
        raise RefusedError(404, "Not Found")
    return Response.of_json({"enabled": True, "enforced_by_owner": False})


ROUTES: Final[Routes] = {
    ("GET", f"{_REPO}/immutable-releases"): _immutable,
    ("GET", f"{_REPO}/releases"): _list,
    ("POST", f"{_REPO}/releases"): _create,
    ("GET", f"{_REPO}/releases/latest"): _latest,
    ("GET", f"{_REPO}/releases/tags/{{tag}}"): _by_tag,
    ("GET", f"{_REPO}/releases/{{release_id}}"): _get,
    ("PATCH", f"{_REPO}/releases/{{release_id}}"): _update,
    ("DELETE", f"{_REPO}/releases/{{release_id}}"): _delete,
    ("GET", f"{_REPO}/releases/{{release_id}}/assets"): _assets,
    ("POST", f"{_REPO}/releases/{{release_id}}/assets"): _upload,
    ("GET", f"{_REPO}/releases/assets/{{asset_id}}"): _asset,
    ("DELETE", f"{_REPO}/releases/assets/{{asset_id}}"): _delete_asset,
}
