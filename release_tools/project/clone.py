"""The project's source in a clean clone of the commit, which carries exactly the tag that is to be released.

Older tags of the same project are in the clone as well, for builds that read the history (pbr, towncrier, Sphinx).
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from release_tools.engine.context import Context
from release_tools.errors import RepositoryError
from release_tools.git.lfs import restore_content
from release_tools.git.log import find_floating_tags, read_tagged_versions
from release_tools.git.project_repository import open_repository
from release_tools.git.repository import Head, Repository
from release_tools.model.release import Release
from release_tools.project.tag_spelling import find_tag_format
from release_tools.system.process import ProcessError

_FOLDER: Final = "source"
_OLDER_TAGS: Final = "tags for the clone"


def start_clone(context: Context, release: Release) -> None:
    """Start to clone, as soon as the commit and its tag are known."""
    context.background.start("clone", _clone, context, release)


def clone_source(context: Context, release: Release) -> Path:
    """Return the project's folder in a clean clone in the scratch folder.

    Raises:
        RepositoryError: the clone could not be made.
    """
    return context.background.result("clone", _clone, context, release)


def clone_between_tags(repository: Repository, folder: Path, head: Head, tags: Iterable[str]) -> Path:
    """Clone a commit for a backend that counts its version: on the same branch, with these tags.

    Raises:
        RepositoryError: the clone could not be made.
    """
    clone = repository.clone(folder, head.commit)
    copy_tags(repository, clone, tags)
    if head.branch:
        _run_git(Repository(clone, repository.env), "checkout", "--quiet", "-B", head.branch)
    return clone


def copy_tags(repository: Repository, clone: Path, tags: Iterable[str]) -> None:
    """Copy tags to a clone that shares its objects with the repository.

    Raises:
        RepositoryError: git failed.
    """
    rows = repository.git("for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/tags").splitlines()
    objects = dict(row.rsplit(" ", 1) for row in rows)
    lines = [f"create refs/tags/{tag} {objects[tag]}\n" for tag in tags if tag in objects]
    _run_git(Repository(clone, repository.env), "update-ref", "--stdin", stdin="".join(lines))


def _clone(context: Context, release: Release) -> Path:
    repository = open_repository(context)
    context.background.start(_OLDER_TAGS, _list_older_tags, context, repository, release)  # takes as long as the clone
    clone = repository.clone(context.scratch / _FOLDER, release.commit, tag=release.tag)
    restore_content(repository, clone)
    for submodule in repository.submodules(release.commit):
        if submodule.present:
            inner = Repository.open(repository.root / submodule.path, repository.env)
            restore_content(inner, clone / submodule.path)
    copy_tags(repository, clone, context.background.result(_OLDER_TAGS, _list_older_tags, context, repository, release))
    return clone / context.project.relative_to(repository.root)


def _list_older_tags(context: Context, repository: Repository, release: Release) -> list[str]:
    """Return the tags of the project's versions before a release, without floating tags and the release's own."""
    tag_format = find_tag_format(context)
    others = {release.tag, *find_floating_tags(repository, tag_format)}
    older = read_tagged_versions(repository, tag_format, merged=release.commit)
    return [past.tag for past in older if past.commit != release.commit and past.tag not in others]


def _run_git(repository: Repository, *arguments: str, stdin: str | None = None) -> None:
    try:
        repository.git(*arguments, stdin=stdin)
    except ProcessError as error:
        raise RepositoryError(f"{repository.root}: could not be cloned: {error.output or error.message}") from None
