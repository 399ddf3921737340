"""Find what a project with compiled code lacks for the release of its wheels."""

from collections.abc import Iterator, Sequence
from typing import Final

from release_tools.builders.planner import find_evidence
from release_tools.engine.context import Context
from release_tools.model.note import Note, State
from release_tools.planning.build_plan import SOURCE_JOB
from release_tools.workflows.workflow_files import Use, Workflow, list_uses

_NEEDS_EXTRA: Final = ("build", "dry-run", "init", "verify")
"""Commands that plan the wheels of a compiled project, or read them."""
_INIT: Final = "To have the job matrix written: release-tools init"


def check_compiled_project(context: Context, workflows: Sequence[Workflow]) -> Iterator[Note]:
    """Yield what in the workflows of a compiled project would leave wheels out of a release.

    Args:
        context: the run's surroundings.
        workflows: of the repository.
    """
    uses = list_uses(workflows)
    yield Note(State.INFO, "the project has compiled code", find_evidence(context.project))
    yield from _check_wheel_jobs(uses)
    yield from map(_describe_missing_extra, filter(_lacks_extra, uses))


def _check_wheel_jobs(uses: Sequence[Use]) -> Iterator[Note]:
    """Yield that no job builds the wheels of the platforms, or that none gathers them."""
    if not any(map(_builds_wheels, uses)):
        yield Note(State.FAILED, "no job builds wheels for other platforms", advice=_INIT)
    elif not any(use.command == "gather" for use in uses):
        yield Note(State.FAILED, "no job gathers the wheels of all jobs", advice=_INIT)


def _lacks_extra(use: Use) -> bool:
    """Return whether a step needs the requirements for compiled projects, and does not install them."""
    return use.command in _NEEDS_EXTRA and use.inputs.get("compiled") != "true"


def _describe_missing_extra(use: Use) -> Note:
    return Note(
        State.FAILED,
        f"{use.path}, job {use.job}: lacks what plans, builds and checks wheels",
        advice="Add to the step: with: compiled: true",
    )


def _builds_wheels(use: Use) -> bool:
    """Return whether a step builds wheels in a job of its own, next to the job that builds the sdist."""
    return use.command == "build" and use.inputs.get("job", SOURCE_JOB) != SOURCE_JOB
