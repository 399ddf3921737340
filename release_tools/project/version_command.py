"""The command by which a project's own scheme counts its version, so that nothing of the project need be built."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from release_tools.parsed_values import find_table
from release_tools.project.facts import Project, find_scikit_build_version
from release_tools.project.meson_version import find_meson_command
from release_tools.recipe.setup_py import read_setup_py

_REQUIREMENT: Final = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_PYTHON: Final = re.compile(r"python[0-9.]*(?:\.exe)?")
_SCM_TABLES: Final = ("setuptools_scm", "setuptools-scm", "vcs-versioning")
_SCM_PROVIDER: Final = "scikit_build_core.metadata.setuptools_scm"
_SCM_BY_ARGUMENTS: Final = """\
import json, sys, setuptools_scm
print(setuptools_scm.get_version(**json.loads(sys.argv[1])))
"""
_POETRY: Final = "from poetry_dynamic_versioning.__main__ import main; main()"
_VERSIONEER: Final = "import sys; sys.path.insert(0, '.'); import versioneer; print(versioneer.get_version())"


@dataclass(frozen=True)
class VersionCommand:
    """A command that prints the version of the project in whose folder it is run.

    Attributes:
        program: to run; empty for the environment's Python.
        arguments: of the program, or of Python.
        requires: the build requirements that it needs.
    """

    program: str
    arguments: tuple[str, ...]
    requires: tuple[str, ...] = ()


def find_version_command(pyproject: Mapping[str, Any], read: Callable[[str], str | None]) -> VersionCommand | None:
    """Return the command that counts a project's version; None where only its build backend can.

    Args:
        pyproject: the parsed ``pyproject.toml``.
        read: returns the text of a file by its path in the project; None or an empty text where there is none.
    """
    project = Project.of(pyproject)
    backend = project.backend.partition(".")[0].partition(":")[0]
    if backend == "mesonpy":
        return _find_for_meson(project, read)
    if backend == "hatchling":
        return _run_module("hatchling", project, "version", plugins="hatch")
    if backend == "poetry_dynamic_versioning":
        return VersionCommand("", ("-c", _POETRY, "show"), _select_requirements(project, "poetry"))
    if backend == "scikit_build_core":
        return _find_for_scikit_build(project, pyproject)
    return _find_for_setuptools(project, pyproject, read) if backend == "setuptools" or project.in_tree else None


def read_printed_version(text: str) -> Version | None:
    """Return the version that a command printed last, or as the key ``version`` of JSON; None where it printed none."""
    try:
        return Version(str(json.loads(text)["version"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    try:
        return Version(text.rsplit(maxsplit=1)[-1])
    except (InvalidVersion, IndexError):
        return None


def _find_for_scikit_build(project: Project, pyproject: Mapping[str, Any]) -> VersionCommand:
    if find_scikit_build_version(pyproject).get("provider") == _SCM_PROVIDER:
        return _run_module("setuptools_scm", project)
    return _run_module("scikit_build_core.build", project, "project-table", plugins="scikit")


def _find_for_setuptools(
    project: Project, pyproject: Mapping[str, Any], read: Callable[[str], str | None]
) -> VersionCommand | None:
    """Return the command of the plugin that a project builds with, besides setuptools."""
    if "versioningit" in project.plugins:
        return _run_module("versioningit", project)
    if "setuptools-scm" in project.plugins:
        return _run_module("setuptools_scm", project) if _has_scm_table(pyproject) else _find_by_argument(project, read)
    if read("versioneer.py") or "versioneer" in project.plugins:
        return VersionCommand("", ("-c", _VERSIONEER), _select_requirements(project))
    return None


def _has_scm_table(pyproject: Mapping[str, Any]) -> bool:
    """Return whether ``pyproject.toml`` has settings of setuptools-scm."""
    tool = find_table(pyproject, "tool")
    return any(name in tool for name in _SCM_TABLES)


def _find_by_argument(project: Project, read: Callable[[str], str | None]) -> VersionCommand | None:
    """Return the command for what ``setup.py`` passes to setuptools-scm as ``use_scm_version``."""
    settings = read_setup_py(read("setup.py") or "").keywords.get("use_scm_version")
    if settings is not True and not isinstance(settings, dict):
        return None
    arguments = ("-c", _SCM_BY_ARGUMENTS, json.dumps({} if settings is True else settings))
    return VersionCommand("", arguments, _select_requirements(project))


def _find_for_meson(project: Project, read: Callable[[str], str | None]) -> VersionCommand | None:
    """Return the command that ``meson.build`` runs, as Meson would run it.

    https://mesonbuild.com/Reference-manual_functions.html#run_command
    """
    command = find_meson_command(read("meson.build") or "")
    if not command:
        return None
    requires = _select_requirements(project)
    program, *arguments = command
    if _PYTHON.fullmatch(program):
        return VersionCommand("", tuple(arguments), requires)
    if program.endswith(".py") and read(program):
        return VersionCommand("", command, requires)
    return VersionCommand(program, tuple(arguments), requires)


def _run_module(module: str, project: Project, *arguments: str, plugins: str = "") -> VersionCommand:
    return VersionCommand("", ("-m", module, *arguments), _select_requirements(project, plugins))


def _select_requirements(project: Project, plugins: str = "") -> tuple[str, ...]:
    """Return the build requirements that count versions, and those of which a name begins with ``plugins``."""
    return tuple(item for item in project.build_requires if _counts_versions(item, project, plugins))


def _counts_versions(requirement: str, project: Project, plugins: str) -> bool:
    found = _REQUIREMENT.match(requirement)
    name = canonicalize_name(found[0]) if found else ""
    return name in project.plugins or bool(plugins and name.startswith(plugins))
