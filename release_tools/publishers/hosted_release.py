"""Know one release on a hosting service and its files, and query again only after an unanswered request."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from release_tools.artifacts.manifest import FILENAME
from release_tools.forges.base import Asset, Draft, HostedRelease, HostedRepository

COMPLETION_MARKER: Final = FILENAME
"""Uploaded last: a draft that has it is complete, and what was published was published from it."""


class KnownRelease:
    """The release of a tag, as this run last saw it.

    Attributes:
        repository: where it is, or will be.
        tag: its tag.
        extra_drafts: how many further drafts the same tag has.
    """

    def __init__(self, repository: HostedRepository, tag: str) -> None:
        self.repository = repository
        self.tag = tag
        self.extra_drafts = 0
        self._login: str | None = None
        self._release: HostedRelease | None = None
        self._is_known = False

    def forget(self) -> None:
        """Let the next access query again."""
        self._is_known = False

    @property
    def release(self) -> HostedRelease | None:
        """Return the release: the published one, else the complete draft, else the oldest draft; None without any."""
        if not self._is_known:
            found = self.repository.releases.find_all(self.tag)
            ranked = sorted(found, key=lambda one: (one.is_draft, one.asset(COMPLETION_MARKER) is None, one.id))
            self._release = ranked[0] if ranked else None
            self.extra_drafts = max(len(ranked) - 1, 0)
            self._is_known = True
        return self._release

    @property
    def login(self) -> str:
        """Return the account that this run acts as; empty without a token."""
        if self._login is None:
            self._login = self.repository.login()
        return self._login

    @property
    def is_complete(self) -> bool:
        """Return whether the release has everything that an earlier run meant to publish."""
        marker = self.asset(COMPLETION_MARKER)
        return marker is not None and marker.is_complete

    @property
    def is_immutable(self) -> bool:
        """Return whether no file can be added to the release."""
        return self.release is not None and self.release.is_immutable

    @property
    def is_ours(self) -> bool:
        """Return whether this run's account uploaded every file of the release."""
        return self.release is not None and all(asset.uploader == self.login for asset in self.release.assets)

    def asset(self, name: str) -> Asset | None:
        """Return the file of that name, or None."""
        return self.release.asset(name) if self.release else None

    def create_draft(self, draft: Draft) -> HostedRelease:
        """Create the draft and return it, or the release that another run created at the same time."""
        created = self._change(lambda: self.repository.releases.create_draft(draft))
        self.forget()
        chosen = self.release
        if chosen is None:  # not listed yet
            self._release = created
            return created
        if chosen.id != created.id:  # every run chooses the same one, and removes only its own, which is empty
            self.repository.releases.delete_draft(created)
        return chosen

    def upload(self, path: Path) -> Asset:
        """Upload a file, in place of one of that name that an earlier run left."""
        release, leftover = self.release, self.asset(path.name)
        if release is None:
            raise AssertionError("a file is uploaded after its release was drafted")
        self.forget()
        if leftover is not None:
            self.repository.releases.delete_asset(leftover)
        asset = self.repository.releases.upload(release, path)
        others = tuple(other for other in release.assets if other.name != path.name)
        self._change(lambda: replace(release, assets=(*others, asset)))
        return asset

    def is_leftover(self, asset: Asset) -> bool:
        """Return whether an earlier run of ours left a file in a draft from which nothing was published."""
        is_draft = self.release is not None and self.release.is_draft
        return is_draft and not self.is_complete and asset.uploader == self.login

    def download(self, name: str, folder: Path) -> Path | None:
        """Download a file into a folder and return its path; None where there is no such file.

        Raises:
            RemoteError: it could not be read.
        """
        asset = self.asset(name)
        if asset is None or not asset.is_complete:
            return None
        path = folder / name
        self.repository.releases.download(asset, path)
        return path

    def sha256(self, asset: Asset) -> str:
        """Return a file's digest as the service gives it; an older server does not, so the file is read."""
        if asset.sha256:
            return asset.sha256
        with TemporaryDirectory(prefix="release-tools-") as folder:
            path = Path(folder, "file")
            self.repository.releases.download(asset, path)
            with path.open("rb") as content:
                return hashlib.file_digest(content, "sha256").hexdigest()

    def _change(self, change: Callable[[], HostedRelease]) -> HostedRelease:
        """Apply a change; what is known holds again only if it was answered."""
        self.forget()
        changed = change()
        self._release = changed
        self._is_known = True
        return changed
