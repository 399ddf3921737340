"""List what a package index serves of a project, by one request (PEP 691, and PEP 503 for older servers).

The simple API is the truth about what pip and uv install. It gives the digest of each file, so "already there" is
decided by bytes and never by a name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from release_tools.errors import RemoteError
from release_tools.publishers.package_index.index import Index, leave_out_pydantic_plugins
from release_tools.system.http import Http, Response, strip_address

if TYPE_CHECKING:
    from pypi_simple import ProjectPage

_ACCEPT: Final = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"  # PEP 691
)
_MISSING: Final = frozenset({404, 410})


@dataclass(frozen=True)
class IndexFile:
    """One file that an index serves.

    Attributes:
        url: to download it from.
        sha256: lower-case hexadecimal; empty where the index does not say.
        size: in bytes; None where the index does not say.
        is_yanked: whether it was yanked (PEP 592).
        provenance: address of its attestations (PEP 740); empty where it has none.
        uploaded: when (PEP 700); None where the index does not say.
        metadata: address of its metadata alone (PEP 658); empty where it has none.
    """

    url: str
    sha256: str = ""
    size: int | None = None
    is_yanked: bool = False
    provenance: str = ""
    uploaded: datetime | None = None
    metadata: str = ""


@dataclass(frozen=True)
class Listing:
    """Describe what an index serves of one project.

    Attributes:
        exists: whether the index knows the project at all.
        files: by file name.
    """

    exists: bool
    files: Mapping[str, IndexFile] = field(default_factory=lambda: MappingProxyType({}))


def list_project(http: Http, index: Index, project: str, *, authorization: str = "") -> Listing:
    """Return what an index serves of a project, by one request.

    Args:
        http: the session.
        index: the index.
        project: its name, in any spelling.
        authorization: value of the ``Authorization`` header, for private indexes.

    Raises:
        RemoteError: the index could not be reached, refused, or answered what neither PEP describes.
    """
    url = index.make_listing_url(project)
    headers = {"Accept": _ACCEPT}
    if authorization:
        headers["Authorization"] = authorization
    response = http.get(url, headers=headers)
    if response.status in _MISSING:
        return Listing(exists=False)
    if not response.ok:
        raise RemoteError(f"{index.title} does not list {project}: {strip_address(url)} answered {response.status}")
    files = {}
    for package in _parse(response, project).packages:
        url = package.url.partition("#")[0]
        files[package.filename] = IndexFile(
            url,
            str(package.digests.get("sha256", "")).lower(),
            package.size,
            package.is_yanked,
            package.provenance_url or "",
            package.upload_time,
            f"{url}.metadata" if package.has_metadata else "",
        )
    return Listing(exists=True, files=MappingProxyType(files))


def _parse(response: Response, project: str) -> "ProjectPage":
    leave_out_pydantic_plugins()
    from pypi_simple import ProjectPage, UnsupportedRepoVersionError

    try:
        if "json" in response.headers.get("content-type", ""):
            return ProjectPage.from_json_data(response.json(), response.url)
        return ProjectPage.from_html(project, response.body, response.url)
    except (ValueError, UnsupportedRepoVersionError) as error:  # pydantic's errors are a ValueError
        raise RemoteError(f"{strip_address(response.url)} answered something that PEP 691 does not describe") from error
