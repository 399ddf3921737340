"""Show where a version is published, with one request a destination."""

import argparse
import json
from collections.abc import Iterable
from contextlib import closing
from time import monotonic
from typing import Final

from release_tools.artifacts import manifest
from release_tools.builders.backend_facts import find_name
from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import PROJECT_FILES, Session
from release_tools.engine.context import Context
from release_tools.errors import OutputError, ReleaseToolsError, RemoteError, UnreachableError, UsageError
from release_tools.model.note import Note, Report, State
from release_tools.model.release import Kind, Release
from release_tools.model.versions import find_kind, parse_version
from release_tools.project.name import find_stated_name
from release_tools.publishers.base import PublisherStatus, StatusQuery
from release_tools.publishers.routes import Publishers
from release_tools.report.json_data import SCHEMA
from release_tools.report.output_files import redact_release, write_status_summary
from release_tools.system.console import Console

_PAUSES: Final = 60
"""Pauses of the network's settings between two queries of a destination that takes hours: half a minute."""


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
            statuses = _query(context, query, console=console)
    if options.wait:
        statuses = _wait(session, query, options.wait, options.wait_minutes)
        for status in statuses:
            console.section(status.section)
    if options.json:
        data = {
            "schema": SCHEMA,
            "name": query.name,
            "version": str(query.version),
            "publishers": [status.data for status in statuses],
        }
        console.data(json.dumps(data, indent=2))
    release = Release(name=query.name, version=str(query.version), tag=query.tag)
    clean, report, _ = redact_release(
        release, Report(tuple(status.section for status in statuses)), None, console.redact
    )
    write_status_summary(session.env, clean, report.sections)
    codes = (status.error.exit_code for status in statuses if status.error and status.url)
    return max(codes, default=0)


def _query(
    context: Context, query: StatusQuery, destination: str = "", console: Console | None = None
) -> list[PublisherStatus]:
    """Return the status at each destination that is configured, or at the one that is named.

    A destination that this kind of version does not go to, such as TestPyPI for a final version, is left out unless it
    has the version all the same.

    Args:
        context: the run's context.
        query: the version.
        destination: the name of one; empty for all.
        console: shows each as soon as it is known; None for nothing.
    """
    statuses = []
    publishers = context.reuse(Publishers)
    expected = publishers.names(find_kind(query.version))
    others = {name for kind in Kind for name in publishers.names(kind)}.difference(expected)
    for publisher in publishers.all():
        if destination not in ("", publisher.name, publisher.title):
            continue
        status = publisher.status(query)
        if publisher.name in others and not (destination or status.has_files):
            continue
        if status.url or status.error:
            statuses.append(status)
            if console is not None:
                console.section(status.section)
    return statuses


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
            statuses = _query(context, query, destination)
            pause = _PAUSES * context.config.network.pause / 1000
        if not statuses:
            raise UsageError(
                f"--wait: {destination} is no destination of this project", "Name one that release-tools status shows."
            )
        if any(status.is_complete for status in statuses):
            return statuses
        for status in statuses:
            if status.error is not None and not isinstance(status.error, RemoteError):
                raise status.error
        if (missing := _describe(statuses)) != shown:
            session.console.remark(Note(State.INFO, f"waiting for {destination}: {missing}"))
            shown = missing
        if monotonic() >= end:
            raise UnreachableError(
                f"{query.name} {query.version} cannot be installed from {destination} after {minutes} minutes: {shown}",
                "Run the same command again to continue waiting.",
            )
        context.http.retry_policy.sleep(pause)


def _describe(statuses: Iterable[PublisherStatus]) -> str:
    """Return what is missing first, in words."""
    for status in statuses:
        if status.error:
            return status.error.message
        for stage in status.stages:
            if stage.state is not State.DONE:
                return f"{stage.text} ({stage.detail})" if stage.detail else stage.text
    return "nothing is published there yet"


def create_query(context: Context, text: str, name: str) -> StatusQuery:
    """Return a query for the version that the command line names, with what was built of it here.

    Raises:
        UsageError: the project's name is not known.
        VersionError: the text is not a version.
    """
    version = parse_version(text, field="VERSION")
    try:
        built = manifest.load(context.output)
    except OutputError:
        built = Release()
    if built.version != str(version) or (name and built.name != name):
        built = Release()
    name = name or built.name or find_stated_name(context.project)
    if not name and any((context.project / file).is_file() for file in PROJECT_FILES):
        try:
            name = find_name(context)
        except ReleaseToolsError as error:
            raise UsageError(f"the project's name is not known here: {error.message}", "Pass it with --name.") from None
    if not name:
        raise UsageError("the project's name is not known here", "Pass it with --name.")
    return StatusQuery.create(context, name, version, built)
