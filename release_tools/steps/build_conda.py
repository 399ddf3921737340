"""Build the conda packages, by whatever the project or its settings choose."""

from dataclasses import replace
from typing import Final

from release_tools.builders.conda.base import CondaProject
from release_tools.builders.conda.from_wheel import WheelConverter
from release_tools.builders.conda.registry import ChosenBuilder, choose_builder
from release_tools.engine.context import Context
from release_tools.errors import ReleaseToolsError
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.planning.build_plan import SOURCE_JOB
from release_tools.report.text import describe_artifact_note
from release_tools.system.process import watch_programs

_WITHOUT: Final = "--no-conda"


def build_conda(context: Context, release: Release) -> Release | Skip:
    """Return the release with its conda packages, or why there are none.

    Raises:
        ReleaseToolsError: the packages could not be built; ``--no-conda`` releases the rest.
    """
    try:
        return _build(context, release)
    except ReleaseToolsError as error:
        if _WITHOUT not in error.advice:
            error.advice = f"{error.advice} To release without the conda package: {_WITHOUT}.".strip()
        raise


def _build(context: Context, release: Release) -> Release | Skip:
    project = CondaProject(context, release)
    chosen = choose_builder(project)
    if isinstance(chosen, Skip):
        return chosen
    if _is_built_elsewhere(context, release, chosen):
        return Skip("the build plan has no conda package for this job")
    with watch_programs(context.console.watch_build):
        built = chosen.builder.build(project)
    context.report.add(
        Note(State.INFO, chosen.builder.method, chosen.because), *map(describe_artifact_note, built.artifacts)
    )
    names = [artifact.filename.rsplit("-", 2)[0] for artifact in built.artifacts]
    known = replace(release, name=release.name or next(iter(names), context.project.name))
    if project.is_trial:
        context.report.add(*(Note(State.INFO, f"{one.filename} is for this machine only") for one in built.artifacts))
        known = replace(known, trial=(*release.trial, *built.artifacts))
    else:
        known = replace(known, artifacts=(*release.artifacts, *built.artifacts))
    context.report.add(*built.notes)
    return known


def _is_built_elsewhere(context: Context, release: Release, chosen: ChosenBuilder) -> bool:
    """Return whether one of several build jobs has no conda package; only wheels are converted without a plan."""
    plan, job = release.plan, context.request.job
    if plan is None or not job or not plan.matrix or plan.job(job).conda:
        return False
    return job == SOURCE_JOB or chosen.builder.name != WheelConverter.name
