"""Put the files of all build jobs together: pure data, what is wrong with them, and what is left out."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from release_tools.planning.build_plan import BuildPlan, BuildTarget
from release_tools.planning.completeness import check_completeness, find_covering


@dataclass(frozen=True)
class JobFiles:
    """Describe what one build job handed over.

    Attributes:
        folder: to name it in a message.
        job: its name in the build plan.
        sdist: name and sha256 of the sdist that it had.
        wheels: sha256 by file name.
    """

    folder: str
    job: str
    sdist: tuple[str, str]
    wheels: Mapping[str, str]


@dataclass(frozen=True)
class Gathering:
    """Describe how the files of all jobs fit together.

    Attributes:
        wheels: the index of the job whose file is taken, by file name.
        faults: everything that forbids the release, a line each.
        left_out: optional targets that were not built.
    """

    wheels: Mapping[str, int]
    faults: tuple[str, ...]
    left_out: tuple[BuildTarget, ...]


def gather_jobs(plan: BuildPlan, jobs: Sequence[JobFiles], sdist: tuple[str, str]) -> Gathering:
    """Return the wheels of all jobs, and what is missing, unplanned, doubled or from another sdist.

    Args:
        plan: the build plan.
        jobs: what each job handed over.
        sdist: name and sha256 of the sdist of this release.
    """
    faults = [*_find_absent_jobs(plan, jobs)]
    for files in jobs:
        faults += _find_job_faults(plan, files, sdist)
    taken = {name: index for index in reversed(range(len(jobs))) for name in jobs[index].wheels}
    first = {name: jobs[index] for name, index in taken.items()}
    for files in jobs:
        faults += _find_conflicts(plan, files, first)
    found = check_completeness(plan, list(taken))
    faults += found.faults
    return Gathering(taken, tuple(dict.fromkeys(faults)), tuple(target for _, target in found.left_out))


def _find_absent_jobs(plan: BuildPlan, jobs: Sequence[JobFiles]) -> Iterator[str]:
    """Yield a line for each job without wheels that handed nothing over; a missing wheel names the job of its own."""
    there = {files.job for files in jobs}
    for job in plan.matrix:
        if not job.targets and job.name not in there:
            yield f"job {job.name}: none of the folders is what it built"


def _find_conflicts(plan: BuildPlan, files: JobFiles, first: Mapping[str, JobFiles]) -> Iterator[str]:
    """Yield a line for each wheel of a job that another one built with other bytes."""
    for name, digest in files.wheels.items():
        if first[name].wheels[name] != digest:
            cure = _suggest_cure(plan, name)
            yield f"{name}: other bytes from {files.folder} than from {first[name].folder}{cure}"


@dataclass(frozen=True)
class ServedWheels:
    """Describe which wheels of a release are served already.

    Attributes:
        instead: the name of the served wheel, by the name of the gathered one that it replaces; often the same.
        further: served wheels of optional targets that no gathered wheel covers.
    """

    instead: Mapping[str, str]
    further: tuple[str, ...]


def match_served(
    plan: BuildPlan, gathered: Sequence[str], served: Sequence[str], decided: Collection[str] = ()
) -> ServedWheels:
    """Return the served wheels that belong to a release, each for the targets that it covers.

    A wheel that is built again may have another name: a newer image promises another version of glibc.

    Args:
        plan: the build plan.
        gathered: names of the wheels that were built.
        served: names of the wheels of this version that one publisher serves.
        decided: those of the gathered ones that another publisher serves, so that no other name replaces them.
    """
    by_targets = {frozenset(find_covering(plan, name)): name for name in sorted(served, reverse=True)}
    by_targets.pop(frozenset(), None)
    instead = {name: name for name in gathered if name in served}
    for name in gathered:
        other = by_targets.get(frozenset(find_covering(plan, name)))
        if other and name not in (*served, *decided):
            instead[name] = other
    return ServedWheels(instead, tuple(_find_further(plan, gathered, by_targets)))


def _find_further(
    plan: BuildPlan, gathered: Sequence[str], served: Mapping[frozenset[BuildTarget], str]
) -> Iterator[str]:
    """Yield the served wheels of optional targets that no gathered one covers, one for each target."""
    missing = {target for _, target in check_completeness(plan, gathered).left_out}
    for targets, name in sorted(served.items(), key=lambda item: item[1]):
        if missing & targets:
            yield name
            missing -= targets


def _find_job_faults(plan: BuildPlan, files: JobFiles, sdist: tuple[str, str]) -> Iterator[str]:
    known = next((job for job in plan.jobs if job.name == files.job), None)
    if known is None:
        yield f"{files.folder}: the build plan has no job {files.job!r}"
        return
    if files.sdist != sdist:
        shown = "{}, sha256 {}".format(*files.sdist) if any(files.sdist) else "none"
        yield f"{files.folder}: job {files.job} built from another sdist: {shown}"
    for name in check_completeness(plan, list(files.wheels), known).unplanned:
        yield f"{name}: job {files.job} does not build such a wheel"


def _suggest_cure(plan: BuildPlan, name: str) -> str:
    """Return what to do where one wheel serves several targets, each built by a job of its own."""
    return (
        "; set wheels.split = false, as one such wheel serves several targets"
        if len(find_covering(plan, name)) > 1
        else ""
    )
