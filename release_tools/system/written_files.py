"""The files that we wrote to a folder in which people keep files too; only ours are ever replaced or removed.

A record in the folder has the digest of each file that we wrote. A file that is not in the record, or that was changed
since, belongs to somebody else.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from release_tools.errors import OutputError
from release_tools.regular_files import open_regular_file, read_regular_file
from release_tools.system.whole_files import write_whole

RECORD: Final = ".release-tools-files"
"""The record's name; a line of it is a digest and a path, as sha256sum writes them."""
_LINE: Final = re.compile(r"([0-9a-f]{64})  ([^./\\\n][^/\\\n]*+(?:/[^./\\\n][^/\\\n]*+)?+)")
_LARGEST: Final = 1_000_000


class WrittenFiles:
    """The files that we wrote to one folder, by a record that we keep there."""

    def __init__(self, folder: Path) -> None:
        """Read the record of a folder, which need not exist.

        Raises:
            OutputError: there is something else under the record's name.
        """
        self.folder = folder
        self._known = self._read()

    def replace_all(self, texts: Mapping[str, str]) -> None:
        """Write these texts, and remove what was written before and is not among them.

        Raises:
            OSError: the folder cannot be written to.
            OutputError: a file of such a name is not ours; nothing was changed.
        """
        contents = {name: text.encode("utf-8") for name, text in texts.items()}
        new = {(hashlib.sha256(content).hexdigest(), name) for name, content in contents.items()}
        self._refuse_foreign(new)
        stale = {(digest, name) for digest, name in self._known if name not in texts and self._is_unchanged(name)}
        self._write_record(self._known | new)  # a run that is killed after this finds all of its files again
        for name, content in contents.items():
            write_whole(self.folder / name, content)
        for _, name in stale:
            (self.folder / name).unlink()
        self._write_record(new)

    def add(self, name: str, content: bytes) -> None:
        """Write one more file, under a path in the folder.

        Raises:
            OSError: the folder cannot be written to.
            OutputError: a file of that name is not ours.
        """
        new = {(hashlib.sha256(content).hexdigest(), name)}
        self._refuse_foreign(new)
        self._write_record(self._known | new)
        write_whole(self.folder / name, content)

    def _refuse_foreign(self, new: Iterable[tuple[str, str]]) -> None:
        foreign = sorted(
            name
            for digest, name in new
            if self._is_there(name) and not self._is_unchanged(name) and self._digest(name) != digest
        )
        if foreign:
            raise OutputError(
                f"{self.folder}: not written by release-tools, or changed since: {', '.join(foreign)}",
                "Nothing was overwritten. Move it away, or choose another folder with --packages-dir.",
            )

    def _is_there(self, name: str) -> bool:
        path = self.folder / name
        return os.path.lexists(path) or path.parent.is_symlink() or self.folder.is_symlink()

    def _is_unchanged(self, name: str) -> bool:
        return (self._digest(name), name) in self._known

    def _digest(self, name: str) -> str:
        """Return the digest of a regular file; empty where there is none, or a link on the way to it."""
        path = self.folder / name
        if any(part.is_symlink() for part in (path, path.parent, self.folder)):
            return ""
        try:
            with open_regular_file(path) as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:
            return ""

    def _read(self) -> set[tuple[str, str]]:
        path = self.folder / RECORD
        try:
            text = read_regular_file(path, _LARGEST).decode("utf-8", errors="replace")
        except FileNotFoundError:
            return set()
        except OSError as error:
            raise OutputError(f"{path}: cannot be read: {error.strerror}", "Remove it, and run again.") from None
        found = (_LINE.fullmatch(line) for line in text.splitlines())
        return {(line[1], line[2]) for line in found if line}

    def _write_record(self, known: set[tuple[str, str]]) -> None:
        lines = "".join(f"{digest}  {name}\n" for digest, name in sorted(known))
        write_whole(self.folder / RECORD, lines)
        self._known = known
