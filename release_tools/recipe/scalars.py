"""Write YAML in which nothing that others wrote is more than text.

A recipe is a template before it is YAML: ``${{ … }}`` (v1) and ``{{ … }}`` (v0) are evaluated, and in v0 a line that
ends in ``# [win]`` is dropped on other systems, in quotes or not. Text from metadata therefore loses these marks.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import yaml

PLAIN: Final = re.compile(r"[A-Za-z0-9/.$_][^\n\r\t\\]*")
WORDS: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9<>=!~*.,_/-]+)*")  # reads as itself, or is RESERVED
NUMBER: Final = re.compile(r"[0-9_]+(\.[0-9_]*)?([eE][+-]?[0-9]+)?")
RESERVED: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
TEMPLATE: Final = re.compile(r"([{$])(?=[{%#])|([}%#])(?=\})")
SELECTOR: Final = re.compile(r"\[([^\[\]]*)\]")


def make_inert(text: str) -> str:
    """Remove from others' text what a template engine or a selector could find in it."""
    broken = TEMPLATE.sub(r"\1\2 ", text)
    return SELECTOR.sub(r"(\1)", broken) if "#" in broken else broken


def is_read_as_number(text: str) -> bool:
    """Return whether YAML reads a text without quotation marks as a number, so that ``3.10`` becomes 3.1."""
    return NUMBER.fullmatch(text) is not None


def is_read_as_fraction(text: str) -> bool:
    """Return whether YAML reads a text without quotation marks as a number with a point."""
    return "." in text and is_read_as_number(text)


def write_scalar(text: str) -> str:
    """Return a YAML scalar that reads as exactly this text; plain where that is enough, else in double quotes."""
    return text if PLAIN.fullmatch(text) and _reads_as_itself(text) else json.dumps(text, ensure_ascii=False)


def write_items(field: str, texts: Iterable[str], indent: int) -> Iterator[str]:
    """Yield the lines of a field with a list, its items two deeper; nothing for an empty list."""
    lines = [f"{' ' * indent}  - {write_scalar(text)}" for text in texts]
    if lines:
        yield f"{' ' * indent}{field}:"
        yield from lines


def write_one_or_items(field: str, texts: Sequence[str], indent: int) -> Iterator[str]:
    """Yield the lines of a field with a list; one text alone follows the field, as people write it."""
    if len(texts) == 1:
        yield f"{' ' * indent}{field}: {write_scalar(texts[0])}"
    else:
        yield from write_items(field, texts, indent)


def write_fields(values: Mapping[str, str], indent: int) -> Iterator[str]:
    """Return the lines of plain fields; nothing for those that are not known."""
    return (f"{' ' * indent}{field}: {write_scalar(text)}" for field, text in values.items() if text)


def write_sections(contents: Mapping[str, Iterable[str]]) -> list[str]:
    """Return each section with its lines; nothing for those that have none."""
    return ["\n".join([f"{name}:", *lines]) for name, found in contents.items() if (lines := list(found))]


def _reads_as_itself(text: str) -> bool:
    if WORDS.fullmatch(text):
        return text.lower() not in RESERVED
    try:
        return bool(yaml.safe_load(f"- {text}\n") == [text])
    except yaml.YAMLError:
        return False
