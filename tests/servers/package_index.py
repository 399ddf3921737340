"""PyPI and TestPyPI by their own rules: what they refuse, in their own words, and what they serve afterwards.

The rules are those of warehouse's ``forklift/legacy.py`` and ``oidc/views.py``.
"""

import hashlib
import io
import json
import secrets
import tarfile
import time
import zipfile
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.parser import Parser
from html import escape
from typing import TYPE_CHECKING

import jwt
from packaging.utils import InvalidWheelFilename, canonicalize_name
from requests_toolbelt.multipart.decoder import MultipartDecoder  # type: ignore[import-untyped]  # it ships no types

from tests.servers.base import Double, Request, Response
from tests.servers.upload_rules import RefusedError, check_sdist, check_wheel, metadata_of

if TYPE_CHECKING:
    from tests.servers.oidc import OidcProvider

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "application/vnd.pypi.simple.v1+html"


@dataclass(frozen=True)
class Publisher:
    """A trusted publisher as it is registered; a pending one has no project yet."""

    project: str
    repository: str = "octo/demo"
    workflow: str = "release.yml"
    environment: str = ""

    def matches(self, claims: dict[str, str]) -> bool:
        workflow = f"{self.repository}/.github/workflows/{self.workflow}@"
        return (
            claims["repository"] == self.repository
            and claims["job_workflow_ref"].startswith(workflow)
            and self.environment in {"", claims.get("environment", "")}
        )


@dataclass
class File:
    """A file as it was uploaded."""

    name: str
    project: str
    version: str
    kind: str
    content: bytes
    attestations: list[dict[str, object]] = field(default_factory=list)
    publisher: Publisher | None = None  # who uploaded it, where that was a trusted publisher
    yanked: bool = False
    hidden: int = 0  # in how many listings it does not appear yet
    sha256: str = ""  # as the form told it, and it was seen to be true

    def __post_init__(self) -> None:
        self.sha256 = self.sha256 or hashlib.sha256(self.content).hexdigest()


class PackageIndex(Double):
    """One index.

    Attributes:
        hosts: under which it is reached.
        audience: of identity tokens.
        files: by name.
        tokens: API token → the projects that it may upload to; None for all of its user's, new ones included.
        owned: projects that exist.
        publishers: of trusted publishing; one whose project is not `owned` is pending.
        accepted: names of the files taken, once for each time.
        minted: tokens given out for identity tokens.
        minted_for: minted token → the publisher that it is for.
        created_by_minting: projects that a mint brought into being, as it does for pending publishers.
        lag: in how many listings a new file does not appear yet.
        only_html: whether it is a mirror without PEP 691.
        lies: file name → digest served instead of the true one.
        old: versions older than fourteen days, which take no new files.
        size_limit: bytes that a file may have.
    """

    def __init__(self, hosts: Iterable[str] = (), audience: str = "pypi", files_root: str = "") -> None:
        super().__init__()
        self.hosts = tuple(hosts)
        self.audience = audience
        self.files_root = files_root
        self.provider: OidcProvider | None = None
        self.files: dict[str, File] = {}
        self.tokens: dict[str, frozenset[str] | None] = {}
        self.owned: set[str] = set()
        self.publishers: list[Publisher] = []
        self.accepted: list[str] = []
        self.minted: list[str] = []
        self.minted_for: dict[str, Publisher] = {}
        self.created_by_minting: list[str] = []
        self.lag = 0
        self.only_html = False
        self.lies: dict[str, str] = {}
        self.old: set[str] = set()
        self.size_limit = 100 << 20

    @classmethod
    def pypi(cls) -> "PackageIndex":
        return cls(("upload.pypi.org", "pypi.org", "files.pythonhosted.org"), "pypi", "https://files.pythonhosted.org")

    @classmethod
    def testpypi(cls) -> "PackageIndex":
        return cls(("test.pypi.org", "test-files.pythonhosted.org"), "testpypi", "https://test-files.pythonhosted.org")

    @property
    def routes(self) -> dict[str, Double]:
        return dict.fromkeys(self.hosts, self)

    @property
    def uploads(self) -> list[str]:
        """The log's uploads."""
        return self.lines("POST", "/legacy/$")

    def holds(self) -> dict[str, str]:
        """File name → sha256 of what was really uploaded."""
        return {name: file.sha256 for name, file in self.files.items()}

    def put(self, name: str, content: bytes, project: str = "demo", version: str = "1.0") -> None:
        """Have a file there already."""
        kind = "sdist" if name.endswith(".tar.gz") else "bdist_wheel"
        self.owned.add(canonicalize_name(project))
        self.files[name] = File(name, canonicalize_name(project), version, kind, content)

    def answer(self, request: Request) -> Response:
        try:
            return self._routed(request)
        except RefusedError as refusal:
            return Response.of_text(str(refusal), refusal.status)

    def _routed(self, request: Request) -> Response:
        parts = request.path.strip("/").split("/")
        match request.method, parts:
            case "POST", ["legacy"]:
                return self._upload(request)
            case "GET", ["simple", project]:
                return self._listing(project, request)
            case "GET" | "HEAD", ["packages", _, name] if name in self.files:
                return Response(200, self.files[name].content, {"Content-Type": "application/octet-stream"})
            case "GET", ["integrity", _, _, name, "provenance"] if name in self.files:
                return _provenance(self.files[name])
            case "GET", ["packages", _, name] if name.endswith(".whl.metadata") and name[:-9] in self.files:
                return Response(200, _wheel_document(self.files[name[:-9]].content))
            case "GET", ["_", "oidc", "audience"]:
                return Response.of_json({"audience": self.audience})
            case "POST", ["_", "oidc", "mint-token"]:
                return self._mint(request)
        raise RefusedError("Not Found", 404)

    def _listing(self, project: str, request: Request) -> Response:
        if project != canonicalize_name(project):
            return Response(301, headers={"Location": f"/simple/{canonicalize_name(project)}/"})
        if project not in self.owned:
            return Response.of_text("Not Found", 404)
        shown = []
        for file in self.files.values():
            if file.project == project:
                if file.hidden == 0:
                    shown.append(file)
                file.hidden = max(0, file.hidden - 1)
        if JSON in request.headers.get("accept", "") and not self.only_html:
            return self._json(project, shown)
        return self._html(project, shown)

    def _json(self, project: str, shown: list[File]) -> Response:
        files = [
            {
                "filename": file.name,
                "url": self._url(file),
                "hashes": {"sha256": self._digest(file)},
                "size": len(file.content),
                "core-metadata": file.name.endswith(".whl"),
                "yanked": file.yanked,
                "upload-time": _upload_time(days=20 if file.version in self.old else 1),
                "provenance": self._provenance(file) if file.attestations else None,
            }
            for file in shown
        ]
        versions = sorted({file.version for file in shown})
        return Response.of_json(
            {"meta": {"api-version": "1.1"}, "name": project, "versions": versions, "files": files}, media=JSON
        )

    def _html(self, project: str, shown: list[File]) -> Response:
        links = "\n".join(
            f'<a href="{self._url(file)}#sha256={self._digest(file)}"{" data-yanked" if file.yanked else ""}>'
            f"{escape(file.name)}</a><br/>"
            for file in shown
        )
        head = '<meta name="pypi:repository-version" content="1.1">'
        page = f"<!DOCTYPE html><html><head>{head}<title>{project}</title></head><body>{links}</body></html>"
        return Response.of_text(page, media=HTML)

    def _provenance(self, file: File) -> str:
        site = next(host for host in self.hosts if "upload" not in host)
        return f"https://{site}/integrity/{file.project}/{file.version}/{file.name}/provenance"

    def _url(self, file: File) -> str:
        return f"{self.files_root or '../..'}/packages/{file.sha256[:16]}/{file.name}"

    def _digest(self, file: File) -> str:
        return self.lies.get(file.name, file.sha256)

    def _upload(self, request: Request) -> Response:
        token = self._token(request)
        form, filename, content = _form(request)
        if form.get(":action") != ["file_upload"] or form.get("protocol_version") != ["1"]:
            raise RefusedError("Unknown protocol version.")
        project, version, kind = self._checked(form, filename, content)
        self._allow(token, project)
        attestations = self._attestations(form, token)
        by, digest = self.minted_for.get(token), form.get("sha256_digest", [""])[0]
        file = File(filename, project, version, kind, content, attestations, by, hidden=self.lag, sha256=digest)
        return self._keep(file)

    def _token(self, request: Request) -> str:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        user, _, token = b64decode(encoded).decode().partition(":")
        if scheme != "Basic" or user != "__token__" or token not in self.tokens:
            raise RefusedError(
                "Invalid or non-existent authentication information. "
                "See https://pypi.org/help/#invalid-auth for more information.",
                403,
            )
        return token

    def _checked(self, form: dict[str, list[str]], filename: str, content: bytes) -> tuple[str, str, str]:
        kind = form.get("filetype", [""])[0]
        stated = metadata_of(form)
        project, version = canonicalize_name(stated.name), str(stated.version)
        if len(content) > self.size_limit:
            raise RefusedError(f"File too large. Limit for project {project!r} is {self.size_limit >> 20} MB.")
        try:
            of_file = _sdist_metadata(content) if kind == "sdist" else _wheel_metadata(content)
        except (tarfile.TarError, zipfile.BadZipFile, KeyError) as error:
            raise RefusedError(f"Invalid distribution file. {error}") from None
        try:
            (check_sdist if kind == "sdist" else check_wheel)(filename, content, stated)
        except InvalidWheelFilename as error:
            raise RefusedError(str(error)) from None
        if canonicalize_name(str(of_file["Name"])) != project or of_file["Version"] != form["version"][0]:
            raise RefusedError("Metadata in the file does not agree with the form.")
        _check_digests(form, content)
        return project, version, kind

    def _allow(self, token: str, project: str) -> None:
        scope = self.tokens[token]
        if scope is not None and project not in scope:
            raise RefusedError(
                f"The user 'octo' isn't allowed to upload to project {project!r}. "
                "See https://pypi.org/help/#project-name for more information.",
                403,
            )
        self.owned.add(project)

    def _attestations(self, form: dict[str, list[str]], token: str) -> list[dict[str, object]]:
        text = form.get("attestations", [""])[0]
        if not text:
            return []
        if token not in self.minted:
            raise RefusedError("Attestations are only supported when using Trusted Publishing")
        attestations: list[dict[str, object]] = json.loads(text)
        wanted = {"version", "verification_material", "envelope"}
        if not attestations or len(attestations) > 2 or any(set(entry) != wanted for entry in attestations):
            raise RefusedError("Malformed attestations: an error occurred while parsing the attestations")
        return attestations

    def _keep(self, file: File) -> Response:
        there = self.files.get(file.name)
        if there and there.content == file.content:
            self.accepted.append(file.name)
            return Response()
        if there:
            blake = hashlib.blake2b(file.content, digest_size=32).hexdigest()
            raise RefusedError(
                f"File already exists ({file.name!r}, with blake2_256 hash {blake!r}). "
                "See https://pypi.org/help/#file-name-reuse for more information."
            )
        release = [
            other for other in self.files.values() if (other.project, other.version) == (file.project, file.version)
        ]
        if file.kind == "sdist" and any(other.kind == "sdist" for other in release):
            raise RefusedError("Only one sdist may be uploaded per release.")
        if file.version in self.old:
            raise RefusedError("Uploading new files to releases older than 14 days is not allowed.")
        self.files[file.name] = file
        self.accepted.append(file.name)
        return Response()

    def _mint(self, request: Request) -> Response:
        assert self.provider is not None, "trusted publishing without a provider"
        try:
            claims = self.provider.claims_of(request.json()["token"], self.audience)
        except jwt.PyJWTError as error:
            return _not_minted("invalid-token", f"malformed or invalid token: {error}")
        publisher = next((one for one in self.publishers if one.matches(claims)), None)
        if publisher is None:
            return _not_minted(
                "invalid-publisher",
                "valid token, but no corresponding publisher (Publisher with matching claims was not found)",
            )
        project = canonicalize_name(publisher.project)
        if project not in self.owned:
            self.created_by_minting.append(project)
            self.owned.add(project)
        token = f"pypi-minted-{secrets.token_hex(16)}"
        self.minted.append(token)
        self.minted_for[token] = publisher
        self.tokens[token] = frozenset({project})
        return Response.of_json({"success": True, "token": token, "expires": int(time.time()) + 900})


def _provenance(file: File) -> Response:
    assert file.publisher is not None
    publisher = {
        "kind": "GitHub",
        "repository": file.publisher.repository,
        "workflow": file.publisher.workflow,
        "environment": file.publisher.environment or None,
    }
    bundles = [{"publisher": publisher, "attestations": file.attestations}]
    return Response.of_json({"version": 1, "attestation_bundles": bundles})


def _upload_time(days: int) -> str:
    """A time so many days ago."""
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _not_minted(code: str, description: str) -> Response:
    return Response.of_json(
        {"message": "Token request failed", "errors": [{"code": code, "description": description}]}, 422
    )


def _form(request: Request) -> tuple[dict[str, list[str]], str, bytes]:
    """The fields of an upload, the file's name and its bytes."""
    form: dict[str, list[str]] = {}
    filename, content = "", b""
    for part in MultipartDecoder(request.body, request.headers.get("content-type", "")).parts:
        words = part.headers[b"Content-Disposition"].decode().split("; ")
        names = dict(word.split("=", 1) for word in words[1:])
        if "filename" in names:
            filename, content = names["filename"].strip('"'), part.content
        else:
            form.setdefault(names["name"].strip('"'), []).append(part.content.decode())
    if not filename:
        raise RefusedError("Upload payload does not have a file.")
    return form, filename, content


def _check_digests(form: dict[str, list[str]], content: bytes) -> None:
    digests = {
        "sha256_digest": hashlib.sha256(content).hexdigest(),
        "md5_digest": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "blake2_256_digest": hashlib.blake2b(content, digest_size=32).hexdigest(),
    }
    given = {name: form[name][0] for name in digests if name in form}
    if not given:
        raise RefusedError("Include at least one message digest.")
    if any(digests[name] != digest for name, digest in given.items()):
        raise RefusedError("The digest supplied does not match a digest calculated from the uploaded file.")


def _wheel_metadata(content: bytes) -> dict[str, str]:
    return dict(Parser().parsestr(_wheel_document(content).decode()).items())


def _wheel_document(content: bytes) -> bytes:
    """METADATA as it stands in the wheel, which PyPI serves beside it (PEP 658)."""
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        name = next((name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")), None)
        if name is None:
            raise KeyError("no METADATA")
        return wheel.read(name)


def _sdist_metadata(content: bytes) -> dict[str, str]:
    with tarfile.open(fileobj=io.BytesIO(content)) as sdist:
        file = sdist.extractfile(f"{sdist.getnames()[0].partition('/')[0]}/PKG-INFO")
        assert file is not None
        return dict(Parser().parsestr(file.read().decode()).items())
