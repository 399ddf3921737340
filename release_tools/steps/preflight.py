"""Check, before anything is built, what would make the release fail later."""

import os

from release_tools.engine.context import Context
from release_tools.errors import OutputError
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.system.credentials import refuse_credentials


def preflight(context: Context, release: Release) -> Release:
    """Check that the build cannot see publishing credentials, and that the output folder can be written.

    Raises:
        CredentialError: credentials for publishing are in the environment, where a build could read them.
        OutputError: the output folder cannot be written.
    """
    present = refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
    visible = Note(State.WARNING, "the build can see publishing credentials", ", ".join(present))
    folder = existing = context.output
    if folder.is_relative_to(context.project) and not folder.resolve().is_relative_to(context.project.resolve()):
        raise OutputError(
            f"{folder}: a link that leads out of the project", "Pass the target of the link with --packages-dir."
        )
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise OutputError(f"{folder}: not writable", "Choose another folder with --packages-dir.")
    context.report.add(
        visible if present else Note(State.DONE, "the build cannot see any publishing credentials"),
        Note(State.DONE, f"{folder} is writable"),
    )
    return release
