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
    visible = refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
    _check_writable(context)
    if visible:
        context.report.add(Note(State.WARNING, "the build can see publishing credentials", ", ".join(visible)))
    else:
        context.report.add(Note(State.DONE, "the build cannot see any publishing credentials"))
    context.report.add(Note(State.DONE, f"{context.output} is writable"))
    return release


def _check_writable(context: Context) -> None:
    """Check the output folder, or the folder that it would be made in.

    Raises:
        OutputError: it cannot be written, or is a link that leads out of the project.
    """
    folder = existing = context.output
    if folder.is_relative_to(context.project) and not folder.resolve().is_relative_to(context.project.resolve()):
        raise OutputError(
            f"{folder}: a link that leads out of the project", "Pass the target of the link with --packages-dir."
        )
    while not existing.exists():
        existing = existing.parent
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise OutputError(f"{folder}: not writable", "Choose another folder with --packages-dir.")
