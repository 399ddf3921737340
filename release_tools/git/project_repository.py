"""Open the repositories of a run once for all its steps."""

from pathlib import Path

from release_tools.engine.context import Context
from release_tools.git.repository import Repository


def open_repository(context: Context, folder: Path | None = None) -> Repository:
    """Return the repository that contains a folder, the project's own where none is given.

    Raises:
        RepositoryError: there is none, git refuses to read it, or git is not installed.
    """
    where = folder or context.project
    return context.background.result(f"open the repository of {where}", Repository.open, where, context.env)
