"""Readers of single values in TOML, JSON, YAML, INI and Python, which tell the characters that the value takes.

Each gives nothing where the key is missing, and a `Found` with a problem where the value is there in a form that
cannot be replaced safely.
"""

import ast
import configparser
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any, Final

from release_tools.project.version_field import Found

_MARK: Final = "\u2603"
"""Put in place of a value to learn where that is: no version has such a character."""
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_DIGIT: Final = re.compile(r"\d")
_UNREADABLE: Final = "the file cannot be read as {}: {}"


def find_toml_values(text: str, *keys: Sequence[str]) -> Iterator[Found]:
    """Find the strings of some keys of a TOML document, each key given by its tables and its name."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    for path in keys:
        name = ".".join(path)
        try:
            document = tomlkit.parse(text)
            table: Any = document
            for key in path[:-1]:
                table = table[key]
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
        raw = item.as_string()  # type: ignore[attr-defined] # tomlkit's own kind of string
        quote = raw[0] * 3 if raw.startswith(raw[0] * 3) and len(raw) > 2 else raw[0]  # noqa: PLR2004
        table[path[-1]] = tomlkit.value(f"{quote}{_MARK}{quote}")
        start, end = _find_difference(text, document.as_string())
        problem = "" if text[start:end] == str(item) else "it is written with escapes"
        yield Found(name, str(item), start, end, problem)


def find_json_values(text: str, *keys: Sequence[str]) -> Iterator[Found]:
    """Find the strings of some keys of a JSON document, each key given by its path of names."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Found(".".join(keys[0]), "", 0, 0, _UNREADABLE.format("JSON", error))
        return
    for path in keys:
        value = _descend(document, path)
        if not isinstance(value, str) or not value:
            continue
        name = ".".join(part or '""' for part in path)
        span = _find_json_span(text, path, value)
        yield Found(name, value, *span) if span else Found(name, value, 0, 0, "it is written with escapes, or twice")


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
        nodes: list[yaml.Node] = [document]
        for name in key.split("."):
            nodes = [
                value
                for node in nodes
                if isinstance(node, yaml.MappingNode)
                for own, value in node.value
                if own.value == name
            ]
        scalars = [node for node in nodes if isinstance(node, yaml.ScalarNode) and node.value]
        for node in scalars:
            start, end = node.start_mark.index, node.end_mark.index
            quotes = 1 if node.style in {"'", '"'} else 0
            problem = "" if len(scalars) == 1 else f"the file has it {len(scalars)} times"
            if text[start + quotes : end - quotes] != node.value:
                problem = problem or "it is written in several lines or with escapes"
            yield Found(key, node.value, start + quotes, end - quotes, problem, bare=not quotes)


def find_ini_values(text: str, *keys: tuple[str, str]) -> Iterator[Found]:
    """Find values of one line in an INI file, each key given by its section and its name."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        yield Found(".".join(keys[0]), "", 0, 0, _UNREADABLE.format("INI", " ".join(str(error).split())))
        return
    found: dict[tuple[str, str], list[Found]] = {key: [] for key in keys}
    section, position = "", 0
    for line in _LINE.findall(text):
        if header := re.match(r"\[([^\]]+)\]", line):
            section = header[1]
        elif option := re.match(r"([^\s=:#;][^=:]*)[=:][ \t]*(.*)", line):
            key = (section, parser.optionxform(option[1].rstrip()))
            if key in found:
                value, start = option[2].rstrip(), position + option.start(2)
                found[key].append(Found(".".join(key), value, start, start + len(value)))
        position += len(line)
    for key, values in found.items():
        if not parser.has_option(*key):
            continue
        value = parser.get(*key)
        if len(values) == 1 and values[0].value == value:
            yield values[0]
        else:
            yield Found(".".join(key), value, 0, 0, "the file has it more than once, or in several lines")


def find_python_values(text: str, *names: str) -> Iterator[Found]:
    """Find what is assigned, outside of functions and classes, to some names of a Python module.

    An expression that holds a version in part, such as an f-string, has a problem; one that reads it from elsewhere,
    such as ``importlib.metadata.version("demo")``, is nothing that could be edited. A literal in an ``except`` is what
    holds where the version cannot be read.
    """
    tree = _parse(text)
    if isinstance(tree, Found):
        if any(name in text for name in names):
            yield tree
        return
    starts = _list_line_starts(text)
    for name in names:
        values = [value for target, value in _find_assignments(tree.body) if target == name]
        for value in values:
            found = _read_python_value(text, starts, name, value)
            if found and len(values) > 1:
                yield Found(name, found.value, found.start, found.end, f"the file assigns it {len(values)} times")
            elif found:
                yield found


def find_setup_py_version(text: str) -> Iterator[Found]:
    """Find the version that ``setup.py`` passes to ``setup()``: a literal, or a name of the same file."""
    tree = _parse(text)
    if isinstance(tree, Found):
        yield tree
        return
    starts = _list_line_starts(text)
    for call in ast.walk(tree):
        if not (isinstance(call, ast.Call) and _find_last_name(call.func) == "setup"):
            continue
        for value in (keyword.value for keyword in call.keywords if keyword.arg == "version"):
            if isinstance(value, ast.Name):
                yield from find_python_values(text, value.id)
            elif found := _read_python_value(text, starts, "version", value):
                yield found


def matches(text: str, pattern: re.Pattern[str], name: str) -> Iterator[Found]:
    """Find what the group ``version`` of an expression matches."""
    for found in pattern.finditer(text):
        yield Found(name, found["version"], *found.span("version"))


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


def _parse(text: str) -> ast.Module | Found:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Found("version", "", 0, 0, _UNREADABLE.format("Python", error))


def _find_assignments(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    """Return the names that a module assigns and their values, but for those in an ``except``."""
    for statement in body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    yield target.id, statement.value
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
            yield statement.target.id, statement.value
        for inner in ("body", "orelse", "finalbody"):
            if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield from _find_assignments(getattr(statement, inner, ()))


def _read_python_value(text: str, starts: Sequence[int], name: str, value: ast.expr) -> Found | None:
    """Return a value where it is a literal, or one with a problem where it is made of several; else nothing."""
    start, end = _find_python_span(text, starts, value)
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        raw = text[start:end]
        quoted = re.fullmatch(r"[rRuU]?('''|\"\"\"|'|\")(.*)\1", raw, re.DOTALL)
        if quoted is None or quoted[2] != value.value:
            return Found(name, value.value, start, end, "it is written in several strings or with escapes")
        return Found(name, value.value, start + quoted.start(2), start + quoted.end(2))
    if isinstance(value, ast.Name | ast.Attribute | ast.Subscript):
        return None
    if isinstance(value, ast.Call) and not _formats_text(value):
        return None
    literals = (node.value for node in ast.walk(value) if isinstance(node, ast.Constant))
    if not any(_DIGIT.search(str(literal)) for literal in literals):
        return None
    kinds = {ast.JoinedStr: "an f-string", ast.Tuple: "a tuple", ast.Constant: "a number"}
    kind = kinds.get(type(value), "an expression")
    return Found(name, " ".join(text[start:end].split()), start, end, f"it is {kind}, and no string")


def _formats_text(call: ast.Call) -> bool:
    """Return whether a call puts values into a literal: ``"1.{}".format(minor)``."""
    return isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Constant)


def _find_python_span(text: str, starts: Sequence[int], node: ast.expr) -> tuple[int, int]:
    """Return the characters of an expression; ``ast`` counts lines, and bytes in each."""
    lines = (node.lineno, node.end_lineno or node.lineno)
    columns = (node.col_offset, node.end_col_offset or 0)
    begins = [starts[line - 1] for line in lines]
    widths = [
        len(text[begin:].split("\n", 1)[0].encode()[:column].decode())
        for begin, column in zip(begins, columns, strict=True)
    ]
    return begins[0] + widths[0], begins[1] + widths[1]


def _list_line_starts(text: str) -> list[int]:
    return [position for position, _ in split_line_spans(text)]


def _find_last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
