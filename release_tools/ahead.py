"""Imports that later steps will need, made beside a build that another process does.

Heavy libraries are imported where they are used, so that a short command answers at once; a long one would wait for
each of them in turn, with nothing to do while the project's backend works.
"""

import importlib
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

BUILDING: Final = (
    "build",
    "release_tools.checks.subject",
    "release_tools.checks.metadata",
    "release_tools.checks.installation",
    "release_tools.steps.write_notes",
    "release_tools.steps.build_conda",
    "release_tools.steps.verify",
    "twine.commands.check",
    "conda_package_streaming.create",
    "rattler_build",
    "requests",
    "release_tools.steps.ready",
    "release_tools.publishing.on_index",
    "release_tools.publishing.on_channel",
    "release_tools.conda_forge.rendering",
    "release_tools.report.template",
    "markdown_it",
)
"""What is wanted once a build is begun, in that order."""
PUBLISHING: Final = (
    "requests",
    "release_tools.steps.ready",
    "twine.package",
    "twine.repository",
    "release_tools.steps.upload_index",
    "release_tools.report.template",
    "markdown_it",
)
"""What is wanted once files that were built are read."""


def import_ahead(names: Sequence[str]) -> None:
    """Begin to import modules, and go on; what fails here fails again, and is told, where it is used."""
    threading.Thread(target=_import, args=(names,), name="imports", daemon=True).start()


def _import(names: Sequence[str]) -> None:
    for name in names:
        with suppress(Exception):
            importlib.import_module(name)
