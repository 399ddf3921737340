"""Show where a version is published, with one request a destination."""

import argparse
import json

from release_tools.artifacts import manifest
from release_tools.builders.backend_facts import find_name
from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import PROJECT_FILES, Session
from release_tools.engine.context import Context
from release_tools.errors import OutputError, ReleaseToolsError, UsageError
from release_tools.model.note import Report
from release_tools.model.release import Release
from release_tools.model.versions import parse_version
from release_tools.project.name import find_stated_name
from release_tools.publishers.base import StatusQuery
from release_tools.publishers.routes import OWN_STEPS, Publishers
from release_tools.report.output_files import redact_release, write_status_summary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("of", metavar="VERSION", help="such as 1.4.0 or 1.4.0rc1")
    parser.add_argument("--name", help="the project's name, if pyproject.toml does not have it")
    add_project(parser)
    add_settings(parser, "tag-format", "anaconda.owner", "github.repository", "conda-forge.feedstock")


def run(session: Session) -> int:
    """Query every destination, and return the exit code: that of a destination that could not be queried."""
    console, options = session.console, session.options
    context = session.context(anywhere=True)
    query = create_query(context, options.of, options.name or "")
    console.quiet = options.json or options.quiet
    statuses = []
    try:
        for publisher in context.shared(Publishers).all():
            if publisher.name in OWN_STEPS:
                continue
            status = publisher.status(query)
            if status.url or status.error:
                statuses.append(status)
                console.section(status.section)
    finally:
        context.close()
    if options.json:
        data = {
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
            raise UsageError(f"the project's name is not known here: {error.message}", "Name it with --name.") from None
    if not name:
        raise UsageError("the project's name is not known here", "Give it with --name.")
    return StatusQuery.create(context, name, version, built)
