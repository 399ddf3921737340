"""The files by which a step of a GitHub job changes the steps after it: nobody but us may write there during a build.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions#environment-files
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from release_tools.errors import BuildError
from release_tools.regular_files import read_regular_file

_VARIABLES: Final = tuple(f"GITHUB_{name}" for name in ("ENV", "PATH"))

_LARGEST: Final = 100_000_000


@dataclass(frozen=True)
class JobFiles:
    """The contents of these files when the command began.

    Attributes:
        digests: by variable; empty text where there is no such file.
        paths: by variable.
    """

    digests: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def read(cls, env: Mapping[str, str]) -> "JobFiles":
        """Read those that the environment names."""
        paths = {name: Path(env[name]) for name in _VARIABLES if env.get(name)}
        return cls({name: _hash_file(path) for name, path in paths.items()}, paths)

    def check(self) -> None:
        """Compare the files with what they were: we never write there, so whatever did ran in this build.

        Raises:
            BuildError: a file has changed; what it would do to later steps is for a person to judge.
        """
        changed = [name for name, path in self.paths.items() if _hash_file(path) != self.digests[name]]
        if changed:
            raise BuildError(
                f"the build wrote to {' and '.join(changed)}, which changes the later steps of this job",
                "Trust nothing that this job made. Find the build requirement or the code that wrote there.",
                faults=[f"{name}: {self.paths[name]}" for name in changed],
            )


def _hash_file(path: Path) -> str:
    try:
        return hashlib.sha256(read_regular_file(path, _LARGEST)).hexdigest()
    except OSError:
        return ""
