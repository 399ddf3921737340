"""The conda package, made from the wheel's own members."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from release_tools.builders.conda.from_wheel import Conversion, convert
from release_tools.config.schema import Config
from release_tools.engine.archives import wheel_of
from release_tools.engine.context import Context
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.recipe.names import Names
from release_tools.recipe.requirements import Translated
from release_tools.report.text import artifact_note


def build_conda(context: Context, release: Release) -> Release | Skip:
    """A ``noarch: python`` package, and a metapackage for each alias.

    Raises:
        ArchiveError: the wheel is corrupt.
        CondaError: the project cannot become such a package; ``--no-conda`` releases the rest.
    """
    if not context.config.conda.enabled:
        return Skip("conda.enabled is false")
    wheels = release.artifacts_of_kind(ArtifactKind.WHEEL)
    folder = context.scratch / "conda"
    notes: list[Note] = []
    for built in wheels:
        wheel = wheel_of(context, built)
        converted = convert(wheel, folder, conversion(context.config), release.commit_time)
        release = replace(release, artifacts=(*release.artifacts, *map(_artifact, converted.paths)))
        notes += _told(converted.translated)
    packages = release.artifacts_of_kind(ArtifactKind.CONDA)
    return release.with_notes(*map(artifact_note, packages), *notes)


def conversion(config: Config) -> Conversion:
    """How this project's settings want a wheel converted."""
    conda = config.conda
    return Conversion(
        name=conda.name,
        formats=conda.formats,
        aliases=conda.aliases,
        build_number=conda.build_number,
        compression_level=conda.compression_level,
        imports=config.verify.imports,
        names=Names(overrides=conda.names),
    )


def _artifact(path: Path) -> Artifact:
    return Artifact.of(path, ArtifactKind.CONDA, "noarch")


def _told(translated: Translated) -> Iterator[Note]:
    yield Note(State.INFO, f"depends on {', '.join(translated.depends)}")
    for virtual, depends in translated.by_system.items():
        yield Note(State.INFO, f"with {virtual}, also on {', '.join(depends) or 'nothing'}")
    yield from (Note(State.INFO, note) for note in translated.notes)
    if translated.unconfirmed:
        first = translated.unconfirmed[0]
        names = ", ".join(name.conda for name in translated.unconfirmed)
        yield Note(
            State.WARNING,
            f"taken for conda names, though nothing confirms it: {names}",
            f"tried: {'; '.join(first.tried)}",
            f'Where conda calls one otherwise: [tool.release-tools.conda.names] {first.pypi} = "its conda name"',
        )
