"""The files of a project as they are committed, read from a scratch clone."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from release_tools.git.repository import Repository

_REGULAR: Final = ("100644", "100755")
_LINK: Final = "120000"


@dataclass(eq=False)
class CommittedFiles:
    """The files of a project, in a clone that has one commit checked out.

    Attributes:
        clone: the scratch clone.
        folder: of the project in it.
    """

    clone: Repository
    folder: Path

    @cached_property
    def _entries(self) -> dict[str, str]:
        """Return the mode of every entry of the commit, by its path in the project."""
        inner = self.folder.resolve().relative_to(self.clone.root).as_posix()
        prefix = "" if inner == "." else f"{inner}/"
        lines = self.clone.git("ls-files", "--stage", "-z").split("\0")
        entries = (line.split("\t", 1) for line in lines if line)
        return {path.removeprefix(prefix): meta[:6] for meta, path in entries if path.startswith(prefix)}

    def paths(self) -> tuple[str, ...]:
        """Return the path of every regular file, relative to the project, with ``/``."""
        return tuple(path for path, mode in self._entries.items() if mode in _REGULAR)

    def links(self) -> tuple[str, ...]:
        """Return the path of every symbolic link, relative to the project, with ``/``."""
        return tuple(path for path, mode in self._entries.items() if mode == _LINK)

    def read(self, path: str) -> bytes | None:
        """Return the content of a regular file; None where there is none of that path."""
        file = self.folder / PurePosixPath(path)
        if self._entries.get(path) not in _REGULAR or file.is_symlink():
            return None
        return file.read_bytes() if file.is_file() else None

    def write(self, path: str, content: bytes) -> None:
        """Replace the content of a regular file."""
        (self.folder / PurePosixPath(path)).write_bytes(content)
