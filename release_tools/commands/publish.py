"""``release-tools publish``: what ``build`` made, to the places of its route; needs no repository and no build tool."""

import argparse

from release_tools.ahead import PUBLISHING, import_ahead
from release_tools.invocation import Invocation, add_expect, add_only, add_project, add_settings
from release_tools.pipeline import BUILT, DRAFT, FORGE, GO_BACK, NOTES_AGAIN, READY, SHOW, UPLOAD


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    parser.add_argument("--dry-run", action="store_true", help="check everything, and only say what would be done")
    add_expect(parser)
    add_only(parser)
    add_settings(parser)


def run(invocation: Invocation) -> int:
    """Run the PUBLISH half of the pipeline on the files of the output folder."""
    import_ahead(PUBLISHING)
    steps = (BUILT, GO_BACK, READY, NOTES_AGAIN, DRAFT, *UPLOAD, SHOW, *FORGE)
    return invocation.run_pipeline(steps, dry=invocation.options.dry_run, anywhere=True)
