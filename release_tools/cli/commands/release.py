"""``release-tools release``: from a commit and its tag to everywhere, in one go."""

import argparse

from release_tools.cli.options import add_only, add_project, add_settings, add_version
from release_tools.cli.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_version(parser)
    parser.add_argument("--dry-run", action="store_true", help="check everything, and only say what would be done")
    add_only(parser)
    add_settings(parser)


def run(invocation: Session) -> int:
    """Run the whole pipeline."""
    invocation.start_environments()
    from release_tools.pipeline import BUILD, PUBLISH  # takes as long as making the environment

    return invocation.run_pipeline((*BUILD, *PUBLISH), is_dry_run=invocation.options.dry_run)
