"""``release-tools status VERSION``: what of it is where, with one request a place."""

import argparse
import json
from collections.abc import Iterator
from itertools import chain

from release_tools.artifacts import manifest
from release_tools.builders.backend_facts import find_name
from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import PROJECT_FILES, Session
from release_tools.engine.context import Context
from release_tools.errors import OutputError, UsageError
from release_tools.model.release import Release
from release_tools.model.versions import parse_version
from release_tools.project.name import stated_name
from release_tools.publishers.conda_forge.feedstock_status import at_conda_forge
from release_tools.publishers.status import PublisherStatus, StatusQuery, publisher_statuses


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("of", metavar="VERSION", help="such as 1.4.0 or 1.4.0rc1")
    parser.add_argument("--name", help="the project's name, where pyproject.toml does not tell it")
    add_project(parser)
    add_settings(parser)


def run(invocation: Session) -> int:
    """Look at every place, and tell; a place that cannot be reached makes it fail at the end."""
    console, options = invocation.console, invocation.options
    context = invocation.context(anywhere=True)
    sought = find_sought(context, options.of, options.name or "")
    console.quiet = options.json
    places = []
    try:
        for place in chain(publisher_statuses(context, sought), _conda_forge(context, sought)):
            places.append(place)
            console.section(place.section)
    finally:
        context.http.close()
    if options.json:
        told = {"name": sought.name, "version": str(sought.version), "publishers": [place.data for place in places]}
        console.data(json.dumps(told, indent=2))
    codes = (place.error.exit_code for place in places if place.error and place.url)
    return max(codes, default=0)


def _conda_forge(context: Context, sought: StatusQuery) -> Iterator[PublisherStatus]:
    if context.config.conda_forge.enabled:
        yield at_conda_forge(context, sought)


def find_sought(context: Context, text: str, name: str) -> StatusQuery:
    """The version that a command line names, with what was built of it here.

    Raises:
        UsageError: the project's name is not known.
        VersionError: that is no version.
    """
    version = parse_version(text, field="VERSION")
    try:
        built = manifest.load(context.output)
    except OutputError:
        built = Release()
    if built.version != str(version) or (name and built.name != name):
        built = Release()
    name = name or built.name or stated_name(context.project)
    if not name and any((context.project / file).is_file() for file in PROJECT_FILES):
        name = find_name(context)
    if not name:
        raise UsageError("the project's name is not known here", "Name it with --name.")
    return StatusQuery.of(context, name, version, built)
