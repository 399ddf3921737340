"""Print the release notes of a version, as the GitHub release shows them."""

import argparse
import json

from packaging.version import Version

from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import Session
from release_tools.forges.hosted_notes import make_notes
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.model.versions import parse_version
from release_tools.project.project_history import ProjectHistory
from release_tools.project.tag_spelling import find_tag_format
from release_tools.report.json_data import SCHEMA
from release_tools.steps.identify import identify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("of", nargs="?", metavar="VERSION", help="the version (default: that of this commit)")
    add_project(parser)
    add_settings(parser, "changelog-file", "tag-format")


def run(invocation: Session) -> int:
    """Print the notes, in Markdown, alone on standard output."""
    context, asked = invocation.context(), invocation.options.of
    version = parse_version(asked, field="VERSION") if asked else Version(identify(context, Release()).version)
    history = ProjectHistory.of(context, version)
    tag = _find_tag(history, version)
    if asked and not tag:
        tag = find_tag_format(context).tag(version)
    notes = make_notes(context, history, version, tag, planned=not asked)
    context.close()
    if notes.problem:
        invocation.console.remark(
            Note(State.INFO, "the release notes have no pull request labels and no user names", notes.problem)
        )
    text = "\n\n".join(filter(None, (notes.text, notes.link)))
    if invocation.options.json:
        text = json.dumps({"schema": SCHEMA, "version": str(version), "notes": text}, indent=2)
    invocation.console.data(text)
    return 0


def _find_tag(history: ProjectHistory, version: Version) -> str:
    """Return the tag of a version; empty where it is not tagged."""
    return next((release.tag for release in history.releases if release.version == version), "")
