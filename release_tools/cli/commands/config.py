"""Show the settings of a project, their JSON schema, or their reference page."""

import argparse
import json
from collections.abc import Mapping

from release_tools.cli.options import add_project, add_settings
from release_tools.cli.session import Session
from release_tools.config.loader import find_sources, list_settings
from release_tools.config.reference import build_json_schema, write_configuration_page
from release_tools.config.schema import Config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_project(parser)
    parser.add_argument("--schema", action="store_true", help="print the JSON schema of [tool.release-tools] instead")
    parser.add_argument("--reference", action="store_true", help="print the reference page, in Markdown, instead")
    add_settings(parser)


def run(invocation: Session) -> int:
    """Print the settings, the schema or the reference page."""
    if invocation.options.schema:
        invocation.console.data(json.dumps(build_json_schema(), indent=2))
    elif invocation.options.reference:
        invocation.console.data(write_configuration_page().rstrip("\n"))
    else:
        context = invocation.context()
        values = _collect_values(context.config)
        if invocation.options.json:
            invocation.console.data(json.dumps(values, indent=2))
        else:
            set_by = find_sources(context.project, context.env, invocation.given)
            lines = (f"{key} = {json.dumps(value)}  # {set_by.get(key, 'default')}" for key, value in values.items())
            invocation.console.data("\n".join(lines))
    return 0


def _collect_values(config: Config) -> dict[str, object]:
    """Return the value of every setting, by its key."""
    values: dict[str, object] = {}
    for item in list_settings():
        value: object = config
        for part in item.path:
            value = getattr(value, part.replace("-", "_"))
        values[item.key] = dict(value) if isinstance(value, Mapping) else value
    return values
