"""``release-tools verify FILES…``: the same checks on files that were built elsewhere or earlier."""

import argparse
from pathlib import Path

from release_tools.invocation import Invocation, add_project, add_settings
from release_tools.pipeline import Step
from release_tools.steps.take_files import take_files
from release_tools.steps.verify import verify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="sdist, wheel or conda package, or a folder of them"
    )
    add_project(parser)
    add_settings(parser)


def run(invocation: Invocation) -> int:
    """Check the files; no repository is needed, and no build."""
    steps = (Step("Files", take_files(invocation.options.files)), Step("Verify", verify))
    return invocation.run_pipeline(steps, dry=True, anywhere=True)
