"""Turn the command line into a context, run a pipeline, and return an exit code."""

import argparse
import gc
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

from release_tools.errors import ReleaseToolsError, UsageError, did_you_mean, from_os_error

if TYPE_CHECKING:
    from release_tools.cli.session import Session
    from release_tools.system.console import Console

COMMANDS: Final[Mapping[str, str]] = {
    "init": "write the release workflows and list the one-time setup steps",
    "doctor": "check for anything that would make a release fail",
    "dry-run": "build and verify a release and list what would be published, without publishing anything",
    "prepare": "set a new version in every file that has it and finalize the changelog, in one commit",
    "tag": "check a version, then create and push its tag",
    "plan": "list every file of a release and the job that builds it",
    "build": "build the sdist, the wheel and the conda package",
    "gather": "collect the files of all build jobs and check that none is missing",
    "verify": "verify built files",
    "publish": "publish what was built, skipping what is already there",
    "release": "build, verify and publish in one command",
    "recipe": "generate the conda-forge recipe",
    "drift": "compare the feedstock's recipe with this commit",
    "status": "show where a version is published",
    "retract": "withdraw a release where possible and explain the manual steps",
    "version": "print the version of this commit",
    "next": "recommend the next version, with the evidence",
    "notes": "print the release notes of a version",
    "config": "show the effective settings and where each is set",
    "completion": "print the script that completes commands and options in a shell",
}
"""Each command and its one line of help; the module in `cli.commands` is loaded only when it is called."""

WITHOUT_CREDENTIALS: Final = frozenset({"dry-run", "recipe", "drift"})
"""Commands that build and need no credential: they run without those of the environment."""
WITH_CREDENTIALS: Final = frozenset({"publish", "status", "retract"})
"""Commands that build nothing: they keep even what a CI service gives to every job."""
_OBJECTS: Final = 50_000
_INTERRUPTED: Final = 130
_PIPE_CLOSED: Final = 141
_HELP: Final = "help"
_EPILOG: Final = "For the options of a command: release-tools help COMMAND. For exit codes: docs/exit-codes.md."


class Command(Protocol):
    """Describe what each module of `release_tools.cli.commands` offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own options."""

    def run(self, invocation: "Session") -> int:
        """Do it and answer the exit code."""


def run_process(function: Callable[[], int]) -> int:
    """Do something in a process of its own: it ends soon, so little garbage is looked for, and none at the end."""
    gc.set_threshold(_OBJECTS)
    try:
        return function()
    finally:
        gc.freeze()


def main(
    argv: Sequence[str] | None = None, env: Mapping[str, str] | None = None, *, is_process: bool | None = None
) -> int:
    """Run one command.

    Args:
        argv: the arguments, without the program's name; the process's own if None.
        env: the environment; the process's own if None.
        is_process: whether nothing else runs in this process, which may then be replaced; by default, where no
            environment is given.

    Returns:
        0, or the exit code of the error that stopped it.
    """
    if argv is None:
        argv = sys.argv[1:]
    if is_process is None:
        is_process = env is None
    try:
        try:
            return _call(list(argv), dict(os.environ if env is None else env), is_process=is_process)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as head, has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _PIPE_CLOSED
    except KeyboardInterrupt:
        return _INTERRUPTED


def _call(arguments: Sequence[str], env: Mapping[str, str], *, is_process: bool) -> int:
    arguments = _translate_help(arguments)
    name = _first_word(arguments)
    if name and name not in COMMANDS:
        return _refuse(f"{name}: no such command", did_you_mean(name, COMMANDS), "release-tools --help", env)
    parser, own, command = _make_parser(name)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        return _refuse_argument(unknown[0], own, env)
    if command is None:
        parser.print_help()
        return UsageError.exit_code
    return _execute(command, arguments, options, env, is_process=is_process)


def _execute(
    command: Command,
    arguments: Sequence[str],
    options: argparse.Namespace,
    env: Mapping[str, str],
    *,
    is_process: bool,
) -> int:
    """Run a command, and report what stops it."""
    from release_tools.system.console import Console

    console = Console(env)
    console.quiet = console.silent = options.quiet
    console.verbose = options.verbose
    try:
        clean = _clean_environment(_first_word(arguments), options, env, console)
        if is_process and clean != env:  # a program below this process could read its environment
            _replace_process(arguments, clean)
        return _run(command, options, clean, console)
    except KeyboardInterrupt:
        console.error(ReleaseToolsError("interrupted", "Nothing was left half done; run the same command again."))
        return _INTERRUPTED
    except BrokenPipeError:
        raise
    except Exception as raised:
        if options.debug:
            raise
        return _report_error(_as_ours(raised), console, is_json=getattr(options, "json", False))


def _translate_help(arguments: Sequence[str]) -> Sequence[str]:
    """Return the arguments, with ``--help`` for the command ``help``."""
    if _first_word(arguments) != _HELP:
        return arguments
    return [*(argument for argument in arguments if argument != _HELP), "--help"]


def _refuse_argument(argument: str, parser: argparse.ArgumentParser, env: Mapping[str, str]) -> int:
    option = argument.partition("=")[0]
    hint = did_you_mean(option, re.findall(r"--[a-z-]+", parser.format_help()))
    return _refuse(f"{option}: {parser.prog} takes no such argument", hint, f"{parser.prog} --help", env)


def _first_word(arguments: Sequence[str]) -> str:
    return next((argument for argument in arguments if not argument.startswith("-")), "")


def _report_error(error: ReleaseToolsError, console: "Console", *, is_json: bool) -> int:
    """Print an error, in JSON as well where no result was printed, and return its exit code."""
    if is_json and not console.has_data:
        from release_tools.report.json_data import error_data

        console.data(json.dumps(error_data(error), indent=2))
    console.error(error)
    return error.exit_code


def _run(command: Command, options: argparse.Namespace, env: Mapping[str, str], console: "Console") -> int:
    from release_tools.cli.session import Session
    from release_tools.system.job_files import JobFiles
    from release_tools.system.library_logs import redirect_logs
    from release_tools.system.user_folders import check_user_folders, with_caches

    check_user_folders(env)
    with (
        redirect_logs(console),
        tempfile.TemporaryDirectory(prefix="release-tools-", ignore_cleanup_errors=True) as folder,
    ):
        scratch = Path(folder).resolve()
        env = with_caches(env, scratch)
        with closing(Session(options, env, console, scratch, job_files=JobFiles.read(env))) as session:
            code = command.run(session)
            session.job_files.check()
            return code


def _clean_environment(
    name: str, options: argparse.Namespace, env: Mapping[str, str], console: "Console"
) -> Mapping[str, str]:
    """Return the environment for a command, without credentials that it does not need and that a build could read.

    The user may allow a build to read all of them.
    """
    from release_tools.cli.session import Session
    from release_tools.system.credentials import clean_variables, find_visible_credentials, without_job_credentials

    if name in WITH_CREDENTIALS or not find_visible_credentials(env):
        return env
    if Session(options, env, console, Path(tempfile.gettempdir())).allows_credentials:
        return env
    return clean_variables(env) if name in WITHOUT_CREDENTIALS else without_job_credentials(env)


def _replace_process(arguments: Sequence[str], env: Mapping[str, str]) -> None:
    """Go on in a process that has this environment and no other."""
    from release_tools.system.process import replace_process

    flags = ["-I" if sys.flags.isolated else "-P", *(["-B"] if sys.flags.dont_write_bytecode else [])]
    replace_process([sys.executable, *flags, "-X", "utf8", "-m", "release_tools", *arguments], env)


def _refuse(text: str, hint: str, more: str, env: Mapping[str, str]) -> int:
    from release_tools.system.console import Console

    error = UsageError(f"{text}{hint}", f"See the usage: {more}")
    Console(env).error(error)
    return error.exit_code


def _as_ours(error: Exception) -> ReleaseToolsError:
    """Return one of our errors as it is, and any other as one that a person can act upon."""
    if isinstance(error, ReleaseToolsError):
        return error
    if isinstance(error, OSError):
        return from_os_error(error)
    return ReleaseToolsError(
        f"a fault of release-tools itself: {type(error).__name__}: {error}",
        "Please report it, with what the same command prints with --debug.",
    )


def complete_parser() -> argparse.ArgumentParser:
    """Return the parser with the options of all commands, every setting included, for the completion of a shell."""
    from release_tools.cli.options import show_settings

    parser = argparse.ArgumentParser(prog="release-tools", add_help=False)
    parser.add_argument("-h", "--help", action="help", help="show the help")
    _add_version(parser)
    commands = parser.add_subparsers(metavar="COMMAND")
    for name, sentence in COMMANDS.items():
        own = commands.add_parser(name, help=sentence)
        _add_common(own)
        _command(name).add_arguments(own)
        show_settings(own)
    return parser


def _add_version(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-V", "--version", action=_ShowVersion, nargs=0, help="show the version of release-tools itself"
    )


def _add_common(parser: argparse.ArgumentParser) -> None:
    """Declare the options that every command has."""
    parser.add_argument("-q", "--quiet", action="store_true", help="print only results and errors")
    parser.add_argument("-v", "--verbose", action="store_true", help="show the output of builds as they run")
    parser.add_argument("--debug", action="store_true", help="show a traceback if release-tools itself fails")


def _command(name: str) -> Command:
    """Load the module of a command."""
    return cast("Command", import_module(f"release_tools.cli.commands.{name.replace('-', '_')}"))


def _make_parser(called: str) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser, Command | None]:
    """Return the parser, and that of the command that is called: only it gets its options declared."""
    parser = argparse.ArgumentParser(
        prog="release-tools",
        description="Turn one tagged commit into a release on PyPI, Anaconda.org, GitHub and conda-forge.",
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    _add_version(parser)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    chosen, command = parser, None
    for name, sentence in COMMANDS.items():
        own = commands.add_parser(name, help=sentence, description=sentence.capitalize() + ".", allow_abbrev=False)
        _add_common(own)
        if name == called:
            command = _command(name)
            command.add_arguments(own)
            chosen = own
    return parser, chosen, command


class _ShowVersion(argparse.Action):
    """``--version``; the installed version is looked up only when it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        from release_tools.addresses import DISTRIBUTION

        sys.stdout.write(f"release-tools {version(DISTRIBUTION)}\n")
        parser.exit()
