"""Find the faults of a repository's workflows that would make a release fail later, each with its cure."""

from collections.abc import Iterator, Sequence

from release_tools.model.note import Note, State
from release_tools.model.versions import TagFormat
from release_tools.publishers.base import JobNeeds
from release_tools.publishers.routes import split_names
from release_tools.workflows.trigger_patterns import matches_patterns
from release_tools.workflows.workflow_files import Use, Workflow

_PUBLISHING = ("publish", "release")
_BUILDING = ("build", "release", "dry-run")


def check_workflows(workflows: Sequence[Workflow], jobs: Sequence[JobNeeds], tags: TagFormat) -> Iterator[Note]:
    """Return every fault, and what was seen to be right.

    Args:
        workflows: of the repository.
        jobs: what the places of the routes ask for.
        tags: how versions are written as tags.
    """
    publishing = [workflow for workflow in workflows if _uses(workflow, *_PUBLISHING)]
    if not publishing:
        yield Note(
            State.WARNING, "no workflow publishes with release-tools", "", "To have them written: release-tools init"
        )
        return
    for workflow in publishing:
        yield from _triggers(workflow, tags)
    for workflow in workflows:
        for use in workflow.uses:
            yield from _use(use)
    for job in jobs:
        yield from _job(job, [use for workflow in workflows for use in find_publishing_jobs(job, workflow)])


def find_publishing_jobs(job: JobNeeds, workflow: Workflow) -> list[Use]:
    """Return the steps of a workflow that publish to the place of a job."""
    return [use for use in workflow.uses if use.command in _PUBLISHING and _serves(use, job)]


def _triggers(workflow: Workflow, tags: TagFormat) -> Iterator[Note]:
    push = workflow.triggers.get("push")
    patterns = push.get("tags") if push is not None else None
    if patterns is not None and not isinstance(patterns, list):
        patterns = [patterns]
    if push is None or (patterns is None and "branches" in push):
        yield Note(
            State.FAILED,
            f"{workflow.path} does not run when a tag is pushed",
            advice=f'Add under "on: push: tags:" the pattern {tags.globs[0]!r}.',
        )
    elif patterns is not None and not matches_patterns(map(str, patterns), tags.example):
        yield Note(
            State.FAILED,
            f"{workflow.path} does not run for tags like {tags.example}",
            f"its patterns are {', '.join(map(str, patterns))}",
            f"Add the pattern {tags.globs[0]!r}, or set tag-format.",
        )
    else:
        yield Note(State.DONE, f"{workflow.path} runs when a tag like {tags.example} is pushed")


def _use(use: Use) -> Iterator[Note]:
    where = f"{use.path}, job {use.job}"
    if not use.pinned:
        yield Note(
            State.WARNING,
            f"{where}: {use.uses} is not pinned: its owner can move it",
            advice="Name the commit: release-tools init writes it so.",
        )
    if use.permissions is None:
        yield Note(
            State.WARNING,
            f"{where}: its rights are not said, so the repository's setting decides",
            advice='Add "permissions:" with what the job needs.',
        )
    if use.command in _BUILDING and use.depth is None:
        yield Note(
            State.FAILED, f"{where}: checks nothing out", advice="Add a step with actions/checkout before this one."
        )
    if use.command == "build" and use.permissions and use.may("id-token", "write"):
        yield Note(
            State.FAILED,
            f"{where}: could mint a token for PyPI while other people's code runs in the build",
            advice='Take "id-token: write" from it, and publish in another job.',
        )


def _job(job: JobNeeds, uses: Sequence[Use]) -> Iterator[Note]:
    if not uses:
        otherwise = "set conda-forge.enabled = false" if job.publisher == "conda-forge" else "remove it from the route"
        yield Note(
            State.WARNING,
            f"no job publishes to {job.title}, though a route leads there",
            advice=f"Write the workflows again (release-tools init), or {otherwise}.",
        )
    for use in uses:
        faults = [*_rights(job, use), *_secrets(job, use), *_environment(job, use)]
        yield from faults or [Note(State.DONE, f"{use.path}, job {use.job}: has what {job.title} asks for")]


def _rights(job: JobNeeds, use: Use) -> Iterator[Note]:
    for right, reason in job.permissions:
        name, _, level = right.partition(": ")
        by_password = name == "id-token" and use.has_secret("TWINE_PASSWORD")
        if use.permissions is not None and not by_password and not use.may(name, level):
            yield Note(
                State.FAILED,
                f"{use.path}, job {use.job}: lacks the right {right}, {reason}",
                advice=f'Add "{right}" to its permissions.',
            )


def _secrets(job: JobNeeds, use: Use) -> Iterator[Note]:
    for secret in job.secrets:
        if not use.has_secret(secret) and secret != "TWINE_USERNAME":  # noqa: S105 - twine takes __token__ without one
            yield Note(
                State.FAILED,
                f"{use.path}, job {use.job}: does not get {secret}, without which {job.title} takes nothing",
                advice=f"Add to the step: env: {secret}: ${{{{ secrets.{secret} }}}}",
            )


def _environment(job: JobNeeds, use: Use) -> Iterator[Note]:
    if job.environment and not use.environment:
        yield Note(
            State.WARNING,
            f"{use.path}, job {use.job}: names no environment, so anyone who may push a workflow may publish",
            advice=f'Add "environment: {job.environment}", and say on GitHub who approves it, and from which tags.',
        )


def _serves(use: Use, job: JobNeeds) -> bool:
    """Return whether a step publishes to that place: to all without ``only``."""
    only = split_names(use.inputs.get("only", ""))
    phase = use.inputs.get("phase", "")
    is_phase = not phase or job.phase is None or phase == job.phase.option
    return is_phase and (not only or job.publisher in only)


def _uses(workflow: Workflow, *commands: str) -> bool:
    return any(use.command in commands for use in workflow.uses)
