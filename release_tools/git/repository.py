"""Git, through its command line, with a configuration that a repository cannot turn against its user."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

from release_tools.errors import RepositoryError
from release_tools.git.own_directory import OwnDirectory
from release_tools.system.credentials import is_secret
from release_tools.system.process import Completed, ProcessError, run
from release_tools.system.tool_settings import GIT

_SCRATCH_CONFIG: Final = """\
[core]
\tautocrlf = false
\teol = lf
\tfsmonitor = false
\thooksPath = {devnull}
[filter "lfs"]
\tclean =
\tsmudge =
\tprocess =
\trequired = false
[commit]
\tgpgSign = false
[tag]
\tgpgSign = false
[user]
\tname = release-tools
\temail = release-tools@localhost
"""
"""Line ends as they were committed, on Windows too; and nothing that the user's own configuration would start."""
_GITLINK_MODE: Final = "160000"
_SEVERITY: Final = re.compile(r"^(?:fatal|error): ", re.MULTILINE)
"""Match how git begins its own messages, which are shown below a message of ours."""
_CHANGING: Final = frozenset({"clone", "commit", "fetch", "push", "tag", "update-ref"})
"""Commands after which the tags may be others."""


@dataclass(frozen=True)
class Head:
    """The commit that is checked out.

    Attributes:
        commit: its full hexadecimal name.
        time: of the commit, in seconds since the epoch.
        branch: its branch, empty when detached.
    """

    commit: str
    time: int
    branch: str


@dataclass(frozen=True)
class TagRef:
    """A tag.

    Attributes:
        name: its name.
        commit: what it peels to.
        time: when it was made, in seconds since the epoch: of the commit, where it is not annotated; 0 where it is on
            something else than a commit.
    """

    name: str
    commit: str
    time: int


@dataclass(frozen=True)
class Nearest:
    """The newest tag in a commit's history.

    Attributes:
        tag: its name.
        distance: how many commits came since; 0 where it is on the commit itself.
        rev: the commit's abbreviated name.
    """

    tag: str
    distance: int
    rev: str


@dataclass(frozen=True)
class Submodule:
    """A repository that a commit carries inside.

    Attributes:
        path: where, in the repository around it.
        commit: the one that is recorded.
        present: whether it is checked out.
    """

    path: str
    commit: str
    present: bool


class GitError(ProcessError):
    """Git failed; its own words are the faults."""

    exit_code = RepositoryError.exit_code


def make_git_environment(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for git: without ``GIT_*``, and without secrets, as git has logins of its own."""
    return GIT.apply({name: value for name, value in env.items() if not is_secret(name)})


@dataclass(eq=False)
class Repository:
    """A git work tree, with the tags that were read from it.

    Attributes:
        root: its top folder, without symbolic links.
        env: the environment for git, as `make_git_environment` returns it.
        shallow: whether the history was cut off when it was cloned.
        own: the git directory that is used; None for a scratch clone, whose own one we made.
        common: the git directory of the repository itself.
    """

    root: Path
    env: Mapping[str, str]
    shallow: bool = False
    own: OwnDirectory | None = field(default=None, repr=False, compare=False)
    common: Path = Path(".git")
    _tag_refs: tuple[TagRef, ...] | None = field(default=None, init=False, repr=False)
    _tag_names: tuple[str, ...] | None = field(default=None, init=False, repr=False)

    @classmethod
    def open(cls, folder: Path, env: Mapping[str, str]) -> Self:
        """Open the repository that a folder is in.

        Raises:
            RepositoryError: there is none, git refuses to read it, or git is not installed.
        """
        clean = make_git_environment(env)
        plain = cls(folder, clean)
        try:
            shallow, git_dir, common, top = plain._find_locations()
            listing = plain.git("config", "--list", "--null", "--show-scope", "--includes")
            own = OwnDirectory.over(top, git_dir, common, listing)
        except ProcessError as error:
            raise _explain_not_opened(folder, error) from None
        except OSError as error:
            reason = f"{error.strerror}: {error.filename}"
            raise RepositoryError(f"{folder}: the repository cannot be read: {reason}") from None
        return cls(top, clean, shallow, own, common)

    def _find_locations(self) -> tuple[bool, Path, Path, Path]:
        """Return whether the repository is shallow, its git directory, the common one and its top folder."""
        query = ("rev-parse", "--path-format=absolute")
        names = ("--is-shallow-repository", "--git-dir", "--git-common-dir", "--show-toplevel")
        lines = self.git(*query, *names).removesuffix("\n").split("\n")
        if len(lines) != len(names):  # a folder's name has a line end
            lines = [self.git(*query, name).removesuffix("\n") for name in names]
        shallow, git_dir, common, top = lines
        return shallow == "true", Path(git_dir), Path(common), Path(top).resolve()

    def git(self, *arguments: str, stdin: str | None = None, timeout: float | None = None) -> str:
        """Run git here and return its standard output.

        Args:
            arguments: the command and its own.
            stdin: text on its standard input.
            timeout: seconds after which it is ended; never if None.

        Raises:
            GitError: git failed, or took too long.
        """
        if not _CHANGING.isdisjoint(arguments):
            self._tag_refs = self._tag_names = None
        return self._run(*arguments, stdin=stdin, timeout=timeout).stdout

    def _run(self, *arguments: str, stdin: str | None = None, timeout: float | None = None) -> Completed:
        env = {**self.env, **self.own.variables} if self.own else self.env
        return _run_git(arguments, self.root, env, stdin, timeout)

    def unshallow(self, remote: str, login: Mapping[str, str]) -> None:
        """Fetch the history and the tags that a shallow clone lacks.

        Args:
            remote: the name of the one to fetch from.
            login: variables of the environment that let git in.

        Raises:
            GitError: git failed.
        """
        complete = ("fetch", "--quiet", "--unshallow", "--tags", "--force", remote)
        replace(self, env={**self.env, **login}).git("-c", "fetch.recurseSubmodules=false", *complete)
        if self.own:
            self.own.carry_over_unshallowing(self.common)

    def head(self) -> Head:
        """Return the commit that is checked out.

        Raises:
            RepositoryError: there is no commit yet.
        """
        try:
            commit, time = self.git("log", "-1", "--no-show-signature", "--format=%H %ct", "HEAD", "--").split()
        except ProcessError:
            raise RepositoryError(
                f"{self.root}: the repository has no commit yet",
                'Commit your project first: git add . && git commit -m "First commit"',
            ) from None
        try:
            branch = self.git("symbolic-ref", "--quiet", "--short", "HEAD").strip()
        except ProcessError:
            branch = ""
        return Head(commit, int(time), branch)

    def changes(self) -> tuple[str, ...]:
        """Return the paths that differ from the commit, untracked ones included, ignored ones not."""
        # Git would look into a submodule by the configuration that it finds there.
        status = self.git("status", "--porcelain", "-z", "--no-renames", "--ignore-submodules=dirty")
        paths = [entry[3:] for entry in status.split("\0") if entry]
        for submodule in self.submodules("HEAD"):
            if submodule.present and submodule.path not in paths:
                inner = Repository.open(self.root / submodule.path, self.env)
                paths += [submodule.path] if inner.changes() else []
        return tuple(paths)

    def tags(self, *, points_at: str = "") -> dict[str, str]:
        """Return every tag and the commit that it peels to, or only those on one commit."""
        return {tag.name: tag.commit for tag in self.tag_refs() if points_at in ("", tag.commit)}

    def tag_names(self) -> tuple[str, ...]:
        """Return the name of every tag, which costs far less than what each is on; kept as `tag_refs` keeps them."""
        if self._tag_names is None:
            self._tag_names = tuple(self.git("for-each-ref", "--format=%(refname:strip=2)", "refs/tags").splitlines())
        return self._tag_names

    def tag_refs(self) -> tuple[TagRef, ...]:
        """Return every tag, by name; they are read once, and again after a command that may change them."""
        if self._tag_refs is None:
            form = "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)%00%(creatordate:unix)"
            rows = (line.split("\0") for line in self.git("for-each-ref", form, "refs/tags").splitlines())
            self._tag_refs = tuple(
                TagRef(name, peeled or direct, int(time or 0)) for name, direct, peeled, time in rows
            )
        return self._tag_refs

    def tags_merged_into(self, commit: str) -> frozenset[str]:
        """Return the names of the tags in the history of a commit, its own among them."""
        return frozenset(
            self.git("for-each-ref", "--format=%(refname:strip=2)", f"--merged={commit}", "refs/tags").splitlines()
        )

    def commit_of_tag(self, tag: str) -> str:
        """Return the commit that a tag peels to; empty where there is no such tag."""
        try:
            return self.git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"refs/tags/{tag}^{{commit}}"
            ).strip()
        except ProcessError:
            return ""

    def nearest_tag(self, match: Iterable[str], exclude: Iterable[str] = ()) -> Nearest | None:
        """Return the newest tag in the history of HEAD that a glob matches; None where there is none.

        Args:
            match: globs, of which a tag must match one.
            exclude: globs, of which it must match none.
        """
        globs = (*(f"--match={glob}" for glob in match), *(f"--exclude={glob}" for glob in exclude))
        try:
            tag, distance, rev = self.git("describe", "--tags", "--long", *globs, "HEAD").strip().rsplit("-", 2)
        except ProcessError:
            return None
        return Nearest(tag, int(distance), rev.removeprefix("g"))

    def count_commits(self, commit: str) -> int:
        """Count the commits that lead to this one, itself included."""
        return int(self.git("rev-list", "--count", commit, "--"))

    def submodules(self, commit: str) -> tuple[Submodule, ...]:
        """Return the repositories that a commit carries inside, not those inside these."""
        if not self.git("ls-tree", "--name-only", commit, "--", ".gitmodules"):
            return ()
        entries = (entry.split("\t", 1) for entry in self.git("ls-tree", "-r", "-z", commit, "--").split("\0") if entry)
        return tuple(
            Submodule(path, meta.split()[2], (self.root / path / ".git").exists())
            for meta, path in entries
            if meta.startswith(_GITLINK_MODE)
        )

    def clone(self, folder: Path, commit: str, *, tag: str = "", with_tags: bool = False) -> Path:
        """Make a scratch clone at one commit, sharing this repository's objects; no network is used.

        Submodules are carried along where they are checked out here, and stay empty where they aren't.

        Args:
            folder: where it will lie; must not exist.
            commit: what is checked out, detached.
            tag: the one tag that it is to carry on that commit, instead of any other.
            with_tags: carry the repository's own tags along, where no single tag is given.

        Raises:
            RepositoryError: git failed.
        """
        tags = () if with_tags else ("--no-tags",)
        options = ("--quiet", "--no-checkout", "--shared", "--template=", "--no-recurse-submodules", *tags)
        try:
            _run_git(("clone", *options, "--", str(self.root), str(folder)), folder.parent, self.env)
            scratch = Repository(folder, self.env)
            with (folder / ".git" / "config").open("a", encoding="utf-8", newline="\n") as config:
                config.write(_SCRATCH_CONFIG.format(devnull=os.devnull))
            said = scratch._run("checkout", "--quiet", "--detach", commit, "--").stderr
            if tag:
                scratch.git("tag", "--annotate", "--message", tag, "--", tag, commit)
        except ProcessError as error:
            raise RepositoryError(f"{self.root}: could not be cloned: {error.output or error.message}") from None
        lost = [line.removeprefix("error: ") for line in said.splitlines() if line.startswith("error: ")]
        if lost and scratch.changes():
            # Git goes on without the files whose content it does not find, and exits with 0.
            raise RepositoryError(
                f"{self.root}: objects of {commit} are missing, so it cannot be built",
                "The clone is partial or damaged. Type: git fetch --refetch origin, or clone it again.",
                faults=lost,
            )
        self._clone_submodules(folder, commit)
        return folder

    def _clone_submodules(self, folder: Path, commit: str) -> None:
        for submodule in self.submodules(commit):
            if submodule.present:
                inner = folder / submodule.path
                inner.rmdir()
                Repository.open(self.root / submodule.path, self.env).clone(inner, submodule.commit)


def _run_git(
    arguments: Sequence[str],
    folder: Path,
    env: Mapping[str, str],
    stdin: str | None = None,
    timeout: float | None = None,
) -> Completed:
    options = (part for item in GIT.options for part in ("-c", item))
    try:
        return run(["git", *options, *arguments], cwd=folder, env=env, stdin=stdin, timeout=timeout, may_ask=True)
    except ProcessError as error:
        raise _explain_failure(error, arguments, folder) from None


def _explain_failure(error: ProcessError, arguments: Sequence[str], folder: Path) -> GitError:
    """Return the error that names the command and git's reason, which is the last line that it wrote."""
    output = _SEVERITY.sub("", error.output)
    if error.returncode is None or error.returncode < 0:
        return GitError(error.message, output, error.returncode)
    *earlier, reason = [line for line in output.splitlines() if line.strip()] or [f"exit code {error.returncode}"]
    explained = GitError(f"git {_name_command(arguments)} failed in {folder}: {reason}", output, error.returncode)
    explained.faults = tuple(earlier)
    return explained


def _name_command(arguments: Sequence[str]) -> str:
    """Return the command among the arguments of git, without the settings before it."""
    settings = {at + 1 for at, part in enumerate(arguments) if part == "-c"}
    commands = (part for at, part in enumerate(arguments) if at not in settings and not part.startswith("-"))
    return next(commands, "")


def _explain_not_opened(folder: Path, error: ProcessError) -> RepositoryError:
    if error.returncode is None:
        return RepositoryError("git: not found", "Install git, and check that it is on PATH.")
    if "dubious ownership" in error.output:
        return RepositoryError(
            f"{folder}: git does not trust this folder, because it belongs to another user",
            f"Type: git config --global --add safe.directory {folder}",
        )
    if "bad config" in error.output:
        return RepositoryError(f"{folder}: git cannot read its configuration: {error.output}")
    return RepositoryError(
        f"{folder}: not in a git repository", "Change to your project's folder, or pass it with --project."
    )
