"""Write the version and the changelog of a release to every file that has them, as one commit."""

import argparse

from release_tools.cli.options import add_bump, add_project, add_settings
from release_tools.cli.session import Session
from release_tools.errors import UsageError
from release_tools.pipeline import PREPARE, PROPOSE_PREPARATION


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("version", metavar="VERSION", nargs="?", help="such as 1.4.0 or 1.4.0rc1 (PEP 440)")
    add_bump(parser)
    parser.add_argument(
        "--next",
        action="store_true",
        help="after a release, set the next development version, as earlier commits of the project did",
    )
    parser.add_argument("--dry-run", action="store_true", help="show the changes without writing them")
    parser.add_argument("--no-commit", action="store_true", help="leave the edits uncommitted")
    parser.add_argument(
        "--patch", metavar="FILE", default="", help="write the edits to a patch file and change nothing else"
    )
    parser.add_argument(
        "--pull-request",
        metavar="FILE",
        default="",
        help="open a pull request with a patch that --patch wrote, without running code of the project",
    )
    add_project(parser)
    add_settings(parser, "changelog-file", "tag-format")


def run(session: Session) -> int:
    """Edit, and commit.

    Raises:
        UsageError: no version is given, or more than one.
    """
    options = session.options
    if sum(map(bool, (options.version, options.bump, options.next))) != 1:
        raise UsageError(
            "give one version, either as an argument or with --bump",
            "Type: release-tools prepare 1.4.0, or: release-tools prepare --bump auto",
        )
    if options.pull_request:
        if not options.version or options.patch or options.no_commit:
            raise UsageError(
                "--pull-request takes only the version of its patch",
                "Type: release-tools prepare 1.4.0 --pull-request FILE",
            )
        return session.run_pipeline(PROPOSE_PREPARATION, is_dry_run=options.dry_run)
    return session.run_pipeline(PREPARE, is_dry_run=options.dry_run)
