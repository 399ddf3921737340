"""Quetz, prefix.dev and Artifactory, as far as an upload by rattler-build and the reading of a channel go."""

import hashlib
import re

from requests_toolbelt.multipart.decoder import MultipartDecoder  # type: ignore[import-untyped]  # it ships no types

from tests.servers.base import Double, Request, Response

HOST = "conda.example"


class CondaServer(Double):
    """One server that speaks all three ways to upload; the channel is always called ``lab``.

    Attributes:
        token: that it takes.
        files: what was uploaded, by name; all ``noarch``.
    """

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token
        self.files: dict[str, bytes] = {}

    def answer(self, request: Request) -> Response:
        headers = request.headers
        shown = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        match request.method, request.path.strip("/").split("/"):
            case "GET", [*_, "lab", "noarch", "repodata.json"]:
                return self._repodata()
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
