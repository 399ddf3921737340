"""Run the project's own tests against its installed wheel (``verify.command``)."""

import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from release_tools.artifacts import Wheel
from release_tools.builders.virtual_environment import Environment
from release_tools.checks.smoke_test import take_last_lines
from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.model.note import Note, State
from release_tools.parsed_values import find_table, list_words
from release_tools.system.process import ProcessError, run, watch_programs

_PROJECT: Final = "{project}"


def run_project_tests(context: Context, environment: Environment, wheel: Wheel) -> Iterator[Note]:
    """Run the project's test command, if it has one, in the environment that has its wheel.

    The command runs in an empty folder, so that nothing of the checkout is imported instead of what was installed. What
    it needs is installed first: ``test-requires`` and ``test-extras`` of ``[tool.cibuildwheel]``.
    """
    command = context.config.verify.command
    if not command:
        return
    try:
        words = [word.replace(_PROJECT, str(context.project)) for word in shlex.split(command)]
    except ValueError as error:
        yield Note(State.FAILED, f"verify.command cannot be split into words: {error}", command)
        return
    try:
        _install_wanted(context, environment, wheel)
        _run_command(context, environment, words)
    except ProcessError as error:
        text = f"{wheel.path.name} fails the project's own tests"
        yield Note(State.FAILED, text, take_last_lines(error.output), f"Run it yourself: {command}")
        return
    yield Note(State.DONE, f"{wheel.path.name} passes the project's own tests", command)


def _install_wanted(context: Context, environment: Environment, wheel: Wheel) -> None:
    """Install what the project's tests need, if anything."""
    extras, requires = _list_wanted(read_pyproject(context.project))
    if extras:
        environment.install([f"{wheel.path}[{','.join(extras)}]", *requires])
    elif requires:
        environment.install([str(wheel.path), *requires])


def _run_command(context: Context, environment: Environment, words: Sequence[str]) -> None:
    folder = context.scratch / "project-tests"
    folder.mkdir(exist_ok=True)
    program = shutil.which(words[0], path=environment.env.get("PATH")) or words[0]
    with watch_programs(context.console.watch_build):
        run([program, *words[1:]], env=environment.env, cwd=folder)


def _list_wanted(pyproject: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the extras and requirements that the project's tests need, as cibuildwheel's settings name them."""
    table = find_table(pyproject, "tool", "cibuildwheel")
    return list_words(table.get("test-extras")), list_words(table.get("test-requires"))
