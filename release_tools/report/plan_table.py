"""Show the build plan in a report: one line for each build job."""

import re
from collections.abc import Iterator, Sequence

from packaging.tags import Tag
from packaging.utils import parse_wheel_filename

from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.planning.build_plan import SOURCE_JOB, BuildJob, BuildPlan
from release_tools.planning.completeness import covers


def plan_notes(plan: BuildPlan, built: str = "", trial: Sequence[Artifact] = ()) -> Iterator[Note]:
    """Yield a line for each build job: what it builds, and where.

    Args:
        plan: the plan.
        built: the job that runs here; empty for none.
        trial: wheels of this machine, which show that a target can be built.
    """
    width = max(len(job.name) for job in plan.jobs)
    for job in plan.jobs:
        tried = [_describe_built(job, wheel) for wheel in trial]
        where = "built here" if _is_built_here(job, built, trial) else f"built by {job.runner}"
        detail = "; ".join(filter(None, (format_targets(job), *tried)))
        yield Note(State.INFO, f"{job.name:<{width}}  {where}", detail)


def _is_built_here(job: BuildJob, built: str, trial: Sequence[Artifact]) -> bool:
    """Return whether a job runs here; a trial of the wheels builds the sdist too."""
    return job.name == built or (job.name == SOURCE_JOB and bool(trial))


def format_targets(job: BuildJob) -> str:
    """Return the targets of a job in one line, those of one platform together: ``cp311 cp312 manylinux_x86_64``."""
    targets = _group_targets(job) if job.platform else [target.identifier for target in job.targets]
    conda = [f"conda {' '.join(job.conda)}"] if job.conda else []
    return "; ".join((*targets, *conda))


def _group_targets(job: BuildJob) -> list[str]:
    """Return the targets of each platform of a job in one text."""
    by_platform: dict[tuple[str, bool], list[str]] = {}
    for target in job.targets:
        by_platform.setdefault((target.platform, target.is_optional), []).append(target.python)
    return [
        f"{' '.join(pythons)} {platform}{' (optional)' if is_optional else ''}"
        for (platform, is_optional), pythons in by_platform.items()
    ]


def _describe_built(job: BuildJob, wheel: Artifact) -> str:
    """Return that a wheel of this machine has shown one of a job's targets to build; empty where it has not."""
    tags = frozenset(map(_as_released, parse_wheel_filename(wheel.filename)[3]))
    found = next((target.identifier for target in job.targets if job.platform and covers(tags, target)), "")
    return f"{found} was test-built here" if found else ""


def _as_released(tag: Tag) -> Tag:
    """Return the tag that a wheel tagged ``linux_x86_64`` would have after its repair, with some version of glibc."""
    return Tag(tag.interpreter, tag.abi, re.sub("^linux_", "manylinux_2_17_", tag.platform))
