"""Anaconda.org: its API in the order in which clients must call it, its storage, and the channel that conda reads.

Satisfies rattler-build's uploader and anaconda-client. Nothing is visible before it is committed.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any

from requests_toolbelt.multipart.decoder import MultipartDecoder  # type: ignore[import-untyped]  # it ships no types

from tests.servers.base import Double, Request, Response

API = "api.anaconda.org"
STORAGE = "binstar-cio-packages-prod.s3.amazonaws.com"
CHANNEL = "conda.anaconda.org"


@dataclass
class Dist:
    """A file as it was staged, and later committed."""

    owner: str
    package: str
    version: str
    basename: str
    labels: list[str]
    sha256: str
    attrs: dict[str, Any]
    content: bytes = b""
    committed: bool = False

    @property
    def reported(self) -> dict[str, Any]:
        return {
            "basename": self.basename,
            "full_name": f"{self.owner}/{self.package}/{self.version}/{self.basename}",
            "distribution_type": "conda",
            "version": self.version,
            "labels": self.labels,
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "md5": hashlib.md5(self.content, usedforsecurity=False).hexdigest(),
            "size": len(self.content),
            "download_url": f"//{API}/download/{self.owner}/{self.package}/{self.version}/{self.basename}",
            "attrs": self.attrs,
        }


@dataclass(frozen=True)
class Token:
    """Whose a token is, what it may do, and for which organizations."""

    login: str
    scopes: tuple[str, ...] = ("all",)
    organizations: tuple[str, ...] = ()

    def may_write(self, owner: str) -> bool:
        allowed = {"all", "api", "api:write", "repos", "conda"} & set(self.scopes)
        return bool(allowed) and owner in (self.login, *self.organizations)


@dataclass
class Store:
    """Describe what one account has."""

    packages: set[str] = field(default_factory=set)
    releases: set[tuple[str, str]] = field(default_factory=set)


class Anaconda(Double):
    """Anaconda.org.

    Attributes:
        tokens: by value.
        dists: everything that was staged or committed, by owner, package, version and ``subdir/file``.
        lies: basename → sha256 told instead of the true one.
        accepted: basenames of the files taken, once for each time.
        storage: where post_url points; the real name behind the proxy, this server's own address without.
    """

    def __init__(self, storage: str = f"https://{STORAGE}") -> None:
        super().__init__()
        self.storage = storage
        self.tokens: dict[str, Token] = {}
        self.stores: dict[str, Store] = {}
        self.dists: dict[tuple[str, str, str, str], Dist] = {}
        self.lies: dict[str, str] = {}
        self.accepted: list[str] = []
        self._stages: dict[str, Dist] = {}

    @property
    def routes(self) -> dict[str, Double]:
        return dict.fromkeys((API, STORAGE, CHANNEL), self)

    def holds(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Basename → sha256 and labels of what is committed."""
        return {
            dist.basename: (hashlib.sha256(dist.content).hexdigest(), tuple(dist.labels))
            for dist in self.dists.values()
            if dist.committed
        }

    @property
    def uploads(self) -> list[str]:
        """The log's uploads: one commit each."""
        return self.lines("POST", "/commit/")

    def put(self, owner: str, package: str, version: str, basename: str, content: bytes, *labels: str) -> None:
        """Have a file there already."""
        store = self.stores.setdefault(owner, Store())
        store.packages.add(package)
        store.releases.add((package, version))
        dist = Dist(owner, package, version, basename, list(labels), "", _attrs(basename), content, committed=True)
        self.dists[owner, package, version, basename] = dist

    def answer(self, request: Request) -> Response:
        match request.method, request.path.strip("/").split("/"):
            case "HEAD", [""]:
                return Response()
            case "POST", ["s3"]:
                return self._store(request)
            case "GET", [_, *_, "repodata.json"]:
                return self._repodata(request.path.strip("/").split("/"))
            case "GET", ["authentication"]:
                return self._token_reported(request)
            case "GET", ["user"]:
                return self._user(request)
            case "GET", ["user", name] if name != "orgs":
                return Response.of_json({"login": name})
            case "GET", ["user", "orgs"]:
                token = self._token(request)
                names = token.organizations if token else ()
                return Response.of_json([{"login": name} for name in names], 200 if token else 401)
            case method, ["channels", owner, label]:
                return self._label(method, owner, label, request)
            case method, [noun, owner, *rest]:
                return self._noun(method, noun, owner, rest, request)
        return Response.of_json({"error": "not found"}, 404)

    def _noun(self, method: str, noun: str, owner: str, rest: list[str], request: Request) -> Response:
        if method == "POST":
            token = self._token(request)
            if token is None:
                return Response.of_json({"error": "invalid token"}, 401)
            if not token.may_write(owner):
                return Response.of_json({"error": f"{token.login} may not write to {owner}"}, 403)
        store = self.stores.setdefault(owner, Store())
        match method, noun, rest:
            case "GET", "package", [name]:
                return _there(name in store.packages, {"name": name})
            case "POST" | "PATCH", "package", [name]:
                store.packages.add(name)
                return Response.of_json({"name": name})
            case "GET", "release", [name, version]:
                found = [d.reported for k, d in self.dists.items() if k[:3] == (owner, name, version) and d.committed]
                found = [
                    {**reported, "sha256": self.lies.get(reported["basename"], reported["sha256"])}
                    for reported in found
                ]
                return _there((name, version) in store.releases, {"version": version, "distributions": found})
            case "POST" | "PATCH", "release", [name, version] if name in store.packages:
                store.releases.add((name, version))
                return Response.of_json({"version": version})
            case "GET", "dist", [name, version, *basename]:
                dist = self.dists.get((owner, name, version, "/".join(basename)))
                return _there(dist is not None and dist.committed, dist.reported if dist else {})
            case "GET", "download", [name, version, *basename]:
                dist = self.dists.get((owner, name, version, "/".join(basename)))
                return Response(200, dist.content) if dist and dist.committed else Response(404)
            case "POST", "stage", [name, version, *basename] if (name, version) in store.releases:
                return self._stage(owner, name, version, "/".join(basename), request.json())
            case "POST", "commit", _:
                return self._commit(request.json()["dist_id"])
        return self.complain(f"{request.line}: out of order")

    def _token(self, request: Request) -> Token | None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        return self.tokens.get(value) if scheme == "token" else None

    def _token_reported(self, request: Request) -> Response:
        token = self._token(request)
        if token is None:
            return Response.of_json({"error": "invalid token"}, 401)
        return Response.of_json({"application": "release-tools", "scopes": list(token.scopes), "user": token.login})

    def _user(self, request: Request) -> Response:
        token = self._token(request)
        return Response.of_json({"login": token.login} if token else {"error": "invalid token"}, 200 if token else 401)

    def _stage(self, owner: str, name: str, version: str, basename: str, staged: dict[str, Any]) -> Response:
        known = self.dists.get((owner, name, version, basename))
        if known and known.committed:
            return Response.of_json({"error": "file already exists"}, 409)
        if staged["distribution_type"] != "conda" or not staged["channels"] or not staged.get("sha256"):
            return self.complain(f"stage of {basename}: incomplete: {staged}")
        dist = Dist(owner, name, version, basename, staged["channels"], staged["sha256"], staged["attrs"])
        self.dists[owner, name, version, basename] = dist
        key = secrets.token_hex(8)
        self._stages[key] = dist
        return Response.of_json(
            {"post_url": f"{self.storage}/s3", "form_data": {"key": key, "acl": "private"}, "dist_id": key}
        )

    def _store(self, request: Request) -> Response:
        """S3's form upload: the file is the last part, its MD5 in base64."""
        fields: dict[str, bytes] = {}
        for part in MultipartDecoder(request.body, request.headers["content-type"]).parts:
            disposition = part.headers[b"Content-Disposition"].decode()
            fields[disposition.partition('name="')[2].partition('"')[0]] = part.content
        if request.headers.get("authorization"):
            return self.complain("a credential was shown to the storage")
        dist = self._stages.get(fields["key"].decode())
        md5 = base64.b64encode(hashlib.md5(fields["file"], usedforsecurity=False).digest())
        if dist is None or fields["Content-MD5"] != md5 or list(fields)[-1] != "file":
            return Response.of_text("<Error><Code>InvalidDigest</Code></Error>", 400)
        dist.content = fields["file"]
        return Response(201, b"<PostResponse/>")

    def _commit(self, key: str) -> Response:
        dist = self._stages.get(key)
        if dist is None or hashlib.sha256(dist.content).hexdigest() != _hexadecimal(dist.sha256):
            return self.complain("a commit without its bytes")
        dist.committed = True
        self.accepted.append(dist.basename)
        return Response.of_json({})

    def _label(self, method: str, owner: str, label: str, request: Request) -> Response:
        token = self._token(request)
        if token is None or not token.may_write(owner):
            return Response.of_json({"error": "forbidden"}, 403 if token else 401)
        wanted = request.json()
        dist = self.dists.get((owner, wanted["package"], wanted["version"], wanted["basename"]))
        if dist is None or not dist.committed:
            return Response.of_json({"error": "not found"}, 404)
        if method == "POST" and label not in dist.labels:
            dist.labels.append(label)
        if method == "DELETE" and label in dist.labels:
            dist.labels.remove(label)
        return Response.of_json({}, 201)

    def _repodata(self, parts: list[str]) -> Response:
        """``/OWNER[/label/LABEL]/SUBDIR/repodata.json``."""
        owner, *label, subdir, _ = parts
        wanted = label[1] if label else "main"
        packages = {
            dist.basename.partition("/")[2]: {
                **dist.attrs,
                "subdir": subdir,
                "sha256": dist.reported["sha256"],
                "md5": dist.reported["md5"],
                "size": dist.reported["size"],
            }
            for dist in self.dists.values()
            if dist.committed
            and dist.owner == owner
            and wanted in dist.labels
            and dist.basename.startswith(f"{subdir}/")
        }
        return Response.of_json(
            {"info": {"subdir": subdir}, "packages": {}, "packages.conda": packages, "repodata_version": 1}
        )


def _there(there: bool, content: dict[str, Any]) -> Response:  # noqa: FBT001 - the one thing that it is about
    return Response.of_json(content) if there else Response.of_json({"error": "not found"}, 404)


def _attrs(basename: str) -> dict[str, Any]:
    subdir, _, filename = basename.partition("/")
    name, version, build = filename.removesuffix(".conda").rsplit("-", 2)
    return {"name": name, "version": version, "build": build, "build_number": 0, "depends": [], "subdir": subdir}


def _hexadecimal(digest: str) -> str:
    """The clients do not agree on how a digest is spelt: hexadecimal or base64."""
    return digest if len(digest) == 64 else base64.b64decode(digest).hex()
