"""The version in every file that holds it, written into the scratch clone."""

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Final

from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.errors import VersionError
from release_tools.git.local_commit import clone_prepared
from release_tools.history.tagged_releases import find_newest
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.project.committed_files import CommittedFiles
from release_tools.project.prepare import FieldPlan, plan_fields
from release_tools.project.project_history import ProjectHistory, find_today
from release_tools.project.version_field import Role, VersionField
from release_tools.project.version_files import VersionFiles

_USUAL: Final = frozenset(
    {"CITATION.cff", "codemeta.json", ".zenodo.json", "package.json", "pyproject.toml", "setup.cfg", "setup.py"}
)


def edit_version_fields(context: Context, release: Release) -> Release | Skip:
    """Give every field that holds the version its new value; tell which were left as they are, and why.

    Raises:
        VersionError: the field that the build reads cannot be edited.
    """
    if release.source is None:
        raise AssertionError("a version was chosen, and so its clone was made")
    files = CommittedFiles(clone_prepared(context.scratch, context.env), release.source)
    found = VersionFiles(files, context.config.conda_forge.recipe)
    released = find_newest(ProjectHistory.of(context).releases)
    plan = plan_fields(found, Version(release.version), find_today(context.env), released.version if released else None)
    _refuse(plan)
    for path, content in plan.contents.items():
        files.write(path, content)
    notes = [*_make_notes(plan, is_dry_run=context.gate.is_dry_run), *_make_links(files)]
    if not notes:
        return Skip("no file contains the version: it comes from the tag")
    context.report.add(*notes)
    return release


def _refuse(plan: FieldPlan) -> None:
    """Refuse to leave every field that the build reads the version from as it is.

    Raises:
        VersionError: none of them can be edited.
    """
    faults = list(_select_sources(plan.untouched))
    edited = [*plan.done, *(change.field for change in plan.changes)]
    if faults and not any(_select_sources(edited)):
        raise VersionError(
            "the version that is built cannot be edited",
            'Write it as one string, such as __version__ = "1.4.0", or edit it by hand and run the same command again.',
            faults=[f"{field.where}: {field.problem}" for field in faults],
        )


def _select_sources(fields: Iterable[VersionField]) -> Iterator[VersionField]:
    """Yield the fields that the build reads the version from."""
    return (field for field in fields if field.role is Role.SOURCE)


def _make_notes(plan: FieldPlan, *, is_dry_run: bool) -> Iterator[Note]:
    state = State.PLANNED if is_dry_run else State.DONE
    for field in plan.done:
        yield Note(State.UNCHANGED, field.where, f"{field.value} already")
    for change in plan.changes:
        yield Note(state, change.field.where, f"{change.field.value} → {change.value}")
        if change.is_surprising:
            yield Note(State.WARNING, f"{change.field.where} had a different version, {change.field.value}")
    for field in plan.untouched:
        yield Note(State.WARNING, f"{field.where} was not changed", field.problem, "Edit it by hand if necessary.")


def _make_links(files: CommittedFiles) -> list[Note]:
    return [
        Note(State.WARNING, f"{path} was not changed", "it is a symbolic link", "Edit the target of the link.")
        for path in files.links()
        if PurePosixPath(path).name in _USUAL and "/" not in path
    ]
