"""Build the conda packages, by whatever the project or its settings choose."""

from dataclasses import replace
from typing import Final

from release_tools.builders.conda.base import CondaProject
from release_tools.builders.conda.registry import choose_builder
from release_tools.engine.context import Context
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
    project = CondaProject(context, release)
    chosen = choose_builder(project)
    if isinstance(chosen, Skip):
        return chosen
    plan = release.plan
    if plan is not None and plan.matrix and context.request.job == SOURCE_JOB and not plan.job(SOURCE_JOB).conda:
        return Skip("each build job builds the conda packages of its platform")
    with watch_programs(context.console.watch_build):
        built = chosen.builder.build(project)
    names = [artifact.filename.rsplit("-", 2)[0] for artifact in built.artifacts]
    known = replace(release, name=release.name or next(iter(names), context.project.name))
    if project.is_trial:
        known = replace(known, trial=(*release.trial, *built.artifacts))
    else:
        known = replace(known, artifacts=(*release.artifacts, *built.artifacts))
    context.report.add(
        Note(State.INFO, f"built by {chosen.builder.name}", chosen.because),
        *map(describe_artifact_note, built.artifacts),
        *(Note(State.INFO, f"{one.filename} is for this machine only") for one in built.artifacts if project.is_trial),
        *built.notes,
    )
    return known
