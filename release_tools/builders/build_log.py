"""Find the reason in the output of a failed build, and fold the warnings of a build backend."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from release_tools.wording import list_some

_SHOWN_ERRORS: Final = 8
_SHOWN_WARNINGS: Final = 3
_LAST_LINES: Final = 20
_WIDTH: Final = 300
_KEPT_LOGS: Final = 10

_SIGNS: Final = (
    "error:",  # gcc, clang, gfortran, Meson, Cargo, setuptools, pip, uv, and exceptions of Python
    "fatal error ",  # MSVC and its linker
    "cmake error",
    "error[e",  # rustc
    "undefined reference to ",
    "undefined symbols for ",
    "cannot find -l",
    "library not found",
    ".pyx:",  # Cython
    ": *** ",  # make
    "npm err!",
    ": command not found",
    ": no such file or directory",
)
"""Words, in lower case, by which a compiler or a build tool reports an error."""
_CAUSES: Final = ("cause:", "caused by:", "╰─▶")
"""Beginnings of the lines by which uv and Cargo explain the error before them."""
_MSVC: Final = re.compile(r"error [A-Z]+\d+")
_NOT_THE_REASON: Final = re.compile(
    r"error: (?:command .* failed with|subprocess-exited|metadata-generation-failed|could not compile)"
    r"|ninja: error: |make(?:\[\d+\])?: \*\*\*|collect2: error: ld returned|clang: error: linker command failed"
)
"""Lines by which a tool says that another one failed; they follow the reason."""
_EXCEPTION: Final = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Failed|Failure|Warning)\b(?:: .*)?")
_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_SITE_PACKAGES: Final = ("/site-packages/", "\\site-packages\\")


def find_error_lines(output: str) -> tuple[str, ...]:
    """Return the lines of a build's output that tell why it failed, in their order.

    These are the first errors of compilers and build tools, and the exception that ended the backend. Where there is
    none of either, the last lines.
    """
    lines = list(filter(str.strip, (_ANSI.sub("", line).rstrip() for line in output.splitlines())))
    exceptions = [line.strip() for line in lines if _EXCEPTION.fullmatch(line)]
    chosen = dict.fromkeys((*_list_first_errors(lines), *exceptions[-1:])) or lines[-_LAST_LINES:]
    return tuple(map(_cut, chosen))


def _list_first_errors(lines: list[str]) -> list[str]:
    """Return the first errors, each once; those that only follow from another are left out if there are others."""
    errors = [line.strip() for line in lines if _is_error(line)]
    reasons = [line for line in errors if not _NOT_THE_REASON.match(line)]
    return list(dict.fromkeys(reasons or errors))[:_SHOWN_ERRORS]


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…"


def _is_error(line: str) -> bool:
    lower = line.lower()
    if "warning:" in lower and "error:" not in lower:
        return False
    explained = lower.lstrip().startswith(_CAUSES)
    return explained or any(sign in lower for sign in _SIGNS) or _MSVC.search(line) is not None


def save_log(output: str, env: Mapping[str, str]) -> Path | None:
    """Write the whole output of a failed build to a file in the user's cache folder, which keeps the last ten.

    Args:
        output: of the build.
        env: names the folder: ``XDG_CACHE_HOME``, ``LOCALAPPDATA`` on Windows, or the home folder.

    Returns:
        The file's path; None where it could not be written.
    """
    folder = _find_cache_folder(env)
    if not folder.is_absolute():
        return None
    folder /= "release-tools"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(
            "w", dir=folder, prefix="build-", suffix=".log", delete=False, encoding="utf-8", newline="\n"
        ) as file:
            file.write(f"{output}\n")
        logs = sorted(folder.glob("build-*.log"), key=lambda path: path.stat().st_mtime)
        for old in logs[:-_KEPT_LOGS]:
            old.unlink()
    except OSError:
        return None
    return Path(file.name)


def _find_cache_folder(env: Mapping[str, str]) -> Path:
    """Return the user's folder for caches; it is not absolute where the environment does not name it."""
    cache = env.get("LOCALAPPDATA") if os.name == "nt" else env.get("XDG_CACHE_HOME")
    home = env.get("USERPROFILE") if os.name == "nt" else env.get("HOME")
    return Path(cache) if cache else Path(home or "", ".cache")


def fold_warnings(messages: Iterable[str], scratch: Path) -> tuple[str, ...]:
    """Return the warnings of a build in one text of one line, each once; nothing where there is none.

    Args:
        messages: as the backend gave them; of one with several lines, the first with words is taken.
        scratch: the folder of the build, whose paths mean nothing once it is removed.
    """
    folded = list(dict.fromkeys(filter(None, (_fold(message, scratch) for message in messages))))
    if not folded:
        return ()
    return (list_some(folded, _SHOWN_WARNINGS, "; "),)


def _fold(message: str, scratch: Path) -> str:
    first = next(islice(_split_sentences(message), 1), "")
    text = " ".join(map(_shorten_path, first.split(" ")))
    for folder in {str(scratch), str(scratch.resolve())}:
        text = re.sub(rf"{re.escape(folder)}[/\\]?(?:source[/\\]|sdist[/\\][^/\\]+[/\\])?", "", text)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"


def _shorten_path(word: str) -> str:
    for folder in _SITE_PACKAGES:
        word = word.rpartition(folder)[2]
    return word


def _split_sentences(message: str) -> Iterator[str]:
    """Yield the lines of a warning that have words; setuptools draws rules of asterisks and ``!!`` around its own."""
    for line in message.splitlines():
        if re.search(r"\w", line):
            yield " ".join(line.split())
