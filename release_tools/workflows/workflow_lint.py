"""Find what in a repository's workflows would make a release fail, each with its fix."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from release_tools.model.note import Note, State
from release_tools.model.versions import TagFormat
from release_tools.publishers.base import JobNeeds
from release_tools.publishers.destinations import split_names
from release_tools.workflows.other_tools import SECRET_NAME
from release_tools.workflows.triggers import BY_HAND, list_tag_events, may_cancel_on_tag, push_patterns, runs_on_tag
from release_tools.workflows.workflow_files import Use, Workflow, list_uses, resolve_calls
from release_tools.workflows.workflow_risks import (
    check_builds_with_identity,
    check_tags_by_workflow,
    check_untrusted_code,
    creates_tags,
)

_USUAL_PREFIXES: Final = frozenset({"", "release", "releases", "rel", "version", "ver", "tag", "tags"})
_BUILDING: Final = ("build", "release", "dry-run")


def check_workflows(workflows: Sequence[Workflow], jobs: Sequence[JobNeeds], tags: TagFormat) -> Iterator[Note]:
    """Yield every fault of the workflows, and what is right.

    Args:
        workflows: all workflows of the repository.
        jobs: the jobs that the publishers of the routes need.
        tags: the format of the project's tags.
    """
    yield from chain.from_iterable(map(check_untrusted_code, workflows))
    yield from chain.from_iterable(map(check_builds_with_identity, workflows))
    workflows = resolve_calls(workflows)
    publishing = [workflow for workflow in workflows if _find_publishing_uses(workflow)]
    yield from _check_tools(publishing)
    for workflow in _leave_out_other_projects(publishing, tags):
        yield from _check_triggers(workflow, tags)
        yield from _check_conditions(workflow, tags)
        yield from _check_cancellation(workflow, tags)
    yield from check_tags_by_workflow(workflows, publishing)
    yield from chain.from_iterable(map(_check_use, list_uses(workflows)))
    if publishing:
        yield from _check_jobs(jobs, workflows, publishing, tags)
        yield from _check_attestations(workflows)


def _check_tools(publishing: Sequence[Workflow]) -> Iterator[Note]:
    """Yield a warning where nothing publishes with this action."""
    if all(use.tool for workflow in publishing for use in _find_publishing_uses(workflow)):
        yield Note(
            State.WARNING, "no workflow publishes with release-tools", "", "To have them written: release-tools init"
        )


def _leave_out_other_projects(publishing: Sequence[Workflow], tags: TagFormat) -> list[Workflow]:
    """Return the publishing workflows without those of other projects, if one of them runs for our tags."""
    if not any(list_tag_events(workflow, tags.example) for workflow in publishing):
        return list(publishing)
    return [workflow for workflow in publishing if not _is_for_another_project(workflow, tags)]


def _is_for_another_project(workflow: Workflow, tags: TagFormat) -> bool:
    """Return whether a workflow runs for the tags of another project, and not for ours."""
    return not list_tag_events(workflow, tags.example) and _has_named_patterns(push_patterns(workflow))


def _check_jobs(
    jobs: Sequence[JobNeeds], workflows: Sequence[Workflow], publishing: Sequence[Workflow], tags: TagFormat
) -> Iterator[Note]:
    """Yield what the jobs of the workflows lack of what the publishers need."""
    for job in jobs:
        yield from _check_job(job, [use for workflow in workflows for use in find_publishing_jobs(job, workflow)])
        yield from _check_competitors(job, publishing, tags)


def find_publishing_jobs(job: JobNeeds, workflow: Workflow) -> list[Use]:
    """Return the steps of a workflow that publish to the destination of a job."""
    return [use for use in _find_publishing_uses(workflow) if _serves(use, job)]


def _find_publishing_uses(workflow: Workflow) -> list[Use]:
    return [use for use in workflow.uses if use.is_publishing]


def _has_named_patterns(patterns: Sequence[str]) -> bool:
    """Return whether tag patterns begin with a name, as those of one project of several do (``other-v*``)."""
    return bool(patterns) and _USUAL_PREFIXES.isdisjoint(map(_read_prefix, patterns))


def _read_prefix(pattern: str) -> str:
    """Return the name that the tags of a pattern begin with; empty without one."""
    return re.split(r"[*?\[+!]", pattern)[0].lower().removesuffix("v").strip("-_/@")


def _check_triggers(workflow: Workflow, tags: TagFormat) -> Iterator[Note]:
    path, patterns = workflow.started_path, push_patterns(workflow)
    if list_tag_events(workflow, tags.example):
        yield Note(State.DONE, f"{path} runs when a tag like {tags.example} is pushed")
    elif patterns:
        yield Note(
            State.FAILED,
            f"{path} does not run for tags like {tags.example}",
            f"its patterns are {', '.join(patterns)}",
            f"Add the pattern {tags.globs[0]!r}, or set tag-format.",
        )
    else:
        yield _describe_without_tags(workflow, tags)


def _describe_without_tags(workflow: Workflow, tags: TagFormat) -> Note:
    """Return what starts a workflow that no pushed tag starts; a fault where nothing else brings a version."""
    path = workflow.started_path
    if workflow.triggers.keys() <= BY_HAND:
        return Note(State.INFO, f"{path} is started by {', '.join(sorted(workflow.triggers))}, and not by a tag")
    if creates_tags(workflow):
        return Note(State.INFO, f"{path} creates the tags of its releases itself, so it is not started by one")
    return Note(
        State.FAILED,
        f"{path} does not run when a tag is pushed",
        advice=f'Add under "on: push: tags:" the pattern {tags.globs[0]!r}.',
    )


def _check_conditions(workflow: Workflow, tags: TagFormat) -> Iterator[Note]:
    """Yield the steps that publish nothing on a tag."""
    uses = _find_publishing_uses(workflow)
    idle = [use for use in uses if not runs_on_tag(workflow, use, tags.example)]
    is_fault = len(idle) == len(uses) or _is_for_tags_only(workflow)
    if is_fault and list_tag_events(workflow, tags.example):
        yield from map(_describe_idle, idle)


def _check_cancellation(workflow: Workflow, tags: TagFormat) -> Iterator[Note]:
    """Yield the steps whose run a newer one cancels."""
    for use in _find_publishing_uses(workflow):
        if may_cancel_on_tag(workflow, use, tags.example):
            yield Note(
                State.FAILED,
                f"{use.path}, job {use.job}: cancel-in-progress lets a newer run stop an upload halfway",
                advice='Write "cancel-in-progress: false".',
            )


def _describe_idle(use: Use) -> Note:
    return Note(
        State.FAILED,
        f"{use.path}, job {use.job}: its condition is never true on a tag",
        " && ".join(use.conditions),
        "Remove the condition, or write: startsWith(github.ref, 'refs/tags/')",
    )


def _is_for_tags_only(workflow: Workflow) -> bool:
    push = workflow.triggers.get("push", {"tags": ()})
    return workflow.triggers.keys() <= {"push", "release", "create"} and "branches" not in push and "tags" in push


def _check_competitors(job: JobNeeds, workflows: Sequence[Workflow], tags: TagFormat) -> Iterator[Note]:
    """Yield a fault where two workflows publish to the same destination on the same tag."""
    paths = {workflow.started_path for workflow in workflows if _publishes_on_tag(job, workflow, tags)}
    if len(paths) > 1:
        yield Note(
            State.FAILED,
            f"{' and '.join(sorted(paths))} both publish to {job.title} when a tag like {tags.example} is pushed",
            advice="Delete one of them, or remove its trigger. If each releases a package of its own, give each "
            "package tags of its own by tag-format, then run init for it.",
        )


def _publishes_on_tag(job: JobNeeds, workflow: Workflow, tags: TagFormat) -> bool:
    """Return whether a workflow publishes to the destination of a job when a tag is pushed."""
    return any(runs_on_tag(workflow, use, tags.example) for use in find_publishing_jobs(job, workflow))


def _check_attestations(workflows: Sequence[Workflow]) -> Iterator[Note]:
    steps = [str(workflow.data.get("jobs")) for workflow in workflows]
    if not any("actions/attest" in text for text in steps):
        yield Note(
            State.INFO,
            "no workflow attests the files on GitHub, so gh attestation verify finds nothing",
            advice="The workflow of release-tools init has a job for it; private repositories need GitHub Enterprise.",
        )


def _check_use(use: Use) -> Iterator[Note]:
    """Yield what is wrong with a step, wherever it publishes to."""
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
            f"{where}: its permissions are not given, so the repository's setting decides",
            advice='Add "permissions:" with what the job needs.',
        )
    if use.lost_secrets:
        yield _describe_lost_secrets(use)
    yield from _check_build(use, where)


def _check_build(use: Use, where: str) -> Iterator[Note]:
    """Yield what is wrong with a step that builds."""
    if use.command in _BUILDING and use.depth is None:
        yield Note(
            State.FAILED, f"{where}: checks nothing out", advice="Add a step with actions/checkout before this one."
        )
    if use.command == "build" and use.may("id-token", "write"):
        yield Note(
            State.FAILED,
            f"{where}: could get a token for PyPI while the build runs other people's code",
            advice='Remove "id-token: write" from it, and publish in another job.',
        )


def _describe_lost_secrets(use: Use) -> Note:
    """Return that a reusable workflow gets no secret; one with an environment may still get that of the environment."""
    names = "no secret" if SECRET_NAME in use.lost_secrets else f"no {', '.join(use.lost_secrets)}"
    return Note(
        State.WARNING if use.environment else State.FAILED,
        f"{use.entry} calls {use.path} without secrets: its job {use.job} gets {names}",
        advice='Add "secrets: inherit" to the job that calls it.',
    )


def _check_job(job: JobNeeds, uses: Sequence[Use]) -> Iterator[Note]:
    if not uses:
        yield Note(
            State.WARNING,
            f"no job publishes to {job.title}, but a route names it",
            advice=f"Write the workflows again (release-tools init), or {job.removal_advice}.",
        )
    for use in uses:
        faults = [*_check_rights(job, use), *_check_secrets(job, use), *_check_environment(job, use)]
        yield from faults or [Note(State.DONE, f"{use.path}, job {use.job}: has what {job.title} requires")]


def _check_rights(job: JobNeeds, use: Use) -> Iterator[Note]:
    for right, reason in job.permissions:
        if not _may_do(use, right):
            yield Note(
                State.FAILED,
                f"{use.path}, job {use.job}: lacks the permission {right}, {reason}",
                advice=f'Add "{right}" to its permissions.',
            )


def _may_do(use: Use, right: str) -> bool:
    """Return whether a step has a permission, or does without it: ``id-token: write``."""
    name, _, level = right.partition(": ")
    if use.permissions is None or use.may(name, level):
        return True
    if name == "id-token":
        return use.has_secret("TWINE_PASSWORD")
    return right == "contents: read" and _can_do_without_reading(use)


def _can_do_without_reading(use: Use) -> bool:
    """Return whether nothing is checked out, or by a script that works in a public repository."""
    return bool(use.tool) or use.depth is None


def _check_secrets(job: JobNeeds, use: Use) -> Iterator[Note]:
    for secret in job.secrets:
        if not use.has_secret(secret) and secret != "TWINE_USERNAME":  # noqa: S105 - twine takes __token__ without one
            yield Note(
                State.FAILED,
                f"{use.path}, job {use.job}: does not get {secret}, which {job.title} requires",
                advice=f"Add to the step: env: {secret}: ${{{{ secrets.{secret} }}}}",
            )


def _check_environment(job: JobNeeds, use: Use) -> Iterator[Note]:
    is_call = "/.github/workflows/" in use.uses  # which cannot name one
    if job.environment and not use.environment and not is_call:
        yield Note(
            State.WARNING,
            f"{use.path}, job {use.job}: names no environment, so anyone who may push a workflow may publish",
            advice=f'Add "environment: {job.environment}", and set its reviewers and tags on GitHub.',
        )


def _serves(use: Use, job: JobNeeds) -> bool:
    """Return whether a step publishes to the destination of a job; without ``only``, it publishes to all."""
    only = split_names(use.inputs.get("only", ""))
    return _is_in_phase(use, job) and (not only or job.publisher in only)


def _is_in_phase(use: Use, job: JobNeeds) -> bool:
    """Return whether a step runs the phase of a job; without ``phase``, it runs all."""
    phase = use.inputs.get("phase", "")
    return not phase or job.phase is None or phase == job.phase.option
