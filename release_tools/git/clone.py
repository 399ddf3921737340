"""The project's source in a clean clone of the commit, which carries exactly the tag that is to be released."""

from pathlib import Path
from typing import Final

from release_tools.engine.background import Task
from release_tools.engine.context import Context
from release_tools.git.repository import Repository
from release_tools.model.release import Release

SOURCE: Final = "source"
"""What the clone is for, among what was begun, and its folder in the scratch folder."""


def clone_source(context: Context, release: Release) -> Path:
    """Clone, and answer where the project lies in it.

    Raises:
        RepositoryError: the clone could not be made.
    """
    repository = Repository.open(context.project, context.env)
    clone = repository.clone(context.scratch / SOURCE, release.commit, tag=release.tag)
    return clone / context.project.relative_to(repository.root)


def cloned_source(context: Context, release: Release) -> Path:
    """The same, where it was begun already too.

    Raises:
        RepositoryError: the clone could not be made.
    """
    background: Task[Path] | None = context.background.take(SOURCE, Task)
    return background.finish() if background else clone_source(context, release)
