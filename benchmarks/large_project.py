"""Make a large project for the benchmarks: 1,500 files in a package, 10,000 commits, 200 tags."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

FILES, COMMITS, TAGS = 1_500, 10_000, 200
FUNCTIONS = 24
FIRST_DAY = 1_500_000_000
PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"

[project]
name = "large"
dynamic = ["version"]
description = "A large project that does nothing"
readme = "README.md"
license = "MIT"
requires-python = ">=3.11"
dependencies = ["packaging"]

[project.urls]
Changelog = "https://example.invalid/changelog"

[tool.hatch.version]
source = "vcs"
"""
FUNCTION = '''

def compute_{name}(first: int, second: int = {number}) -> int:
    """Return the sum of {word} and {number}.

    Args:
        first: a number.
        second: another number.
    """
    total = first + second
    for step in range({number}):
        total += step * len("{word}")
    return total
'''


def make_large_project(folder: Path, *, data: int = 0) -> Path:
    """Make a repository whose last commit is tagged.

    Args:
        folder: where it is made.
        data: bytes of a file that the package contains as well.
    """
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _git(folder, "fast-import", "--quiet", stdin=b"".join(_history(data)))
    _git(folder, "reset", "--quiet", "--hard", "main")
    return folder


def _git(folder: Path, *arguments: str, stdin: bytes | None = None) -> None:
    subprocess.run(["git", *arguments], cwd=folder, input=stdin, check=True)  # noqa: S607 - the git of PATH


def _history(data: int) -> Iterator[bytes]:
    """Yield the commands of ``git fast-import``."""
    texts = dict(_files())
    modules = [path for path in texts if path.endswith(".py")]
    for number in range(COMMITS):
        yield f"commit refs/heads/main\ncommitter b <b@localhost> {FIRST_DAY + number * 3600} +0000\n".encode()
        yield _data(f"Change number {number} of this project".encode())
        if number == 0:
            for path, text in texts.items():
                yield _file(path, text.encode())
            if data:
                yield _file("large/data.bin", random.Random(0).randbytes(data))  # noqa: S311 - no secret
        else:
            path = modules[number % len(modules)]
            yield _file(path, f"{texts[path]}\n\nREVISION = {number}\n".encode())
        if (number + 1) % (COMMITS // TAGS) == 0:
            version = f"1.{(number + 1) // (COMMITS // TAGS)}.0"
            yield f"tag v{version}\nfrom refs/heads/main\n".encode()
            yield f"tagger b <b@localhost> {FIRST_DAY + number * 3600} +0000\n".encode() + _data(version.encode())


def _files() -> Iterator[tuple[str, str]]:
    yield "pyproject.toml", PYPROJECT
    yield "README.md", "# large\n\nA large project that does nothing.\n"
    yield "LICENSE", "MIT License\n\nCopyright (c) the authors of large\n"
    releases = (f"## 1.{number}.0\n\n- Change {number} of this project.\n" for number in range(TAGS, 0, -1))
    yield "CHANGELOG.md", "# Changelog\n\n" + "\n".join(releases)
    yield "large/__init__.py", '"""A large package."""\n'
    words = random.Random(1)  # noqa: S311 - no secret
    for number in range(FILES - 1):
        folder = f"large/part{number // 50}"
        if number % 50 == 0:
            yield f"{folder}/__init__.py", f'"""Part {number // 50}."""\n'
        else:
            functions = (
                FUNCTION.format(name=f"{number}_{index}", number=words.randrange(1000), word=words.randbytes(8).hex())
                for index in range(FUNCTIONS)
            )
            yield f"{folder}/module{number}.py", f'"""Module {number}."""\n' + "".join(functions)


def _file(path: str, content: bytes) -> bytes:
    return f"M 100644 inline {path}\n".encode() + _data(content)


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


if __name__ == "__main__":
    import sys

    make_large_project(Path(sys.argv[1]), data=int(sys.argv[2]))
