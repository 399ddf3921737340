"""Install a wheel in a fresh environment, as a user would."""

import platform
from typing import Final

from release_tools.artifacts import Wheel
from release_tools.builders.test_environment import make_test_environment, needs
from release_tools.builders.virtual_environment import Environment
from release_tools.checks.project_tests import run_project_tests
from release_tools.checks.smoke_test import InstalledWheel, inspect_installation, take_last_lines
from release_tools.checks.version_agreement import choose_disagreement_state
from release_tools.engine.archives import open_wheel
from release_tools.engine.context import Context
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.system.credentials import refuse_credentials
from release_tools.system.process import ProcessError

_UNREACHABLE: Final = ("connect", "dns", "resolve host", "name resolution", "timed out", "network", "fetch", "offline")


def start_installation(context: Context, artifact: Artifact) -> None:
    """Start to install a wheel that was just built: of all checks this one takes the longest."""
    context.background.start(_name_task(artifact), _check, context, artifact)


def check_installation(context: Context, artifact: Artifact) -> tuple[Note, ...]:
    """Install a wheel with its dependencies in a fresh environment, and use it.

    Raises:
        ArchiveError: the wheel is corrupt or hostile.
        CredentialError: credentials for publishing are in the environment, where what is imported could read them.
    """
    return context.background.result(_name_task(artifact), _check, context, artifact)


def _name_task(artifact: Artifact) -> str:
    return f"install {artifact.filename}"


def _check(context: Context, artifact: Artifact) -> tuple[Note, ...]:
    verify = context.config.verify
    if not verify.install:
        return (Note(State.SKIPPED, "not installed: verify.install is false"),)
    wheel = open_wheel(context.background, artifact)
    supported = wheel.metadata.parsed.requires_python
    if supported and not supported.contains(platform.python_version(), prereleases=True):
        text = f"{wheel.path.name} cannot be tried out: it needs Python {supported}"
        advice = "Run release-tools with a Python that the project supports, or with --no-verify-install."
        return (Note(State.FAILED, text, f"this is {platform.python_version()}", advice),)
    refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
    return _install_and_test(context, wheel)


def _install_and_test(context: Context, wheel: Wheel) -> tuple[Note, ...]:
    """Install a wheel in an environment of its own, import it, and run the project's tests."""
    verify = context.config.verify
    try:
        environment = make_test_environment(needs(wheel.metadata), context.scratch, context.env, context.background)
        environment.install([str(wheel.path)], dependencies=False)
    except ProcessError as error:
        return (_report_not_installed(context, error, wheel),)
    success = "installs in a fresh environment and imports"
    state = choose_disagreement_state(context.config)
    installed = InstalledWheel(environment.python_executable, environment.env, environment.folder, success, state)
    notes = tuple(inspect_installation(installed, wheel, verify.imports or wheel.import_names))
    if any(note.state is State.FAILED for note in notes):
        return notes
    return (*notes, *run_project_tests(context, environment, wheel))


def _report_not_installed(context: Context, error: ProcessError, wheel: Wheel) -> Note:
    """Return why an installation failed: the wheel, its dependencies, or the network."""
    try:
        Environment.create(context.scratch / "test-alone", context.env).install([str(wheel.path)], dependencies=False)
    except ProcessError as own:
        return Note(State.FAILED, f"{wheel.path.name} cannot be installed", take_last_lines(own.output))
    reason = take_last_lines(error.output)
    if any(word in error.output.lower() for word in _UNREACHABLE):
        advice = "Run again online, or with --no-verify-install."
        return Note(State.WARNING, "not imported: its dependencies could not be fetched", reason, advice)
    return Note(
        State.FAILED, "its dependencies cannot be installed", reason, "Correct the dependencies in pyproject.toml."
    )
