"""The patch of a preparation that another job made, applied in the scratch clone."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from release_tools.engine.context import Context
from release_tools.errors import RepositoryError
from release_tools.git import local_commit
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Release

_LARGEST: Final = 5_000_000
"""In bytes."""
_MODES: Final = frozenset({"000000", "100644", "100755"})
_FORBIDDEN: Final = ".github"
"""Nothing that a preparation changes is there, and what runs in jobs with rights is."""


def apply_preparation(context: Context, release: Release) -> Release | Skip:
    """Apply the patch; it was made where the project's own code ran, so it may change regular files alone.

    Raises:
        RepositoryError: it is no patch of the commit that is checked out, or changes what no preparation does.
    """
    file = Path(context.request.patch)
    if not _measure(file):
        return Skip("the patch is empty: everything is prepared already")
    clone = local_commit.clone_prepared(context.scratch, context.env)
    local_commit.apply_patch(clone, file)
    changes = local_commit.list_staged_changes(clone)
    faults = list(_find_forbidden(changes))
    if faults:
        raise RepositoryError(
            f"{file}: changes files that prepare never changes", "Find out what wrote the patch.", faults=faults
        )
    diff = Document(f"Changes for {release.version}", local_commit.read_staged_diff(clone), "diff")
    note = Note(State.DONE, f"{file.name} applies", ", ".join(change.path for change in changes))
    context.report.add(diff)
    context.report.add(note)
    return release


def _find_forbidden(changes: Iterable[local_commit.FileChange]) -> Iterator[str]:
    """Yield the changes that no preparation makes."""
    for change in changes:
        if change.mode not in _MODES:
            yield f"{change.path}: not a regular file"
        if _FORBIDDEN in Path(change.path).parts:
            yield change.path


def _measure(file: Path) -> int:
    """Return the size of a patch, in bytes.

    Raises:
        RepositoryError: it does not exist, or is larger than any preparation.
    """
    if not file.is_file():
        raise RepositoryError(
            f"{file}: no such file", "Write the patch first: release-tools prepare VERSION --patch FILE"
        )
    size = file.stat().st_size
    if size > _LARGEST:
        raise RepositoryError(f"{file}: larger than {_LARGEST:,} bytes", "Check that it is the right file.")
    return size
