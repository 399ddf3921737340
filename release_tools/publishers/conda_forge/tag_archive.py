"""Hash GitHub's archive of the released tag, where a feedstock has that as its source."""

import hashlib
from dataclasses import replace
from tempfile import TemporaryFile
from typing import Final

from release_tools.addresses import GITHUB_ARCHIVES, GITHUB_SITE
from release_tools.engine.context import Context
from release_tools.errors import RemoteError
from release_tools.model.note import Note, State
from release_tools.model.release import RecipeFiles
from release_tools.publishers.cached_query import CachedQuery
from release_tools.publishers.conflicts import wait_until_served
from release_tools.recipe.update_source import PENDING, PENDING_NOTE

LARGEST: Final = 200_000_000
"""Bytes of an archive that is read at most."""
_MISSING: Final = 404


class TagArchive:
    """GitHub's archive of a tag, read without any credential."""

    def __init__(self, context: Context, address: str) -> None:
        """Prepare to query GitHub.

        Args:
            context: the run's context.
            address: of the archive.
        """
        self._context = context
        self.address = address
        self._query: CachedQuery[str] = CachedQuery(self._hash)

    def find_digest(self) -> str:
        """Return the sha256 of the archive; empty while GitHub does not serve it.

        Raises:
            RemoteError: GitHub could not be queried, or the archive is larger than `LARGEST`.
        """
        return self._query()

    def wait(self) -> Note:
        """Wait until GitHub serves the archive; a dry run does not wait.

        Raises:
            RemoteError: it does not serve it in time, or cannot be queried.
        """
        if self._context.gate.is_dry_run:
            return self._make_dry_run_note()
        if not self.find_digest():
            wait_until_served(self._context, "GitHub", self._list_missing, self._query.forget)
        return Note(State.DONE, f"GitHub serves {self.address}", self.find_digest())

    def _make_dry_run_note(self) -> Note:
        try:
            digest = self.find_digest()
        except RemoteError:
            digest = ""
        if digest:
            return Note(State.DONE, f"GitHub serves {self.address}", digest)
        return Note(State.PLANNED, f"would wait until GitHub serves {self.address}, and hash it")

    def complete(self, recipe: RecipeFiles) -> RecipeFiles:
        """Return a recipe with the digest of the archive, where that was pending and is known now.

        Raises:
            RemoteError: GitHub could not be queried.
        """
        digest = "" if self._context.gate.is_dry_run else self.find_digest()
        if not digest or PENDING not in recipe.diff:
            return recipe
        return replace(
            recipe,
            files={path: text.replace(PENDING, digest) for path, text in recipe.files.items()},
            diff=recipe.diff.replace(PENDING, digest),
            changes=tuple(change.removesuffix(PENDING_NOTE) for change in recipe.changes),
        )

    def _list_missing(self) -> list[str]:
        return [] if self.find_digest() else [self.address]

    def _hash(self) -> str:
        session = self._context.http.with_hosts([GITHUB_SITE, GITHUB_ARCHIVES])
        with TemporaryFile(dir=self._context.scratch) as file:
            response = session.get(self.address, limit=LARGEST, into=file)
            if response.status == _MISSING:
                return ""
            if not response.ok:
                raise RemoteError(
                    f"{self.address} answered {response.status}", "Run the same command again to continue."
                )
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()
