"""Print the script by which a shell completes commands and options."""

import argparse

from release_tools.cli.session import Session

SHELLS = ("bash", "zsh", "fish", "tcsh", "powershell")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the shell."""
    parser.add_argument("shell", choices=SHELLS, help="the shell that the script is for")


def run(invocation: Session) -> int:
    """Print the script, whose first lines say where it goes."""
    import shtab

    from release_tools.cli.main import complete_parser

    invocation.console.data(shtab.complete(complete_parser(), invocation.options.shell))
    return 0
