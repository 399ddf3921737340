"""A project's name, from what it states and without running any of its code."""

import configparser
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from release_tools.parsed_values import find_table
from release_tools.recipe.setup_py import read_setup_py
from release_tools.regular_files import read_regular_file

_LARGEST: Final = 1_000_000
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)


def find_stated_name(project: Path) -> str:
    """Return the name that a project's files state; empty where only its backend knows it.

    The order is the backends': ``pyproject.toml`` (PEP 621, Poetry, flit), then ``setup.cfg``, then a literal in
    ``setup.py``, which is parsed and never run.

    Args:
        project: the project's folder.
    """
    return read_name(lambda file: read_text(project / file))


def read_name(read: Callable[[str], str | None]) -> str:
    """Return the name that a project's files state, as `find_stated_name`.

    Args:
        read: returns the text of a file by its path in the project; None or an empty text where there is none.
    """
    for candidate in _list_candidates(read):
        if isinstance(candidate, str) and _NAME.fullmatch(candidate.strip()):
            return candidate.strip()
    return ""


def _list_candidates(read: Callable[[str], str | None]) -> list[object]:
    """Return the values that each file has for a name, the most binding first."""
    pyproject = _parse(read("pyproject.toml") or "")
    tool = find_table(pyproject, "tool")
    flit = find_table(tool, "flit", "metadata")
    return [
        find_table(pyproject, "project").get("name"),
        find_table(tool, "poetry").get("name"),
        flit.get("dist-name") or flit.get("module"),
        _parse_sections(read("setup.cfg") or "").get("metadata", {}).get("name"),
        read_setup_py(read("setup.py") or "").keywords.get("name"),
    ]


def read_setup_cfg(project: Path) -> dict[str, dict[str, str]]:
    """Return the sections of ``setup.cfg``; empty where it is missing or cannot be parsed."""
    return _parse_sections(read_text(project / "setup.cfg"))


def _parse_sections(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {section: dict(parser[section]) for section in parser.sections()}


def read_text(path: Path) -> str:
    """Return a small text file's content; empty where it is missing, too large or cannot be read."""
    try:
        return read_regular_file(path, _LARGEST).decode("utf-8", errors="replace")
    except OSError:
        return ""


def _parse(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}  # reported where the settings are read
