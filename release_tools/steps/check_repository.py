"""Check a repository and its workflows for anything that would make a release fail."""

from collections.abc import Iterator

from release_tools.builders.conda.base import CondaProject
from release_tools.builders.conda.registry import choose_builder
from release_tools.builders.planner import is_compiled
from release_tools.checks.recipe_lint import check_recipe
from release_tools.engine.context import Context
from release_tools.errors import BuildError, ConfigError, HistoryError, RepositoryError
from release_tools.git.project_repository import open_repository
from release_tools.git.repository import Repository
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.project.facts import VersionSource
from release_tools.project.project_history import ProjectHistory
from release_tools.project.required_python import find_python_fault
from release_tools.project.tag_spelling import check_tags_are_read, find_tag_format
from release_tools.publishers.routes import Publishers
from release_tools.workflows.compiled_lint import check_compiled_project
from release_tools.workflows.generated_files import is_outdated
from release_tools.workflows.jobs import list_publishing_jobs
from release_tools.workflows.project_workflows import ProjectWorkflows
from release_tools.workflows.render import keep_parts, render
from release_tools.workflows.workflow_files import Workflow, list_files
from release_tools.workflows.workflow_lint import check_workflows


def check_repository(context: Context, release: Release) -> Release:
    """Check the history, the remote, the tags and the changelog.

    Raises:
        RepositoryError: the project is in no repository.
    """
    context.report.add(*_check_state(ProjectWorkflows.of(context)), *_check_recipe(context, release))
    return release


def check_workflow_files(context: Context, release: Release) -> Release:
    """Check triggers, permissions, secrets and pins of the workflows, and that ours are up to date.

    Raises:
        RepositoryError: the project is in no repository.
    """
    context.report.add(*_check_workflows(ProjectWorkflows.of(context)))
    return release


def _check_state(subject: ProjectWorkflows) -> Iterator[Note]:
    repository = open_repository(subject.context)
    if python := find_python_fault(subject.context.project):
        yield Note(State.WARNING, f"the project cannot be built here: {python.message}", advice=python.advice)
    yield _check_history(repository)
    yield _check_remote(subject)
    yield from check_tags_are_read(subject.context, repository, repository.head().commit)
    if subject.source is VersionSource.STATIC:
        advice = "Raise it in pyproject.toml before each tag, or derive it from the tag with versioningit."
        yield Note(State.INFO, "the version is written in pyproject.toml", advice=advice)
    yield _check_changelog(subject.context)


def _check_history(repository: Repository) -> Note:
    if not repository.shallow:
        return Note(State.DONE, "full git history available")
    return Note(
        State.FAILED,
        "the clone is shallow: tags and history are missing",
        advice="Type: git fetch --unshallow --tags (in a workflow: actions/checkout with fetch-depth: 0)",
    )


def _check_remote(subject: ProjectWorkflows) -> Note:
    if subject.slug:
        return Note(State.DONE, f"the repository is {subject.slug}", f"released from {subject.branch}")
    remote = subject.context.config.tag.remote
    return Note(
        State.WARNING,
        f"the remote {remote} is not a repository on GitHub",
        advice=f"Type: git remote add {remote} ADDRESS, or set github.repository.",
    )


def _check_recipe(context: Context, release: Release) -> Iterator[Note]:
    """Yield what builds the conda packages of a project that has its own recipe, and what would fail there."""
    project = CondaProject(context, release)
    try:
        recipe, chosen = project.recipe, choose_builder(project)
    except ConfigError as error:
        yield Note(State.FAILED, error.message, advice=error.advice)
        return
    if recipe is None:
        return
    if isinstance(chosen, Skip):
        yield Note(State.INFO, f"{recipe.path} is not built: {chosen.reason}")
        return
    yield Note(State.DONE, f"conda packages are {chosen.builder.method}", chosen.because)
    yield from check_recipe(recipe)


def _check_changelog(context: Context) -> Note:
    try:
        found = ProjectHistory.of(context).changelog_path
    except HistoryError as error:
        return Note(State.FAILED, error.message, advice=error.advice)
    except RepositoryError:
        found = ""
    if found:
        return Note(State.DONE, f"release notes come from {found}")
    return Note(State.INFO, "no changelog: release notes are generated from commits and pull requests")


def _check_workflows(subject: ProjectWorkflows) -> Iterator[Note]:
    context, found = subject.context, list[Workflow]()
    for file in list_files(subject.root):
        try:
            found.append(Workflow.read(subject.root, file))
        except ConfigError as error:
            yield Note(State.FAILED, error.message, advice="Fix the file: GitHub cannot read it either.")
    jobs = list_publishing_jobs(context.reuse(Publishers), is_dev=subject.dev)
    yield from check_workflows(found, jobs, find_tag_format(context))
    if is_compiled(context.project, context.config.wheels):
        yield from check_compiled_project(context, found)
    yield from _check_generated(subject)


def _check_generated(subject: ProjectWorkflows) -> Iterator[Note]:
    """Yield a warning for each workflow of ours that ``init`` would write otherwise."""
    try:
        plan = keep_parts(subject.plan(dev=subject.dev, ours="?"), subject.texts)
    except (BuildError, ConfigError) as error:
        yield Note.of_error(error)
        return
    existing = subject.existing
    for path, text in render(plan).items():
        if path in existing and is_outdated(existing[path], text):
            yield Note(State.WARNING, f"{path} is out of date", advice="To see why, type: release-tools init --check")
