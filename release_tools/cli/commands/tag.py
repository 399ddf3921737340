"""Check a version, and push it as an annotated tag."""

import argparse

from release_tools.cli.options import add_bump, add_project, add_settings
from release_tools.cli.session import Session
from release_tools.errors import UsageError
from release_tools.pipeline import TAG


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("version", metavar="VERSION", nargs="?", help="such as 1.4.0 or 1.4.0rc1 (PEP 440)")
    parser.set_defaults(version_field="VERSION")
    add_bump(parser)
    parser.add_argument("--dry-run", action="store_true", help="check everything and change nothing")
    own = parser.add_argument_group("tag options", "Short forms of --tag-sign and --tag-push.")
    own.add_argument("--sign", dest="tag.sign", action="store_true", default=argparse.SUPPRESS, help="sign the tag")
    own.add_argument(
        "--push",
        dest="tag.push",
        choices=("auto", "git", "api"),
        default=argparse.SUPPRESS,
        help="push the tag with git or with GitHub's API",
    )
    parser.add_argument("--changelog", action="store_true", help=argparse.SUPPRESS)  # gone: `prepare` does more
    add_project(parser)
    add_settings(parser, "tag-format", "tag.remote", "tag.branch")


def run(invocation: Session) -> int:
    """Check, make and push the tag.

    Raises:
        UsageError: neither a version nor a bump is given, or an option that is gone.
    """
    if invocation.options.changelog:
        raise UsageError(
            "tag --changelog is gone: prepare finalizes the changelog, and edits every file that has the version",
            f"Type: release-tools prepare {invocation.options.version or 'VERSION'}, push its commit, and tag that.",
        )
    if not invocation.options.version and not invocation.options.bump:
        raise UsageError("no version is given", "Type: release-tools tag 1.4.0, or: release-tools tag --bump auto")
    return invocation.run_pipeline(TAG, is_dry_run=invocation.options.dry_run, verdict="tagged")
