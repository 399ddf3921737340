"""Build sdist and wheel from a clean clone that carries exactly the tag."""

from dataclasses import replace
from pathlib import Path

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from release_tools.artifacts.core_metadata import parse_metadata
from release_tools.builders.python import Dists, PythonBuilder
from release_tools.builders.test_environment import needs, start_test_environment
from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.errors import ArchiveError, VersionError
from release_tools.git.clone import clone_source
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.project.facts import is_python_project
from release_tools.report.text import artifact_note


def build_dists(context: Context, release: Release) -> Release | Skip:
    """Build the two files that go to a package index; the wheel is built from the sdist.

    Raises:
        ArchiveError: the name of a file does not follow PEP 427 or PEP 625.
        BuildError: the project's build failed.
        RepositoryError: the clone could not be made.
        VersionError: what was built has another version than the release, or another name.
    """
    if not is_python_project(context.project, read_pyproject(context.project)):
        return Skip("there is no Python project: conda packages are built from the recipe")
    with PythonBuilder(context.scratch, context.env, release.commit_time, context.background) as builder:
        source = clone_source(context, release)
        dists = builder.build(
            source,
            context.scratch / "dist",
            context.console.doing,
            lambda unpacked: _start_test_environment(context, unpacked),
        )
    _check_versions(dists, release)
    artifacts = (Artifact.of(dists.sdist, ArtifactKind.SDIST), Artifact.of(dists.wheel, ArtifactKind.WHEEL))
    name = release.name or parse_wheel_filename(dists.wheel.name)[0]
    note = Note(State.INFO, "the sdist was repacked with the commit's time", "its backend keeps the time of the build")
    return replace(release, name=name, source=source, artifacts=artifacts).with_notes(
        *(artifact_note(artifact) for artifact in artifacts),
        *((note,) if dists.is_repacked else ()),
        *(Note(State.WARNING, "the build backend warns", warning) for warning in dists.warnings),
    )


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
    try:
        _, sdist = parse_sdist_filename(dists.sdist.name)
        name, wheel, _, _ = parse_wheel_filename(dists.wheel.name)
    except (InvalidSdistFilename, InvalidWheelFilename) as error:
        raise ArchiveError(
            str(error), "Configure the build backend to name its files by the standards (PEP 427, PEP 625)."
        ) from None
    for filename, version in ((dists.sdist.name, sdist), (dists.wheel.name, wheel)):
        if version != Version(release.version):
            raise VersionError(
                f"{filename} was built, but the version of {release.tag} is {release.version}",
                "Change the project's version settings so that they follow the tag, or set that version there.",
            )
    if release.name and canonicalize_name(release.name) != name:
        raise VersionError(f"{dists.wheel.name} was built, but pyproject.toml names the project {release.name}")
