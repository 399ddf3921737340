"""Look up what the extras of a dependency require, in its releases on PyPI."""

import re
from collections.abc import Mapping
from contextlib import closing
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from release_tools.addresses import PYPI_FILES, PYPI_SIMPLE
from release_tools.artifacts.core_metadata import parse_metadata
from release_tools.engine.context import Context
from release_tools.errors import ArchiveError, RemoteError
from release_tools.publishers.package_index.index import PYPI, version_of_file
from release_tools.publishers.package_index.simple_api import IndexFile, list_project
from release_tools.system.http import Http

_LARGEST: Final = 1_000_000
_EXTRA: Final = re.compile(r"""\bextra\s{0,9}==\s{0,9}(?P<quote>['"])(?P<name>[^'"]{0,99})(?P=quote)""")
_ALWAYS, _NEVER = 'python_version >= "0"', 'python_version < "0"'


class Extras:
    """The extras of projects on PyPI; each project is asked for once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._known: dict[str, tuple[str, ...] | None] = {}

    def __call__(self, project: str, extra: str) -> tuple[str, ...] | None:
        """Return the requirements of an extra, its own condition removed; None where PyPI does not say."""
        if project not in self._known:
            self._known[project] = self._asked(project)
        requires = self._known[project]
        return None if requires is None else of_extra(requires, extra)

    def _asked(self, project: str) -> tuple[str, ...] | None:
        """Return the requirements of the newest release, from its wheel's metadata alone (PEP 658)."""
        context = self._context
        if context.unreachable_channel:
            return None
        try:
            with closing(Http.to([PYPI_SIMPLE, PYPI_FILES], context.env, context.http.retry_policy)) as http:
                wheel = _newest(list_project(http, PYPI, project).files)
                answer = http.get(f"{wheel.url}.metadata", limit=_LARGEST) if wheel else None
            if answer is None or not answer.ok:
                return None
            return tuple(parse_metadata(answer.body, f"{project}: METADATA").raw.get("requires_dist", ()))
        except (ArchiveError, RemoteError):
            return None


def of_extra(requires_dist: tuple[str, ...], extra: str) -> tuple[str, ...]:
    """Return those of a project's requirements that one extra adds, as if they needed no extra."""

    def decided(found: re.Match[str]) -> str:
        return _ALWAYS if canonicalize_name(found["name"]) == canonicalize_name(extra) else _NEVER

    held = []
    for line in requires_dist:
        name, _, marker = line.partition(";")
        if not _EXTRA.search(marker):
            continue
        try:
            requirement = Requirement(f"{name}; {_EXTRA.sub(decided, marker)}")
        except InvalidRequirement:
            continue
        held.append(str(requirement))
    return tuple(held)


def _newest(files: Mapping[str, IndexFile]) -> IndexFile | None:
    """Return the wheel of the newest final release; None where there is none."""
    found = {
        name: version_of_file(name) for name, file in files.items() if name.endswith(".whl") and not file.is_yanked
    }
    final = {name: version for name, version in found.items() if version is not None and not version.is_prerelease}
    return files[max(final, key=lambda name: (final[name], name))] if final else None
