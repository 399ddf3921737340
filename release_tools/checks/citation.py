"""``CITATION.cff`` by the schema of the Citation File Format, whose facts are in ``citation_file_format.json``."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from release_tools.parsed_values import parse_yaml

_FACTS: Final = Path(__file__).with_name("citation_file_format.json")
_LISTS: Final = {"people": "person", "texts": "text", "identifiers": "identifier", "references": "reference"}
_REFERENCE: Final = {
    "authors": "people",
    "doi": "doi",
    "url": "url",
    "date-released": "date",
    "date-published": "date",
}
"""The keys of a reference that are checked, with the kinds of their values."""
_LONGEST: Final = 60
_OLD_FORMAT: Final = re.compile(r"1\.[01]\.\d+(?:-\d+)?")


def find_citation_faults(text: str) -> list[str]:
    """Return what the schema has against a ``CITATION.cff``, each fault with the key that it is about.

    A file of an older version of the format is not judged.
    """
    try:
        data = parse_yaml(text, only_texts=True)
    except ValueError as error:
        return [f"it is not valid YAML: {error}"]
    if not isinstance(data, dict):
        return ["it is no mapping of keys to values"]
    if _OLD_FORMAT.fullmatch(str(data.get("cff-version", ""))):
        return []
    return list(_check_keys(data))


def _check_keys(data: Mapping[object, object]) -> Iterator[str]:
    facts = _load_facts()
    yield from (f"{key} is missing" for key in facts["required"] if key not in data)
    written = str(data.get("cff-version", ""))
    if written not in {"", facts["version"]}:
        yield f"cff-version: {_show(written)} is not {facts['version']}"
    for key, value in data.items():
        if key in facts["keys"]:
            yield from _check_value(str(key), facts["keys"][key], value)
        else:
            yield f"{_show(key)} is no key of the format"


@cache
def _load_facts() -> Mapping[str, Any]:
    facts: Mapping[str, Any] = json.loads(_FACTS.read_text(encoding="utf-8"))
    return facts


@cache
def _compile_patterns() -> Mapping[str, re.Pattern[str]]:
    return {kind: re.compile(pattern) for kind, pattern in _load_facts()["patterns"].items()}


def _check_value(where: str, kind: str, value: object) -> Iterator[str]:
    """Yield what is wrong with a value of a kind: one of the patterns, or a structure of its own."""
    if kind in _LISTS:
        yield from _check_list(where, _LISTS[kind], value)
    elif kind in _STRUCTURES:
        yield from _STRUCTURES[kind](where, value)
    elif not isinstance(value, str) or not _compile_patterns()[kind].search(value):
        yield f"{where}: {_show(value)} is no {kind}"


def _check_list(where: str, kind: str, value: object) -> Iterator[str]:
    if not isinstance(value, list) or not value:
        yield f"{where} must be a list with at least one entry"
        return
    for at, item in enumerate(value):
        yield from _check_value(f"{where}[{at}]", kind, item)


def _check_license(where: str, value: object) -> Iterator[str]:
    """Yield what is wrong with a license: one identifier, or a list of them."""
    for item in value if isinstance(value, list) else [value]:
        yield from _check_value(where, "text", item)


def _check_person(where: str, value: object) -> Iterator[str]:
    """Yield what is wrong with a person, or with an entity, which is one by its ``name``."""
    if not isinstance(value, dict) or not value:
        yield f"{where} must have given-names and family-names, or a name"
    elif "name" in value:
        yield from _check_known_keys(where, value, _load_facts()["entity"], "an entity")
    else:
        yield from _check_known_keys(where, value, _load_facts()["person"], "a person")


def _check_known_keys(
    where: str, value: Mapping[object, object], keys: Mapping[object, str], noun: str
) -> Iterator[str]:
    for key, item in value.items():
        if key in keys:
            yield from _check_value(f"{where}.{key}", keys[key], item)
        else:
            yield f"{where}.{_show(key)} is no key of {noun}"


def _check_identifier(where: str, value: object) -> Iterator[str]:
    kinds = _load_facts()["identifiers"]
    if not isinstance(value, dict) or value.get("type") not in kinds:
        yield f"{where} must have a type ({', '.join(kinds)}) and a value"
        return
    yield from _check_value(f"{where}.value", kinds[value["type"]], value.get("value"))


def _check_reference(where: str, value: object) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{where} must be a mapping"
        return
    yield from (f"{where}.{key} is missing" for key in _load_facts()["reference"] if key not in value)
    for key, kind in _REFERENCE.items():
        if key in value:
            yield from _check_value(f"{where}.{key}", kind, value[key])


_STRUCTURES: Final[Mapping[str, Callable[[str, object], Iterator[str]]]] = {
    "license": _check_license,
    "person": _check_person,
    "identifier": _check_identifier,
    "reference": _check_reference,
}


def _show(value: object) -> str:
    text = repr(value) if isinstance(value, str) else type(value).__name__
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
