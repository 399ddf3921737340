"""``release-tools build``: the artifacts and their facts; needs no credential."""

import argparse

from release_tools.invocation import Invocation, add_project, add_settings, add_version
from release_tools.pipeline import BUILD


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    add_version(parser)
    add_settings(parser)


def run(invocation: Invocation) -> int:
    """Run the BUILD half of the pipeline."""
    return invocation.run_pipeline(BUILD, dry=True)
