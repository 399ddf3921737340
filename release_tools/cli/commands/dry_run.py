"""``release-tools dry-run``: everything that a release does, but for the last line of each irreversible deed."""

import argparse

from release_tools.cli.options import add_only, add_project, add_settings, add_version
from release_tools.cli.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_version(parser)
    parser.add_argument("--open", action="store_true", help="show the report page in a browser")
    add_only(parser)
    add_settings(parser)
    parser.set_defaults(without_unbuildable=True)


def run(invocation: Session) -> int:
    """Build, verify, and go on through the publishing with the gate closed."""
    invocation.start_environments()
    from release_tools.pipeline import BUILD, PUBLISH, TRIAL  # takes as long as making the environment

    return invocation.run_pipeline((*BUILD, *PUBLISH, TRIAL), is_dry_run=True)
