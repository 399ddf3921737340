"""Compare the jobs that publish with the trusted publishers of the newest release on the index."""

from collections.abc import Iterator

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
        if not ours:
            return  # the check of the workflows reports that no job publishes there
        text = f"{index.title} could not be queried: {error.message}"
        yield Note(State.WARNING, text, advice=error.advice)
        return
    for one in ours:
        register = f"Register {one} at {index.make_publishing_page(subject.name, is_new=not known.exists)}"
        if not known.exists:
            text = f"{subject.name} is not on {index.title} yet: it needs a pending publisher"
            yield Note(State.INFO, text, str(one), f"{register}.")
        elif not theirs:
            text = f"{index.title} does not say who may publish {subject.name}: its newest files have no attestation"
            yield Note(State.INFO, text, str(one), f"{register}, if that is not done.")
        elif any(publisher.matches(one) for publisher in theirs):
            yield Note(State.DONE, f"{index.title} knows this publisher from the newest release", str(one))
        else:
            text = f"{index.title} knows another publisher from the newest release: {theirs[0]}"
            yield Note(State.WARNING, text, f"these workflows publish as {one}", f"{register}, if that is not done.")


def _find_ours(subject: ProjectWorkflows, job: JobNeeds) -> Iterator[TrustedPublisher]:
    """Yield the trusted publisher that each job without a password is."""
    found = []
    for file in list_files(subject.root):
        try:
            found.append(Workflow.read(subject.root, file))
        except ConfigError:
            continue  # reported with the workflows
    for workflow in resolve_calls(found):
        for use in find_publishing_jobs(job, workflow):
            if subject.slug and not use.has_secret("TWINE_PASSWORD"):
                entry = (workflow.entry or workflow.path).rpartition("/")[2]
                yield TrustedPublisher(subject.slug, entry, use.environment)


def _find_newest(known: Listing) -> IndexFile:
    """Return a file of the newest version that has attestations; an empty one where none has."""
    versions = {name: version for name in known.files if (version := parse_file_version(name))}
    attested = {name for name in versions if known.files[name].provenance}
    newest = max(attested, key=versions.__getitem__, default=None)
    return known.files[newest] if newest else IndexFile("")
