"""The environment of a build, with the process in which its backend is loaded."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from release_tools.builders.hooks import Hooks
from release_tools.builders.virtual_environment import Environment
from release_tools.engine.tasks import BackgroundTasks
from release_tools.project.facts import Project

FIXED_VARIABLES: Final = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def start_build_environment(
    scratch: Path, env: Mapping[str, str], project: Project, background: BackgroundTasks
) -> None:
    """Start to make the environment that a build in this scratch folder will ask for, where the project names it."""
    if project.build_requires:
        environment = _create_environment(scratch, env, project.build_requires, project)
        background.start(environment.folder.name, _make, environment, project.build_requires, project)


def start_hooks(
    scratch: Path, env: Mapping[str, str], requires: Iterable[str], project: Project, background: BackgroundTasks
) -> Hooks:
    """Return the hooks of a project's backend, in an environment where just these requirements are installed.

    Raises:
        ProcessError: the environment could not be made.
    """
    environment = _create_environment(scratch, env, requires, project)
    return background.result(environment.folder.name, _make, environment, requires, project)


def _create_environment(
    scratch: Path, env: Mapping[str, str], requires: Iterable[str], project: Project
) -> Environment:
    key = "\n".join((project.backend, str(project.in_tree), *sorted(set(requires))))
    return Environment.at(scratch / f"build-{sha256(key.encode()).hexdigest()[:16]}", env, extra=FIXED_VARIABLES)


def _make(environment: Environment, requires: Iterable[str], project: Project) -> Hooks:
    environment.make()
    environment.install(sorted(set(requires)))
    hooks = Hooks(environment, project)
    hooks.start()
    return hooks
