"""The composite action's front end: its inputs become environment and options, then the same command runs as anywhere.

The runner hands the inputs over as one JSON object in ``INPUTS``. An input that is a setting becomes that setting's
variable, so option, environment and file decide exactly as on a laptop; the others become options of the command.
"""

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from release_tools.cli.main import COMMANDS, main, run_process
from release_tools.config.loader import settings
from release_tools.errors import ReleaseToolsError, UsageError
from release_tools.git.remote import github_login
from release_tools.git.repository import Repository
from release_tools.planning.build_plan import SOURCE_JOB
from release_tools.publishers import github_release
from release_tools.publishers.routes import split_names
from release_tools.system.console import Console

VARIABLE: Final = "INPUTS"
OPTIONS: Final = ("project", "version", "tag", "bump", "job", "expect", "only", "phase")
"""Inputs that are options of commands under the same name."""

EXPECT: Final = "expect"
UNCHECKED: Final = "none"
"""The input ``expect`` of whoever asks for no comparison; an empty one is a comparison that went wrong."""

POSITIONAL: Final = ("tag", "notes", "retract")
"""Commands that take the version as their argument."""

OWN: Final = ("command", "arguments", "python-version", "compiled", "wheels")
"""Inputs that no option or setting stands for."""


def run(env: Mapping[str, str]) -> int:
    """Run what the inputs ask for and answer the exit code."""
    inputs: dict[str, str] = json.loads(env[VARIABLE])
    given = {name: value.strip() for name, value in inputs.items() if value.strip()}
    if inputs.get(EXPECT, UNCHECKED) == UNCHECKED:
        given.pop(EXPECT, None)
    else:
        given.setdefault(EXPECT, "")
    command = given.get("command", "")
    if command not in COMMANDS:
        error = UsageError(f"input command: {command!r} is no command", f"There are {', '.join(COMMANDS)}.")
        Console(env).error(error)
        return error.exit_code
    positional = [given.pop("version")] if command in POSITIONAL and "version" in given else []
    options = [part for name in OPTIONS if name in given for part in (f"--{name}", given[name])]
    variables = {item.variable: given[item.name] for item in settings() if item.name in given}
    inner = {name: value for name, value in env.items() if name != VARIABLE} | variables
    if _needs_history(command, given.get("only", ""), given.get("job", "")):
        deepen(Path(given.get("project", ".")), inner)
    return main([command, *options, *positional, *shlex.split(given.get("arguments", ""))], inner)


def _needs_history(command: str, only: str, job: str) -> bool:
    """Whether tags and commits matter: not for files that are there, unless their release notes are written."""
    if command == "publish":
        return not only or github_release.NAME in split_names(only)
    if command == "build":
        return job in ("", SOURCE_JOB)
    return command not in ("config", "gather", "init", "status", "verify")


def deepen(project: Path, env: Mapping[str, str]) -> None:
    """Complete a shallow checkout, which is what actions/checkout makes: without tags no version can be told.

    What stays undone for want of a network or a right is told by the command itself, if it matters.
    """
    try:
        repository = Repository.open(project, env)
        if repository.shallow:
            repository.unshallow("origin", github_login(env))
    except ReleaseToolsError:
        return


if __name__ == "__main__":
    sys.exit(run_process(lambda: run(os.environ)))
