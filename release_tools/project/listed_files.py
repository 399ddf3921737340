"""The fields that the settings of other release tools list, so that a project that moves has nothing to configure.

bump-my-version (and bump2version), Commitizen, tbump, python-semantic-release and release-please.
"""

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import PurePosixPath
from typing import Any, Final

from release_tools.parsed_values import list_tables
from release_tools.project.field_formats import (
    find_ini_values,
    find_json_values,
    find_toml_values,
    matches,
    split_line_spans,
)
from release_tools.project.python_versions import python_values
from release_tools.project.version_field import Found, Text, VersionField

_CURRENT: Final = "{current_version}"
_VERSION: Final = r"[vV]?(?P<version>\d[\w.!+-]*)"
_ANNOTATION: Final = re.compile(
    r"(?<!\d)(?P<version>\d{1,8}\.\d{1,8}\.\d{1,8}(?:-\w[\w.]{0,100})?)(?=[^\r\n]{0,500}x-release-please-version)"
)

Read = Callable[[str], Text | None]


@dataclass(frozen=True)
class _Listed:
    """One file that a tool's settings list.

    Attributes:
        tool: that lists it.
        path: of the file, or a glob.
        current: the version that the settings hold as the current one.
        search: the text around the version, with ``{current_version}`` in it.
        regex: whether ``search`` is a regular expression.
        line: an expression that the line must contain.
    """

    tool: str
    path: str
    current: str
    search: str = _CURRENT
    regex: bool = False
    line: str = ""


def find_listed_fields(read: Read, paths: Sequence[str]) -> Iterator[VersionField]:
    """Find what the settings of each tool list, and the version in these settings themselves.

    Args:
        read: gives the text of a file, or None where there is none.
        paths: of the project's files, for globs.
    """
    for settings in (_read_bumpversion, _read_commitizen, _read_tbump):
        yield from settings(read, paths)
    yield from _read_semantic_release(read)
    yield from _read_release_please(read)


def _read_bumpversion(read: Read, paths: Sequence[str]) -> Iterator[VersionField]:
    for path, table, keys in _iterate_toml_tables(
        read,
        ("pyproject.toml", ("tool", "bumpversion")),
        (".bumpversion.toml", ("tool", "bumpversion")),
        (".bumpversion.toml", ("bumpversion",)),
    ):
        current = _read_string(table, "current_version")
        yield from _find(path, read, find_toml_values, (*keys, "current_version"))
        for entry in list_tables(table.get("files")):
            search = _read_string(entry, "search") or _read_string(table, "search") or _CURRENT
            regex = entry.get("regex", table.get("regex", False)) is True
            name = _read_string(entry, "filename") or _read_string(entry, "glob")
            yield from _find_listed(read, paths, _Listed("bump-my-version", name, current, search, regex))
    for path in (".bumpversion.cfg", "setup.cfg"):
        yield from _read_bumpversion_ini(path, read, paths)


def _read_bumpversion_ini(path: str, read: Read, paths: Sequence[str]) -> Iterator[VersionField]:
    text = read(path)
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text.body if text else "")
    except configparser.Error:
        return
    if not parser.has_option("bumpversion", "current_version"):
        return
    current = parser.get("bumpversion", "current_version")
    yield from _find(path, read, find_ini_values, ("bumpversion", "current_version"))
    default = parser.get("bumpversion", "search", fallback=_CURRENT)
    for section in parser.sections():
        kind, _, name = section.removeprefix("bumpversion:").partition(":")
        if section.startswith("bumpversion:") and kind in {"file", "glob"}:
            name = re.sub(r"\([^()]*\)$", "", name).rstrip()
            search = parser.get(section, "search", fallback=default)
            yield from _find_listed(read, paths, _Listed("bump2version", name, current, search))


def _read_commitizen(read: Read, paths: Sequence[str]) -> Iterator[VersionField]:
    for path, table, keys in _iterate_toml_tables(
        read,
        ("pyproject.toml", ("tool", "commitizen")),
        (".cz.toml", ("tool", "commitizen")),
        ("cz.toml", ("tool", "commitizen")),
    ):
        yield from _find(path, read, find_toml_values, (*keys, "version"))
        current = _read_string(table, "version") or _find_stated_version(read)
        for entry in _read_strings(table.get("version_files")):
            name, _, line = entry.partition(":")
            yield from _find_listed(read, paths, _Listed("Commitizen", name, current, line=line))


def _read_tbump(read: Read, paths: Sequence[str]) -> Iterator[VersionField]:
    for path, table, keys in _iterate_toml_tables(read, ("pyproject.toml", ("tool", "tbump")), ("tbump.toml", ())):
        version = table.get("version")
        if not isinstance(version, dict):
            continue
        current = _read_string(version, "current")
        yield from _find(path, read, find_toml_values, (*keys, "version", "current"))
        for entry in list_tables(table.get("file")):
            search = _read_string(entry, "search") or _CURRENT
            name = _read_string(entry, "src")
            if not entry.get("version_template"):
                yield from _find_listed(read, paths, _Listed("tbump", name, current, search))


def _read_semantic_release(read: Read) -> Iterator[VersionField]:
    for _, table, _ in _iterate_toml_tables(
        read, ("pyproject.toml", ("tool", "semantic_release")), ("releaserc.toml", ("semantic_release",))
    ):
        for entry in _read_strings(table.get("version_toml")):
            path, _, key = entry.partition(":")
            keys = tuple(key.partition(":")[0].split("."))
            yield from _find(path, read, find_toml_values, keys)
        for entry in (*_read_strings(table.get("version_variables")), *_read_strings(table.get("version_variable"))):
            path, _, name = entry.partition(":")
            variable = name.partition(":")[0]
            if path.endswith(".py"):
                yield from _find(path, read, python_values, variable)
            else:
                pattern = re.compile(
                    rf"""^[ \t]*(['"]?){re.escape(variable)}\1\s*(?::=|=|:)\s*['"]?{_VERSION}""", re.MULTILINE
                )
                yield from _find(path, read, matches, pattern, variable)


def _read_release_please(read: Read) -> Iterator[VersionField]:
    config = read("release-please-config.json")
    try:
        package = json.loads(config.body)["packages"]["."] if config else {}
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    for entry in package.get("extra-files", ()) if isinstance(package, dict) else ():
        path = entry if isinstance(entry, str) else entry.get("path", "") if isinstance(entry, dict) else ""
        keys = _parse_json_path(entry.get("jsonpath")) if isinstance(entry, dict) else ()
        if keys and path.endswith(".toml"):
            yield from _find(path, read, find_toml_values, keys)
        elif keys and path.endswith(".json"):
            yield from _find(path, read, find_json_values, keys)
        else:
            yield from _find(path, read, matches, _ANNOTATION, "x-release-please-version")


def _find_listed(read: Read, paths: Sequence[str], listed: _Listed) -> Iterator[VersionField]:
    """Find the occurrences of the current version that one entry means."""
    name = str(PurePosixPath(listed.path)) if listed.path else ""
    chosen = re.compile(translate(name))
    for path in [path for path in paths if path == name or chosen.fullmatch(path)]:
        yield from _find(path, read, _find_occurrences, listed)


def _find_occurrences(text: str, listed: _Listed) -> Iterator[Found]:
    name = f"as {listed.tool} lists it"
    if not listed.current:
        return
    if _CURRENT not in listed.search:
        yield Found(name, listed.search, 0, 0, f"the search of {listed.tool} has no {_CURRENT}")
        return
    before, _, after = listed.search.partition(_CURRENT)
    if not listed.regex:
        before, after = re.escape(before), re.escape(after)
    number = rf"(?P<version>{re.escape(listed.current)})"
    left, right = (r"(?<![\w.])", r"(?![\w]|\.\d)") if listed.search == _CURRENT else ("", "")
    try:
        pattern = re.compile(f"{left}{before}{number}{after}{right}", re.MULTILINE)
        line = re.compile(listed.line)
    except re.error as error:
        yield Found(name, listed.search, 0, 0, f"the search of {listed.tool} is no regular expression: {error}")
        return
    lines = [(start, start + len(one)) for start, one in split_line_spans(text) if line.search(one)]
    found = [
        one
        for one in matches(text, pattern, name)
        if not listed.line or any(start <= one.start < end for start, end in lines)
    ]
    yield from found
    if not found:
        yield Found(
            name, listed.current, 0, 0, f"the file does not have {listed.current} where {listed.tool} expects it"
        )


def _find(path: str, read: Read, find: Callable[..., Iterator[Found]], *arguments: object) -> Iterator[VersionField]:
    """Find values in a file by one of `field_formats`, with the arguments that it takes after the text."""
    path = str(PurePosixPath(path))
    text = read(path)
    if text is not None:
        yield from (VersionField.of(path, text, found) for found in find(text.body, *arguments))


def _iterate_toml_tables(
    read: Read, *tables: tuple[str, tuple[str, ...]]
) -> Iterator[tuple[str, Mapping[str, Any], tuple[str, ...]]]:
    """Return each of the tables that is there: its file, its content, and its keys."""
    for path, keys in tables:
        text = read(path)
        try:
            table: Any = tomllib.loads(text.body) if text else {}
        except (ValueError, RecursionError):
            continue
        for key in keys:
            table = table.get(key) if isinstance(table, dict) else None
        if isinstance(table, dict) and table:
            yield path, table, keys


def _find_stated_version(read: Read) -> str:
    """Return the version that ``pyproject.toml`` states."""
    text = read("pyproject.toml")
    found = find_toml_values(text.body, ("project", "version"), ("tool", "poetry", "version")) if text else iter(())
    return next((one.value for one in found), "")


def _parse_json_path(text: object) -> tuple[str, ...]:
    """Return the keys of a simple JSONPath, ``$.project.version``; none of any other."""
    simple = isinstance(text, str) and re.fullmatch(r"\$(?:\.[\w-]+)+", text)
    return tuple(str(text)[2:].split(".")) if simple else ()


def _read_string(table: Mapping[str, Any], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""


def _read_strings(value: object) -> list[str]:
    if isinstance(value, str):
        return value.split(",")
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
