"""Open the project's repository once for all steps of a run."""

from release_tools.engine.context import Context
from release_tools.git.repository import Repository


def open_repository(context: Context) -> Repository:
    """Return the repository that contains the project.

    Raises:
        RepositoryError: there is none, git refuses to read it, or git is not installed.
    """
    return context.background.result("open the repository", Repository.open, context.project, context.env)
