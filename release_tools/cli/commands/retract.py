"""``release-tools retract VERSION --reason TEXT``: take back what can be, and say how the rest is taken back."""

import argparse

from release_tools.cli.commands.status import find_sought
from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import Session
from release_tools.pipeline import Step
from release_tools.steps.retract import retract_by_hand, retract_from_channels, retract_from_github


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("of", metavar="VERSION", help="such as 1.4.0")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="why, for those who have installed it")
    parser.add_argument("--name", help="the project's name, where pyproject.toml does not tell it")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")
    add_project(parser)
    add_settings(parser)


def run(invocation: Session) -> int:
    """Run the steps."""
    options = invocation.options
    sought = find_sought(invocation.context(anywhere=True), options.of, options.name or "")
    steps = (
        Step("Move to the label broken", retract_from_channels(sought), place="Anaconda.org"),
        Step("Mark the release", retract_from_github(sought, options.reason), place="GitHub"),
        Step("By hand", retract_by_hand(sought, options.reason)),
    )
    return invocation.run_pipeline(steps, is_dry_run=options.dry_run, anywhere=True)
