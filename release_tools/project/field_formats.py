"""Readers of single values in TOML, JSON, YAML and INI, which tell the characters that the value takes.

Each gives nothing where the key is missing, and a `Found` with a problem where the value is there in a form that
cannot be replaced safely.
"""

import configparser
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final

from release_tools.project.version_field import Found

if TYPE_CHECKING:
    import tomlkit
    import yaml

_MARK: Final = "\u2603"
"""Replaces a value to learn which characters it takes: no version has such a character."""
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_UNREADABLE: Final = "the file cannot be read as {}: {}"


def find_toml_values(text: str, *keys: Sequence[str]) -> Iterator[Found]:
    """Find the strings of some keys of a TOML document, each key given by its tables and its name."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    for path in keys:
        name = ".".join(path)
        try:
            document = tomlkit.parse(text)
            table = _find_toml_table(document, path[:-1])
            item = table[path[-1]]
        except (TOMLKitError, RecursionError) as error:
            if isinstance(error, KeyError):
                continue
            yield Found(name, "", 0, 0, _UNREADABLE.format("TOML", error))
            return
        except (KeyError, TypeError, IndexError):
            continue
        if not isinstance(item, str):
            continue
        quote = _find_toml_quote(item.as_string())  # type: ignore[attr-defined] # tomlkit's own kind of string
        table[path[-1]] = tomlkit.value(f"{quote}{_MARK}{quote}")
        start, end = _find_difference(text, document.as_string())
        problem = "" if text[start:end] == str(item) else "it is written with escapes"
        yield Found(name, str(item), start, end, problem)


def _find_toml_table(document: "tomlkit.TOMLDocument", path: Sequence[str]) -> Any:  # noqa: ANN401 - whatever is there
    table: Any = document
    for key in path:
        table = table[key]
    return table


def _find_toml_quote(raw: str) -> str:
    """Return the quotes around a string: one or three."""
    return raw[0] * 3 if raw.startswith(raw[0] * 3) and len(raw) > 2 else raw[0]  # noqa: PLR2004


def find_json_values(text: str, *keys: Sequence[str]) -> Iterator[Found]:
    """Find the strings of some keys of a JSON document, each key given by its path of names."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Found(".".join(keys[0]), "", 0, 0, _UNREADABLE.format("JSON", error))
        return
    for path in keys:
        value = _descend(document, path)
        if isinstance(value, str) and value:
            yield _describe_json_value(text, path, value)


def _describe_json_value(text: str, path: Sequence[str], value: str) -> Found:
    """Return a string of a JSON document, with a problem where its characters cannot be found for sure."""
    name = ".".join(part or '""' for part in path)
    span = _find_json_span(text, path, value)
    return Found(name, value, *span) if span else Found(name, value, 0, 0, "it is written with escapes, or twice")


def find_yaml_values(text: str, *keys: str) -> Iterator[Found]:
    """Find the scalars of some keys of a YAML document; a dot leads into an inner mapping."""
    import yaml

    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        yield Found(keys[0], "", 0, 0, _UNREADABLE.format("YAML", " ".join(str(error).split())))
        return
    if not isinstance(document, yaml.MappingNode):
        yield Found(keys[0], "", 0, 0, _UNREADABLE.format("YAML", "it is no mapping"))
        return
    for key in keys:
        scalars = _list_scalars(document, key.split("."))
        problem = "" if len(scalars) == 1 else f"the file has it {len(scalars)} times"
        for node in scalars:
            yield _describe_scalar(text, key, node, problem)


def _list_scalars(node: "yaml.Node", path: Sequence[str]) -> "list[yaml.ScalarNode]":
    """Return the scalars to which keys lead, more than one where a key is there twice."""
    import yaml

    if not path:
        return [node] if isinstance(node, yaml.ScalarNode) and node.value else []
    if not isinstance(node, yaml.MappingNode):
        return []
    return [scalar for value in _list_yaml_values(node, path[0]) for scalar in _list_scalars(value, path[1:])]


def _list_yaml_values(mapping: "yaml.MappingNode", name: str) -> "list[yaml.Node]":
    """Return the values of a key, more than one where it is there twice."""
    return [value for key, value in mapping.value if key.value == name]


def _describe_scalar(text: str, key: str, node: "yaml.ScalarNode", problem: str) -> Found:
    """Return a scalar, with the problem that it has already, or that its text is not what it means."""
    quotes = 1 if node.style in {"'", '"'} else 0
    start, end = node.start_mark.index + quotes, node.end_mark.index - quotes
    if text[start:end] != node.value:
        problem = problem or "it is written in several lines or with escapes"
    return Found(key, node.value, start, end, problem, bare=not quotes)


def find_ini_values(text: str, *keys: tuple[str, str]) -> Iterator[Found]:
    """Find values of one line in an INI file, each key given by its section and its name."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        yield Found(".".join(keys[0]), "", 0, 0, _UNREADABLE.format("INI", " ".join(str(error).split())))
        return
    options = list(_list_ini_options(text))
    for key in keys:
        if not parser.has_option(*key):
            continue
        spans = [span for section, option, span in options if (section, parser.optionxform(option)) == key]
        yield _describe_ini_value(text, ".".join(key), parser.get(*key), spans)


def _describe_ini_value(text: str, name: str, value: str, spans: Sequence[tuple[int, int]]) -> Found:
    """Return a value of an INI file, with a problem where it is not in one line of its own."""
    if len(spans) == 1 and text[slice(*spans[0])] == value:
        return Found(name, value, *spans[0])
    return Found(name, value, 0, 0, "the file has it more than once, or in several lines")


def _list_ini_options(text: str) -> Iterator[tuple[str, str, tuple[int, int]]]:
    """Yield the section and the name of each option of an INI file, and where its value is, if it is in that line."""
    section = ""
    for position, line in split_line_spans(text):
        if header := re.match(r"\[([^\]]+)\]", line):
            section = header[1]
        elif option := re.match(r"([^\s=:#;][^=:]*)[=:][ \t]*(.*)", line):
            start = position + option.start(2)
            yield section, option[1].rstrip(), (start, start + len(option[2].rstrip()))


def matches(text: str, pattern: re.Pattern[str], name: str, group: str = "version") -> Iterator[Found]:
    """Find what a group of an expression matches."""
    for found in pattern.finditer(text):
        yield Found(name, found[group], *found.span(group))


def split_line_spans(text: str) -> Iterator[tuple[int, str]]:
    """Return each line, without its end, and where it begins."""
    position = 0
    for line in _LINE.findall(text):
        yield position, line.rstrip("\r\n")
        position += len(line)


def _find_difference(before: str, after: str) -> tuple[int, int]:
    """Return the characters of a text that are another in a second one."""
    start = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    rest = min(len(before), len(after)) - start
    pairs = zip(reversed(before), reversed(after), strict=False)
    same = sum(1 for _, _ in zip(takewhile(lambda pair: pair[0] == pair[1], pairs), range(rest), strict=False))
    return start, len(before) - same


def _descend(data: object, path: Iterable[str]) -> object:
    for key in path:
        if not isinstance(data, dict):
            return None
        data = data.get(key)
    return data


def _find_json_span(text: str, path: Sequence[str], value: str) -> tuple[int, int] | None:
    """Return the one occurrence of a value that, replaced, changes the value of that key."""
    for found in re.finditer(re.escape(json.dumps(value, ensure_ascii=False)), text):
        start, end = found.start() + 1, found.end() - 1
        if _descend(json.loads(text[:start] + _MARK + text[end:]), path) == _MARK:
            return start, end
    return None
