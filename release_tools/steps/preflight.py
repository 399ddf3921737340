"""What would make the release fail later, before anything is built."""

import os
from typing import Final

from release_tools.context import Context
from release_tools.credentials import PUBLISHING
from release_tools.errors import CredentialError, OutputError
from release_tools.model import Note, Release, State

_ADVICE: Final = (
    "Build in a job or shell without them and publish in another: release-tools build, then release-tools publish."
    " If you trust every build requirement: --allow-credentials-in-build."
)


def preflight(context: Context, release: Release) -> Release:
    """See that the build runs beside no credential, and that its results can be written.

    Raises:
        CredentialError: credentials for publishing are in the environment, where a build could read them.
        OutputError: the output folder cannot be written.
    """
    present = [name for name in PUBLISHING if context.env.get(name)]
    if present and not context.config.allow_credentials_in_build:
        raise CredentialError(
            f"{', '.join(present)}: set while other people's code is about to run in the build", _ADVICE
        )
    warning = Note(State.WARNING, "credentials are within reach of the build", ", ".join(present), _ADVICE)
    folder = existing = context.output
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise OutputError(f"{folder}: cannot be written to", "Choose another folder with --output-dir.")
    return release.telling(
        warning if present else Note(State.DONE, "no credential within reach of the build"),
        Note(State.DONE, f"{folder} can be written to"),
    )
