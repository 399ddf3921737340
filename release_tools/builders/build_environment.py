"""The environment of a build and its backend, both made ready while the source is still looked for."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from release_tools.builders.hooks import Hooks
from release_tools.builders.virtual_environment import Environment
from release_tools.engine.background import BackgroundTasks, ProcessChain, Task
from release_tools.project.facts import Project
from release_tools.system.process import ProcessError

_FIXED: Final = {"PYTHONHASHSEED": "0", "TZ": "UTC", "LC_ALL": "C.UTF-8"}


def build_environment(scratch: Path, env: Mapping[str, str], requires: Iterable[str]) -> Environment:
    """The environment for builds that require just this, whether it is there or not yet."""
    name = sha256("\n".join(sorted(set(requires))).encode()).hexdigest()[:16]
    return Environment.at(scratch / f"build-{name}", env, extra=_FIXED)


def start_environment(scratch: Path, env: Mapping[str, str], project: Project, background: BackgroundTasks) -> None:
    """Begin to make the environment that a build in this scratch folder will want, and to import its backend there."""
    if project.build_requires:
        environment = build_environment(scratch, env, project.build_requires)
        making = environment.begin(sorted(set(project.build_requires)))
        hooks = Hooks(environment, project, background.meanwhile)
        background.add(_purpose(environment, project), Task(partial(_import_backend, making, hooks), undo=Hooks.end))
        background.add(environment.folder.name, making)  # the latter is ended before the former, which waits for it


def started_hooks(environment: Environment, project: Project, background: BackgroundTasks) -> Hooks:
    """What calls the hooks of a project's backend in an environment that is there; its backend is imported by now."""
    importing: Task[Hooks] | None = background.take(_purpose(environment, project), Task)
    return importing.finish() if importing else Hooks(environment, project, background.meanwhile)


def _import_backend(making: ProcessChain, hooks: Hooks) -> Hooks:
    if making.finish():
        with suppress(ProcessError):  # told by who calls a hook
            hooks.begin()
    return hooks


def _purpose(environment: Environment, project: Project) -> str:
    return f"{project.backend} in {environment.folder.name}"
