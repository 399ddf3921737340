"""Generate the reference page, and the JSON schemas (draft 7, as SchemaStore wants them), from the dataclasses."""

import json
import typing
from collections.abc import Mapping
from typing import Any, Final, Literal

from release_tools.addresses import ACTION
from release_tools.config.loader import TABLE, Setting, list_settings

SCHEMA_SITE: Final = f"https://raw.githubusercontent.com/{ACTION}/main/docs"
"""The address at which editors read the schemas."""

_HEAD: Final = f"""# Configuration

All settings are optional. A setting has the same name everywhere: as a key of `[{TABLE}]` in `pyproject.toml`,
as an option, as an environment variable and as an input of the action. An option takes precedence over the variable,
and the variable over the file.

```toml
[{TABLE}]
packages-dir = "dist"

[{TABLE}.anaconda]
owner = "octo"
```

A project without `pyproject.toml` has its settings in `release-tools.toml`, without the prefix `tool.release-tools`:
`[anaconda]`. A project that has both files gets an error: move the settings to `pyproject.toml`.

`release-tools config` shows the values for your project and where each is set. [Editors](editors.md) can complete and
check the settings with a JSON schema, which `release-tools config --schema` prints.

This page is generated from the code: `release-tools config --reference`.
"""


def write_configuration_page() -> str:
    """Return the reference page, in Markdown: a section for each table, in it one for each setting."""
    sections = [_HEAD]
    table = None
    for item in list_settings():
        if item.path[:-1] != table:
            table = item.path[:-1]
            sections.append(f"\n## {'.'.join(table) or 'General'}\n")
        sections.append(_write_section(item))
    return "".join(sections)


def build_pyproject_schema() -> dict[str, Any]:
    """Return the schema of a whole ``pyproject.toml``, for editors that take one schema for a file."""
    tool = {"type": "object", "properties": {"release-tools": {"$ref": f"{SCHEMA_SITE}/configuration.schema.json"}}}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"{SCHEMA_SITE}/pyproject.schema.json",
        "title": f"pyproject.toml with [{TABLE}]",
        "allOf": [{"$ref": "https://json.schemastore.org/pyproject.json"}],
        "type": "object",
        "properties": {"tool": tool},
    }


def build_json_schema() -> dict[str, Any]:
    """Return the schema of ``[tool.release-tools]``."""
    root: dict[str, Any] = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": f"{SCHEMA_SITE}/configuration.schema.json",
        "title": f"[{TABLE}]",
        **_build_object(),
    }
    for item in list_settings():
        table = root
        for part in item.path[:-1]:
            table = table["properties"].setdefault(part, _build_object())
        table["properties"][item.path[-1]] = {
            **_build_schema(item.type),
            **_read_bounds(item),
            "description": item.doc,
            "default": _make_plain(item.default),
        }
    return root


def _build_object() -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": {}}


def _build_schema(hint: Any) -> dict[str, Any]:  # noqa: ANN401 - a type hint has no type of its own
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple:
        return {"type": "array", "items": _build_schema(arguments[0])}
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _build_schema(arguments[1])}
    return {"type": {str: "string", int: "integer", bool: "boolean"}[hint]}


def _read_bounds(item: Setting) -> dict[str, int]:
    return {"minimum": item.within.start, "maximum": item.within.stop - 1} if item.within else {}


def _write_section(item: Setting) -> str:
    options = (*item.options, f"--no-{item.name}") if item.type is bool else item.options
    listed = ", ".join(f"`{option}`" for option in options)
    lines = [f"- {_format_words(item.type)}, by default `{json.dumps(_make_plain(item.default))}`"]
    if item.is_table:
        lines.append("- set in the file only")
    else:
        lines.append(f"- option {listed}; variable `{item.variable}`")
    return f"\n### {item.key}\n\n{item.doc}\n\n" + "\n".join(lines) + "\n"


def _format_words(hint: Any) -> str:  # noqa: ANN401 - a type hint has no type of its own
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return " or ".join(f"`{choice}`" for choice in arguments)
    if origin is tuple:
        return f"list of {_format_words(arguments[0])}"
    if origin is not None:
        return f"table of {_format_words(arguments[1])}"
    return {str: "text", int: "number", bool: "true or false"}[hint]


def _make_plain(value: Any) -> Any:  # noqa: ANN401 - a default of any type
    return list(value) if isinstance(value, tuple) else value
