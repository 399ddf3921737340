"""Read each artifact of a release once, however many steps ask for it."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final, TypeAlias, TypeVar

from release_tools.artifacts import CondaPackage, Sdist, UnpackedSdist, Wheel, read_conda, read_sdist, read_wheel
from release_tools.artifacts.binaries import can_read_elf
from release_tools.engine.tasks import BackgroundTasks
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.recipe.evidence import says_something

Archive: TypeAlias = Sdist | Wheel | CondaPackage

_Result = TypeVar("_Result")
KEPT: Final = says_something
"""Returns whether the text of a file is kept when a source distribution is read."""
_AT_ONCE: Final = 2
"""The number of archives that are read at the same time; each may hold one library of a wheel in memory."""


def read_each(artifacts: Iterable[Artifact], read: Callable[[Artifact], _Result]) -> Iterator[_Result]:
    """Yield what a function that reads one artifact returns for each, in order; two are read at the same time."""
    artifacts = list(artifacts)
    if any(one.kind is ArtifactKind.WHEEL and not one.filename.endswith("-any.whl") for one in artifacts):
        can_read_elf()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield from pool.map(read, artifacts)


def open_archive(background: BackgroundTasks, artifact: Artifact) -> Archive:
    """Return an artifact as its kind is read.

    Raises:
        ArchiveError: it is corrupt or hostile.
    """
    match artifact.kind:
        case ArtifactKind.SDIST:
            return open_sdist(background, artifact)
        case ArtifactKind.WHEEL:
            return open_wheel(background, artifact)
        case ArtifactKind.CONDA:
            return open_conda_package(background, artifact)


def open_sdist(background: BackgroundTasks, artifact: Artifact) -> Sdist:
    """Return a source distribution with the texts that a recipe is made from.

    Raises:
        ArchiveError: it is corrupt or hostile.
    """
    read = background.result(_name_task(artifact), read_sdist, artifact.path, wanted=KEPT)
    return replace(read, path=artifact.path)


def start_describing_sdist(background: BackgroundTasks, artifact: Artifact, unpacked: UnpackedSdist) -> None:
    """Start to describe a source distribution that `open_sdist` will return, and that was unpacked by `KEPT`."""
    background.start(_name_task(artifact), unpacked.describe)


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
