"""Build the wheels of one build job from the sdist, by cibuildwheel."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from release_tools.builders.cibuildwheel import CiBuildWheel, WheelBuild, list_passed_variables
from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.errors import BuildError, OutputError, UsageError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.planning.build_plan import BuildJob, BuildPlan
from release_tools.planning.completeness import check_completeness
from release_tools.report.text import describe_artifact_note
from release_tools.system.credentials import remove_credentials
from release_tools.system.process import watch_programs


def build_wheels(context: Context, release: Release) -> Release | Skip:
    """Return the release with the wheels of its job, if it builds any.

    Raises:
        BuildError: a required wheel could not be built, or one was built that the plan does not name.
        OutputError: the step before did not load a build plan.
        UsageError: the job builds no wheel by cibuildwheel.
    """
    if release.plan is None:
        raise OutputError("no build plan was loaded", "Type: release-tools build --job source")
    job = release.plan.job(release.job)
    if not job.targets and job in release.plan.matrix:
        return Skip(f"job {job.name} builds conda packages alone")
    if not job.platform:
        raise UsageError(f"--job {job.name}: it builds no wheel by cibuildwheel", "It has nothing to build.")
    [sdist] = release.artifacts_of_kind(ArtifactKind.SDIST)
    built = _build(context, release, job, sdist)
    left_out = _find_left_out(release.plan, job, built)
    wheels = tuple(Artifact.of(path, ArtifactKind.WHEEL) for path in built.wheels)
    context.report.add(*map(describe_artifact_note, wheels), *_describe_left_out(left_out, built))
    return replace(release, artifacts=(sdist, *wheels), left_out=left_out)


def _build(context: Context, release: Release, job: BuildJob, sdist: Artifact) -> WheelBuild:
    """Build the wheels of a job, and show that the build goes on.

    Raises:
        BuildError: a required wheel could not be built.
    """
    context.console.show_detail(f"wheels of {job.name}")
    builder = CiBuildWheel(
        job,
        sdist.path,
        context.scratch / "wheels",
        remove_credentials(context.env),
        release.commit_time,
        list_passed_variables(read_pyproject(context.project)),
    )
    with watch_programs(context.console.watch_build):
        return builder.build()


def _find_left_out(plan: BuildPlan, job: BuildJob, built: WheelBuild) -> tuple[str, ...]:
    """Return the optional targets of a job that were not built.

    Raises:
        BuildError: a required wheel is missing, or one was built that the plan does not name.
    """
    found = check_completeness(plan, [path.name for path in built.wheels], job)
    faults = list(found.faults)
    if faults:
        raise BuildError(
            f"job {job.name} did not build what the plan says:",
            "Compare [tool.cibuildwheel] with release-tools plan.",
            faults=faults,
        )
    return tuple(target.identifier for _, target in found.left_out)


def _describe_left_out(identifiers: Iterable[str], built: WheelBuild) -> Iterator[Note]:
    reasons = dict(built.failed)
    for name in identifiers:
        yield Note(State.WARNING, f"{name} is optional and was not built", reasons.get(name, ""))
