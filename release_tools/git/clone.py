"""The project's source in a clean clone of the commit, which carries exactly the tag that is to be released."""

from pathlib import Path
from typing import Final

from release_tools.engine.context import Context
from release_tools.git.lfs import restore_content
from release_tools.git.project_repository import open_repository
from release_tools.git.repository import Repository
from release_tools.model.release import Release

_FOLDER: Final = "source"


def start_clone(context: Context, release: Release) -> None:
    """Start to clone, as soon as the commit and its tag are known."""
    context.background.start("clone", _clone, context, release)


def clone_source(context: Context, release: Release) -> Path:
    """Return the project's folder in a clean clone in the scratch folder.

    Raises:
        RepositoryError: the clone could not be made.
    """
    return context.background.result("clone", _clone, context, release)


def _clone(context: Context, release: Release) -> Path:
    repository = open_repository(context)
    clone = repository.clone(context.scratch / _FOLDER, release.commit, tag=release.tag)
    restore_content(repository, clone)
    for submodule in repository.submodules(release.commit):
        if submodule.present:
            inner = Repository(repository.root / submodule.path, repository.env)
            restore_content(inner, clone / submodule.path)
    return clone / context.project.relative_to(repository.root)
