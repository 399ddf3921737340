"""Gather the files of all build jobs into one release; refuse if one is missing."""

import argparse
from pathlib import Path

from release_tools.cli.options import add_expect, add_project, add_settings
from release_tools.cli.session import Session
from release_tools.errors import PreflightError
from release_tools.run_steps import Step
from release_tools.steps.gather import gather
from release_tools.steps.store import store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "folders",
        nargs="+",
        type=Path,
        metavar="FOLDER",
        help="the folder of one build job, or a folder that contains those of several",
    )
    add_project(parser)
    add_expect(parser)
    add_settings(parser, "packages-dir")


def run(session: Session) -> int:
    """Compare the files of all jobs with the build plan, and store them in the output folder."""
    steps = (Step("Gather", gather(session.options.folders), PreflightError), Step("Store", store))
    return session.run_pipeline(steps, is_dry_run=True, verdict="complete", anywhere=True, has_page=False)
