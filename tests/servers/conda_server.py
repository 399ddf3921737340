"""Quetz, prefix.dev, Artifactory and Cloudsmith: uploads by rattler-build, and what the channel lists."""

import hashlib
import json
import re

from requests_toolbelt.multipart.decoder import MultipartDecoder  # type: ignore[import-untyped]  # it ships no types

from tests.servers.base import Double, Request, Response

HOST = "conda.example"
SYNCHRONISED = {
    "slug": "demo",
    "slug_perm": "demo",
    "identifier_perm": "demo",
    "status_str": "Completed",
    "stage_str": "Fully Synchronised",
    "is_sync_completed": True,
    "is_sync_failed": False,
    "is_sync_in_progress": False,
    "is_sync_awaiting": False,
    "sync_progress": 100,
    "status": 4,
    "stage": 9,
}


class CondaServer(Double):
    """One server that speaks all ways to upload; the channel is always called ``lab``.

    Attributes:
        token: that it takes.
        files: what was uploaded, by name; all ``noarch``.
        stored: what Cloudsmith's storage holds, before a package is made of it.
    """

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token
        self.files: dict[str, bytes] = {}
        self.stored: dict[str, bytes] = {}

    def answer(self, request: Request) -> Response:
        headers = request.headers
        shown = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        match request.method, request.path.strip("/").split("/"):
            case "GET", [*_, "lab", "noarch", "repodata.json"]:
                return self._repodata()
            case "POST", ["storage", name]:  # the storage's own signature is in its fields, not in a token
                parts = MultipartDecoder(request.body, headers["content-type"]).parts
                self.stored[name] = parts[-1].content
                return Response(201)
            case _ if shown != self.token:
                return Response(401)
            case "POST", ["api", "channels", "lab", "upload", name] if request.query.get("force") == "false":
                return self._keep(name, request.body)
            case "POST", ["api", "v1", "upload", "lab"]:
                [part] = MultipartDecoder(request.body, headers["content-type"]).parts
                found = re.search(rb'filename="([^"]+)"', part.headers[b"Content-Disposition"])
                return self._keep(found[1].decode() if found else "", part.content)
            case "PUT", ["artifactory", "lab", "noarch", name]:
                return self._keep(name, request.body)
            case "POST", ["v1", "files", "octo", "lab"]:
                name = json.loads(request.body)["filename"]
                upload = {"upload_url": f"https://{HOST}/storage/{name}", "upload_fields": {"key": name}}
                return Response.of_json({"identifier": name, **upload})
            case "POST", ["v1", "packages", "octo", "lab", "upload", "conda"]:
                name = json.loads(request.body)["package_file"]
                self.files[name] = self.stored.pop(name)
                return Response.of_json(SYNCHRONISED)
        return self.complain(f"{request.line}: no such thing")

    def _keep(self, name: str, content: bytes) -> Response:
        if self.files.setdefault(name, content) != content:
            return Response(409)
        return Response(201)

    def _repodata(self) -> Response:
        records = {
            name: {
                "name": name.rsplit("-", 2)[0],
                "version": name.rsplit("-", 2)[1],
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for name, content in self.files.items()
        }
        return Response.of_json({"packages": {}, "packages.conda": records})
