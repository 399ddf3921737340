"""Build, verify and publish in one go."""

import argparse

from release_tools.cli.options import add_only, add_project, add_settings, add_version
from release_tools.cli.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_version(parser)
    parser.add_argument("--dry-run", action="store_true", help="check everything and list what would be published")
    add_only(parser)
    add_settings(parser, "packages-dir", "allow-older", "attestations", "testpypi-first")


def run(session: Session) -> int:
    """Run the whole pipeline, and return the exit code."""
    session.start_environments()
    from release_tools.pipeline import BUILD, PUBLISH  # takes as long as creating the environment

    return session.run_pipeline((*BUILD, *PUBLISH), is_dry_run=session.options.dry_run, verdict="published")
