"""Releases and their files."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from release_tools.errors import RemoteError
from release_tools.forges.github.client import HostedRepository

if TYPE_CHECKING:
    from github.GitRelease import GitRelease
    from github.GitReleaseAsset import GitReleaseAsset

_MEDIA: Final = {".json": "application/json", ".whl": "application/zip", ".gz": "application/gzip"}
_ANY: Final = "application/octet-stream"


@dataclass(frozen=True)
class HostedFile:
    """A file of a release.

    Attributes:
        name: as it was uploaded; GitHub itself may show another.
        id: GitHub's number.
        sha256: of its bytes; empty where the server does not tell (older GitHub Enterprise).
        size: in bytes.
        url: at the API.
        whole: False where an upload broke off.
        uploader: the account that uploaded it.
    """

    name: str
    id: int
    sha256: str
    size: int
    url: str
    whole: bool
    uploader: str


@dataclass(frozen=True)
class HostedRelease:
    """A release.

    Attributes:
        id: GitHub's number.
        tag: its tag, which need not exist while it is a draft.
        title: of the release.
        text: its notes, in Markdown.
        draft: whether only those who may write see it.
        prerelease: whether it is marked so.
        immutable: whether its tag and files are locked for good.
        url: where people see it.
        api: its address at the API.
        uploads: where its files are sent.
        files: in the order of their upload.
    """

    id: int
    tag: str
    title: str
    text: str
    draft: bool
    prerelease: bool
    immutable: bool
    url: str
    api: str
    uploads: str
    files: tuple[HostedFile, ...] = ()

    def file(self, name: str) -> HostedFile | None:
        """The file of that name."""
        return next((file for file in self.files if file.name == name), None)


@dataclass(frozen=True)
class Draft:
    """A release to be made.

    Attributes:
        tag: its tag.
        commit: that the tag stands on.
        title: shown as its headline.
        text: its notes, in Markdown.
        prerelease: by PEP 440.
    """

    tag: str
    commit: str
    title: str
    text: str
    prerelease: bool


def releases_of(repository: HostedRepository, tag: str) -> tuple[HostedRelease, ...]:
    """The releases of a tag: at most one that is published, and any drafts; those only where the token may write.

    Raises:
        CredentialError: the repository cannot be read.
        RemoteError: the server failed.
    """
    with repository.hub.doing(f"read the releases of {repository.slug}"):
        found = [release for release in repository.handle.get_releases() if release.tag_name == tag]
        return tuple(_release(release, release.get_assets()) for release in found)


def published_release(repository: HostedRepository, tag: str) -> HostedRelease | None:
    """The release of a tag that everybody sees, with its files; one request. None where there is none.

    Raises:
        CredentialError: the repository cannot be read.
        RemoteError: the server failed.
    """
    from github import UnknownObjectException

    with repository.hub.doing(f"read the release {tag} of {repository.slug}"):
        try:
            found = repository.handle.get_release(tag)
        except UnknownObjectException:
            return None
        return _release(found, found.assets)


def published_tags(repository: HostedRepository) -> tuple[str, ...]:
    """The tags of the releases that are neither drafts nor marked as pre-releases.

    Raises:
        CredentialError: the repository cannot be read.
        RemoteError: the server failed.
    """
    with repository.hub.doing(f"read the releases of {repository.slug}"):
        found = repository.handle.get_releases()
        return tuple(release.tag_name for release in found if not (release.draft or release.prerelease))


def create_draft(repository: HostedRepository, draft: Draft) -> HostedRelease:
    """Make a draft release.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused.
    """
    with repository.hub.doing(f"draft the release {draft.tag} in {repository.slug}"):
        made = repository.handle.create_git_release(
            draft.tag,
            draft.title,
            draft.text,
            draft=True,
            prerelease=draft.prerelease,
            target_commitish=draft.commit,
            make_latest="false",
        )
        return _release(made)


def upload(repository: HostedRepository, release: HostedRelease, path: Path) -> HostedFile:
    """Add a file to a release.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused: the release is immutable, or has a file of that name.
    """
    with (
        repository.hub.doing(f"upload {path.name} to the release {release.tag} of {repository.slug}"),
        path.open("rb") as content,
    ):
        asset = _object(repository, release).upload_asset_from_memory(
            content,
            path.stat().st_size,
            path.name,
            content_type=_MEDIA.get(path.suffix, _ANY),
            label=path.name,  # GitHub replaces characters in the name; the label stays as it is
        )
        return _file(asset)


def delete_file(repository: HostedRepository, file: HostedFile) -> None:
    """Remove a file from a draft.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused.
    """
    from github.GitReleaseAsset import GitReleaseAsset

    with repository.hub.doing(f"remove {file.name} from a draft of {repository.slug}"):
        GitReleaseAsset(repository.hub.requester, url=file.url).delete_asset()


def publish(repository: HostedRepository, release: HostedRelease, *, prerelease: bool, latest: bool) -> HostedRelease:
    """Turn a draft into a release that everybody sees.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused.
    """
    with repository.hub.doing(f"publish the release {release.tag} of {repository.slug}"):
        made = _object(repository, release).update_release(
            release.title,
            release.text,
            draft=False,
            prerelease=prerelease,
            tag_name=release.tag,
            make_latest="true" if latest else "false",
        )
        return _release(made)


def mark(repository: HostedRepository, release: HostedRelease, *, title: str, text: str) -> HostedRelease:
    """Say something else about a published release, which is no longer to be offered as the latest.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused.
    """
    with repository.hub.doing(f"mark the release {release.tag} of {repository.slug}"):
        made = _object(repository, release).update_release(
            title, text, draft=False, prerelease=True, tag_name=release.tag, make_latest="false"
        )
        return _release(made)


def download(repository: HostedRepository, file: HostedFile, path: Path) -> None:
    """Write a release's file to a path.

    Raises:
        RemoteError: it could not be read.
    """
    with path.open("w+b") as into:
        repository.hub.fetch_file(file.url, file.size, into)
    if path.stat().st_size != file.size:
        raise RemoteError(f"{file.name}: {path.stat().st_size} bytes came, {file.size} were announced")


def _object(repository: HostedRepository, release: HostedRelease) -> "GitRelease":
    from github.GitRelease import GitRelease

    known = {"url": release.api, "upload_url": release.uploads, "tag_name": release.tag}
    return GitRelease(repository.hub.requester, {}, known, completed=True)


def _release(release: "GitRelease", files: Iterable["GitReleaseAsset"] = ()) -> HostedRelease:
    return HostedRelease(
        release.id,
        release.tag_name,
        release.name or "",
        release.body or "",
        draft=release.draft,
        prerelease=release.prerelease,
        immutable=bool(release.immutable),
        url=release.html_url,
        api=release.url,
        uploads=release.upload_url,
        files=tuple(map(_file, files)),
    )


def _file(asset: "GitReleaseAsset") -> HostedFile:
    algorithm, _, digest = (asset.digest or "").partition(":")
    return HostedFile(
        asset.label or asset.name,
        asset.id,
        digest if algorithm == "sha256" else "",
        asset.size,
        asset.url,
        asset.state == "uploaded",
        getattr(asset.uploader, "login", ""),  # nobody's, where the account is gone
    )
