"""The wheel, installed in a fresh environment as a user would."""

import platform
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Final

from release_tools.artifacts import Wheel, read_wheel
from release_tools.builders.test_environment import environment_for, needs
from release_tools.builders.virtual_environment import Environment
from release_tools.checks.smoke_test import InstalledWheel, inspect_installation, last_lines
from release_tools.engine.background import Task
from release_tools.engine.context import Context
from release_tools.model.note import Note, State
from release_tools.system.credentials import refuse_credentials
from release_tools.system.process import ProcessError

_UNREACHABLE: Final = ("connect", "dns", "resolve host", "name resolution", "timed out", "network", "fetch", "offline")


def start_installation(context: Context, path: Path) -> None:
    """Begin `check_installation` of a wheel that was just built: of all checks it takes the longest."""
    context.background.add(_purpose(path), Task(lambda: _notes(context, read_wheel(path))))


def check_installation(context: Context, wheel: Wheel) -> tuple[Note, ...]:
    """Install the wheel with its dependencies and use it.

    Args:
        context: the run's surroundings.
        wheel: what is installed.

    Raises:
        CredentialError: credentials for publishing are in the environment, where what is imported could read them.
    """
    background: Task[tuple[Note, ...]] | None = context.background.take(_purpose(wheel.path), Task)
    return background.finish() if background else _notes(context, wheel)


def _purpose(path: Path) -> str:
    return f"install {path}"


def _notes(context: Context, wheel: Wheel) -> tuple[Note, ...]:
    verify = context.config.verify
    if not verify.install:
        return (Note(State.SKIPPED, "not installed: verify.install is false"),)
    supported = wheel.metadata.parsed.requires_python
    if supported and not supported.contains(platform.python_version(), prereleases=True):
        return (
            Note(
                State.FAILED,
                f"{wheel.path.name} cannot be tried out: it needs Python {supported}",
                f"this is {platform.python_version()}",
                "Run release-tools with a Python that the project supports, or with --no-verify-install.",
            ),
        )
    refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
    environment, prepared = environment_for(needs(wheel.metadata), context.scratch, context.env, context.background)
    try:
        environment.install([str(wheel.path)], dependencies=not prepared)
    except ProcessError as error:
        return (_not_installed(error, environment, wheel),)
    told = "installs in a fresh environment and imports"
    installed = InstalledWheel(environment.python_executable, environment.env, environment.folder, told)
    notes = tuple(inspect_installation(installed, wheel, verify.imports or wheel.import_names))
    remove = Task(partial(rmtree, environment.folder, ignore_errors=True))  # thousands of files, while others work
    context.background.add(f"remove {environment.folder}", remove)
    return notes


def _not_installed(error: ProcessError, environment: Environment, wheel: Wheel) -> Note:
    """Tell a wheel that cannot be installed from dependencies that cannot be had right now."""
    try:
        environment.install([str(wheel.path)], dependencies=False)
    except ProcessError as own:
        return Note(State.FAILED, f"{wheel.path.name} cannot be installed", last_lines(own.output))
    said = last_lines(error.output)
    if any(word in error.output.lower() for word in _UNREACHABLE):
        advice = "Run again online, or with --no-verify-install."
        return Note(State.WARNING, "not imported: its dependencies could not be fetched", said, advice)
    return Note(
        State.FAILED, "its dependencies cannot be installed", said, "Correct the dependencies in pyproject.toml."
    )
