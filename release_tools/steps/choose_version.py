"""The version to prepare, and a scratch clone of the commit in which it is prepared."""

from dataclasses import replace
from typing import Final

from packaging.version import Version

from release_tools.builders.backend_facts import find_name
from release_tools.engine.context import Context
from release_tools.errors import UsageError, VersionError
from release_tools.git.local_commit import clone_prepared
from release_tools.git.repository import Repository
from release_tools.history.bump import Bump
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.model.versions import find_kind, parse_version
from release_tools.project.committed_files import CommittedFiles
from release_tools.project.development import find_next_development_version
from release_tools.project.project_history import ProjectHistory, find_today
from release_tools.project.tag_spelling import find_tag_format
from release_tools.project.version_rules import find_version_faults

_SHORT: Final = 12


def choose_version(context: Context, release: Release) -> Release:
    """Return the release to prepare, with a clone of the commit that is checked out as its source.

    Raises:
        HistoryError: no past commit shows which development version should follow.
        RepositoryError: there is no repository, or no commit.
        UsageError: no version is given.
        VersionError: the version is tagged already, or could not be released.
    """
    repository = Repository.open(context.project, context.env)
    head = repository.head()
    clone = clone_prepared(context.scratch, context.env)
    repository.clone(clone.root, head.commit)
    source = clone.root / context.project.resolve().relative_to(repository.root)
    files = CommittedFiles(clone, source)
    version = _choose_from_source(context, files)
    _refuse(context, version, repository, head.commit)
    context.report.add(
        Note(State.INFO, f"{version}, from commit {head.commit[:_SHORT]}", f"on {head.branch or 'no branch'}")
    )
    return replace(
        release,
        name=find_name(context),
        version=str(version),
        kind=find_kind(version),
        commit=head.commit,
        commit_time=head.time,
        source=source,
    )


def _choose_from_source(context: Context, files: CommittedFiles) -> Version:
    """Return the version that is named, raised, or the next development version."""
    request = context.request
    if request.is_next:
        return find_next_development_version(ProjectHistory.of(context), files)
    if request.version:
        return parse_version(request.version, field="VERSION")
    if request.bump:
        bump = None if request.bump == "auto" else Bump(request.bump)
        return ProjectHistory.of(context).raise_version(bump, find_today(context.env))
    raise UsageError("no version is given", "Type: release-tools prepare 1.4.0")


def _refuse(context: Context, version: Version, repository: Repository, commit: str) -> None:
    """Refuse a version that ``release-tools tag`` would refuse later.

    Raises:
        VersionError: it is tagged already, has a local part or another epoch, or is older than the newest final one.
    """
    tag_format = find_tag_format(context)
    tags = {tag: other for tag in repository.tags() if (other := tag_format.version(tag))}
    for fault in find_version_faults(context.config, repository, tags, version, commit):
        raise VersionError(fault.text, fault.advice)
