"""List what a package index serves of a project, by one request (PEP 691, and PEP 503 for older servers).

The simple API is the truth about what pip and uv install. It gives the digest of each file, so "already there" is
decided by bytes and never by a name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urljoin

from packaging.version import Version

from release_tools.errors import RemoteError
from release_tools.publishers.package_index.index import Index, leave_out_pydantic_plugins
from release_tools.system.http import Http, Response, strip_address

_ACCEPT: Final = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"  # PEP 691
)
_MISSING: Final = frozenset({404, 410})
_API_VERSION: Final = 1
_TYPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "filename": str,
    "url": str,
    "hashes": dict,
    "size": int,
    "yanked": (bool, str),
    "provenance": str,
    "upload-time": str,
    "core-metadata": (bool, dict),
}
"""The fields of a file in JSON that are read, by PEP 691, 700, 714 and 740."""


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
    try:
        is_json = "json" in response.headers.get("content-type", "")
        files = _read_json(response) if is_json else _read_html(response, project)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RemoteError(f"{strip_address(url)} answered something that PEP 691 does not describe") from error
    return Listing(exists=True, files=MappingProxyType(files))


def _read_json(response: Response) -> dict[str, IndexFile]:
    """Return the files of a listing in JSON, by their names.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is not what PEP 691 describes.
    """
    data = response.json()
    if Version(data["meta"]["api-version"]).major > _API_VERSION:
        raise ValueError("a later version of the API")
    return dict(map(partial(_read_entry, response.url), data["files"]))


def _read_entry(page: str, entry: Mapping[str, Any]) -> tuple[str, IndexFile]:
    """Return the name of a file and its facts; an optional one of the wrong type is left out."""
    known: dict[str, Any] = {key: value for key, value in entry.items() if isinstance(value, _TYPES.get(key, ()))}
    url = urljoin(page, known["url"]).partition("#")[0]
    return known["filename"], IndexFile(
        url,
        str(known["hashes"].get("sha256", "")).lower(),
        known.get("size"),
        known.get("yanked", False) is not False,
        known.get("provenance", ""),
        datetime.fromisoformat(known["upload-time"]) if "upload-time" in known else None,
        f"{url}.metadata" if known.get("core-metadata", False) is not False else "",
    )


def _read_html(response: Response, project: str) -> dict[str, IndexFile]:
    """Return the files of a listing in HTML, as older servers write it, by their names.

    Raises:
        ValueError: it was written for a later version of the API.
    """
    leave_out_pydantic_plugins()
    from pypi_simple import ProjectPage, UnsupportedRepoVersionError

    try:
        packages = ProjectPage.from_html(project, response.body, response.url).packages
    except UnsupportedRepoVersionError as error:
        raise ValueError(str(error)) from error
    files = {}
    for package in packages:
        url = package.url.partition("#")[0]
        files[package.filename] = IndexFile(
            url,
            str(package.digests.get("sha256", "")).lower(),
            is_yanked=package.is_yanked,
            provenance=package.provenance_url or "",
            metadata=f"{url}.metadata" if package.has_metadata else "",
        )
    return files
