"""Imports that later steps will need, made beside a build that another process does.

Heavy libraries are imported where they are used, so that a short command answers at once; a long one would wait for
each of them in turn, with nothing to do while the project's backend works.
"""

import importlib
import threading
from contextlib import suppress
from typing import Final

LIBRARIES: Final = (
    "build",
    "twine.commands.check",
    "conda_package_streaming.create",
    "rattler_build",
    "requests",
    "release_tools.report.template",
)
"""In the order in which they are wanted."""


def import_ahead() -> None:
    """Begin to import them, and go on; what fails here fails again, and is told, where it is used."""
    threading.Thread(target=_import, name="imports", daemon=True).start()


def _import() -> None:
    for name in LIBRARIES:
        with suppress(Exception):
            importlib.import_module(name)
