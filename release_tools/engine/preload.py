"""Imports that later steps will need, made while another process is waited for.

Heavy libraries are imported where they are used, so that a short command answers at once; a long one would wait for
each of them in turn, though it had nothing to do while the project's backend worked.

One thread makes them all. Python runs one at a time, so another would only take turns with it; and two that import from
the same package can lock each other out, of which Python makes an error in the middle of an import.
"""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from importlib import import_module
from typing import Final

from release_tools.engine.background import BackgroundTasks

CONVERTING: Final = ("conda_package_streaming.create", "yaml")
"""What makes a conda package."""
BUILDING: Final = (
    "release_tools.checks.artifacts",
    "release_tools.checks.wheel_install",
    "release_tools.steps.build_conda",
    "release_tools.steps.verify",
    "readme_renderer.rst",
    "twine.commands.check",
    "rich.console",
    "rich._emoji_codes",
    *CONVERTING,
    "rattler_build",
    "release_tools.steps.check_publishers",
    "release_tools.publishers.conda_channel.channel_publisher",
    "release_tools.publishers.conda_forge.rendering",
    "jinja2.sandbox",
    "release_tools.report.page_template",
)
"""What is wanted once a build is begun, in that order."""
CHANGELOGS: Final = (
    "docutils.core",
    "docutils.parsers.rst",
    "docutils.readers.standalone",
    "docutils.writers.null",
    "docutils.languages.en",
    "markdown_it",
)
"""What reads a project's history, whose changelog may be in either markup."""
CHANNELS: Final = ("asyncio", "rattler", "rattler.exceptions")
"""What looks names up on conda channels."""
PUBLISHING: Final = (
    "requests",
    "release_tools.steps.check_publishers",
    "twine.package",
    "twine.repository",
    "release_tools.steps.upload_index",
    "release_tools.report.page_template",
    "markdown_it",
)
"""What is wanted once files that were built are read."""


def import_while_waiting(names: Iterable[str], background: BackgroundTasks) -> None:
    """Have modules imported one by one while others work; what fails here is told by who uses it."""
    for name in names:
        background.put_off(partial(_import, name))


def import_now(names: Iterable[str]) -> None:
    """Import modules that a thread will want, before it is begun."""
    for name in names:
        _import(name)


def _import(name: str) -> None:
    with suppress(Exception):
        import_module(name)
