"""Publish what ``build`` made; needs no build tool."""

import argparse
from typing import TYPE_CHECKING

from release_tools.cli.options import add_expect, add_offline_tag, add_only, add_phase, add_project, add_settings
from release_tools.cli.session import Session

if TYPE_CHECKING:
    from release_tools.engine.context import Context
    from release_tools.model.release import Release


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    parser.add_argument("--dry-run", action="store_true", help="check everything and list what would be published")
    add_expect(parser)
    add_offline_tag(parser)
    add_only(parser)
    add_phase(parser)
    parser.add_argument(
        "--status",
        action="store_true",
        help="show every destination at the end, as status does",
    )
    add_settings(parser, "packages-dir", "allow-older", "attestations", "testpypi-first")


def run(session: Session) -> int:
    """Publish the files of the output folder, and return the exit code."""
    from release_tools.publish_pipeline import PUBLISH_FILES

    options = session.options
    closing = _show_published if options.status and not options.dry_run else None
    return session.run_pipeline(
        PUBLISH_FILES, is_dry_run=options.dry_run, verdict="published", anywhere=True, closing=closing
    )


def _show_published(session: Session, context: "Context", release: "Release") -> None:
    from release_tools.cli.published import show_published

    show_published(session, context, release)
