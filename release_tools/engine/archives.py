"""Read each artifact of a release once, however many steps ask for it."""

from dataclasses import replace

from release_tools.artifacts import CondaPackage, Sdist, Wheel, read_conda, read_sdist, read_wheel
from release_tools.engine.tasks import BackgroundTasks
from release_tools.model.artifact import Artifact
from release_tools.recipe.evidence import says_something


def open_sdist(background: BackgroundTasks, artifact: Artifact) -> Sdist:
    """Return a source distribution with the texts that a recipe is made from.

    Raises:
        ArchiveError: it is corrupt or hostile.
    """
    read = background.result(_name_task(artifact), read_sdist, artifact.path, wanted=says_something)
    return replace(read, path=artifact.path)


def open_wheel(background: BackgroundTasks, artifact: Artifact) -> Wheel:
    """Return a wheel.

    Raises:
        ArchiveError: it is corrupt or hostile.
    """
    return replace(background.result(_name_task(artifact), read_wheel, artifact.path), path=artifact.path)


def open_conda_package(background: BackgroundTasks, artifact: Artifact) -> CondaPackage:
    """Return a conda package.

    Raises:
        ArchiveError: it is corrupt or hostile.
    """
    return replace(background.result(_name_task(artifact), read_conda, artifact.path), path=artifact.path)


def _name_task(artifact: Artifact) -> str:
    """Return the name of the task that reads an artifact; a copy of the same bytes is the same artifact."""
    return f"read {artifact.filename} {artifact.sha256}"
