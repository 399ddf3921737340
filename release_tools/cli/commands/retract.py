"""Withdraw a release where possible, and explain the manual steps."""

import argparse
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from release_tools.cli.commands.status import create_query
from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from release_tools.engine.context import Context
    from release_tools.publishers.base import PublisherStatus, StatusQuery
    from release_tools.run_steps import Item


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("of", metavar="VERSION", help="such as 1.4.0")
    parser.add_argument("--reason", required=True, metavar="TEXT", help="the reason, shown to users")
    parser.add_argument("--name", help="the project's name, if pyproject.toml does not have it")
    parser.add_argument("--dry-run", action="store_true", help="list what would be done")
    add_project(parser)
    add_settings(parser, "tag-format", "anaconda.owner", "github.repository")


def run(session: Session) -> int:
    """Withdraw the version at every destination, and return the exit code."""
    return session.run_pipeline(partial(_list_steps, session), is_dry_run=session.options.dry_run, anywhere=True)


def _is_published(context: "Context", query: "StatusQuery") -> bool:
    """Return whether a destination has files of a version, or cannot be asked."""
    from release_tools.publishers.git_tag import NAME
    from release_tools.publishers.routes import Publishers

    others = (publisher for publisher in context.reuse(Publishers).all() if publisher.name != NAME)
    return any(_may_have_files(publisher.status(query)) for publisher in others)


def _may_have_files(status: "PublisherStatus") -> bool:
    return status.has_files or bool(status.error and status.url)


def _list_steps(session: Session, context: "Context") -> "Sequence[Item]":
    from release_tools.publishers.routes import Publishers
    from release_tools.run_steps import Step
    from release_tools.steps.retract import retract

    query = create_query(context, session.options.of, session.options.name or "")
    query = replace(query, is_published=partial(_is_published, context, query))
    steps = []
    for publisher in context.reuse(Publishers).all():
        action = partial(retract, publisher=publisher, query=query, reason=session.options.reason)
        steps.append(Step(f"Withdraw from {publisher.title}", action, group=publisher.group))
    return steps
