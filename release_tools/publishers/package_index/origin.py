"""Find which repository the project on an index comes from, by what its newest release says of itself."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from email.parser import HeaderParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from release_tools import addresses
from release_tools.artifacts import read_sdist
from release_tools.errors import ArchiveError, RemoteError
from release_tools.publishers.package_index.index import parse_file_version
from release_tools.publishers.package_index.previous_files import open_served
from release_tools.publishers.package_index.provenance import read_trusted_publishers
from release_tools.publishers.package_index.simple_api import IndexFile, Listing
from release_tools.system.http import Http

OTHER_ADVICE: Final = (
    "Publish under another name. If the project is yours, register this repository as its trusted publisher, and go on"
    " with --allow-older."
)
_REPOSITORY: Final = re.compile(
    r"https?://(?:www\.)?(?P<host>github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)/(?P<slug>[\w.-]+/[\w.-]+)",
    re.ASCII | re.IGNORECASE,
)
_METADATA: Final = "PKG-INFO"
_LARGEST: Final = 16 << 20
"""The most bytes of an sdist that are downloaded for its metadata."""
_FIELDS: Final = ("Project-URL", "Home-page", "Download-URL")
_NO_OWNERS: Final = ("orgs/", "sponsors/", "users/")


def find_other_origin(http: Http, listing: Listing, slug: str) -> str:
    """Return the repository of the newest release on an index, where it is not this project's.

    It is empty where it is this one, where it moved here, and where the release says nothing.

    Args:
        http: the session.
        listing: what the index serves of the project.
        slug: ``owner/name`` of this project on GitHub.

    Raises:
        RemoteError: the index could not be queried.
    """
    found = sorted(set(_find_repositories(http, listing)))
    if not slug or not found or slug.lower() in (name.lower() for name in found):
        return ""
    return "" if any(_has_moved(http, name, slug) for name in found) else found[0]


def describe_other_origin(project: str, title: str, origin: str, slug: str) -> str:
    """Return the sentence about a project on an index that is somebody else's."""
    return f"{project} on {title} seems to be somebody else's: its newest release comes from {origin}, not from {slug}"


def _find_repositories(http: Http, listing: Listing) -> Iterator[str]:
    """Yield the repositories that published the newest release, or else those that it names."""
    files = _list_newest(listing)
    publishers = [one for file in [*files.values()][:1] for one in read_trusted_publishers(http, file)]
    if publishers:
        yield from (publisher.repository for publisher in publishers)
    else:
        yield from _find_named_repositories(_fetch_metadata(http, files))


def _fetch_metadata(http: Http, files: Mapping[str, IndexFile]) -> str:
    """Return the metadata of the first file that an index serves them of, or else of the sdist; empty without both."""
    address = next((file.metadata for file in files.values() if file.metadata), "")
    answer = http.get(address) if address else None
    if answer is not None and answer.ok:
        return answer.body.decode("utf-8", errors="replace")
    sdist = next((name for name in files if name.endswith(".tar.gz")), "")
    return _read_sdist_metadata(http, sdist, files[sdist]) if sdist else ""


def _read_sdist_metadata(http: Http, filename: str, file: IndexFile) -> str:
    """Return the metadata in an sdist, of which indexes do not serve them apart; empty where it cannot be read."""
    with TemporaryDirectory(prefix="release-tools-") as folder, suppress(ArchiveError, RemoteError):
        with open_served(http, filename, file, Path(folder), _LARGEST) as path:
            found = read_sdist(path, wanted=_METADATA.__eq__).documents[_METADATA]
        return found.decode("utf-8", errors="replace")
    return ""


def _find_named_repositories(metadata: str) -> Iterator[str]:
    """Yield the repositories that the addresses in the metadata of a package name."""
    headers = HeaderParser().parsestr(metadata)
    addresses_named = [text for name in _FIELDS for text in headers.get_all(name, [])]
    for match in _REPOSITORY.finditer("\n".join(addresses_named)):
        host, slug = match["host"].lower(), match["slug"].removesuffix(".git").rstrip(".")
        if not slug.lower().startswith(_NO_OWNERS):
            yield slug if host == "github.com" else f"{host}/{slug}"


def _list_newest(listing: Listing) -> dict[str, IndexFile]:
    """Return the files of the newest version by their names, those with attestations first."""
    versions = {name: version for name in listing.files if (version := parse_file_version(name))}
    newest = max(versions.values(), default=None)
    names = [name for name, version in versions.items() if version == newest]
    return {name: listing.files[name] for name in sorted(names, key=lambda name: not listing.files[name].provenance)}


def _has_moved(http: Http, repository: str, slug: str) -> bool:
    """Return whether GitHub redirects a repository to this one, as it does for one that was renamed or transferred."""
    if repository.count("/") != 1:
        return False
    try:
        answer = http.get(f"{addresses.GITHUB_API}/repos/{repository}")
        return answer.ok and str(answer.json().get("full_name", "")).lower() == slug.lower()
    except (RemoteError, AttributeError):
        return False
