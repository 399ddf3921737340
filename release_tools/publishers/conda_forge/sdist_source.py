"""Check what must be true before anything is proposed to conda-forge."""

import hashlib
import re
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Final

from release_tools.addresses import ANACONDA_API, CONDA_FORGE_OWNER
from release_tools.engine.context import Context
from release_tools.errors import ConflictError, PreflightError, RemoteError
from release_tools.forges.github.client import GitHub
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.model.release import RecipeFiles, Release
from release_tools.publishers.cached_query import CachedQuery
from release_tools.publishers.conda_forge.feedstocks import find_feedstock, list_spellings
from release_tools.publishers.conflicts import wait_until_served
from release_tools.publishers.package_index.index import PYPI
from release_tools.publishers.package_index.simple_api import IndexFile, Listing, list_project
from release_tools.system.http import PLENTY

_REMOVED_DIGEST: Final = re.compile(r"^-.*\b([0-9a-f]{64})\b", re.MULTILINE)
_MISSING: Final = 404


class SdistSource:
    """The sdist as PyPI serves it, from where conda-forge takes it."""

    def __init__(self, context: Context, release: Release, sdist: Artifact) -> None:
        """Prepare to query PyPI.

        Args:
            context: the run's context.
            release: the release.
            sdist: its sdist, as it was built here.
        """
        self._context = context
        self._release = release
        self._sdist = sdist
        self._query: CachedQuery[Listing] = CachedQuery(lambda: list_project(context.http, PYPI, release.name))

    @property
    def is_known(self) -> bool:
        """Return whether PyPI knows the project at all.

        Raises:
            RemoteError: PyPI could not be queried.
        """
        return self._query().exists

    def wait(self) -> Note:
        """Wait until PyPI serves the sdist, and hash what it serves; a dry run does not wait.

        Raises:
            ConflictError: it serves other bytes.
            RemoteError: it does not serve it in time, or cannot be queried.
        """
        name = self._sdist.filename
        if self._served is None and self._context.gate.is_dry_run:
            return Note(State.PLANNED, f"would wait until {PYPI.title} serves {name}")
        if self._served is None:
            wait_until_served(self._context, PYPI.title, self._list_missing, self._query.forget)
        served = self._served
        self._compare(served.sha256 if served else "")
        if served:
            self._compare(self._hash(served))
        return Note(State.DONE, f"{PYPI.title} serves {name}, with our digest", self._sdist.sha256)

    def _compare(self, digest: str) -> None:
        if digest != self._sdist.sha256:
            raise ConflictError(
                f"{PYPI.title} serves a different {self._sdist.filename}: sha256 {digest or 'unknown'},"
                f" ours is {self._sdist.sha256}",
                "Nothing was proposed to conda-forge. Find out who uploaded that file.",
            )

    def check_previous(self, recipe: RecipeFiles) -> None:
        """Check that the feedstock is this project's: its previous source is one of our files on PyPI.

        Raises:
            PreflightError: it is another project of that name.
            RemoteError: PyPI could not be queried.
        """
        previous = set(_REMOVED_DIGEST.findall(recipe.diff))
        ours = {served.sha256 for served in self._query().files.values()}
        if previous and not previous & ours:
            raise PreflightError(
                f"{recipe.repository}: its source is not a file of {self._release.name} on {PYPI.title}",
                "It may be another project of the same name. If it is yours, set conda-forge.feedstock.",
            )

    @property
    def _served(self) -> IndexFile | None:
        return self._query().files.get(self._sdist.filename)

    def _list_missing(self) -> list[str]:
        return [] if self._served else [self._sdist.filename]

    def _hash(self, served: IndexFile) -> str:
        """Return the digest of the bytes themselves: conda-forge builds from them, not from what the index says."""
        with TemporaryFile(dir=self._context.scratch) as file:
            answer = self._context.http.get(served.url, limit=max(PLENTY, self._sdist.size + 1), into=file)
            if not answer.ok:
                raise RemoteError(f"{served.url} answered {answer.status}", "Run the same command again to continue.")
            file.seek(0)
            return hashlib.file_digest(file, "sha256").hexdigest()


def find_taken_names(context: Context, hub: GitHub, package: str) -> Iterator[PreflightError]:
    """Yield an error for each feedstock or package of conda-forge with that name, hyphens and underscores alike.

    Raises:
        RemoteError: a server could not be queried.
    """
    advice = "Set conda-forge.feedstock if it is yours; otherwise choose another conda.name."
    found = find_feedstock(hub, package)
    if found:
        yield PreflightError(f"conda-forge already has a feedstock for {package}: {found.repository.url}", advice)
        return
    for name in list_spellings(package):
        answer = context.http.get(f"{ANACONDA_API}/package/{CONDA_FORGE_OWNER}/{name}")
        if answer.ok:
            yield PreflightError(f"conda-forge already has a package {name}", advice)
        elif answer.status != _MISSING:
            raise RemoteError(f"{answer.url} answered {answer.status}", "Run the same command again to continue.")
