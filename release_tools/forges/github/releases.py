"""Read and write GitHub releases and their files.

https://docs.github.com/rest/releases
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from release_tools.errors import RemoteError
from release_tools.forges.base import Asset, Draft, HostedRelease

if TYPE_CHECKING:
    from github.GitRelease import GitRelease

    from release_tools.forges.github.client import GitHubRepository

_MEDIA_TYPES: Final = {".json": "application/json", ".whl": "application/zip", ".gz": "application/gzip"}
_PAGE: Final = 100
_NOT_FOUND: Final = 404
_DEFAULT_MEDIA_TYPE: Final = "application/octet-stream"


class GitHubReleases:
    """The releases of one repository on GitHub."""

    def __init__(self, repository: "GitHubRepository") -> None:
        self._repository = repository

    def find_all(self, tag: str) -> tuple[HostedRelease, ...]:
        """Return the releases of a tag: at most one published, and any drafts if the token may write.

        Raises:
            CredentialError: the repository cannot be read.
            RemoteError: the server failed.
        """
        task = f"read the releases of {self._repository.slug}"
        found = [release for release in self._list("/releases", task) if release.get("tag_name") == tag]
        return tuple(
            _read_release({**release, "assets": [*self._list(f"/releases/{release.get('id')}/assets", task)]})
            for release in found
        )

    def find_published(self, tag: str) -> HostedRelease | None:
        """Return the published release of a tag with its files, by one request; None where there is none.

        Raises:
            CredentialError: the repository cannot be read.
            RemoteError: the server failed.
        """
        task = f"read the release {tag} of {self._repository.slug}"
        found = self._repository.hub.read(f"{self._path}/releases/tags/{quote(tag)}", task, missing=(_NOT_FOUND,))
        return _read_release(found) if found is not None else None

    def list_published_tags(self) -> tuple[str, ...]:
        """Return the tags of the releases that are neither drafts nor pre-releases.

        Raises:
            CredentialError: the repository cannot be read.
            RemoteError: the server failed.
        """
        found = self._list("/releases", f"read the releases of {self._repository.slug}")
        return tuple(
            str(release.get("tag_name")) for release in found if not (release.get("draft") or release.get("prerelease"))
        )

    def create_draft(self, draft: Draft) -> HostedRelease:
        """Create a draft release.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused.
        """
        with self._repository.hub.translate_errors(f"draft the release {draft.tag} in {self._repository.slug}"):
            created = self._repository.handle.create_git_release(
                draft.tag,
                draft.title,
                draft.text,
                draft=True,
                prerelease=draft.is_prerelease,
                target_commitish=draft.commit,
                make_latest="false",
            )
            return _read_release(created.raw_data)

    def upload(self, release: HostedRelease, path: Path) -> Asset:
        """Add a file to a release.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused: the release is immutable, or has a file of that name.
        """
        task = f"upload {path.name} to the release {release.tag} of {self._repository.slug}"
        with self._repository.hub.translate_errors(task), path.open("rb") as content:
            asset = self._object(release).upload_asset_from_memory(
                content,
                path.stat().st_size,
                path.name,
                content_type=_MEDIA_TYPES.get(path.suffix, _DEFAULT_MEDIA_TYPE),
                label=path.name,  # GitHub replaces characters in the name; the label stays as it is
            )
            return _read_asset(asset.raw_data)

    def delete_asset(self, asset: Asset) -> None:
        """Delete a file from a draft.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused.
        """
        from github.GitReleaseAsset import GitReleaseAsset

        repository = self._repository
        with repository.hub.translate_errors(f"remove {asset.name} from a draft of {repository.slug}"):
            GitReleaseAsset(repository.hub.requester, url=asset.url).delete_asset()

    def download(self, asset: Asset, path: Path) -> None:
        """Write a release's file to a path.

        Raises:
            RemoteError: it could not be read.
        """
        with path.open("w+b") as into:
            self._repository.hub.fetch_file(asset.url, asset.size, into)
        size = path.stat().st_size
        if size != asset.size:
            raise RemoteError(f"{asset.name}: GitHub sent {size} of {asset.size} bytes")

    def publish(self, release: HostedRelease, *, is_prerelease: bool, is_latest: bool) -> HostedRelease:
        """Publish a draft.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused.
        """
        with self._repository.hub.translate_errors(f"publish the release {release.tag} of {self._repository.slug}"):
            published = self._object(release).update_release(
                release.title,
                release.text,
                draft=False,
                prerelease=is_prerelease,
                tag_name=release.tag,
                make_latest="true" if is_latest else "false",
            )
            return _read_release(published.raw_data)

    def mark_prerelease(self, release: HostedRelease, *, title: str, text: str) -> HostedRelease:
        """Change the title and the notes of a published release, and no longer offer it as the latest.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused.
        """
        with self._repository.hub.translate_errors(f"edit the release {release.tag} of {self._repository.slug}"):
            edited = self._object(release).update_release(
                title, text, draft=False, prerelease=True, tag_name=release.tag, make_latest="false"
            )
            return _read_release(edited.raw_data)

    def delete_draft(self, release: HostedRelease) -> None:
        """Delete a draft release with its files; a published release is never deleted.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: the server failed or refused, or the release is no draft.
        """
        if not release.is_draft:
            raise RemoteError(f"{release.tag}: the release is published, and is not deleted")
        with self._repository.hub.translate_errors(f"delete the draft {release.tag} of {self._repository.slug}"):
            self._object(release).delete_release()

    @property
    def _path(self) -> str:
        return f"/repos/{self._repository.slug}"

    def _list(self, path: str, task: str) -> Iterator[dict[str, Any]]:
        """Yield the items of a list of the repository, page by page."""
        for page in count(1):
            items = self._repository.hub.read(f"{self._path}{path}?per_page={_PAGE}&page={page}", task)
            if not isinstance(items, list):
                raise RemoteError(f"could not {task}: GitHub's answer is no list")
            yield from (item for item in items if isinstance(item, dict))
            if len(items) < _PAGE:
                return

    def _object(self, release: HostedRelease) -> "GitRelease":
        from github.GitRelease import GitRelease

        known = {"url": release.api_url, "upload_url": release.upload_url, "tag_name": release.tag}
        return GitRelease(self._repository.hub.requester, {}, known, completed=True)


def _read_release(found: Any) -> HostedRelease:  # noqa: ANN401 - JSON is anything
    """Return a release as the API describes it.

    Raises:
        RemoteError: it describes something else.
    """
    try:
        return HostedRelease(
            int(found["id"]),
            str(found["tag_name"]),
            str(found["name"] or ""),
            str(found["body"] or ""),
            is_draft=bool(found["draft"]),
            is_prerelease=bool(found["prerelease"]),
            is_immutable=bool(found.get("immutable")),  # older servers do not say it
            url=str(found["html_url"]),
            api_url=str(found["url"]),
            upload_url=str(found["upload_url"]),
            assets=tuple(map(_read_asset, found["assets"])),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RemoteError(f"GitHub's answer about a release has another form: {error!r}") from None


def _read_asset(found: Any) -> Asset:  # noqa: ANN401 - JSON is anything
    algorithm, _, digest = str(found.get("digest") or "").partition(":")
    return Asset(
        str(found.get("label") or found["name"]),
        int(found["id"]),
        digest if algorithm == "sha256" else "",
        int(found["size"]),
        str(found["url"]),
        found.get("state") == "uploaded",
        str((found.get("uploader") or {}).get("login", "")),  # nobody's, where the account is gone
    )
