"""Package indexes: what is there (PEP 691 and PEP 503), asked with one request a project.

The simple API is the truth about what pip and uv install; it tells the digest of each file, so "already there" is
decided by bytes and never by a name.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from release_tools.engine.routes import Index
from release_tools.errors import RemoteError
from release_tools.system.http import Http, Response, bare

_ACCEPT: Final = (
    "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"  # PEP 691
)
_NOT_THERE: Final = frozenset({404, 410})


@dataclass(frozen=True)
class IndexFile:
    """One file that an index serves.

    Attributes:
        url: to download it from.
        sha256: lower-case hexadecimal; empty where the index does not say.
        size: in bytes; None where the index does not say.
        yanked: whether it was taken back (PEP 592).
        provenance: where its attestations are told (PEP 740); empty where it has none.
    """

    url: str
    sha256: str = ""
    size: int | None = None
    yanked: bool = False
    provenance: str = ""


@dataclass(frozen=True)
class Listing:
    """What an index serves of one project.

    Attributes:
        exists: whether the index knows the project at all.
        files: by file name.
    """

    exists: bool
    files: Mapping[str, IndexFile] = field(default_factory=lambda: MappingProxyType({}))


def listing(http: Http, index: Index, project: str, *, authorization: str = "") -> Listing:
    """Ask what is there of a project; one request.

    Follows PEP 691, and PEP 503 where the index (a mirror, an older server) has only pages.

    Args:
        http: the session.
        index: to ask.
        project: name, in any spelling.
        authorization: value of the ``Authorization`` header, for indexes that hide what they have.

    Raises:
        RemoteError: the index could not be reached, refused, or answered what neither PEP describes.
    """
    url = index.listing_url(project)
    headers = {"Accept": _ACCEPT} | ({"Authorization": authorization} if authorization else {})
    answer = http.get(url, headers=headers)
    if answer.status in _NOT_THERE:
        return Listing(exists=False)
    if not answer.ok:
        raise RemoteError(f"{index.title} refused to say what is there: {bare(url)} answered {answer.status}")
    served = _from_json(answer) if "json" in answer.headers.get("content-type", "") else _from_html(answer)
    return Listing(exists=True, files=MappingProxyType(dict(served)))


def version_of(filename: str) -> Version | None:
    """The version that the name of a wheel or an sdist tells; None where it is neither's name."""
    try:
        parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
        return parse(filename)[1]
    except (InvalidSdistFilename, InvalidWheelFilename):
        return None


def _from_json(answer: Response) -> Iterator[tuple[str, IndexFile]]:
    """PEP 691; the size is PEP 700's, the provenance PEP 740's."""
    content = answer.json()
    try:
        for file in content["files"]:
            size = file.get("size")
            yield (
                str(file["filename"]),
                IndexFile(
                    urljoin(answer.url, str(file["url"])),
                    str(file.get("hashes", {}).get("sha256", "")).lower(),
                    size if isinstance(size, int) else None,
                    bool(file.get("yanked", False)),
                    str(file.get("provenance") or ""),
                ),
            )
    except (TypeError, KeyError, AttributeError) as error:
        raise RemoteError(f"{bare(answer.url)} answered something that PEP 691 does not describe") from error


def _from_html(answer: Response) -> Iterator[tuple[str, IndexFile]]:
    """PEP 503: the digest is the link's fragment."""
    parser = _Links()
    parser.feed(answer.text)
    parser.close()
    for href, attributes in parser.links:
        url, fragment = urldefrag(urljoin(answer.url, href))
        algorithm, _, digest = fragment.partition("=")
        name = unquote(urlsplit(url).path.rpartition("/")[2])
        yield name, IndexFile(url, digest.lower() if algorithm == "sha256" else "", None, "data-yanked" in attributes)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[str, Mapping[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "a" and attributes.get("href"):
            self.links.append((str(attributes["href"]), attributes))
