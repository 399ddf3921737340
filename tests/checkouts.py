"""Checkouts of a small project, with a home of their own, for commands that speak git."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.network import OFFLINE

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


@dataclass(frozen=True)
class Checkout:
    """A clone of the project on somebody's machine.

    Attributes:
        path: the work tree.
        home: with the git configuration of its person.
        more: further environment: proxies, tokens.
    """

    path: Path
    home: Path
    more: dict[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, folder: Path, remote: str, more: Mapping[str, str] | None = None) -> "Checkout":
        """A project with one commit, and its remote; nothing is pushed."""
        checkout = cls(folder / "demo", folder / "home", dict(more or {}))
        checkout.path.mkdir()
        checkout.home.mkdir()
        checkout.git("init", "--quiet", "--initial-branch=main")
        checkout.git("config", "--global", "user.name", "Ana Author")
        checkout.git("config", "--global", "user.email", "ana@example.org")
        checkout.git("remote", "add", "origin", remote)
        checkout.commit({"pyproject.toml": PYPROJECT, "demo.py": "x = 1\n"})
        return checkout

    @property
    def env(self) -> dict[str, str]:
        """The environment of a command that is called here."""
        names = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        return {**kept, **OFFLINE, "HOME": str(self.home), "USERPROFILE": str(self.home), **self.more}

    def git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=self.path, env=self.env, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, files: Mapping[str, str], message: str = "Work") -> str:
        """Commit these files; gives the commit."""
        for name, text in files.items():
            (self.path / name).write_text(text, encoding="utf-8", newline="\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.head

    @property
    def head(self) -> str:
        return self.git("rev-parse", "HEAD")
