"""A git directory of our own over a checkout's objects, refs and index.

A repository's configuration may name programs that git then starts: filters, an ssh command, a credential helper, a
signer. Anyone who can write to a checkout could thus run code with our credentials. Our git therefore reads a
configuration that we write: of the checkout's it holds the keys that are data, and none that names a program. The
user's own configuration (``~/.gitconfig``) holds as ever.

https://git-scm.com/docs/gitrepository-layout and https://git-scm.com/docs/git-config
"""

import os
import re
import shutil
import tempfile
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_DATA_KEY: Final = re.compile(
    r"""
    core\.(?:filemode|symlinks|ignorecase|precomposeunicode|autocrlf|eol|safecrlf|quotepath|longpaths|abbrev
            |sparsecheckout|sparsecheckoutcone|protecthfs|protectntfs|excludesfile|logallrefupdates|splitindex)
    | core\.repositoryformatversion
    | extensions\.(?!worktreeconfig$).+
    | index\.(?:sparse|version)
    | user\.(?:name|email|signingkey|useconfigonly) | (?:author|committer)\.(?:name|email)
    | (?:commit|tag)\.gpgsign | gpg\.format
    | remote\..+\.(?:url|pushurl|fetch|push|promisor|partialclonefilter|tagopt|prune)
    | url\..+\.(?:insteadof|pushinsteadof)
    | branch\..+\.(?:remote|merge)
    | http\.(?:.+\.)?extraheader
    """,
    re.VERBOSE,
)
"""Keys, in lower case but for the middle part, whose values git never starts."""
_REMOVALS: Final[list[Callable[[], object]]] = []
"""Functions that remove the directories of this process, as an error can keep an object alive after its command."""
_SCOPES: Final = ("local", "worktree")
_SPECIAL: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})


@dataclass(frozen=True, eq=False)
class OwnDirectory:
    """The directory, which is removed together with this object.

    Attributes:
        path: given to git as ``GIT_DIR``.
        variables: the environment by which git finds it and what it is over.
    """

    path: Path
    variables: dict[str, str]

    @classmethod
    def over(cls, root: Path, git_dir: Path, common_dir: Path, config: str) -> "OwnDirectory":
        """Make one.

        Args:
            root: the work tree.
            git_dir: the checkout's own; a linked work tree's is not that of its repository.
            common_dir: the repository's.
            config: what ``git config --list --null --show-scope`` printed there.

        Raises:
            OSError: it cannot be made.
        """
        path = Path(tempfile.mkdtemp(prefix="release-tools-git-"))
        variables = {
            "GIT_DIR": str(path),
            "GIT_WORK_TREE": str(root),
            "GIT_INDEX_FILE": str(git_dir / "index"),
            "GIT_OBJECT_DIRECTORY": str(common_dir / "objects"),
        }
        own = cls(path, variables)
        _REMOVALS.append(weakref.finalize(own, shutil.rmtree, path, ignore_errors=True))
        (path / "config").write_text(read_data_config(config), encoding="utf-8", errors="surrogateescape", newline="\n")
        shutil.copyfile(git_dir / "HEAD", path / "HEAD")
        for name in ("refs", "packed-refs", "reftable", "shallow", "info"):
            _link(path / name, common_dir / name)
        _link(path / "logs", git_dir / "logs")
        for shared_index in git_dir.glob("sharedindex.*"):
            _link(path / shared_index.name, shared_index)
        return own

    def carry_over_unshallowing(self, common_dir: Path) -> None:
        """Take the mark of a shallow clone away from the checkout, after git took it away here."""
        if not os.path.lexists(self.path / "shallow"):
            (common_dir / "shallow").unlink(missing_ok=True)


def remove_own_directories() -> None:
    """Remove every directory that is there, as no command runs any more."""
    while _REMOVALS:
        _REMOVALS.pop()()


def read_data_config(listing: str) -> str:
    """Return a configuration file with the keys of a checkout that are data.

    Args:
        listing: what ``git config --list --null --show-scope`` printed: scope and entry by turns, each ended by NUL; an
            entry is a key, a line feed and the value.
    """
    fields = listing.split("\0")
    lines = ["[core]", "\tbare = false"]
    for scope, entry in zip(fields[::2], fields[1::2], strict=False):
        key, line_feed, value = entry.partition("\n")
        if scope in _SCOPES and _DATA_KEY.fullmatch(_canonicalise(key)):
            section, _, name = key.rpartition(".")
            first, dot, middle = section.partition(".")
            lines.append(f'[{first} "{_quote(middle)}"]' if dot else f"[{first}]")
            lines.append(f'\t{name} = "{value.translate(_SPECIAL)}"' if line_feed else f"\t{name}")
    return "\n".join([*lines, ""])


def _canonicalise(key: str) -> str:
    first, _, rest = key.partition(".")
    middle, _, last = rest.rpartition(".")
    return ".".join(part for part in (first.lower(), middle, last.lower()) if part)


def _quote(middle: str) -> str:
    return middle.replace("\\", "\\\\").replace('"', '\\"')


def _link(link: Path, target: Path) -> None:
    """Make a path lead to another one, which need not exist."""
    try:
        link.symlink_to(target)
    except OSError:  # Windows lets not everybody make symbolic links
        if target.is_dir():
            _join(link, target)
        elif target.exists():
            shutil.copyfile(target, link)


def _join(link: Path, target: Path) -> None:
    import _winapi

    _winapi.CreateJunction(str(target), str(link))  # type: ignore[attr-defined,unused-ignore]
