"""Define the files of a release."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from release_tools.regular_files import open_regular_file


class ArtifactKind(StrEnum):
    """The kinds of files that are built from one source."""

    SDIST = "sdist"
    WHEEL = "wheel"
    CONDA = "conda"


@dataclass(frozen=True)
class Artifact:
    """A file to release.

    Attributes:
        path: where it is now.
        kind: sdist, wheel or conda package.
        sha256: lower-case hexadecimal digest of its bytes.
        size: in bytes.
        subdir: the channel folder of a conda package (``noarch``, ``linux-64``); empty for the others.
    """

    path: Path
    kind: ArtifactKind
    sha256: str
    size: int
    subdir: str = ""

    @classmethod
    def of(cls, path: Path, kind: ArtifactKind, subdir: str = "") -> "Artifact":
        """Return the facts of a file.

        Raises:
            OSError: it cannot be read, or is not a regular file.
        """
        with open_regular_file(path) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(path, kind, digest, path.stat().st_size, subdir)

    @property
    def filename(self) -> str:
        """Return the file's name, which is its name on every index and channel."""
        return self.path.name

    @property
    def key(self) -> str:
        """Return what tells it from all other files of a release: its name, that of a conda package after its subdir.

        It is the file's path in the output folder, too.
        """
        return f"{self.subdir}/{self.filename}" if self.subdir else self.filename


def asset_names(artifacts: Sequence[Artifact]) -> dict[str, str]:
    """Return the name of each file where all files of a release are in one folder, as on GitHub, by `Artifact.key`.

    Conda reads name, version and build from a file's name, so it stays as it is, and the subdir goes in front only
    where two subdirs have a package of the same name.
    """
    often = Counter(artifact.filename for artifact in artifacts)
    return {one.key: one.filename if often[one.filename] == 1 else one.key.replace("/", "-") for one in artifacts}
