"""Build sdist and wheel from a clean clone that carries exactly the tag."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from release_tools.artifacts import UnpackedSdist
from release_tools.artifacts.core_metadata import parse_metadata
from release_tools.builders.backend_facts import find_name
from release_tools.builders.cibuildwheel import CiBuildWheel, find_platform_job, list_passed_variables
from release_tools.builders.conda.base import CondaProject
from release_tools.builders.conda.registry import plan_conda_packages
from release_tools.builders.planner import is_compiled, make_plan
from release_tools.builders.python import Dists, PythonBuilder
from release_tools.builders.repair import repair_wheel
from release_tools.builders.test_environment import needs, start_test_environment
from release_tools.config.loader import read_pyproject
from release_tools.engine.archives import start_describing_sdist
from release_tools.engine.context import Context
from release_tools.errors import ArchiveError, BuildError, PreflightError, VersionError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.planning.build_plan import BuildPlan
from release_tools.project.clone import clone_source
from release_tools.project.facts import Project, is_python_project
from release_tools.project.required_python import require_python
from release_tools.publishers.conda_forge.loading import start_loading
from release_tools.report.page import start_template
from release_tools.report.plan_table import plan_notes
from release_tools.report.text import describe_artifact_note
from release_tools.system.credentials import remove_credentials
from release_tools.system.process import watch_programs

_PLAN: Final = "build plan"


def build_dists(context: Context, release: Release) -> Release | Skip:
    """Build what goes to a package index: the sdist, and from it the wheel.

    The wheel of a compiled project is for this machine only: it is checked and not published, as the wheels that are
    published come from build jobs. The source job leaves it out.

    Raises:
        ArchiveError: the name of a file does not follow PEP 427 or PEP 625.
        BuildError: the project's build failed.
        ConfigError: the settings of the wheels fit nothing that is built.
        PreflightError: all of a compiled project is to be released from one machine.
        RepositoryError: the clone could not be made.
        VersionError: what was built has another version than the release, or another name.
    """
    if not is_python_project(context.project, read_pyproject(context.project)):
        return _plan_recipe(context, release)
    require_python(context.project)
    import build  # noqa: F401 - loaded while git clones

    source = clone_source(context, release)
    if is_compiled(source, context.config.wheels):
        return _build_compiled(context, release, source)
    return _build_pure(context, release, source)


def _build_compiled(context: Context, release: Release, source: Path) -> Release:
    """Build a compiled project; the plan comes first, as a build may take long and be in vain."""
    reason = "this project has compiled code, so one machine cannot build all of its wheels"
    _check_dry_run(context, release, reason)
    plan = _wait_for_plan(context, source, replace(release, name=release.name or find_name(context)))
    dists = _build(context, release, source, is_sdist_only=bool(context.request.job))
    known = _with_sdist(context, release, source, dists)
    return _with_plan(context, _take_plan(context, known, plan), dists.wheel)


def _build_pure(context: Context, release: Release, source: Path) -> Release:
    """Build a pure project; the plan of a project with a recipe is made meanwhile."""
    has_plan = bool(context.request.job) or CondaProject(context, release).recipe is not None
    if has_plan and release.name:
        context.background.start(_PLAN, _make_plan, context, source, release)
    dists = _build(context, release, source, is_sdist_only=False)
    known = _with_sdist(context, release, source, dists)
    if has_plan:
        known = _take_plan(context, known, _wait_for_plan(context, source, replace(release, name=known.name)))
    return _with_wheel(context, known, dists.wheel)


def _with_sdist(context: Context, release: Release, source: Path, dists: Dists) -> Release:
    """Return the release with its source and its sdist, which names a project that only its backend names."""
    _check_versions(dists, release)
    sdist = Artifact.of(dists.sdist, ArtifactKind.SDIST)
    context.report.add(describe_artifact_note(sdist), *_list_backend_notes(dists))
    name = release.name or parse_sdist_filename(dists.sdist.name)[0]
    return replace(release, name=name, source=source, artifacts=(sdist,))


def _plan_recipe(context: Context, release: Release) -> Release | Skip:
    """Plan the conda packages of a project without Python.

    Raises:
        PreflightError: all of them are to be released from one machine, which cannot build them.
    """
    plan = _make_plan(context, clone_source(context, release), release)
    if not plan.matrix and not context.request.job:
        return Skip("there is no Python project: conda packages are built from the recipe")
    known = _take_plan(context, replace(release, name=plan.name), plan)
    if context.request.job:
        context.report.add(*plan_notes(plan, context.request.job))
    return known


def _take_plan(context: Context, release: Release, plan: BuildPlan) -> Release:
    """Return the release with its build plan; where one machine builds what it can of a recipe, that is only shown.

    Raises:
        PreflightError: it is to be released, although other machines build packages of it, too.
    """
    if plan.is_compiled or context.request.job:
        return replace(release, plan=plan, plan_digest=plan.digest)
    if plan.matrix:
        reason = "the recipe has packages for several platforms, so one machine cannot build them all"
        _check_dry_run(context, release, reason)
        context.report.add(*plan_notes(plan))
    return release


def _check_dry_run(context: Context, release: Release, reason: str) -> None:
    """Refuse to release from one machine what several have to build.

    Raises:
        PreflightError: this is not a dry run.
    """
    if not context.gate.is_dry_run:
        raise PreflightError(
            reason,
            f"Push the tag, whose workflow builds them: release-tools tag {release.version}. "
            "release-tools init writes that workflow.",
        )


def _wait_for_plan(context: Context, source: Path, release: Release) -> BuildPlan:
    """Return the build plan.

    Raises:
        BuildError: cibuildwheel is missing, or refuses the project's settings.
        ConfigError: a setting names something that is not in the plan.
    """
    context.console.show_detail("build plan")
    return context.background.result(_PLAN, _make_plan, context, source, release)


def _make_plan(context: Context, source: Path, release: Release) -> BuildPlan:
    name = release.name or context.project.name
    plan = make_plan(source, context.config.wheels, context.env, name, release.version)
    return plan_conda_packages(CondaProject(context, replace(release, name=name, plan=plan))) or plan


def _build(context: Context, release: Release, source: Path, *, is_sdist_only: bool) -> Dists:
    folder, show_progress = context.scratch / "dist", context.console.show_detail
    variables, idle_work = _pass_version(context, release), partial(_load_libraries, context)
    with (
        watch_programs(context.console.watch_build),
        PythonBuilder(
            context.scratch, context.env, release.commit_time, context.background, variables, idle_work
        ) as builder,
    ):
        if is_sdist_only:
            return builder.build_sdist(source, folder, show_progress)
        return builder.build(source, folder, show_progress, partial(_use_sdist, context))


def _load_libraries(context: Context) -> None:
    """Start to load what later steps of a dry run need, while this process waits for the build backend."""
    if context.gate.is_dry_run:
        start_template(context.background)
        start_loading(context.background)


def _list_backend_notes(dists: Dists) -> Iterator[Note]:
    if dists.is_repacked:
        detail = "the build backend records the time of the build"
        yield Note(State.INFO, "the sdist was repacked with the commit's time", detail)
    for warning in dists.warnings:
        yield Note(State.WARNING, "warning from the build backend", warning)


def _with_wheel(context: Context, release: Release, path: Path | None) -> Release:
    """Return the release of a pure project with its wheel."""
    if path is None:
        return release
    wheel = Artifact.of(path, ArtifactKind.WHEEL)
    context.report.add(describe_artifact_note(wheel))
    if any(tag.platform != "any" for tag in parse_wheel_filename(path.name)[3]):
        text = "the wheel is for one platform, though nothing in the project shows compiled code"
        advice = "Add [tool.cibuildwheel] to pyproject.toml, so that a wheel for each platform is planned."
        context.report.add(Note(State.WARNING, text, advice=advice))
    return replace(release, artifacts=(*release.artifacts, wheel))


def _with_plan(context: Context, release: Release, path: Path | None) -> Release:
    """Return the release of a compiled project with the wheels of this machine, if there are any, and its plan."""
    trial, detail = _make_trial_wheels(context, release, path) if path is not None else ((), "")
    for wheel in trial:
        context.report.add(
            describe_artifact_note(wheel), Note(State.INFO, f"{wheel.filename} is for this machine only", detail)
        )
    notes = plan_notes(release.plan, context.request.job, trial) if release.plan else ()
    context.report.add(*notes)
    return replace(release, trial=trial)


def _make_trial_wheels(context: Context, release: Release, path: Path) -> tuple[tuple[Artifact, ...], str]:
    """Return the wheels of this machine, and how they were made."""
    if context.request.in_container:
        return _build_in_container(context, release), "by cibuildwheel"
    env = remove_credentials(context.env)
    repaired = repair_wheel(path, context.scratch / "repaired", env, release.commit_time)
    detail = f"repaired by {repaired.tool}" if repaired.tool else f"not repaired: {repaired.reason}"
    return (Artifact.of(repaired.wheel, ArtifactKind.WHEEL),), detail


def _build_in_container(context: Context, release: Release) -> tuple[Artifact, ...]:
    """Return the wheels that cibuildwheel builds for this platform.

    Raises:
        BuildError: a wheel could not be built, or the plan has none for this platform.
    """
    job = find_platform_job(release.plan) if release.plan else None
    if job is None:
        raise BuildError("the build plan has no wheel for this platform", "Leave --in-container out.")
    context.console.show_detail(f"wheels of {job.name}, by cibuildwheel")
    [sdist] = release.artifacts_of_kind(ArtifactKind.SDIST)
    folder = context.scratch / "container"
    env, passed = remove_credentials(context.env), list_passed_variables(read_pyproject(context.project))
    with watch_programs(context.console.watch_build):
        built = CiBuildWheel(job, sdist.path, folder, env, release.commit_time, passed).build()
    return tuple(Artifact.of(wheel, ArtifactKind.WHEEL) for wheel in built.wheels)


def _pass_version(context: Context, release: Release) -> dict[str, str]:
    """Return the variable that hands a version between tags to a plugin that reads no tag like it."""
    bypass = Project.of(read_pyproject(context.project)).bypass
    return {bypass: release.version} if bypass and release.is_untagged else {}


def _use_sdist(context: Context, sdist: Artifact, unpacked: UnpackedSdist) -> None:
    """Start what needs no more than the sdist, while the wheel is built."""
    start_describing_sdist(context.background, sdist, unpacked)
    _start_test_environment(context, unpacked.folder)


def _start_test_environment(context: Context, unpacked: Path) -> None:
    """Start to install what the wheel will require, as the sdist says it: ``pyproject.toml`` may not."""
    if not context.config.verify.install:
        return
    try:
        metadata = parse_metadata((unpacked / "PKG-INFO").read_bytes(), "PKG-INFO")
    except (OSError, ArchiveError):
        return  # reported by the checks of the sdist
    start_test_environment(map(str, needs(metadata)), context.scratch, context.env, context.background)


def _check_versions(dists: Dists, release: Release) -> None:
    """Compare the versions in the files' names with the release's.

    Raises:
        ArchiveError: a name says nothing that can be understood.
        VersionError: a version or the name is another.
    """
    for path in filter(None, (dists.sdist, dists.wheel)):
        name, version = _parse_filename(path)
        if version != Version(release.version):
            raise VersionError(
                f"{path.name} was built, but the version of {release.tag} is {release.version}",
                "Change the project's version settings so that they follow the tag, or set that version there.",
            )
        if release.name and canonicalize_name(release.name) != name:
            raise VersionError(f"{path.name} was built, but pyproject.toml names the project {release.name}")


def _parse_filename(path: Path) -> tuple[str, Version]:
    """Return the name and the version in the name of an sdist or a wheel.

    Raises:
        ArchiveError: there are none.
    """
    try:
        if path.suffix == ".whl":
            return parse_wheel_filename(path.name)[:2]
        return parse_sdist_filename(path.name)
    except (InvalidSdistFilename, InvalidWheelFilename) as error:
        raise ArchiveError(
            str(error), "Configure the build backend to name its files by the standards (PEP 427, PEP 625)."
        ) from None
