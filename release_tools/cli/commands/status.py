"""Show where a version is published, with one request a destination."""

import argparse
import json
from collections.abc import Collection, Iterable
from contextlib import closing
from time import monotonic
from typing import Final

from packaging.version import Version

from release_tools.artifacts import manifest
from release_tools.builders.backend_facts import find_name
from release_tools.cli.options import add_project, add_settings
from release_tools.cli.published import query_destinations, write_published
from release_tools.cli.session import PROJECT_FILES, Session
from release_tools.engine.context import Context
from release_tools.errors import OutputError, ReleaseToolsError, RemoteError, UnreachableError, UsageError
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.model.versions import parse_version
from release_tools.project.name import find_stated_name
from release_tools.publishers.base import Publisher, PublisherStatus, StatusQuery
from release_tools.publishers.routes import Publishers
from release_tools.report.json_data import SCHEMA

_PAUSES: Final = 60
"""Pauses of the network's settings between two queries of a destination that takes hours: half a minute."""


_NAME_ADVICE: Final = "Pass it with --name."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("of", metavar="VERSION", help="such as 1.4.0 or 1.4.0rc1")
    parser.add_argument("--name", help="the project's name, if pyproject.toml does not have it")
    parser.add_argument(
        "--wait",
        metavar="DESTINATION",
        help="wait until the version can be installed from this destination: conda-forge",
    )
    parser.add_argument(
        "--wait-minutes",
        metavar="N",
        type=int,
        default=240,
        help="give up --wait after this many minutes (default: 240)",
    )
    add_project(parser)
    add_settings(parser, "tag-format", "anaconda.owner", "github.repository", "conda-forge.feedstock")


def run(session: Session) -> int:
    """Query every destination, and return the exit code: that of a destination that could not be queried."""
    console, options = session.console, session.options
    console.quiet = options.json or options.quiet
    with closing(session.context(anywhere=True)) as context:
        query = create_query(context, options.of, options.name or "")
        if not options.wait:
            statuses = query_destinations(context, query, _list_publishers(context))
    if options.wait:
        statuses = _wait(session, query, options.wait, options.wait_minutes)
        for status in statuses:
            console.section(status.section)
    if options.json:
        console.data(json.dumps(_make_data(query, statuses), indent=2))
    write_published(session, query, statuses)
    return _choose_exit_code(statuses)


def _choose_exit_code(statuses: Iterable[PublisherStatus]) -> int:
    return max((status.error.exit_code for status in statuses if status.error and status.url), default=0)


def _make_data(query: StatusQuery, statuses: Iterable[PublisherStatus]) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "name": query.name,
        "version": str(query.version),
        "publishers": [status.data for status in statuses],
    }


def _list_publishers(context: Context) -> tuple[Publisher, ...]:
    """Return the publishers of all routes, and what follows one of them."""
    publishers = context.reuse(Publishers)
    return (*publishers.all(), *publishers.followers())


def _query_one(context: Context, query: StatusQuery, destination: str) -> list[PublisherStatus]:
    """Return the status at the destination of a name or title: several for one with several channels."""
    named = (one for one in _list_publishers(context) if destination in (one.name, one.title))
    return [status for publisher in named if (status := publisher.status(query)).is_configured]


def _wait(session: Session, query: StatusQuery, destination: str, minutes: int) -> list[PublisherStatus]:
    """Wait until a destination has all of a version, and return its status; what changes meanwhile is shown.

    Raises:
        ReleaseToolsError: a setting or a credential is wrong.
        UnreachableError: it took longer than ``minutes``.
        UsageError: no destination has that name.
    """
    end, shown = monotonic() + 60 * minutes, ""
    while True:
        with closing(session.context(anywhere=True)) as context:  # another one, as each reads an address only once
            statuses = _query_one(context, query, destination)
            pause = _PAUSES * context.config.network.pause / 1000
        if any(status.is_complete for status in statuses):
            return statuses
        _check_can_wait(statuses, destination)
        if (missing := _describe(statuses)) != shown:
            session.console.remark(Note(State.INFO, f"waiting for {destination}: {missing}"))
            shown = missing
        if monotonic() >= end:
            raise UnreachableError(
                f"{query.name} {query.version} cannot be installed from {destination} after {minutes} minutes: {shown}",
                "Run the same command again to continue waiting.",
            )
        context.http.retry_policy.sleep(pause)


def _check_can_wait(statuses: Collection[PublisherStatus], destination: str) -> None:
    """Raise the error that no waiting changes.

    Raises:
        ReleaseToolsError: a setting or a credential is wrong.
        UsageError: no destination has that name.
    """
    if not statuses:
        raise UsageError(
            f"--wait: {destination} is no destination of this project", "Name one that release-tools status shows."
        )
    for status in statuses:
        if status.error is not None and not isinstance(status.error, RemoteError):
            raise status.error


def _describe(statuses: Iterable[PublisherStatus]) -> str:
    """Return what is missing first, in words."""
    for status in statuses:
        if status.error:
            return status.error.message
        missing = next((stage for stage in status.stages if stage.state is not State.DONE), None)
        if missing is not None:
            return f"{missing.text} ({missing.detail})" if missing.detail else missing.text
    return "nothing is published there yet"


def create_query(context: Context, text: str, name: str) -> StatusQuery:
    """Return a query for the version that the command line names, with what was built of it here.

    Raises:
        UsageError: the project's name is not known.
        VersionError: the text is not a version.
    """
    version = parse_version(text, field="VERSION")
    built = _load_built(context, version, name)
    name = name or built.name or find_stated_name(context.project) or _ask_backend(context)
    if not name:
        raise UsageError("the project's name is not known here", _NAME_ADVICE)
    return StatusQuery.create(context, name, version, built)


def _load_built(context: Context, version: Version, name: str) -> Release:
    """Return what was built of a version here; empty where nothing was, or only of another version or project."""
    try:
        built = manifest.load(context.output)
    except OutputError:
        return Release()
    is_same = built.version == str(version) and name in ("", built.name)
    return built if is_same else Release()


def _ask_backend(context: Context) -> str:
    """Return the name that the project's backend says; empty where there is no project."""
    if not any((context.project / file).is_file() for file in PROJECT_FILES):
        return ""
    try:
        return find_name(context)
    except ReleaseToolsError as error:
        raise UsageError(f"the project's name is not known here: {error.message}", _NAME_ADVICE) from None
