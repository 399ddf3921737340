"""Git repositories made in milliseconds."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.network import OFFLINE

FIRST_COMMIT = 1_767_225_600  # 2026-01-01, and a minute later for each commit after it
ENV = {
    **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
}


PYPROJECT = """\
[build-system]
requires = ["hatchling", "versioningit"]
build-backend = "hatchling.build"

[project]
name = "demo"
dynamic = ["version"]

[tool.hatch.version]
source = "versioningit"
"""


GIT = (
    *("git", "-c", "protocol.file.allow=always"),
    *("-c", "maintenance.auto=false", "-c", "fastimport.unpackLimit=1"),  # to pack and unpack takes a process each
)
"""The command of git that makes repositories for tests."""


@dataclass(frozen=True)
class Checkout:
    """A repository with its work tree.

    Attributes:
        root: the work tree.
        home: of its person, with the git configuration; None where git has no configuration but a name.
        more: further environment: proxies, tokens.
    """

    root: Path
    home: Path | None = None
    more: dict[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, folder: Path, remote: str, more: Mapping[str, str] | None = None) -> "Checkout":
        """Make a small project with one commit, and a remote; nothing is pushed."""
        checkout = cls(folder / "demo", folder / "home", dict(more or {}))
        checkout.root.mkdir()
        (folder / "home").mkdir(exist_ok=True)
        checkout.git("init", "--quiet", "--initial-branch=main")
        (folder / "home" / ".gitconfig").write_text("[user]\n\tname = Ana Author\n\temail = ana@example.org\n")
        checkout.git("remote", "add", "origin", remote)
        checkout.commit({"pyproject.toml": PYPROJECT, "demo.py": "x = 1\n"})
        return checkout

    @property
    def env(self) -> dict[str, str]:
        """Return the environment of a command that is called here."""
        if self.home is None:
            return {**ENV, **self.more}
        names = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        return {**kept, **OFFLINE, "HOME": str(self.home), "USERPROFILE": str(self.home), **self.more}

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str, stdin: bytes | None = None) -> str:
        done = subprocess.run(
            [*GIT, *arguments], cwd=self.root, env=self.env, input=stdin, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")

    def commit(self, files: Mapping[str, str] | None = None, message: str = "Change") -> None:
        """Commit these files, and whatever else is there."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)


def make_repository(root: Path, files: Mapping[str, str], history: str = ".") -> Checkout:
    """A repository with that history.

    Args:
        root: its folder, made if it is missing.
        files: in its first commit, by path.
        history: a dot for each commit, and after it the tags on that commit: ``. v1.0 . . v1.1``; a tag is annotated
            unless ``~`` stands before it.
    """
    root.mkdir(parents=True, exist_ok=True)
    checkout = Checkout(root)
    checkout.git("init", "--quiet", "--initial-branch", "main", "--template=")
    if history:
        checkout.git("fast-import", "--quiet", stdin=_stream(files, history.split()))
        checkout.git("reset", "--quiet", "--hard", "main")
    else:
        checkout.write(files)
    return checkout


def _stream(files: Mapping[str, str], words: list[str]) -> bytes:
    parts, commits, reset = [], 0, []
    for word in words:
        when = f"Ada <ada@example.org> {FIRST_COMMIT + 60 * commits} +0000"
        if word == ".":
            commits += 1
            parts.append(f"commit refs/heads/main\nmark :{commits}\ncommitter {when}\ndata 6\nChange\n".encode())
            if commits == 1:
                parts += [_file(name, text.encode()) for name, text in files.items()]
        elif word.startswith("~"):
            reset.append(f"reset refs/tags/{word[1:]}\nfrom :{commits}\n\n".encode())
        else:
            parts.append(f"tag {word}\nfrom :{commits}\ntagger {when}\ndata 3\nTag\n".encode())
    return b"".join([*parts, *reset])


def _file(name: str, content: bytes) -> bytes:
    return b"M 644 inline %s\ndata %d\n%s\n" % (name.encode(), len(content), content)
