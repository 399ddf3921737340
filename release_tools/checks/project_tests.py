"""Run the project's own tests against its installed wheel (``verify.command``)."""

import shlex
import shutil
from collections.abc import Iterator, Mapping
from typing import Any, Final

from release_tools.artifacts import Wheel
from release_tools.builders.virtual_environment import Environment
from release_tools.checks.smoke_test import take_last_lines
from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.model.note import Note, State
from release_tools.parsed_values import list_words
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
    folder = context.scratch / "project-tests"
    folder.mkdir(exist_ok=True)
    extras, requires = _list_wanted(read_pyproject(context.project))
    try:
        if extras or requires:
            environment.install([f"{wheel.path}[{','.join(extras)}]" if extras else str(wheel.path), *requires])
        program = shutil.which(words[0], path=environment.env.get("PATH")) or words[0]
        with watch_programs(context.console.watch_build):
            run([program, *words[1:]], env=environment.env, cwd=folder)
    except ProcessError as error:
        advice = f"Run it yourself: {command}"
        yield Note(
            State.FAILED, f"{wheel.path.name} fails the project's own tests", take_last_lines(error.output), advice
        )
        return
    yield Note(State.DONE, f"{wheel.path.name} passes the project's own tests", command)


def _list_wanted(pyproject: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the extras and requirements that the project's tests need, as cibuildwheel's settings name them."""
    tool = pyproject.get("tool", {})
    table = tool.get("cibuildwheel", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        return [], []
    return list_words(table.get("test-extras")), list_words(table.get("test-requires"))
