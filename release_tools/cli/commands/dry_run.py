"""Show what a release would do: execute everything but the last call of each irreversible change."""

import argparse

from release_tools.cli.options import add_only, add_project, add_settings, add_version
from release_tools.cli.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_version(parser)
    parser.add_argument(
        "--in-container",
        action="store_true",
        help="for a compiled project: build all wheels for this platform with cibuildwheel in docker or podman",
    )
    parser.add_argument("--open", action="store_true", help="show the report page in a browser")
    add_only(parser)
    add_settings(parser, "packages-dir", "verify.install", "verify.conda-install")
    parser.set_defaults(dry_run=True, is_dry_run=True)


def run(session: Session) -> int:
    """Build, verify, and go through the publishing with the gate closed; return the exit code."""
    session.start_environments()
    from release_tools.cli.next_release import prepare_next_release
    from release_tools.pipeline import (
        BUILD,
        PUBLISH,
        RECIPE_TEST,
        WHEEL_CHANNEL,
    )  # takes as long as creating the environment

    return prepare_next_release(session).run_pipeline((*BUILD, *PUBLISH, RECIPE_TEST, WHEEL_CHANNEL), is_dry_run=True)
