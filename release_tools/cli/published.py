"""Show where a version is published, for ``status`` and at the end of ``publish --status``."""

from collections.abc import Iterable

from packaging.version import Version

from release_tools.cli.session import Session
from release_tools.engine.context import Context
from release_tools.model.note import Report
from release_tools.model.release import Kind, Release
from release_tools.model.versions import find_kind
from release_tools.publishers.base import Publisher, PublisherStatus, StatusQuery
from release_tools.publishers.routes import Publishers
from release_tools.report.output_files import redact_release, write_status_summary


def show_published(session: Session, context: Context, release: Release) -> None:
    """Show and summarize every destination that a release is published to, whichever this run was for."""
    query = StatusQuery.create(context, release.name, Version(release.version), release)
    applying = [publisher for publisher in context.reuse(Publishers).all() if publisher.skip(release) is None]
    write_published(session, query, query_destinations(context, query, applying))


def query_destinations(context: Context, query: StatusQuery, publishers: Iterable[Publisher]) -> list[PublisherStatus]:
    """Return the status at each destination that is configured, and show each as soon as it is known.

    A destination that this kind of version does not go to, such as TestPyPI for a final version, is left out unless it
    has the version all the same.

    Args:
        context: the run's context.
        query: names the version.
        publishers: those that are asked.
    """
    others = _list_other_names(context.reuse(Publishers), find_kind(query.version))
    statuses = []
    for publisher in publishers:
        status = publisher.status(query)
        if status.is_configured and (status.has_files or publisher.name not in others):
            context.console.section(status.section)
            statuses.append(status)
    return statuses


def _list_other_names(publishers: Publishers, kind: Kind) -> set[str]:
    """Return the names of the destinations that only other kinds of versions go to."""
    return {name for other in Kind for name in publishers.names(other)}.difference(publishers.names(kind))


def write_published(session: Session, query: StatusQuery, statuses: Iterable[PublisherStatus]) -> None:
    """Add what was found to the summary of a job's step, without destinations that lack a setting."""
    release = Release(name=query.name, version=str(query.version), tag=query.tag)
    report = Report(tuple(status.section for status in statuses if status.url or status.files))
    clean, report, _ = redact_release(release, report, None, session.console.redact)
    write_status_summary(session.env, clean, report.sections)
