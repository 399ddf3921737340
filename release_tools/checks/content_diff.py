"""Compare two files of one name: their content, not how they were packed."""

from collections.abc import Iterator

from release_tools.artifacts import Member, read_conda, read_sdist, read_wheel
from release_tools.model.artifact import Artifact, ArtifactKind


def find_content_differences(one: Artifact, other: Artifact) -> tuple[str, ...]:
    """Return the members that only one of them has, or that differ; times, order and compression do not count.

    Raises:
        ArchiveError: either is corrupt or hostile.
    """
    ours, theirs = dict(_iterate_members(one)), dict(_iterate_members(other))
    return tuple(sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)))


def _iterate_members(artifact: Artifact) -> Iterator[tuple[str, Member]]:
    match artifact.kind:
        case ArtifactKind.SDIST:
            members = read_sdist(artifact.path).members
        case ArtifactKind.WHEEL:
            members = read_wheel(artifact.path).members
        case ArtifactKind.CONDA:
            members = read_conda(artifact.path).members
    for member in members:
        yield member.name, member
