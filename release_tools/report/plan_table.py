"""The build plan as lines of a report: one for each build job."""

from collections.abc import Iterator

from release_tools.model.note import Note, State
from release_tools.planning.build_plan import BuildJob, BuildPlan


def plan_notes(plan: BuildPlan) -> Iterator[Note]:
    """Return a line for each build job: its runner, and what it builds."""
    width = max(len(job.name) for job in plan.jobs)
    for job in plan.jobs:
        yield Note(State.INFO, f"{job.name:<{width}}  on {job.runner}", targets_text(job))


def targets_text(job: BuildJob) -> str:
    """Return the targets of a job in one line, those of one platform together: ``cp311 cp312 manylinux_x86_64``."""
    by_platform: dict[tuple[str, bool], list[str]] = {}
    plain = [target.identifier for target in job.targets if not job.platform]
    for target in job.targets if job.platform else ():
        by_platform.setdefault((target.platform, target.is_optional), []).append(target.python)
    grouped = [
        f"{' '.join(pythons)} {platform}{' (optional)' if is_optional else ''}"
        for (platform, is_optional), pythons in by_platform.items()
    ]
    return "; ".join((*plain, *grouped))
