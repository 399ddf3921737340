"""Build the conda packages, by whatever the project or its settings choose."""

from dataclasses import replace
from typing import Final

from release_tools.builders.conda.base import CondaProject
from release_tools.builders.conda.registry import choose_builder
from release_tools.engine.context import Context
from release_tools.errors import ReleaseToolsError
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.report.text import artifact_note

_WITHOUT: Final = "--no-conda"


def build_conda(context: Context, release: Release) -> Release | Skip:
    """Return the release with its conda packages, or why there are none.

    Raises:
        ReleaseToolsError: the packages could not be built; ``--no-conda`` releases the rest.
    """
    project = CondaProject(context, release)
    try:
        chosen = choose_builder(project)
        if isinstance(chosen, Skip):
            return chosen
        built = chosen.builder.build(project)
    except ReleaseToolsError as error:
        if _WITHOUT not in error.advice:
            error.advice = f"{error.advice} To release without the conda package: {_WITHOUT}.".strip()
        raise
    names = [artifact.filename.rsplit("-", 2)[0] for artifact in built.artifacts]
    name = release.name or next(iter(names), context.project.name)
    return replace(release, name=name, artifacts=(*release.artifacts, *built.artifacts)).with_notes(
        Note(State.INFO, f"built by {chosen.builder.name}", chosen.because),
        *map(artifact_note, built.artifacts),
        *built.notes,
    )
