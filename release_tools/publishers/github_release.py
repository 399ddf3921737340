"""One release on GitHub and its files, as far as this run knows them; asked anew only when an answer was lost."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from release_tools.artifacts.manifest import FILENAME
from release_tools.engine.gate import Action
from release_tools.forges.github import releases
from release_tools.forges.github.client import HostedRepository
from release_tools.forges.github.releases import Draft, HostedFile, HostedRelease
from release_tools.model.action import Receipt

COMPLETION_MARKER: Final = FILENAME
"""Uploaded last: a draft that has it is complete, and what was published was published from it."""


@dataclass
class GitHubRelease:
    """The release of a tag.

    Attributes:
        repository: where it is, or will be.
        tag: whose release it is.
        login: who asks; empty for anybody.
        release: as it was seen last; None where there is none.
        others: how many more drafts there are for the same tag.
        known: whether what was seen last still holds.
    """

    repository: HostedRepository
    tag: str
    login: str
    release: HostedRelease | None = None
    others: int = 0
    known: bool = False

    def look(self) -> HostedRelease | None:
        """The release as it is: published, else the sealed draft, else the oldest draft."""
        if not self.known:
            found = releases.releases_of(self.repository, self.tag)
            ranked = sorted(found, key=lambda one: (one.draft, one.file(COMPLETION_MARKER) is None, one.id))
            self.release = ranked[0] if ranked else None
            self.others = max(len(ranked) - 1, 0)
            self.known = True
        return self.release

    @property
    def is_complete(self) -> bool:
        """Whether the release holds everything that a former run meant to publish."""
        release = self.look()
        seal = release.file(COMPLETION_MARKER) if release else None
        return seal is not None and seal.whole

    @property
    def closed(self) -> bool:
        """Whether the release takes no more files."""
        release = self.look()
        return release is not None and release.immutable

    @property
    def is_ours(self) -> bool:
        """Whether the account that asks uploaded every file of the release."""
        release = self.look()
        return release is not None and all(file.uploader == self.login for file in release.files)

    def has(self, name: str) -> bool:
        """Whether the release has a file of that name."""
        return self._file(name) is not None

    def drafting(self, draft: Draft) -> Action:
        """The act of making the draft; a release of that tag, draft or not, is taken as it is."""
        expected = Receipt(f"github-draft:{self.tag}", f"{self.repository.url}/releases", draft.commit)

        def find() -> Receipt | None:
            release = self.look()
            return replace(expected, url=release.url) if release else None

        def apply() -> Receipt:
            self.known = False
            self.release = releases.create_draft(self.repository, draft)
            self.known = True
            return replace(expected, url=self.release.url)

        return Action(f"draft the release {self.tag} on GitHub", expected, find, apply)

    def shelving(self, path: Path, sha256: str) -> Action:
        """The act of adding a file.

        In a draft of our own that is not sealed, other bytes under the same name are what an earlier run left behind:
        nothing was published from them, so they are replaced.
        """
        name = path.name
        expected = Receipt(f"github-file:{name}", f"{self.repository.url}/releases/download/{self.tag}/{name}", sha256)

        def find() -> Receipt | None:
            file = self._file(name)
            if file is None or not file.whole:
                return None
            digest = self._digest(file)
            return None if digest != sha256 and self._left_behind(file) else replace(expected, digest=digest)

        def apply() -> Receipt:
            file, release = self._file(name), self.look()
            if release is None:
                raise AssertionError("a file is added after its release was drafted")
            self.known = False
            if file is not None:
                releases.delete_file(self.repository, file)
            added = releases.upload(self.repository, release, path)
            kept = tuple(each for each in release.files if each.name != name)
            self.release, self.known = replace(release, files=(*kept, added)), True
            return replace(expected, digest=self._digest(added))

        return Action(f"upload {name} to the GitHub release", expected, find, apply)

    def fetch(self, name: str, folder: Path) -> Path | None:
        """Bring a file of the release into a folder; None where there is no such file.

        Raises:
            RemoteError: it could not be read.
        """
        file = self._file(name)
        if file is None or not file.whole:
            return None
        path = folder / name
        releases.download(self.repository, file, path)
        return path

    def _file(self, name: str) -> HostedFile | None:
        release = self.look()
        return release.file(name) if release else None

    def _left_behind(self, file: HostedFile) -> bool:
        release = self.look()
        return release is not None and release.draft and not self.is_complete and file.uploader == self.login

    def _digest(self, file: HostedFile) -> str:
        """As GitHub tells it; an older Enterprise server does not, so the file is read."""
        if file.sha256:
            return file.sha256
        with TemporaryDirectory(prefix="release-tools-") as folder:
            path = Path(folder, "file")
            releases.download(self.repository, file, path)
            with path.open("rb") as content:
                return hashlib.file_digest(content, "sha256").hexdigest()
