"""Read values of parsed TOML, YAML and JSON, in which anything may stand where a table or a list is expected."""

from collections.abc import Mapping
from typing import Any


def find_table(data: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return a table within tables; an empty one where it is missing or something else."""
    for key in keys:
        inner = data.get(key)
        data = inner if isinstance(inner, dict) else {}
    return data


def list_tables(value: object) -> list[Mapping[str, Any]]:
    """Return the tables of a list, without what else stands there; nothing where it is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def list_texts(value: object) -> list[str]:
    """Return the texts of a list, without what else stands there; a text alone is a list of one."""
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def list_words(value: object) -> list[str]:
    """Return the words of a list, or of a text with spaces or commas between them, as cibuildwheel takes both."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    return [str(item) for item in value] if isinstance(value, list) else []
