"""Read the facts that ``pyproject.toml`` states, before anything is built (PEP 518, PEP 621)."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from release_tools.parsed_values import find_table, list_texts

_LEGACY_BACKEND: Final = "setuptools.build_meta:__legacy__"
_LEGACY_REQUIRES: Final = ("setuptools >= 40.8.0",)
_VCS_PLUGINS: Final = frozenset(
    {
        "dunamai", "flit-scm", "hatch-gitversion", "hatch-semver", "hatch-vcs", "miniver", "pbr", "pdm-backend",
        "poetry-dynamic-versioning", "poetry-git-version-plugin", "setuptools-git-ver", "setuptools-git-version",
        "setuptools-git-versioning", "setuptools-scm", "setuptools-scm-git-archive", "setuptools-vcs-version",
        "uv-dynamic-versioning", "vcs-versioning", "version-pioneer", "versioneer", "versioneer-518", "versioningit",
    }
)  # fmt: skip
"""Build requirements that count a version from git; each has settings of its own."""
BYPASSES: Final[Mapping[str, str]] = {
    "poetry-dynamic-versioning": "POETRY_DYNAMIC_VERSIONING_BYPASS",
    "uv-dynamic-versioning": "UV_DYNAMIC_VERSIONING_BYPASS",
}
"""Environment variables by which a plugin takes a version as it is given: dunamai, which both use, reads no tag such as
``1.2.0.post1.dev0``, although it counts such versions."""
_VERSIONINGITS_OWN: Final = frozenset(
    {"basic", "git", "git-archive", "hg", "minor", "minor-release", "null", "smallest", "smallest-release"}
)
_NAME: Final = re.compile(r"^[A-Za-z0-9._-]+", re.ASCII)


class VersionSource(StrEnum):
    """Describe where a project keeps its version."""

    STATIC = "static"  # a literal in pyproject.toml
    VERSIONINGIT = "versioningit"  # git tags, read by versioningit with its own methods
    VCS = "vcs"  # git tags, read by another plugin or with code of the project's own
    BACKEND = "backend"  # a file that only the backend knows how to read
    TAG = "tag"  # git tags alone: there is no Python project


def is_python_project(folder: Path, pyproject: Mapping[str, Any]) -> bool:
    """Return whether a folder has something that a build backend builds, and not a conda recipe alone.

    Args:
        folder: of the project.
        pyproject: its parsed ``pyproject.toml``.
    """
    declared = {"build-system", "project"} & pyproject.keys() or "poetry" in find_table(pyproject, "tool")
    return bool(declared) or any((folder / name).is_file() for name in ("setup.py", "setup.cfg"))


@dataclass(frozen=True)
class Project:
    """A project as its ``pyproject.toml`` describes it.

    Attributes:
        name: empty where only the backend knows it (``setup.py``).
        backend: the build backend's import path.
        in_tree: whether the backend is part of the project itself, and not a build requirement.
        build_requires: the requirements of its build; empty where the file does not state them properly.
        source: where the version comes from.
        version: the literal version; empty unless the source is STATIC.
        versioningit: the settings of versioningit; None where it is not used.
        dependencies: what it needs, as far as that is stated; empty where only the backend knows.
        plugins: the build requirements that count a version from git, by their canonical names.
        fallback: the version that the project's plugin is set to use where no tag is found; empty without one.
        requires_python: the versions of Python that it runs on (PEP 440), as far as that is stated.
    """

    name: str
    backend: str
    source: VersionSource
    version: str = ""
    versioningit: Mapping[str, Any] | None = None
    dependencies: tuple[str, ...] = ()
    in_tree: bool = False
    build_requires: tuple[str, ...] = ()
    plugins: frozenset[str] = frozenset()
    fallback: str = ""
    requires_python: str = ""

    @classmethod
    def of(cls, pyproject: Mapping[str, Any]) -> Self:
        """Read the parsed file; what is missing is empty, and nothing is refused: backends check their own settings."""
        tool, project = find_table(pyproject, "tool"), find_table(pyproject, "project")
        system, poetry = find_table(pyproject, "build-system"), find_table(tool, "poetry")
        requires = tuple(list_texts(system.get("requires")))
        plugins = _find_plugins(requires, tool)
        stated = [project] if "poetry-dynamic-versioning" in plugins else [project, poetry]
        version, settings = _read_text("version", *stated), _read_versioningit(tool)
        source = _find_source(version, settings, plugins)
        return cls(
            name=_read_text("name", project, poetry),
            backend=_read_text("build-backend", system) or _LEGACY_BACKEND,
            source=source,
            version=version,
            versioningit=settings if source is VersionSource.VERSIONINGIT else None,
            dependencies=tuple(list_texts(project.get("dependencies"))),
            in_tree="backend-path" in system,
            build_requires=requires if "build-system" in pyproject else _LEGACY_REQUIRES,
            plugins=plugins,
            fallback=_find_fallback(tool),
            requires_python=_read_text("requires-python", project),
        )

    @property
    def bypass(self) -> str:
        """Return the environment variable by which the project's plugin is given a version; empty without one."""
        return next((variable for plugin, variable in BYPASSES.items() if plugin in self.plugins), "")


def _read_text(key: str, *tables: Mapping[str, Any]) -> str:
    """Return a value as text, from the first of the tables that has one; empty where none has."""
    return next((str(table[key]) for table in tables if table.get(key)), "")


def _find_plugins(requires: Iterable[str], tool: Mapping[str, Any]) -> frozenset[str]:
    """Return the build requirements that count versions; pdm-backend does so only where its settings say it."""
    plugins = {_normalise(item) for item in requires} & _VCS_PLUGINS
    if find_table(tool, "pdm", "version").get("source") != "scm":
        plugins.discard("pdm-backend")
    return frozenset(plugins)


def _find_source(version: str, settings: Mapping[str, Any] | None, plugins: Collection[str]) -> VersionSource:
    """Return where the version comes from.

    Args:
        version: the literal one; empty without one.
        settings: of versioningit; None where it is not used.
        plugins: the other build requirements that count versions.
    """
    if version:
        return VersionSource.STATIC
    if settings is not None and not _runs_own_code(settings):
        return VersionSource.VERSIONINGIT
    return VersionSource.VCS if plugins else VersionSource.BACKEND


def find_scikit_build_version(pyproject: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the table that says how scikit-build-core finds the version; empty where none does.

    https://scikit-build-core.readthedocs.io/en/latest/configuration/dynamic.html
    """
    tool = find_table(pyproject, "tool")
    entries = tool.get("dynamic-metadata")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("field", "version") == "version":
            return entry
    return find_table(tool, "scikit-build", "metadata", "version")


def _read_versioningit(tool: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return versioningit's settings, by its own rule: hatch's table if it holds more than the source."""
    hatch = find_table(tool, "hatch", "version")
    own = {key: value for key, value in hatch.items() if key != "source"}
    if hatch.get("source") == "versioningit" and own:
        return own
    if "versioningit" in tool:
        return find_table(tool, "versioningit")
    return own if hatch.get("source") == "versioningit" else None


def _find_fallback(tool: Mapping[str, Any]) -> str:
    """Return the version that a plugin is set to use where there is no tag."""
    hatch, pdm = find_table(tool, "hatch", "version"), find_table(tool, "pdm", "version")
    tables = (
        *(find_table(tool, name) for name in ("setuptools_scm", "setuptools-scm", "vcs-versioning")),
        *(find_table(tool, name) for name in ("uv-dynamic-versioning", "poetry-dynamic-versioning")),
        *(hatch, find_table(hatch, "raw-options"), pdm),
    )
    keys = ("fallback_version", "fallback-version")
    return next((str(table[key]) for table in tables for key in keys if table.get(key)), "")


def _runs_own_code(settings: Mapping[str, Any]) -> bool:
    """Check whether versioningit would import code of the project, which must not run in this process."""
    methods = [_find_method(settings.get(section)) for section in ("vcs", "tag2version", "next-version", "format")]
    return not all(method is None or _is_versioningits_own(method) for method in methods)


def _find_method(section: object) -> object:
    """Return the method that a section of versioningit's settings names, or is; None without a section."""
    return section.get("method", "basic") if isinstance(section, dict) else section


def _is_versioningits_own(method: object) -> bool:
    return isinstance(method, str) and method in _VERSIONINGITS_OWN


def _normalise(requirement: str) -> str:
    match = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", match.group()).lower() if match else ""
