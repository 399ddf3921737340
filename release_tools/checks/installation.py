"""The wheel, installed in a fresh environment as a user would, imported, and its commands looked up."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from packaging.version import Version

from release_tools.archives import Wheel
from release_tools.context import Context
from release_tools.credentials import refuse_near_build
from release_tools.model import Note, State
from release_tools.process import ProcessError
from release_tools.services.environment import Environment

_PROBE: Final = """
import importlib, importlib.metadata, json, sys
name, modules, answer = sys.argv[1], sys.argv[2].split(","), sys.argv[3]
faults = {}
def attempt(what, deed):
    try:
        deed()
    except BaseException as error:
        faults[what] = f"{type(error).__name__}: {error}"
for module in filter(None, modules):
    attempt(f"import {module}", lambda: importlib.import_module(module))
found = importlib.metadata.distribution(name)
for point in found.entry_points:
    if point.group in ("console_scripts", "gui_scripts") and not point.extras:
        attempt(f"command {point.name} = {point.value}", point.load)
with open(answer, "w", encoding="utf-8") as file:
    json.dump({"version": found.version, "faults": faults}, file)
"""
"""Writes its answer to a file: what a module prints on being imported is its own affair."""

_UNREACHABLE: Final = ("connect", "dns", "resolve host", "name resolution", "timed out", "network", "fetch", "offline")
_FRAME: Final = " \u00d7\u2570\u2500\u25b6\u2502"
"""What uv draws around its messages."""


def check_installation(context: Context, wheel: Wheel) -> tuple[Note, ...]:
    """Install the wheel with its dependencies and use it.

    Args:
        context: the run's surroundings.
        wheel: what is installed.

    Raises:
        CredentialError: credentials for publishing are in the environment, where what is imported could read them.
    """
    if not context.config.verify.install:
        return (Note(State.SKIPPED, "not installed: verify.install is false"),)
    refuse_near_build(context.env, allowed=context.config.allow_credentials_in_build)
    environment = Environment.create(context.scratch / f"try-{wheel.path.stem}", context.env)
    try:
        environment.install([str(wheel.path)])
    except ProcessError as error:
        return (_not_installed(error, environment, wheel),)
    return tuple(_probe(environment, wheel, context.config.verify.imports or wheel.import_names))


def _not_installed(error: ProcessError, environment: Environment, wheel: Wheel) -> Note:
    """Tell a wheel that cannot be installed from dependencies that cannot be had right now."""
    try:
        environment.install([str(wheel.path)], dependencies=False)
    except ProcessError as own:
        return Note(State.FAILED, f"{wheel.path.name} cannot be installed", _last_line(own.output))
    said = _last_line(error.output)
    if any(word in error.output.lower() for word in _UNREACHABLE):
        advice = "Run again online, or with --no-verify-install."
        return Note(State.WARNING, "not imported: its dependencies could not be fetched", said, advice)
    return Note(
        State.FAILED, "its dependencies cannot be installed", said, "Correct the dependencies in pyproject.toml."
    )


def _probe(environment: Environment, wheel: Wheel, modules: Sequence[str]) -> Iterator[Note]:
    answer = environment.folder / "answer.json"
    try:
        environment.python("-c", _PROBE, wheel.metadata.name, ",".join(modules), str(answer))
        found = json.loads(answer.read_text(encoding="utf-8"))
    except (ProcessError, OSError, ValueError) as error:
        detail = _last_line(error.output) if isinstance(error, ProcessError) else str(error)
        yield Note(State.FAILED, "the interpreter died while importing it", detail)
        return
    if Version(found["version"]) != wheel.metadata.version:
        yield Note(State.FAILED, f"installed, it says version {found['version']}", f"not {wheel.metadata.version}")
    for what, fault in found["faults"].items():
        advice = 'If other modules are meant, name them: verify.imports = ["…"].' if what.startswith("import") else ""
        yield Note(State.FAILED, f"{what} fails", fault, advice)
    if not found["faults"]:
        commands = [point.name for point in wheel.entry_points if point.group in ("console_scripts", "gui_scripts")]
        detail = "; ".join(
            filter(None, (f"import {', '.join(modules)}", f"commands {', '.join(commands)}" if commands else ""))
        )
        yield Note(State.DONE, "installs in a fresh environment and imports", detail)


def _last_line(output: str) -> str:
    lines = (line.strip(_FRAME) for line in output.splitlines())
    return " ".join([line for line in lines if line][-3:])
