"""Read the artifacts of one release for the checks, each once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Self

from packaging.utils import canonicalize_name

from release_tools.artifacts import CondaPackage, Sdist, Wheel
from release_tools.engine.archives import Archive, open_archive, read_each
from release_tools.engine.context import Context
from release_tools.errors import ArchiveError
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note


@dataclass(frozen=True)
class ReleaseFiles:
    """The artifacts of one release.

    Attributes:
        sdists: source distributions.
        wheels: wheels that match their RECORD; others could not be read.
        condas: conda packages that match their ``paths.json``.
        faults: a note for each file that could not be read.
    """

    sdists: tuple[Sdist, ...]
    wheels: tuple[Wheel, ...]
    condas: tuple[CondaPackage, ...]
    faults: tuple[Note, ...] = ()

    @classmethod
    def read(cls, context: Context, artifacts: Iterable[Artifact]) -> Self:
        """Read every artifact; those that are corrupt or hostile become faults."""
        sdists: list[Sdist] = []
        wheels: list[Wheel] = []
        condas: list[CondaPackage] = []
        faults: list[Note] = []
        for archive in read_each(artifacts, partial(_read, context)):
            match archive:
                case Sdist():
                    sdists.append(archive)
                case Wheel():
                    wheels.append(archive)
                case CondaPackage():
                    condas.append(archive)
                case error:
                    faults.append(Note.of_error(error))
        return cls(tuple(sdists), tuple(wheels), tuple(condas), tuple(faults))

    @property
    def dists(self) -> Iterator[Sdist | Wheel]:
        """Yield the files for a package index."""
        yield from self.sdists
        yield from self.wheels

    def identities(self) -> set[tuple[str, str]]:
        """Return each name and version in the metadata, canonical; a release has exactly one."""
        return {(canonicalize_name(dist.metadata.name), str(dist.metadata.version)) for dist in self.dists}


def _read(context: Context, artifact: Artifact) -> Archive | ArchiveError:
    try:
        return open_archive(context.background, artifact)
    except ArchiveError as error:
        return error
