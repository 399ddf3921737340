"""Compare the jobs that publish with the trusted publishers of the newest release on the index."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from release_tools.engine.context import Context
from release_tools.errors import ConfigError, RemoteError
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.base import JobNeeds
from release_tools.publishers.package_index.index import Index, parse_file_version
from release_tools.publishers.package_index.origin import OTHER_ADVICE, describe_other_origin, find_other_origin
from release_tools.publishers.package_index.provenance import TrustedPublisher, read_trusted_publishers
from release_tools.publishers.package_index.simple_api import IndexFile, Listing, list_project
from release_tools.publishers.routes import Publishers
from release_tools.workflows.jobs import list_publishing_jobs
from release_tools.workflows.project_workflows import ProjectWorkflows
from release_tools.workflows.workflow_files import Workflow, list_files, resolve_calls
from release_tools.workflows.workflow_lint import find_publishing_jobs


def check_trusted_publishers(context: Context, release: Release) -> Release:
    """Compare the jobs that publish to PyPI with the trusted publisher of its newest attested release.

    Raises:
        RepositoryError: the project is in no repository.
    """
    subject = ProjectWorkflows.of(context)
    for job in list_publishing_jobs(context.reuse(Publishers), is_dev=subject.dev):
        if job.trusting:
            context.report.add(*_check_index(subject, job, job.trusting))
    return release


def _check_index(subject: ProjectWorkflows, job: JobNeeds, index: Index) -> Iterator[Note]:
    ours = tuple(_find_ours(subject, job))
    try:
        known = list_project(subject.context.http, index, subject.name)
        if other := find_other_origin(subject.context.http, known, subject.slug):
            text = describe_other_origin(subject.name, index.title, other, subject.slug)
            yield Note(State.WARNING, text, advice=OTHER_ADVICE)
        theirs = read_trusted_publishers(subject.context.http, _find_newest(known))
    except RemoteError as error:
        if ours:  # else the check of the workflows reports that no job publishes there
            yield Note(State.WARNING, f"{index.title} could not be queried: {error.message}", advice=error.advice)
        return
    for one in ours:
        page = index.make_publishing_page(subject.name, is_new=not known.exists)
        if known.exists:
            yield _compare(subject.name, index, one, theirs, f"Register {one} at {page}, if that is not done.")
        else:
            text = f"{subject.name} is not on {index.title} yet: it needs a pending publisher"
            yield Note(State.INFO, text, str(one), f"Register {one} at {page}.")


def _compare(name: str, index: Index, ours: TrustedPublisher, theirs: Sequence[TrustedPublisher], advice: str) -> Note:
    """Return whether the publisher that a job is has published the newest release."""
    if not theirs:
        text = f"{index.title} does not say who may publish {name}: its newest files have no attestation"
        return Note(State.INFO, text, str(ours), advice)
    if any(publisher.matches(ours) for publisher in theirs):
        return Note(State.DONE, f"{index.title} knows this publisher from the newest release", str(ours))
    text = f"{index.title} knows another publisher from the newest release: {theirs[0]}"
    return Note(State.WARNING, text, f"these workflows publish as {ours}", advice)


def _find_ours(subject: ProjectWorkflows, job: JobNeeds) -> Iterator[TrustedPublisher]:
    """Yield the trusted publisher that each job without a password is."""
    if not subject.slug:
        return
    for workflow in resolve_calls(_read_workflows(subject)):
        for use in find_publishing_jobs(job, workflow):
            if not use.has_secret("TWINE_PASSWORD"):
                entry = (workflow.entry or workflow.path).rpartition("/")[2]
                yield TrustedPublisher(subject.slug, entry, use.environment)


def _read_workflows(subject: ProjectWorkflows) -> list[Workflow]:
    """Return the workflows that can be read; the others are reported by the check of the workflows."""
    found = []
    for file in list_files(subject.root):
        with suppress(ConfigError):
            found.append(Workflow.read(subject.root, file))
    return found


def _find_newest(known: Listing) -> IndexFile:
    """Return a file of the newest version that has attestations; an empty one where none has."""
    versions = {name: version for name in known.files if (version := parse_file_version(name))}
    attested = {name for name in versions if known.files[name].provenance}
    newest = max(attested, key=versions.__getitem__, default=None)
    return known.files[newest] if newest else IndexFile("")
