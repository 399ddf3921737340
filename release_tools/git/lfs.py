"""Git LFS: put real content into a clone, where the checkout has it.

Git stores a small text, the pointer, for each file that Git LFS tracks. The content is in the checkout's own store,
``.git/lfs/objects``, or in its work tree, named by its digest; so it is copied and verified here, and no filter that a
repository could name is run. Nothing is fetched. https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
"""

import hashlib
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from release_tools.errors import RepositoryError
from release_tools.git.repository import Repository
from release_tools.system.process import ProcessError

_POINTER: Final = re.compile(
    rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
_LONGEST_POINTER: Final = 1024


@dataclass(frozen=True)
class Pointer:
    """The pointer to one file's content.

    Attributes:
        path: of the file in its repository.
        digest: sha256 of the content, hexadecimal.
        size: of the content, in bytes.
    """

    path: str
    digest: str
    size: int


def restore_content(repository: Repository, clone: Path) -> tuple[str, ...]:
    """Replace the pointers in a clone by the content that the checkout has.

    To git the clone stays clean, so that a version that is derived from it is the same as without Git LFS.

    Args:
        repository: the checkout.
        clone: its clone; pointers in it whose content is not in the checkout stay.

    Returns:
        The paths that stay pointers.

    Raises:
        RepositoryError: git failed.
    """
    scratch = Repository(clone, repository.env)
    try:
        pointers = list(_find_pointers(scratch))
        restored = _restore_all(pointers, repository, clone)
        if restored:
            paths = "".join(f"{path}\0" for path in restored)
            scratch.git("update-index", "--assume-unchanged", "-z", "--stdin", stdin=paths)
    except ProcessError as error:
        raise RepositoryError(
            f"{repository.root}: the content of Git LFS could not be read: {error.output or error.message}",
            "Type: git lfs pull",
        ) from None
    return tuple(pointer.path for pointer in pointers if pointer.path not in restored)


def _restore_all(pointers: Sequence[Pointer], repository: Repository, clone: Path) -> list[str]:
    """Replace pointers in a clone, and return the paths of those whose content was found."""
    if not pointers:
        return []
    store = _store(repository)
    return [pointer.path for pointer in pointers if _restore(pointer, repository.root, store, clone)]


def _find_pointers(scratch: Repository) -> Iterator[Pointer]:
    """Yield the pointers among the files that ``.gitattributes`` gives to Git LFS."""
    for path in scratch.git("ls-files", "-z", "--", ":(attr:filter=lfs)").split("\0"):
        file = scratch.root / path
        if path and file.is_file() and not file.is_symlink() and file.stat().st_size <= _LONGEST_POINTER:
            match = _POINTER.fullmatch(file.read_bytes())
            if match:
                yield Pointer(path, match[1].decode(), int(match[2]))


def _store(repository: Repository) -> Path:
    """Return the folder in which the checkout keeps content, by digest."""
    common = repository.root / repository.common
    try:
        stated = repository.git("config", "--file", str(common / "config"), "--get", "lfs.storage").removesuffix("\n")
    except ProcessError:  # it is not set
        stated = ""
    return common / (stated or "lfs") / "objects"


def _restore(pointer: Pointer, checkout: Path, store: Path, clone: Path) -> bool:
    """Copy the content of a pointer into the clone; return whether the checkout has it."""
    stored = store / pointer.digest[:2] / pointer.digest[2:4] / pointer.digest
    for source in (stored, checkout / pointer.path):
        if _has_content(source, pointer):
            target = clone / pointer.path
            mode = target.stat().st_mode
            copy = target.with_name(f"{target.name}.lfs-content")
            shutil.copyfile(source, copy)
            copy.chmod(mode)
            if _has_content(copy, pointer):
                copy.replace(target)
                return True
            copy.unlink()
    return False


def _has_content(path: Path, pointer: Pointer) -> bool:
    if path.is_symlink() or not path.is_file() or path.stat().st_size != pointer.size:
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == pointer.digest
