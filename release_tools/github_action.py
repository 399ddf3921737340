"""Run the command for the GitHub Action: its inputs become environment variables and options.

The runner hands the inputs over as one JSON object in ``INPUTS``. An input that is a setting becomes that setting's
variable, so option, environment and file decide exactly as on a laptop; the others become options of the command.
"""

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Final

from release_tools.cli.main import COMMANDS, main, run_process
from release_tools.cli.session import read_expected_release
from release_tools.config.loader import list_settings
from release_tools.errors import ReleaseToolsError, UsageError
from release_tools.git.remote import make_github_login
from release_tools.git.repository import Repository
from release_tools.model.release import Release
from release_tools.planning.build_plan import SOURCE_JOB
from release_tools.publishers import github_release
from release_tools.publishers.destinations import split_names
from release_tools.system.console import Console

VARIABLE: Final = "INPUTS"
OPTIONS: Final = ("project", "version", "tag", "bump", "job", "expect", "only", "phase")
"""Inputs that are options of commands under the same name."""

EXPECT: Final = "expect"
UNCHECKED: Final = "none"
"""The input ``expect`` that asks for no comparison; an empty one is a comparison that went wrong."""

RELEASE: Final = "release"
ONLY: Final = "only"
PHASE: Final = "PHASE"
"""The variable that says for which half of a release a step is: ``build`` or ``publish``; both in one if empty."""
BUILT: Final = "BUILT"
"""The variable with the manifest that the other half reported."""

POSITIONAL: Final = ("prepare", "tag", "notes", "retract", "status")
"""Commands that take the version as their argument."""

OWN: Final = ("command", "arguments", "python-version", "compiled", "wheels")
"""Inputs that are neither an option nor a setting."""


def run(env: Mapping[str, str]) -> int:
    """Run what the inputs ask for and answer the exit code."""
    given = _read_inputs(env)
    command = given.get("command", "")
    if command == RELEASE and env.get(PHASE):
        return _run_phase(env, given)
    if command not in COMMANDS:
        return _refuse(
            UsageError(f"input command: {command!r} is no command", f"There are {', '.join(COMMANDS)}."), env
        )
    return _run_command(command, given, shlex.split(given.get("arguments", "")), env)


def _read_inputs(env: Mapping[str, str]) -> dict[str, str]:
    """Return the inputs that have a value; ``expect`` also where it is empty, unless no comparison is asked for."""
    inputs: dict[str, str] = json.loads(env[VARIABLE])
    given = {name: value.strip() for name, value in inputs.items() if value.strip()}
    if inputs.get(EXPECT, UNCHECKED) == UNCHECKED:
        given.pop(EXPECT, None)
    else:
        given.setdefault(EXPECT, "")
    return given


def _refuse(error: ReleaseToolsError, env: Mapping[str, str]) -> int:
    Console(env).error(error)
    return error.exit_code


def _run_phase(env: Mapping[str, str], given: dict[str, str]) -> int:
    """Run the half of a release that a step of the action is for: the build without, or the publishing with the token.

    A commit that carries no tag yet is tagged between the two, by the step that may.
    """
    arguments = shlex.split(given.pop("arguments", ""))
    if env[PHASE] == "build":
        build = _select(given, "version", "tag", "bump", "job")
        return _run_command("build", build, _leave_out(arguments, {"--only"}, {"--dry-run", "--offline-tag"}), env)
    try:
        built = read_expected_release(env.get(BUILT, "")) or Release()
    except ReleaseToolsError as error:
        return _refuse(error, env)
    code = 0 if "--dry-run" in arguments else _push_tag(built, given, env)
    if code != 0:
        return code
    rest = _leave_out(arguments, {"--version", "--tag", "--bump"}, set())
    publish = _select(given, ONLY, "phase") | {EXPECT: env.get(BUILT, "")}
    return _run_command("publish", publish, rest, env)


def _push_tag(built: Release, given: Mapping[str, str], env: Mapping[str, str]) -> int:
    """Tag the commit that was built, unless it is tagged or gets no tag, and return the exit code."""
    if built.tagged or built.is_untagged:
        return 0
    return _run_command("tag", _select(given) | {"version": built.version}, [], env)


def _select(given: Mapping[str, str], *options: str) -> dict[str, str]:
    """Return the settings, the project, and of the inputs that are options of a command these ones."""
    return {name: value for name, value in given.items() if name not in OPTIONS or name in ("project", *options)}


def _leave_out(arguments: Sequence[str], with_value: AbstractSet[str], without: AbstractSet[str]) -> list[str]:
    """Return the arguments without some options, of which the first take a value."""
    kept: list[str] = []
    remaining = iter(arguments)
    for argument in remaining:
        if argument in with_value:
            next(remaining, "")
        elif argument not in without and argument.partition("=")[0] not in with_value:
            kept.append(argument)
    return kept


def _run_command(command: str, given: Mapping[str, str], arguments: Sequence[str], env: Mapping[str, str]) -> int:
    words = _list_words(command, given)
    inner = _make_environment(given, env)
    if _needs_history(command, given.get("only", ""), given.get("job", "")):
        deepen(Path(given.get("project", ".")), inner)
    return main([command, *words, *arguments], inner, is_process=env is os.environ)


def _list_words(command: str, given: Mapping[str, str]) -> list[str]:
    """Return the inputs that are options, as words of the command line; the version alone where it is an argument."""
    options = {name: given[name] for name in OPTIONS if name in given}
    positional = [options.pop("version")] if command in POSITIONAL and "version" in options else []
    return [part for name, value in options.items() for part in (f"--{name}", value)] + positional


def _make_environment(given: Mapping[str, str], env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the command: without what is only for the action, with the settings' variables."""
    kept = {name: value for name, value in env.items() if name not in {VARIABLE, PHASE, BUILT}}
    return kept | {item.variable: given[item.name] for item in list_settings() if item.name in given}


def _needs_history(command: str, only: str, job: str) -> bool:
    """Return whether the command needs the git history: for existing files, only to write their release notes."""
    if command == "publish":
        return not only or github_release.NAME in split_names(only)
    if command == "build":
        return job in ("", SOURCE_JOB)
    return command not in ("config", "gather", "init", "status", "verify")


def deepen(project: Path, env: Mapping[str, str]) -> None:
    """Complete a shallow checkout, which is what actions/checkout makes: without tags no version can be derived.

    What stays undone for want of a network or a right is reported by the command itself, if it matters.
    """
    try:
        repository = Repository.open(project, env)
        if repository.shallow:
            repository.unshallow("origin", make_github_login(env))
    except ReleaseToolsError:
        return


if __name__ == "__main__":
    sys.exit(run_process(lambda: run(os.environ)))
