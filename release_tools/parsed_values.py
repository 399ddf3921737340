"""Parse JSON and YAML that others wrote, and read values of what was parsed, in which anything may stand anywhere."""

import json
from collections.abc import Mapping
from math import inf
from typing import Any, Final

_MOST_VALUES: Final = 1_000_000


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 - JSON is anything
    """Return the data of a JSON document.

    Raises:
        ValueError: it is not JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def parse_yaml(text: str | bytes, *, only_texts: bool = False) -> Any:  # noqa: ANN401 - YAML is anything
    """Return the plain data of a YAML document.

    Aliases are common, so they are allowed, but the number of values that they expand to is limited.

    Args:
        text: the document.
        only_texts: whether every scalar is a text, so that ``1.10`` and ``no`` stay what they are.

    Raises:
        ValueError: it is not YAML, is nested too deeply, or its aliases expand to too much.
    """
    import yaml

    try:
        data = yaml.load(text, Loader=yaml.BaseLoader if only_texts else yaml.SafeLoader)  # noqa: S506 - plain data
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except yaml.YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from None
    if _count_values(data, {}) > _MOST_VALUES:
        raise ValueError(f"its aliases expand to more than {_MOST_VALUES:,} values")
    return data


def _count_values(value: object, known: dict[int, float]) -> float:
    """Return the number of values with each alias expanded."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in known:
        known[id(value)] = inf  # while it is not counted, only an alias inside of itself can ask
        inner = (*value.keys(), *value.values()) if isinstance(value, dict) else value
        known[id(value)] = 1 + sum(_count_values(item, known) for item in inner)
    return known[id(value)]


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
