"""What the checks look at: the artifacts of one release, each read once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from packaging.utils import canonicalize_name

from release_tools.artifacts import CondaPackage, Sdist, Wheel, read_conda, read_sdist, read_wheel
from release_tools.engine.background import Task
from release_tools.engine.context import Context
from release_tools.errors import ArchiveError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.recipe.evidence import says_something


def start_reading(context: Context, sdist: Path) -> None:
    """Begin to read an sdist that every check and the recipe need."""
    context.background.add(f"read {sdist}", Task(partial(read_sdist, sdist, wanted=says_something)))


@dataclass(frozen=True)
class ReleaseFiles:
    """The artifacts of one release.

    Attributes:
        sdists: source distributions.
        wheels: wheels; their RECORD is true, or they could not have been read.
        condas: conda packages; their ``paths.json`` is true.
        faults: what could not be read, and why.
    """

    sdists: tuple[Sdist, ...]
    wheels: tuple[Wheel, ...]
    condas: tuple[CondaPackage, ...]
    faults: tuple[Note, ...] = ()

    @classmethod
    def read(cls, artifacts: Iterable[Artifact]) -> Self:
        """Read every artifact; those that are corrupt or hostile become faults."""
        sdists: list[Sdist] = []
        wheels: list[Wheel] = []
        condas: list[CondaPackage] = []
        faults: list[Note] = []
        for artifact in artifacts:
            try:
                match artifact.kind:
                    case ArtifactKind.SDIST:
                        sdists.append(read_sdist(artifact.path, wanted=says_something))
                    case ArtifactKind.WHEEL:
                        wheels.append(read_wheel(artifact.path))
                    case ArtifactKind.CONDA:
                        condas.append(read_conda(artifact.path))
            except ArchiveError as error:
                faults.append(Note(State.FAILED, error.message, "; ".join(error.faults), error.advice))
        return cls(tuple(sdists), tuple(wheels), tuple(condas), tuple(faults))

    @property
    def dists(self) -> Iterator[Sdist | Wheel]:
        """What goes to a package index."""
        yield from self.sdists
        yield from self.wheels

    def identities(self) -> set[tuple[str, str]]:
        """Each name and version that occurs in metadata, canonical; a release has exactly one."""
        return {(canonicalize_name(dist.metadata.name), str(dist.metadata.version)) for dist in self.dists}
