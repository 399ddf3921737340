"""The fields that the settings of other release tools list, so that a project that moves has nothing to configure.

bump-my-version (and bump2version), Commitizen, tbump, python-semantic-release and release-please.
"""

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import PurePosixPath
from typing import Any, Final

from release_tools.parsed_values import find_table, list_tables, list_texts
from release_tools.project.field_formats import (
    find_ini_values,
    find_json_values,
    find_toml_values,
    find_yaml_values,
    matches,
    split_line_spans,
)
from release_tools.project.python_versions import find_python_values
from release_tools.project.version_field import Found, Text, VersionField

_CURRENT: Final = "{current_version}"
_NEW: Final = "{new_version}"
_VERSION: Final = r"[vV]?(?P<version>\d[\w.!+-]*)"
_BLOCK: Final = re.compile(
    r"(?s)x-release-please-start-version(?P<text>(?:(?!x-release-please-end).){0,20000})x-release-please-end"
)
_SEMVER: Final = re.compile(r"(?<![\d.])\d{1,8}\.\d{1,8}\.\d{1,8}(?:-\w[\w.]{0,100})?")
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
        replace: what ``search`` becomes, with ``{new_version}`` in it; empty where only the version changes.
        regex: whether ``search`` is a regular expression.
        line: an expression that the line must contain.
        keys: of the value in a TOML file, instead of a search.
        template: by which the tool writes another spelling of the version; empty where it writes the version itself.
        is_optional: whether the file may lack the version.
    """

    tool: str
    path: str
    current: str
    search: str = _CURRENT
    replace: str = ""
    regex: bool = False
    line: str = ""
    keys: tuple[str, ...] = ()
    template: str = ""
    is_optional: bool = False

    @property
    def problem(self) -> str:
        """Return why the file cannot be edited as the tool does it; empty where it can."""
        if self.template:
            return f"{self.tool} writes it as {self.template}"
        if _CURRENT not in self.search:
            return f"the search of {self.tool} has no {_CURRENT}"
        if self._replaces_more():
            return f"{self.tool} replaces more there than the version"
        return ""

    def _replaces_more(self) -> bool:
        """Return whether the tool writes more than a new version, as far as that is known."""
        if not self.replace or self.regex:
            return False
        return self.replace != self.search.replace(_CURRENT, _NEW)


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
    for path, table, keys in _iterate_tables(
        read,
        ("pyproject.toml", ("tool", "bumpversion")),
        (".bumpversion.toml", ("tool", "bumpversion")),
        (".bumpversion.toml", ("bumpversion",)),
    ):
        current = _read_string(table, "current_version") or _find_stated_version(read)
        yield from _find(path, read, find_toml_values, (*keys, "current_version"))
        for entry in list_tables(table.get("files")):
            yield from _find_listed(read, paths, _read_bumpversion_file(table, entry, current))
    for path in (".bumpversion.cfg", "setup.cfg"):
        yield from _read_bumpversion_ini(path, read, paths)


def _read_bumpversion_file(table: Mapping[str, Any], entry: Mapping[str, Any], current: str) -> _Listed:
    """Return a file that bump-my-version lists; what the file's own table lacks is in the one above."""
    one = {**table, **entry}
    return _Listed(
        "bump-my-version",
        _read_string(entry, "filename") or _read_string(entry, "glob"),
        current,
        _read_string(one, "search") or _CURRENT,
        _read_string(one, "replace"),
        regex=one.get("regex") is True,
        keys=tuple(filter(None, _read_string(entry, "key_path").split("."))),
        is_optional=one.get("ignore_missing_version") is True,
    )


def _read_bumpversion_ini(path: str, read: Read, paths: Sequence[str]) -> Iterator[VersionField]:
    parser = _parse_ini(read(path))
    if parser is None or not parser.has_option("bumpversion", "current_version"):
        return
    current = parser.get("bumpversion", "current_version")
    yield from _find(path, read, find_ini_values, ("bumpversion", "current_version"))
    for section in parser.sections():
        kind, _, name = section.removeprefix("bumpversion:").partition(":")
        if section.startswith("bumpversion:") and kind.partition("(")[0].strip() in {"file", "glob"}:
            one = {**parser["bumpversion"], **parser[section]}
            optional = one.get("ignore_missing_version", "").lower() in {"true", "yes", "on", "1"}
            listed = _Listed(
                "bump2version",
                name.partition("(")[0].strip(),
                current,
                one.get("search", _CURRENT),
                one.get("replace", ""),
                is_optional=optional,
            )
            yield from _find_listed(read, paths, listed)


def _parse_ini(text: Text | None) -> configparser.RawConfigParser | None:
    """Return the sections of an INI file, none where it is missing; None where it cannot be read."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text.body if text else "")
    except configparser.Error:
        return None
    return parser


def _read_commitizen(read: Read, paths: Sequence[str]) -> Iterator[VersionField]:
    tables: list[tuple[str, tuple[str, ...]]] = [
        (path, ("tool", "commitizen")) for path in ("pyproject.toml", ".cz.toml", "cz.toml")
    ]
    tables += [(path, ("commitizen",)) for path in (".cz.json", "cz.json", ".cz.yaml", "cz.yaml")]
    for path, table, keys in _iterate_tables(read, *tables):
        yield from _find_at_keys(read, path, (*keys, "version"))
        current = str(table.get("version") or "") or _find_stated_version(read)
        for entry in list_texts(table.get("version_files")):
            name, _, line = entry.partition(":")
            yield from _find_listed(read, paths, _Listed("Commitizen", name, current, line=line))


def _read_tbump(read: Read, paths: Sequence[str]) -> Iterator[VersionField]:
    for path, table, keys in _iterate_tables(read, ("pyproject.toml", ("tool", "tbump")), ("tbump.toml", ())):
        version = table.get("version")
        if not isinstance(version, dict):
            continue
        current = _read_string(version, "current")
        yield from _find(path, read, find_toml_values, (*keys, "version", "current"))
        for entry in list_tables(table.get("file")):
            search, template = _read_string(entry, "search") or _CURRENT, _read_string(entry, "version_template")
            name = _read_string(entry, "src")
            yield from _find_listed(read, paths, _Listed("tbump", name, current, search, template=template))


def _read_semantic_release(read: Read) -> Iterator[VersionField]:
    tables = [
        table
        for _, table, _ in _iterate_tables(
            read,
            ("pyproject.toml", ("tool", "semantic_release")),
            ("releaserc.toml", ("semantic_release",)),
            ("releaserc.json", ("semantic_release",)),
        )
    ]
    parser = _parse_ini(read("setup.cfg"))
    if parser is not None and parser.has_section("semantic_release"):
        tables.append(dict(parser["semantic_release"]))
    for table in tables:
        for entry in _split_texts(table.get("version_toml")):
            path, _, key = entry.partition(":")
            keys = tuple(key.partition(":")[0].split("."))
            yield from _find(path, read, find_toml_values, keys)
        for entry in (*_split_texts(table.get("version_variables")), *_split_texts(table.get("version_variable"))):
            path, _, name = entry.partition(":")
            yield from _find_variable(read, path, name.partition(":")[0])


def _find_variable(read: Read, path: str, variable: str) -> Iterator[VersionField]:
    """Find what a variable is assigned: in Python, or in any file by ``=``, ``:`` or ``:=``."""
    if path.endswith(".py"):
        yield from _find(path, read, find_python_values, variable)
        return
    pattern = re.compile(rf"""^[ \t]*(['"]?){re.escape(variable)}\1\s*(?::=|=|:)\s*['"]?{_VERSION}""", re.MULTILINE)
    yield from _find(path, read, matches, pattern, variable)


def _read_release_please(read: Read) -> Iterator[VersionField]:
    config = next(iter(_iterate_tables(read, ("release-please-config.json", ()))), None)
    if config is None:
        return
    yield from _find(".release-please-manifest.json", read, find_json_values, (".",))
    _, table, _ = config
    for one in (find_table(table, "packages", "."), table):
        for entry in _list_extra_files(one):
            yield from _find_extra_file(read, {"path": entry} if isinstance(entry, str) else entry)


def _list_extra_files(table: Mapping[str, Any]) -> list[object]:
    entries = table.get("extra-files")
    return entries if isinstance(entries, list) else []


def _find_extra_file(read: Read, entry: object) -> Iterator[VersionField]:
    """Find the versions in a file that release-please edits: by a path in its data, or where comments mark them."""
    if not isinstance(entry, dict):
        return
    path, keys = _read_string(entry, "path"), _parse_json_path(entry.get("jsonpath"))
    if keys and path.endswith((".toml", ".json", ".yaml", ".yml")):
        yield from _find_at_keys(read, path, keys)
    elif path:
        yield from _find(path, read, _find_annotated)


def _find_annotated(text: str) -> Iterator[Found]:
    """Find the versions on lines, and between lines, that release-please's comments mark."""
    name = "x-release-please-version"
    yield from matches(text, _ANNOTATION, name)
    for block in _BLOCK.finditer(text):
        for found in _SEMVER.finditer(block["text"]):
            start = block.start("text")
            yield Found(name, found[0], start + found.start(), start + found.end())


def _find_listed(read: Read, paths: Sequence[str], listed: _Listed) -> Iterator[VersionField]:
    """Find the occurrences of the current version that one entry means."""
    for path in _choose_paths(paths, listed.path):
        if listed.keys and path.endswith(".toml"):
            yield from _find(path, read, find_toml_values, listed.keys)
        else:
            yield from _find(path, read, _find_occurrences, listed)


def _choose_paths(paths: Sequence[str], named: str) -> list[str]:
    """Return the paths that a path or a glob means."""
    name = str(PurePosixPath(named)) if named else ""
    chosen = re.compile(translate(name))
    return [path for path in paths if path == name or chosen.fullmatch(path)]


def _find_occurrences(text: str, listed: _Listed) -> Iterator[Found]:
    name = f"as {listed.tool} lists it"
    if not listed.current:
        return
    if listed.problem:
        yield Found(name, listed.search, 0, 0, listed.problem)
        return
    try:
        pattern, line = re.compile(_write_search(listed), re.MULTILINE), re.compile(listed.line)
    except re.error as error:
        yield Found(name, listed.search, 0, 0, f"the search of {listed.tool} is no regular expression: {error}")
        return
    found = list(matches(text, pattern, name))
    if listed.line:
        found = _keep_on_lines(found, text, line)
    yield from found
    if not found and not listed.is_optional:
        yield Found(
            name, listed.current, 0, 0, f"the file does not have {listed.current} where {listed.tool} expects it"
        )


def _keep_on_lines(found: Iterable[Found], text: str, line: re.Pattern[str]) -> list[Found]:
    """Return what was found on lines that an expression matches."""
    lines = [(start, start + len(one)) for start, one in split_line_spans(text) if line.search(one)]
    return [one for one in found if any(start <= one.start < end for start, end in lines)]


def _write_search(listed: _Listed) -> str:
    """Return the regular expression of what a tool searches for, with the version as a group."""
    number = rf"(?P<version>{re.escape(listed.current)})"
    if listed.search == _CURRENT:
        return rf"(?<![\d.]){number}(?![\w]|\.\d)"
    before, _, after = listed.search.partition(_CURRENT)
    return f"{before}{number}{after}" if listed.regex else f"{re.escape(before)}{number}{re.escape(after)}"


def _find(path: str, read: Read, find: Callable[..., Iterator[Found]], *arguments: object) -> Iterator[VersionField]:
    """Find values in a file by one of `field_formats`, with the arguments that it takes after the text."""
    path = str(PurePosixPath(path))
    text = read(path)
    if text is not None:
        yield from (VersionField.of(path, text, found) for found in find(text.body, *arguments))


def _find_at_keys(read: Read, path: str, keys: Sequence[str]) -> Iterator[VersionField]:
    """Find the value to which keys lead in a YAML, JSON or TOML file."""
    if path.endswith((".yaml", ".yml")):
        yield from _find(path, read, find_yaml_values, ".".join(keys))
    elif path.endswith(".json"):
        yield from _find(path, read, find_json_values, keys)
    else:
        yield from _find(path, read, find_toml_values, keys)


def _iterate_tables(
    read: Read, *tables: tuple[str, tuple[str, ...]]
) -> Iterator[tuple[str, Mapping[str, Any], tuple[str, ...]]]:
    """Return each of the tables that is there: its file, its content, and its keys."""
    for path, keys in tables:
        text = read(path)
        content = _load(path, text.body) if text else None
        table = find_table(content, *keys) if isinstance(content, dict) else {}
        if table:
            yield path, table, keys


def _load(path: str, text: str) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return the content of a TOML, JSON or YAML file; None where it cannot be read."""
    import yaml

    try:
        if path.endswith(".toml"):
            return tomllib.loads(text)
        return json.loads(text) if path.endswith(".json") else yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes nothing but strings, lists and mappings
    except (ValueError, RecursionError, yaml.YAMLError):
        return None


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


def _split_texts(value: object) -> list[str]:
    """Return the texts of a list, or of a text with commas between them."""
    return [part.strip() for text in list_texts(value) for part in text.split(",")]
