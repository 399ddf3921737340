"""Git, through its command line, with a configuration that a repository cannot turn against its user."""

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from release_tools.errors import RepositoryError
from release_tools.process import ProcessError, run

_NEUTRAL: Final = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "safe.bareRepository=explicit",
    "advice.detachedHead=false",
    "protocol.ext.allow=never",
)
_SCRATCH_CONFIG: Final = (
    "core.autocrlf=false",  # the same bytes on Windows
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "user.name=release-tools",
    "user.email=release-tools@localhost",
)
_GITLINK_MODE: Final = "160000"


@dataclass(frozen=True)
class Head:
    """The commit that is checked out.

    Attributes:
        commit: 40 hexadecimal digits.
        time: of the commit, in seconds since the epoch.
        branch: its branch, empty when detached.
        shallow: whether the history was cut off when it was cloned.
    """

    commit: str
    time: int
    branch: str
    shallow: bool


@dataclass(frozen=True)
class Repository:
    """A git work tree.

    Attributes:
        root: its top folder.
        env: the environment for git, without ``GIT_*``.
    """

    root: Path
    env: Mapping[str, str]

    @classmethod
    def open(cls, folder: Path, env: Mapping[str, str]) -> Self:
        """The repository that a folder lies in.

        Raises:
            RepositoryError: there is none, git refuses to read it, or git is not installed.
        """
        clean = {name: value for name, value in env.items() if not name.startswith("GIT_")}
        clean |= {"GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C.UTF-8"}
        clean |= {name: env[name] for name in ("GIT_SSL_CAINFO", "GIT_SSH_COMMAND") if name in env}
        try:
            top = cls(folder, clean).git("rev-parse", "--show-toplevel").strip()
        except ProcessError as error:
            if error.returncode is None:
                raise RepositoryError("git: not found", "Install git, and see that it is on PATH.") from None
            if "dubious ownership" in error.output:
                raise RepositoryError(
                    f"{folder}: git does not trust this folder, because it belongs to somebody else",
                    f"Type: git config --global --add safe.directory {folder}",
                ) from None
            raise RepositoryError(
                f"{folder}: not in a git repository", "Change to your project's folder, or name it with --project."
            ) from None
        return cls(Path(top), clean)

    def git(self, *arguments: str, stdin: str | None = None) -> str:
        """Run git here and answer its standard output.

        Raises:
            ProcessError: git failed.
        """
        config = (part for item in _NEUTRAL for part in ("-c", item))
        return run(["git", *config, *arguments], cwd=self.root, env=self.env, stdin=stdin).stdout

    def head(self) -> Head:
        """What is checked out.

        Raises:
            RepositoryError: there is no commit yet.
        """
        try:
            line, branch = self.git("log", "-1", "--no-show-signature", "--format=%H %ct%n%D", "HEAD", "--").split(
                "\n"
            )[:2]
            shallow = self.git("rev-parse", "--is-shallow-repository").strip() == "true"
        except ProcessError:
            raise RepositoryError(
                f"{self.root}: the repository has no commit yet",
                'Commit your project first: git add . && git commit -m "First commit"',
            ) from None
        commit, time = line.split()
        pointed = branch.split(", ")[0].removeprefix("HEAD -> ") if branch.startswith("HEAD -> ") else ""
        return Head(commit, int(time), pointed, shallow)

    def changes(self) -> tuple[str, ...]:
        """Paths that differ from the commit, untracked ones included, ignored ones not."""
        status = self.git("status", "--porcelain", "-z", "--no-renames")
        return tuple(entry[3:] for entry in status.split("\0") if entry)

    def tags(self, *, points_at: str = "") -> dict[str, str]:
        """Every tag and the commit that it peels to, or only those on one commit."""
        wanted = ("--points-at", points_at) if points_at else ()
        lines = self.git(
            "for-each-ref", "--format=%(refname:strip=2)%00%(objectname)%00%(*objectname)", *wanted, "refs/tags"
        )
        rows = (line.split("\0") for line in lines.splitlines())
        return {name: peeled or direct for name, direct, peeled in rows}

    def commit_of_tag(self, tag: str) -> str:
        """The commit that a tag peels to; empty where there is no such tag."""
        try:
            return self.git(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"refs/tags/{tag}^{{commit}}"
            ).strip()
        except ProcessError:
            return ""

    def nearest_tag(self, globs: Iterable[str]) -> str:
        """The newest tag in this commit's history that a glob matches; empty where there is none."""
        try:
            return self.git("describe", "--tags", "--abbrev=0", *(f"--match={glob}" for glob in globs)).strip()
        except ProcessError:
            return ""

    def count_commits(self, commit: str) -> int:
        """How many commits lead to this one, itself included."""
        return int(self.git("rev-list", "--count", commit, "--"))

    def submodules(self, commit: str) -> Iterator[tuple[str, str]]:
        """Path and recorded commit of each submodule."""
        if not (self.root / ".gitmodules").exists():
            return
        for entry in self.git("ls-tree", "-r", "-z", commit).split("\0"):
            if entry.startswith(_GITLINK_MODE):
                meta, path = entry.split("\t", 1)
                yield path, meta.split()[2]

    def clone(self, folder: Path, commit: str, *, tag: str = "", with_tags: bool = False) -> Path:
        """A scratch clone at one commit, sharing this repository's objects; no network is used.

        Args:
            folder: where it will lie; must not exist.
            commit: what is checked out, detached.
            tag: the one tag that it is to carry on that commit, instead of any other.
            with_tags: carry the repository's own tags along, where no single tag is given.

        Raises:
            RepositoryError: git failed, or a submodule is recorded but not present.
        """
        try:
            self.git(
                "clone", "--quiet", "--no-checkout", "--shared", "--template=",
                *(() if with_tags else ("--no-tags",)), "--", str(self.root), str(folder),
            )  # fmt: skip
            scratch = Repository(folder, self.env)
            with (folder / ".git" / "config").open("a", encoding="utf-8", newline="\n") as config:
                for item in _SCRATCH_CONFIG:
                    key, value = item.split("=", 1)
                    section, name = key.split(".")
                    config.write(f"[{section}]\n\t{name} = {value}\n")
            scratch.git("checkout", "--quiet", "--detach", commit, "--")
            if tag:
                scratch.git("tag", "--annotate", "--message", tag, "--", tag, commit)
        except ProcessError as error:
            raise RepositoryError(f"{self.root}: could not be cloned: {error.output or error.message}") from None
        for path, recorded in self.submodules(commit):
            present = self.root / path
            if not (present / ".git").exists():
                raise RepositoryError(
                    f"{path}: the submodule is not checked out", "Type: git submodule update --init --recursive"
                )
            (folder / path).rmdir()
            Repository(present, self.env).clone(folder / path, recorded)
        return folder
