"""``release-tools build``: the artifacts and their facts; needs no credential."""

import argparse

from release_tools.cli.options import add_project, add_settings, add_version
from release_tools.cli.session import Session


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_version(parser)
    add_settings(parser)


def run(invocation: Session) -> int:
    """Run the BUILD half of the pipeline."""
    invocation.start_environments()
    from release_tools.pipeline import BUILD  # takes as long as making the environment

    return invocation.run_pipeline(BUILD, is_dry_run=True)
