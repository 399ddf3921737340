"""Whether the jobs that publish are who the index expects, as far as it tells of the newest release."""

from collections.abc import Iterator

from release_tools.engine.context import Context
from release_tools.engine.routes import PYPI, TESTPYPI, Index
from release_tools.errors import ConfigError, RemoteError
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.package_index.index_publisher import version_of
from release_tools.publishers.package_index.provenance import TrustedPublisher, trusted_publishers
from release_tools.publishers.package_index.simple_api import IndexFile, Listing, listing
from release_tools.workflows.jobs import PublishJob, jobs
from release_tools.workflows.project_workflows import ProjectWorkflows
from release_tools.workflows.workflow_files import Workflow, files
from release_tools.workflows.workflow_lint import find_publishing_jobs


def check_trusted_publishers(context: Context, release: Release) -> Release:
    """Compare the jobs that publish to PyPI with the trusted publisher of its newest attested release.

    Raises:
        RepositoryError: the project is in no repository.
    """
    subject = ProjectWorkflows.of(context)
    for job in jobs(context.config, dev=subject.dev):
        for index in (PYPI, TESTPYPI):
            if index.name == job.place:
                release = release.with_notes(*_index(subject, job, index))
    return release


def _index(subject: ProjectWorkflows, job: PublishJob, index: Index) -> Iterator[Note]:
    ours = tuple(_ours(subject, job))
    if not ours:
        return  # that no job publishes there is told with the workflows
    try:
        known = listing(subject.context.http, index, subject.name)
        theirs = trusted_publishers(subject.context.http, _newest(known))
    except RemoteError as error:
        text = f"{index.title} could not be asked for its publishers: {error.message}"
        yield Note(State.WARNING, text, advice=error.advice)
        return
    for one in ours:
        register = f"Register {one} at {index.publishing_page(subject.name, new=not known.exists)}"
        if not known.exists:
            text = f"{subject.name} is not on {index.title} yet: it needs a pending publisher"
            yield Note(State.INFO, text, str(one), f"{register}.")
        elif not theirs:
            text = f"{index.title} does not tell who may publish {subject.name}: its newest files have no attestation"
            yield Note(State.INFO, text, str(one), f"{register}, if that is not done.")
        elif any(publisher.takes(one) for publisher in theirs):
            yield Note(State.DONE, f"{index.title} knows this publisher from the newest release", str(one))
        else:
            text = f"{index.title} knows another publisher from the newest release: {theirs[0]}"
            yield Note(State.WARNING, text, f"these workflows publish as {one}", f"{register}, if that is not done.")


def _ours(subject: ProjectWorkflows, job: PublishJob) -> Iterator[TrustedPublisher]:
    """Who the jobs are that publish there without a password."""
    for file in files(subject.root):
        try:
            workflow = Workflow.read(subject.root, file)
        except ConfigError:
            continue  # told with the workflows
        for use in find_publishing_jobs(job, workflow):
            if subject.slug and not use.has_secret("TWINE_PASSWORD"):
                yield TrustedPublisher(subject.slug, file.name, use.environment)


def _newest(known: Listing) -> IndexFile:
    """One file of the newest version that has attestations, or any other where none has."""
    versions = {name: version for name in known.files if (version := version_of(name))}
    attested = {name for name in versions if known.files[name].provenance}
    newest = max(attested, key=versions.__getitem__, default=None)
    return known.files[newest] if newest else IndexFile("")
