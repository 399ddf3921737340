"""Real bare git repositories, spoken to by git's own plumbing and served by git's own http-backend."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.servers.base import Request, Response

EPOCH: Final = 1_767_225_600  # 2026-01-01T00:00:00Z, when every double's time begins

_ENVIRONMENT: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_DEFAULT_REF_FORMAT": "files",
    "GIT_AUTHOR_NAME": "Ana Author",
    "GIT_AUTHOR_EMAIL": "ana@example.org",
    "GIT_COMMITTER_NAME": "Ana Author",
    "GIT_COMMITTER_EMAIL": "ana@example.org",
    "PATH": os.environ["PATH"],
}
_FACTS: Final[dict[tuple[Path, tuple[str, ...]], str]] = {}
"""The answers of git about objects, by repository and question."""


@dataclass(frozen=True)
class Bare:
    """One bare repository."""

    path: Path

    @classmethod
    def create(cls, path: Path, branch: str = "main") -> "Bare":
        _run(("init", "--quiet", "--bare", "--template=", f"--initial-branch={branch}", str(path)))
        return cls(path)

    def clone(self, path: Path) -> "Bare":
        """A fork, which knows every commit of this repository, those to come included."""
        _run(("clone", "--quiet", "--bare", "--shared", "--template=", str(self.path), str(path)))
        return Bare(path)

    def git(self, *arguments: str, data: bytes = b"", **environment: str) -> str:
        """Return what git's plumbing says, without the last newline.

        Raises:
            subprocess.CalledProcessError: git refused.
        """
        return _run(("--git-dir", str(self.path), *arguments), data, environment).decode().removesuffix("\n")

    def fact(self, *arguments: str) -> str:
        """Return what git says of an object, which never changes: git is asked once.

        Raises:
            subprocess.CalledProcessError: git refused.
        """
        if (self.path, arguments) not in _FACTS:
            _FACTS[self.path, arguments] = self.git(*arguments)
        return _FACTS[self.path, arguments]

    def bytes_of(self, sha: str) -> bytes:
        return _run(("--git-dir", str(self.path), "cat-file", "blob", sha))

    def resolve(self, name: str) -> str | None:
        """The object that a full or short name means, not peeled."""
        ref, caret, kind = name.partition("^")
        sha = self.refs().get(ref)
        if (sha and not caret) or (ref.startswith("refs/") and not sha and ":" not in ref):
            return sha
        command = ("rev-parse", "--verify", "--quiet", "--end-of-options")
        try:
            return self.fact(*command, f"{sha}^{kind}") if sha else self.git(*command, name)
        except subprocess.CalledProcessError:
            return None

    def kind(self, sha: str) -> str | None:
        try:
            return self.fact("cat-file", "-t", sha)
        except subprocess.CalledProcessError:
            return None

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Every ref whose name starts so, with the object that it names; read without git, as it is asked so often."""
        packed = self.path / "packed-refs"
        lines = packed.read_text(encoding="utf-8").splitlines() if packed.exists() else []
        found = {name: sha for sha, _, name in (line.partition(" ") for line in lines if line[0] not in "#^")}
        for path in (self.path / "refs").rglob("*"):
            if path.is_file() and path.suffix != ".lock":
                found[path.relative_to(self.path).as_posix()] = path.read_text(encoding="utf-8").strip()
        return {name: found[name] for name in sorted(found) if name.startswith(prefix)}

    def ancestor(self, old: str, new: str) -> bool:
        try:
            self.git("merge-base", "--is-ancestor", old, new)
        except subprocess.CalledProcessError:
            return False
        return True

    def commit(
        self,
        files: Mapping[str, str],
        message: str = "Work",
        branch: str = "main",
        after: int = 0,
        author: str = "Ana Author <ana@example.org>",
    ) -> str:
        """Put a commit with these files (over those of the branch) on a branch; gives it."""
        ref = f"refs/heads/{branch}"
        tip = self.resolve(ref)
        lines = [
            f"commit {ref}",
            f"author {author} {EPOCH + after} +0000",
            f"committer {author} {EPOCH + after} +0000",
            _data(message),
            *([f"from {tip}"] if tip else []),
        ]
        for name, text in files.items():
            lines += [f"M 100644 inline {name}", _data(text)]
        self.git("fast-import", "--quiet", data="\n".join([*lines, ""]).encode())
        return self.refs()[ref]


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}"


def _run(arguments: Sequence[str], data: bytes = b"", environment: Mapping[str, str] | None = None) -> bytes:
    completed = subprocess.run(
        ["git", *arguments], input=data, capture_output=True, check=True, env={**_ENVIRONMENT, **(environment or {})}
    )
    return completed.stdout


def http_backend(root: Path, path: str, request: Request, user: str | None) -> Response:
    """Answer git over http as git's own CGI program does.

    Args:
        root: holds the repositories.
        path: of the request under the root.
        request: as it came in.
        user: who is let push; None lets nobody.
    """
    environment = {
        **_ENVIRONMENT,
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path,
        "QUERY_STRING": request.target.partition("?")[2],
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        **({"REMOTE_USER": user, "REMOTE_ADDR": "127.0.0.1"} if user else {}),
    }
    completed = subprocess.run(
        ["git", "http-backend"], input=request.body, capture_output=True, check=True, env=environment
    )
    head, _, body = completed.stdout.partition(b"\r\n\r\n")
    headers = dict(re.findall(r"^([^:\r\n]+): *([^\r\n]*)", head.decode(), re.MULTILINE))
    status = int(headers.pop("Status", "200").split()[0])
    return Response(status, body, headers)
