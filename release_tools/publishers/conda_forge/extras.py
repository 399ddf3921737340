"""Look up what the extras of a dependency require, in its releases on PyPI."""

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Final

from packaging.specifiers import SpecifierSet

from release_tools.artifacts.core_metadata import parse_metadata
from release_tools.errors import ArchiveError, RemoteError
from release_tools.publishers.package_index.index import PYPI, parse_file_version
from release_tools.publishers.package_index.simple_api import IndexFile, list_project
from release_tools.recipe.own_extras import list_extra_requirements
from release_tools.system.http import Http

if TYPE_CHECKING:
    from packaging.version import Version

_LARGEST: Final = 1_000_000


class Extras:
    """The extras of projects on PyPI; each project is asked for once."""

    def __init__(self, connect: Callable[[], Http]) -> None:
        """Prepare to ask.

        Args:
            connect: opens a connection to PyPI's index and to its files; it is closed after each question.
        """
        self._connect = connect
        self._files: dict[str, Mapping[str, IndexFile]] = {}
        self._requires: dict[str, tuple[str, ...] | None] = {}

    def __call__(self, project: str, extra: str, allowed: SpecifierSet) -> tuple[str, ...] | None:
        """Return the requirements of an extra, its own condition removed; None where PyPI does not say.

        Args:
            project: its name.
            extra: its extra.
            allowed: its versions that are allowed; the newest of them counts.
        """
        try:
            with closing(self._connect()) as http:
                wheel = _find_newest(self._list_files(http, project), allowed)
                return None if wheel is None else self._list_extra(http, project, wheel, extra)
        except (ArchiveError, RemoteError):
            return None

    def _list_files(self, http: Http, project: str) -> Mapping[str, IndexFile]:
        if project not in self._files:
            self._files[project] = {}  # where PyPI fails once, it is not queried again
            self._files[project] = list_project(http, PYPI, project).files
        return self._files[project]

    def _list_extra(self, http: Http, project: str, wheel: IndexFile, extra: str) -> tuple[str, ...] | None:
        if wheel.url not in self._requires:
            self._requires[wheel.url] = None
            self._requires[wheel.url] = _read_requirements(http, project, wheel)
        requires = self._requires[wheel.url]
        return None if requires is None else list_extra_requirements(requires, extra)


def _read_requirements(http: Http, project: str, wheel: IndexFile) -> tuple[str, ...] | None:
    """Return the requirements of a wheel, from its metadata alone (PEP 658)."""
    response = http.get(f"{wheel.url}.metadata", limit=_LARGEST)
    if not response.ok:
        return None
    return tuple(parse_metadata(response.body, f"{project}: METADATA").raw.get("requires_dist", ()))


def _find_newest(files: Mapping[str, IndexFile], allowed: SpecifierSet) -> IndexFile | None:
    """Return the wheel of the newest final release that is allowed; None where there is none."""
    found: dict[str, Version] = {}
    for name, file in files.items():
        version = parse_file_version(name) if name.endswith(".whl") and not file.is_yanked else None
        if version is not None and not version.is_prerelease and allowed.contains(version):
            found[name] = version
    return files[max(found, key=lambda name: (found[name], name))] if found else None
