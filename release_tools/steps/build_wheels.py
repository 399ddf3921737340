"""Build the wheels of one build job from the sdist, by cibuildwheel."""

from dataclasses import replace

from release_tools.builders.cibuildwheel import CiBuildWheel, list_passed_variables
from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.errors import BuildError, OutputError, UsageError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
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
        built = builder.build()
    found = check_completeness(release.plan, [path.name for path in built.wheels], job)
    faults = list(found.faults)
    if faults:
        raise BuildError(
            f"job {job.name} did not build what the plan says:",
            "Compare [tool.cibuildwheel] with release-tools plan.",
            faults=faults,
        )
    wheels = tuple(Artifact.of(path, ArtifactKind.WHEEL) for path in built.wheels)
    left_out = tuple(target.identifier for _, target in found.left_out)
    reasons = dict(built.failed)
    context.report.add(
        *map(describe_artifact_note, wheels),
        *(Note(State.WARNING, f"{name} is optional and was not built", reasons.get(name, "")) for name in left_out),
    )
    return replace(release, artifacts=(sdist, *wheels), left_out=left_out)
