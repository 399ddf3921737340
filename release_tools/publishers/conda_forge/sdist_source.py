"""What must be true before anything is proposed to conda-forge."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from tempfile import TemporaryFile
from typing import Final

from release_tools.addresses import ANACONDA_API, CONDA_FORGE_OWNER
from release_tools.engine.context import Context
from release_tools.engine.routes import PYPI
from release_tools.errors import ConflictError, PreflightError, RemoteError
from release_tools.forges.github.client import GitHub
from release_tools.forges.github.feedstocks import find_feedstock, spellings
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.model.release import RecipeFiles, Release
from release_tools.publishers.cached_query import CachedQuery
from release_tools.publishers.delivery import wait_until
from release_tools.publishers.package_index.simple_api import IndexFile, Listing, listing
from release_tools.system.http import PLENTY

_FORMER: Final = re.compile(r"^-.*\b([0-9a-f]{64})\b", re.MULTILINE)
_NOT_THERE: Final = 404


@dataclass(frozen=True)
class SdistSource:
    """The sdist as PyPI serves it, from where conda-forge takes it.

    Attributes:
        context: the run's surroundings.
        release: whose sdist it is.
        sdist: ours.
    """

    context: Context
    release: Release
    sdist: Artifact

    @cached_property
    def look(self) -> CachedQuery[Listing]:
        """What PyPI serves of the project."""
        return CachedQuery(lambda: listing(self.context.http, PYPI, self.release.name))

    @property
    def is_known(self) -> bool:
        """Whether PyPI knows the project at all.

        Raises:
            RemoteError: PyPI could not be asked.
        """
        return self.look().exists

    def wait(self) -> Note:
        """Wait until PyPI serves the sdist, and hash what it serves; a rehearsal does not wait.

        Raises:
            ConflictError: it serves other bytes.
            RemoteError: it does not serve it in time, or cannot be asked.
        """
        name = self.sdist.filename
        if self._served is None and self.context.gate.is_dry_run:
            return Note(State.PLANNED, f"would wait until {PYPI.title} serves {name}")
        if self._served is None:
            wait_until(self.context, PYPI.title, self._missing, self.look.forget)
        served = self._served
        digests = (served.sha256, self._hashed(served)) if served else ("",)
        for digest in digests:
            if digest != self.sdist.sha256:
                raise ConflictError(
                    f"{PYPI.title} serves other bytes as {name}: sha256 {digest or 'unknown'},"
                    f" ours is {self.sdist.sha256}",
                    "Nothing was proposed to conda-forge. Ask those who run the place.",
                )
        return Note(State.DONE, f"{PYPI.title} serves {name} with our digest", self.sdist.sha256)

    def check_former(self, recipe: RecipeFiles) -> None:
        """See that the recipe was of this very project: what it had as its source is one of our files on PyPI.

        Raises:
            PreflightError: it is of some other project of that name.
            RemoteError: PyPI could not be asked.
        """
        former = set(_FORMER.findall(recipe.diff))
        ours = {served.sha256 for served in self.look().files.values()}
        if former and not former & ours:
            raise PreflightError(
                f"{recipe.repository}: its source is none of the files that {PYPI.title} has of {self.release.name}",
                "Is it another project of that name? If it is yours, set conda-forge.feedstock.",
            )

    @property
    def _served(self) -> IndexFile | None:
        return self.look().files.get(self.sdist.filename)

    def _missing(self) -> list[str]:
        return [] if self._served else [self.sdist.filename]

    def _hashed(self, served: IndexFile) -> str:
        """The digest of the bytes themselves: they, and not what is said of them, are what conda-forge builds from."""
        with TemporaryFile(dir=self.context.scratch) as file:
            answer = self.context.http.get(served.url, limit=max(PLENTY, self.sdist.size + 1), into=file)
            if not answer.ok:
                raise RemoteError(f"{served.url} answered {answer.status}", "Run the same command again to go on.")
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()


def taken(context: Context, hub: GitHub, package: str) -> Iterator[PreflightError]:
    """An error for each thing at conda-forge that has a package's name already, hyphens and underscores alike.

    Raises:
        RemoteError: a server could not be asked.
    """
    advice = "Set conda-forge.feedstock if it is yours; otherwise choose another conda.name."
    found = find_feedstock(hub, package)
    if found:
        yield PreflightError(f"conda-forge has a feedstock for {package} already: {found.repository.url}", advice)
        return
    for name in spellings(package):
        answer = context.http.get(f"{ANACONDA_API}/package/{CONDA_FORGE_OWNER}/{name}")
        if answer.ok:
            yield PreflightError(f"conda-forge has a package {name} already", advice)
        elif answer.status != _NOT_THERE:
            raise RemoteError(f"{answer.url} answered {answer.status}", "Run the same command again to go on.")
