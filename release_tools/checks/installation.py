"""The wheel, installed in a fresh environment as a user would."""

import platform
from collections.abc import Sequence
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement

from release_tools.archives import Wheel
from release_tools.checks.probing import Installed, last_lines, probe
from release_tools.context import Context
from release_tools.credentials import refuse_near_build
from release_tools.model import Note, State
from release_tools.process import Chain, ProcessError
from release_tools.services.environment import Environment

_PREPARED: Final = "try"
_UNREACHABLE: Final = ("connect", "dns", "resolve host", "name resolution", "timed out", "network", "fetch", "offline")


def prepare_installation(context: Context, dependencies: Sequence[str]) -> None:
    """Begin to install what a wheel will need, in the environment where it will be tried out, while it is built.

    Only a head start: whatever fails here is tried again, and told, by `check_installation`.

    Args:
        context: the run's surroundings.
        dependencies: as the project states them.
    """
    environment = Environment.at(context.scratch / _PREPARED, context.env)
    if environment.uv and context.config.verify.install and dependencies and all(map(_is_plain, dependencies)):
        context.begun.add(_PREPARED, environment.begin(dependencies))


def check_installation(context: Context, wheel: Wheel) -> tuple[Note, ...]:
    """Install the wheel with its dependencies and use it.

    Args:
        context: the run's surroundings.
        wheel: what is installed.

    Raises:
        CredentialError: credentials for publishing are in the environment, where what is imported could read them.
    """
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
    refuse_near_build(context.env, allowed=context.config.allow_credentials_in_build)
    begun = context.begun.take(_PREPARED, Chain)
    if begun and begun.finish():
        environment = Environment.at(context.scratch / _PREPARED, context.env)
    else:
        environment = Environment.create(context.scratch / f"try-{wheel.path.stem}", context.env)
    try:
        environment.install([str(wheel.path)])
    except ProcessError as error:
        return (_not_installed(error, environment, wheel),)
    told = "installs in a fresh environment and imports"
    installed = Installed(environment.python_executable, environment.env, environment.folder, told)
    return tuple(probe(installed, wheel, verify.imports or wheel.import_names))


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


def _is_plain(requirement: str) -> bool:
    """Whether it is a requirement of an index, and no address."""
    try:
        return Requirement(requirement).url is None
    except InvalidRequirement:
        return False
