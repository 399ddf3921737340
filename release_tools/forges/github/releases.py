"""Read and write GitHub releases and their files.

https://docs.github.com/rest/releases
"""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from release_tools.errors import RemoteError
from release_tools.forges.base import Asset, Draft, HostedRelease

if TYPE_CHECKING:
    from github.GitRelease import GitRelease
    from github.GitReleaseAsset import GitReleaseAsset

    from release_tools.forges.github.client import GitHubRepository

_MEDIA_TYPES: Final = {".json": "application/json", ".whl": "application/zip", ".gz": "application/gzip"}
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
        with self._repository.hub.translate_errors(f"read the releases of {self._repository.slug}"):
            found = [release for release in self._repository.handle.get_releases() if release.tag_name == tag]
            return tuple(_read_release(release, release.get_assets()) for release in found)

    def find_published(self, tag: str) -> HostedRelease | None:
        """Return the published release of a tag with its files, by one request; None where there is none.

        Raises:
            CredentialError: the repository cannot be read.
            RemoteError: the server failed.
        """
        from github import UnknownObjectException

        with self._repository.hub.translate_errors(f"read the release {tag} of {self._repository.slug}"):
            try:
                found = self._repository.handle.get_release(tag)
            except UnknownObjectException:
                return None
            return _read_release(found, found.assets)

    def list_published_tags(self) -> tuple[str, ...]:
        """Return the tags of the releases that are neither drafts nor pre-releases.

        Raises:
            CredentialError: the repository cannot be read.
            RemoteError: the server failed.
        """
        with self._repository.hub.translate_errors(f"read the releases of {self._repository.slug}"):
            found = self._repository.handle.get_releases()
            return tuple(release.tag_name for release in found if not (release.draft or release.prerelease))

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
            return _read_release(created)

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
            return _read_asset(asset)

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
            return _read_release(published)

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
            return _read_release(edited)

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

    def _object(self, release: HostedRelease) -> "GitRelease":
        from github.GitRelease import GitRelease

        known = {"url": release.api_url, "upload_url": release.upload_url, "tag_name": release.tag}
        return GitRelease(self._repository.hub.requester, {}, known, completed=True)


def _read_release(release: "GitRelease", assets: Iterable["GitReleaseAsset"] = ()) -> HostedRelease:
    return HostedRelease(
        release.id,
        release.tag_name,
        release.name or "",
        release.body or "",
        is_draft=release.draft,
        is_prerelease=release.prerelease,
        is_immutable=bool(release.immutable),
        url=release.html_url,
        api_url=release.url,
        upload_url=release.upload_url,
        assets=tuple(map(_read_asset, assets)),
    )


def _read_asset(asset: "GitReleaseAsset") -> Asset:
    algorithm, _, digest = (asset.digest or "").partition(":")
    return Asset(
        asset.label or asset.name,
        asset.id,
        digest if algorithm == "sha256" else "",
        asset.size,
        asset.url,
        asset.state == "uploaded",
        getattr(asset.uploader, "login", ""),  # nobody's, where the account is gone
    )
