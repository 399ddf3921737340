"""Print the release notes of a version, as the GitHub release shows them."""

import argparse
import json

from packaging.version import Version

from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import Session
from release_tools.model.release import Release
from release_tools.model.versions import parse_version
from release_tools.project.project_history import ProjectHistory
from release_tools.steps.identify import identify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("of", nargs="?", metavar="VERSION", help="the version (default: that of this commit)")
    add_project(parser)
    add_settings(parser)


def run(invocation: Session) -> int:
    """Print the notes, in Markdown, alone on standard output."""
    context, asked = invocation.context(), invocation.options.of
    version = parse_version(asked, field="VERSION") if asked else Version(identify(context, Release()).version)
    text = ProjectHistory.of(context, version).notes(version, planned=not asked).text
    if invocation.options.json:
        text = json.dumps({"version": str(version), "notes": text}, indent=2)
    invocation.console.data(text)
    return 0
