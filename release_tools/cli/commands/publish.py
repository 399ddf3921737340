"""Publish what ``build`` made; needs no build tool."""

import argparse

from release_tools.cli.options import add_expect, add_offline_tag, add_only, add_phase, add_project, add_settings
from release_tools.cli.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    parser.add_argument("--dry-run", action="store_true", help="check everything and list what would be published")
    add_expect(parser)
    add_offline_tag(parser)
    add_only(parser)
    add_phase(parser)
    add_settings(parser, "packages-dir", "allow-older", "attestations", "testpypi-first")


def run(session: Session) -> int:
    """Publish the files of the output folder, and return the exit code."""
    from release_tools.publish_pipeline import PUBLISH_FILES

    return session.run_pipeline(PUBLISH_FILES, is_dry_run=session.options.dry_run, verdict="published", anywhere=True)
