"""``release-tools doctor``: everything that would make a release fail later, looked at now, each with its cure."""

import argparse

from release_tools.cli.options import add_project, add_settings, add_version
from release_tools.cli.session import Session
from release_tools.pipeline import DOCTOR


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_version(parser)
    add_settings(parser)


def run(invocation: Session) -> int:
    """Look at the repository, its workflows, the version and every place; nothing is built or changed."""
    return invocation.run_pipeline(*DOCTOR, is_dry_run=True)
