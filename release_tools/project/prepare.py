"""The plan of a preparation: which fields of which files get another value, which keep theirs, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from packaging.version import Version

from release_tools.project.version_field import Role, Text, VersionField, write_values
from release_tools.project.version_files import VersionFiles


@dataclass(frozen=True)
class Change:
    """A field and what it becomes.

    Attributes:
        field: as it is now.
        value: that it gets.
        is_surprising: whether it held another version than the one that was built so far. What is cited and installed
            may hold the newest released one as well.
    """

    field: VersionField
    value: str
    is_surprising: bool = False


@dataclass(frozen=True)
class FieldPlan:
    """Describe what preparing a version means for the fields of a project's files.

    Attributes:
        changes: the fields that get another value.
        done: those that have the version already.
        untouched: those that are left to a person, each with its problem.
        contents: the new bytes of each file that changes, by path.
    """

    changes: tuple[Change, ...] = ()
    done: tuple[VersionField, ...] = ()
    untouched: tuple[VersionField, ...] = ()
    contents: Mapping[str, bytes] = field(default_factory=dict, repr=False)


def plan_fields(files: VersionFiles, version: Version, day: date, released: Version | None) -> FieldPlan:
    """Return what is to be changed, so that every field holds a version.

    A development version is for those who work on the project: what is cited and installed stays as it is.

    Args:
        files: of the project.
        version: to be written.
        day: of the release.
        released: the newest released version; None before the first release.
    """
    known = _find_known_versions(files, released)
    changes: list[Change] = []
    done: list[VersionField] = []
    untouched: list[VersionField] = []
    for item in files.fields:
        if not _gets_version(item, version):
            continue
        value = item.spell(version)
        problem = item.problem or _find_problem(item, version, value)
        if problem:
            untouched.append(item.mark_unusable(problem))
        elif item.agrees(version):
            done.append(item)
        else:
            changes.append(Change(item, value, not any(map(item.agrees, known[item.role]))))
    changes += _edit_days(files, _list_cited_paths(changes), day)
    return FieldPlan(tuple(changes), tuple(done), tuple(untouched), dict(_iterate_contents(files, changes)))


def _gets_version(item: VersionField, version: Version) -> bool:
    """Return whether a field is one for this version: not a day, and no citation of a development version."""
    if item.role is Role.CITATION:
        return not version.is_devrelease
    return item.role is not Role.DATE


def _list_cited_paths(changes: Iterable[Change]) -> set[str]:
    """Return the files in which a citation changes."""
    return {change.field.path for change in changes if change.field.role is Role.CITATION}


def _find_known_versions(files: VersionFiles, released: Version | None) -> Mapping[Role, set[Version]]:
    """Return the versions that fields of each role may have before they are changed."""
    last = {released} if released else set()
    built = {field.version for field in files.sources if field.version} or last
    return {Role.SOURCE: built, Role.COPY: built, Role.CITATION: built | last}


def _find_problem(item: VersionField, version: Version, value: str) -> str:
    if item.version is None:
        return f"{item.value!r} is no version"
    if value:
        return ""
    if item.parts:
        return f"{version} does not fit the literals that make it"
    return f"{version} cannot be written by {item.spelling.value}"


def _edit_days(files: VersionFiles, paths: set[str], day: date) -> Iterator[Change]:
    """Return the changes of the days in files whose version changes."""
    value = day.isoformat()
    for item in files.fields:
        if item.path in paths and _is_other_day(item, value):
            yield Change(item, value)


def _is_other_day(item: VersionField, value: str) -> bool:
    """Return whether a field is a day that can be edited, and not this one."""
    return item.role is Role.DATE and not item.problem and item.value != value


def _iterate_contents(files: VersionFiles, changes: list[Change]) -> Iterator[tuple[str, bytes]]:
    for path in dict.fromkeys(change.field.path for change in changes):
        text = files.text(path)
        values = {change.field: change.value for change in changes if change.field.path == path}
        if text is not None:
            yield path, Text(write_values(text.body, values), text.encoding).encode()
