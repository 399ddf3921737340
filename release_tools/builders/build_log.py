"""Find the reason in the output of a failed build, and fold the warnings of a build backend."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

_SHOWN_ERRORS: Final = 8
_SHOWN_WARNINGS: Final = 3
_LAST_LINES: Final = 20
_WIDTH: Final = 300
_KEPT_LOGS: Final = 10

_TOOL_ERRORS: Final = re.compile(
    r"(?:"
    r"\S.*?[:(]\d+(?:[:,]\d+)?\)?: (?:fatal |internal compiler )?error\b.*:"  # gcc, clang, swig, MSVC, nvcc, Cython
    r"|(?:LINK : |cl : .*|LLVM )?(?:fatal )?error [A-Z]+\d+"  # MSVC and its linker
    r"|(?:clang|gcc|g\+\+|cc1?|c\+\+|gfortran|ld|collect2|nvcc|rustc|cargo)(?:\.exe)?: (?:fatal )?error:"
    r"|.*undefined reference to .*|.*(?:/|\b)ld(?:\.\w+)?: (?:error: |fatal: )?(?:cannot find|library not found).*"
    r"|Undefined symbols for architecture"
    r"|error(?:\[E\d+\])?: .*"  # rustc, cargo, setuptools, uv
    r"|CMake Error\b.*|.*:\d+:\d+: ERROR: .*"  # CMake; Meson
    r"|Fatal Error: .*|Error: .*"  # gfortran
    r"|ninja: error: .*|make(?:\[\d+\])?: \*\*\* .*"
    r"|.*\.pyx:\d+:\d+: (?!warning).*"  # Cython
    r"|(?:pip|npm) ERR!.*|ERROR: .*"
    r"|.*: (?:command not found|No such file or directory)"
    r")"
)
_NOT_THE_REASON: Final = re.compile(
    r"error: (?:command .* failed with|subprocess-exited|metadata-generation-failed|could not compile)"
    r"|ninja: error: |make(?:\[\d+\])?: \*\*\*|collect2: error: ld returned|clang: error: linker command failed"
)
"""Lines by which a tool says that another one failed; they follow the reason."""
_EXCEPTION: Final = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Failed|Failure|Warning)\b(?:: .*)?")
_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_SITE_PACKAGES: Final = re.compile(r"\S*[/\\]site-packages[/\\]")


def error_lines(output: str) -> tuple[str, ...]:
    """Return the lines of a build's output that tell why it failed, in their order.

    These are the first errors of compilers and build tools, and the exception that ended the backend. Where there is
    none of either, the last lines.
    """
    lines = [_ANSI.sub("", line).rstrip() for line in output.splitlines()]
    lines = [line for line in lines if line.strip()]
    found = [line.strip() for line in lines if _TOOL_ERRORS.match(line.strip())]
    reasons = [line for line in found if not _NOT_THE_REASON.match(line)] or found
    chosen = list(dict.fromkeys(reasons))[:_SHOWN_ERRORS]
    exceptions = [line.strip() for line in lines if _EXCEPTION.fullmatch(line)]
    if exceptions and exceptions[-1] not in chosen:
        chosen.append(exceptions[-1])
    if not chosen:
        chosen = lines[-_LAST_LINES:]
    return tuple(line if len(line) <= _WIDTH else f"{line[:_WIDTH]}…" for line in chosen)


def save_log(output: str, env: Mapping[str, str]) -> Path | None:
    """Write the whole output of a failed build to a file in the user's cache folder, which keeps the last ten.

    Args:
        output: of the build.
        env: names the folder: ``XDG_CACHE_HOME``, ``LOCALAPPDATA`` on Windows, or the home folder.

    Returns:
        The file's path; None where it could not be written.
    """
    cache = env.get("LOCALAPPDATA") if os.name == "nt" else env.get("XDG_CACHE_HOME")
    home = env.get("USERPROFILE") if os.name == "nt" else env.get("HOME")
    folder = Path(cache) if cache else Path(home or "", ".cache")
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


def fold_warnings(messages: Iterable[str], scratch: Path) -> tuple[str, ...]:
    """Return the warnings of a build in one text of one line, each once; nothing where there is none.

    Args:
        messages: as the backend gave them; of one with several lines, the first with words is taken.
        scratch: the folder of the build, whose paths mean nothing once it is removed.
    """
    folded = list(dict.fromkeys(filter(None, (_fold(message, scratch) for message in messages))))
    if not folded:
        return ()
    more = f" (and {len(folded) - _SHOWN_WARNINGS} more)" if len(folded) > _SHOWN_WARNINGS else ""
    return ("; ".join(folded[:_SHOWN_WARNINGS]) + more,)


def _fold(message: str, scratch: Path) -> str:
    first = next(islice(_sentences(message), 1), "")
    text = _SITE_PACKAGES.sub("", first)
    for folder in {str(scratch), str(scratch.resolve())}:
        text = re.sub(rf"{re.escape(folder)}[/\\]?(?:source[/\\]|sdist[/\\][^/\\]+[/\\])?", "", text)
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"


def _sentences(message: str) -> Iterator[str]:
    """Yield the lines of a warning that have words; setuptools draws rules of asterisks and ``!!`` around its own."""
    for line in message.splitlines():
        if re.search(r"\w", line):
            yield " ".join(line.split())
