"""``release-tools doctor``: check for anything that would make a release fail, and say how to fix it."""

import argparse

from release_tools.cli.options import add_project, add_settings, add_version
from release_tools.cli.session import Session
from release_tools.pipeline import DOCTOR


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_version(parser)
    add_settings(parser, "tag-format")


def run(invocation: Session) -> int:
    """Check the repository, its workflows, the version and every destination; build and change nothing."""
    return invocation.run_pipeline(*DOCTOR, is_dry_run=True, verdict="ready to release")
