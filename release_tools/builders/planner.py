"""The build plan of a project, from what its folder says; nothing is built."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from release_tools.builders.cibuildwheel import list_identifiers, read_cibuildwheel_version
from release_tools.config.loader import read_pyproject
from release_tools.config.schema import WheelsConfig
from release_tools.planning.build_plan import BuildPlan
from release_tools.planning.compiled import SOURCES, explain_compiled
from release_tools.planning.runners import plan_compiled, plan_pure, select
from release_tools.project.facts import is_python_project
from release_tools.regular_files import read_regular_file

_LARGEST: Final = 1_000_000


def is_compiled(folder: Path, config: WheelsConfig) -> bool:
    """Return whether a project needs a wheel for each platform.

    Raises:
        ConfigError: its ``pyproject.toml`` cannot be read.
    """
    return bool(config.jobs and find_evidence(folder))


def find_evidence(folder: Path) -> str:
    """Return what shows that a project is compiled; empty for a pure project.

    Raises:
        ConfigError: its ``pyproject.toml`` cannot be read.
    """
    texts = {}
    for name in SOURCES:
        with suppress(OSError):
            texts[name] = read_regular_file(folder / name, _LARGEST).decode("utf-8", errors="replace")
    return explain_compiled(read_pyproject(folder), texts)


def make_plan(folder: Path, config: WheelsConfig, env: Mapping[str, str], name: str, version: str) -> BuildPlan:
    """Return the build plan of the project in a folder, without its conda packages.

    Args:
        folder: of its ``pyproject.toml``: a checkout, or an sdist unpacked.
        config: its settings.
        env: the environment; what it says to cibuildwheel does not count.
        name: the project's.
        version: canonical PEP 440 text.

    Raises:
        BuildError: cibuildwheel is missing, or refuses the project's settings.
        ConfigError: a setting names something that is not in the plan.
    """
    if not is_compiled(folder, config):
        return plan_pure(name, version, has_python=is_python_project(folder, read_pyproject(folder)))
    selection = select(config.jobs, read_pyproject(folder))
    return plan_compiled(
        name,
        version,
        selection,
        list_identifiers(folder, selection.platforms, env),
        optional=config.optional,
        is_split=config.split,
        labels=config.runners,
        cibuildwheel=read_cibuildwheel_version(),
    )
