"""A commit made in a scratch clone and then taken into a checkout, so that a killed run leaves nothing half done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from release_tools.errors import RepositoryError
from release_tools.git.repository import Repository, make_git_environment
from release_tools.git.tags import choose_identity
from release_tools.system.process import ProcessError

_ABSENT: Final = ""
_BUSY: Final = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD")


@dataclass(frozen=True)
class FileChange:
    """The change of one file, by the names of its contents as git objects.

    Attributes:
        path: in the repository.
        before: the object that is committed; empty where the file is new.
        after: the object that it becomes; empty where the file is removed.
        mode: that it gets, as git writes it; ``100644`` for most, ``000000`` where the file is removed.
    """

    path: str
    before: str
    after: str
    mode: str = "100644"


def clone_prepared(scratch: Path, env: Mapping[str, str]) -> Repository:
    """Return the scratch clone in which a release is prepared, whether it is made yet or not.

    Args:
        scratch: a folder of this run's own.
        env: the environment of the process.
    """
    return Repository(scratch / "prepared", make_git_environment(env))


def list_staged_changes(clone: Repository) -> tuple[FileChange, ...]:
    """Stage everything that differs in a scratch clone, and return the changes.

    Raises:
        RepositoryError: git failed.
    """
    try:
        clone.git("add", "--all")
        rows = clone.git("diff", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev", "HEAD").split("\0")
    except ProcessError as error:
        raise RepositoryError(f"git could not compare the files: {error.output or error.message}") from None
    changes = []
    for meta, path in zip(rows[::2], rows[1::2], strict=False):
        _, mode, before, after, _ = meta.split(" ")
        changes.append(FileChange(path, before.strip("0") and before, after.strip("0") and after, mode))
    return tuple(changes)


def read_staged_diff(clone: Repository) -> str:
    """Return what is staged in a scratch clone, as people read it."""
    return clone.git("diff", "--cached", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv", "HEAD")


def write_patch(clone: Repository, file: Path) -> None:
    """Write what is staged in a scratch clone as a patch that ``git apply`` takes; binary files included.

    Raises:
        RepositoryError: the file cannot be written.
    """
    try:
        clone.git(
            "diff", "--cached", "--binary", "--full-index", "--no-renames", "--no-color", "--no-ext-diff",
            "--no-textconv", f"--output={file}", "HEAD",
        )  # fmt: skip
    except ProcessError as error:
        raise RepositoryError(f"{file}: cannot be written: {error.output or error.message}") from None


def apply_patch(clone: Repository, file: Path) -> None:
    """Apply a patch in a scratch clone, and stage it.

    Raises:
        RepositoryError: the patch is none, or not for the commit that is checked out.
    """
    try:
        clone.git("apply", "--index", "--whitespace=nowarn", "--", str(file.resolve()))
    except ProcessError as error:
        raise RepositoryError(
            f"{file}: git cannot apply it: {error.output or error.message}",
            "Make the patch from the commit that is checked out: release-tools prepare VERSION --patch FILE",
        ) from None


def list_uncommitted(repository: Repository, changes: Iterable[FileChange]) -> list[str]:
    """Return those of the files that have other uncommitted changes in a checkout than the ones to be made.

    A file that is as it is to be counts as committed: an earlier run was ended before its commit.
    """
    found = []
    for change in changes:
        allowed = {change.before, change.after}
        if (
            _hash_in_work_tree(repository, change.path) not in allowed
            or _hash_in_index(repository, change.path) not in allowed
        ):
            found.append(change.path)
    return found


def commit_staged(repository: Repository, clone: Repository, message: str) -> str:
    """Commit what is staged in a scratch clone, as its repository would commit it, and bring the commit there.

    No branch has the commit yet.

    Raises:
        RepositoryError: git refused; it cannot sign, for example.
    """
    name, email = choose_identity(repository)
    person = ("-c", f"user.name={name}", "-c", f"user.email={email}")
    signs = repository.git("config", "--type=bool", "--default=false", "--get", "commit.gpgSign").strip() == "true"
    try:
        clone.git(
            *person, "commit", "--quiet", "--cleanup=whitespace", "--file=-", *(("--gpg-sign",) if signs else ()),
            stdin=message,
        )  # fmt: skip
        repository.git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", str(clone.root), "HEAD")
    except ProcessError as error:
        raise RepositoryError(f"git could not commit: {error.output or error.message}") from None
    return clone.head().commit


def check_out_changes(repository: Repository, changes: Iterable[FileChange], commit: str, *, stage: bool) -> None:
    """Give the files of a checkout the content that they have in a commit; nothing else is touched.

    Args:
        repository: the checkout.
        changes: between what is checked out and the commit.
        commit: to take the contents from.
        stage: whether the index gets them too.

    Raises:
        RepositoryError: git failed; another git is at work, for example.
    """
    paths = [
        change.path
        for change in changes
        if _hash_in_work_tree(repository, change.path) != change.after
        or (stage and _hash_in_index(repository, change.path) != change.after)
    ]
    if not paths:
        return
    options = ("--staged",) if stage else ()
    try:
        repository.git(
            "--literal-pathspecs", "restore", f"--source={commit}", "--worktree", *options,
            "--pathspec-from-file=-", "--pathspec-file-nul", stdin="\0".join(paths),
        )  # fmt: skip
    except ProcessError as error:
        raise RepositoryError(f"git could not write the files: {error.output or error.message}") from None


def advance_branch(repository: Repository, before: str, commit: str, reason: str) -> None:
    """Let the branch that is checked out go on to a commit whose files are checked out already.

    Raises:
        RepositoryError: the branch is not where it was, for another command moved it.
    """
    try:
        repository.git("update-ref", "-m", reason, "HEAD", commit, before)
    except ProcessError as error:
        raise RepositoryError(f"git could not move the branch: {error.output or error.message}") from None


def copy_tags_and_remotes(repository: Repository, clone: Repository) -> None:
    """Give a scratch clone the tags, the remotes and the remote branches of its repository.

    Raises:
        RepositoryError: git failed.
    """
    try:
        clone.git("remote", "remove", "origin")
        refs = ("+refs/tags/*:refs/tags/*", "+refs/remotes/*:refs/remotes/*")
        clone.git("fetch", "--quiet", "--no-write-fetch-head", "--", str(repository.root), *refs)
        for name in repository.git("remote").split():
            clone.git("remote", "add", "--", name, repository.git("config", "--get", f"remote.{name}.url").strip())
    except ProcessError as error:
        raise RepositoryError(f"git could not copy the tags: {error.output or error.message}") from None


def refuse_unfinished(repository: Repository) -> None:
    """Refuse to commit where that would be lost, or would end what somebody has started.

    Raises:
        RepositoryError: no branch is checked out, or a merge is not finished.
    """
    if not repository.head().branch:
        raise RepositoryError("no branch is checked out, so nothing can be committed", "Type: git switch main")
    for name in _BUSY:
        if (_find_git_directory(repository) / name).exists():
            raise RepositoryError(
                f"a merge is not finished: {name} exists", "Finish the merge, or abort it: git merge --abort"
            )


def _find_git_directory(repository: Repository) -> Path:
    """Return the checkout's own git directory, which is that of its index, also in a linked work tree."""
    own = repository.own
    return Path(own.variables["GIT_INDEX_FILE"]).parent if own else repository.root / ".git"


def _hash_in_work_tree(repository: Repository, path: str) -> str:
    file = repository.root / path
    if not file.is_symlink() and not file.exists():
        return _ABSENT
    if file.is_symlink() or not file.is_file():
        return "another kind of file"
    return repository.git("hash-object", f"--path={path}", "--", str(file)).strip()


def _hash_in_index(repository: Repository, path: str) -> str:
    entry = repository.git("--literal-pathspecs", "ls-files", "--stage", "-z", "--", path)
    return entry.split(" ")[1] if entry else _ABSENT
