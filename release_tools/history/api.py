"""What changed in a project's public API between two sources, told by griffe; nothing of the project is imported."""

import logging
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from release_tools.errors import HistoryError

if TYPE_CHECKING:
    import griffe

SOURCE_FOLDERS: Final = ("src", "lib", "python", "")
_NOT_SHIPPED: Final = frozenset(
    {"test", "tests", "doc", "docs", "example", "examples", "bench", "benchmarks", "ci", "scripts", "tasks", "tools"}
    | {"typing_tests", "requirements", "newsfragments", "changelog.d", "changes", "noxfile", "conftest"}
)
_BUILD_FILES: Final = frozenset({"setup.py", "setup.cfg", "MANIFEST.in"})
# What griffe also finds (other defaults, values and annotations) changes behaviour at most, as any release does.
_BREAKING: Final = frozenset(
    {
        "OBJECT_REMOVED", "OBJECT_CHANGED_KIND", "CLASS_REMOVED_BASE", "PARAMETER_REMOVED", "PARAMETER_MOVED",
        "PARAMETER_CHANGED_KIND", "PARAMETER_CHANGED_REQUIRED", "PARAMETER_ADDED_REQUIRED",
    }
)  # fmt: skip


_INCIDENTAL: Final = frozenset(
    {"__all__", "__annotations__", "__del__", "__dir__", "__getattr__", "__repr__", "__slots__"}
)
_TYPE_PARAMETER: Final = re.compile(r"(?:\w+\.)?(?:TypeVar|TypeVarTuple|ParamSpec)\(")
_MAIN_GUARD: Final = re.compile(r"if __name__ == ['\"]__main__['\"]\s*:")


@dataclass(frozen=True)
class ApiChanges:
    """What users of the public API meet.

    Attributes:
        broken: what no longer works as before, a line each: ``demo.load(path): Parameter was removed``.
        added: the full names of what is new.
    """

    broken: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


def find_packages(files: Iterable[str], project: str) -> list[str]:
    """The import packages of a project, dotted where they lie in a namespace.

    Args:
        files: paths relative to the project's folder, with ``/``.
        project: its name, which decides where several folders beside the tests look like packages.
    """
    paths = [PurePosixPath(path).parts for path in files]
    own = project.lower().replace("-", "_").replace(".", "_")
    for folder in SOURCE_FOLDERS:
        base = tuple(filter(None, (folder,)))
        inside = [parts[len(base) :] for parts in paths if parts[: len(base)] == base]
        modules = {(parts[0][: -len(".py")],) for parts in inside if len(parts) == 1 and parts[0].endswith(".py")}
        packages = {parts[:-1] for parts in inside if len(parts) > 1 and parts[-1] == "__init__.py"}
        found = packages | (modules if folder else {(own,)} & modules)
        names = [".".join(parts) for parts in sorted(found) if _is_outermost(parts, found) and _is_shipped(parts)]
        named = [name for name in names if name.lower().replace(".", "_") == own]
        if names:
            return named if named and not folder else names
    return []


def is_shipped(path: str) -> bool:
    """Whether a file of the project, by its path there, is installed or decides what is."""
    *folders, name = PurePosixPath(path).parts
    if not folders:
        return name in _BUILD_FILES or (name.endswith(".py") and name[: -len(".py")] not in _NOT_SHIPPED)
    return _NOT_SHIPPED.isdisjoint(folders) and not folders[0].startswith(".")


def compare(old: Path, new: Path, packages: Sequence[str]) -> ApiChanges:
    """What changed from one source to another.

    Args:
        old: the project's folder at the earlier commit.
        new: the same at the later one.
        packages: to look at, as they are imported.

    Raises:
        HistoryError: a package cannot be read.
    """
    import griffe

    before, after = _load(old, packages), _load(new, packages)
    broken = [f"{name}: the package was removed" for name in before if name not in after]
    added = [name for name in after if name not in before]
    for name in before.keys() & after.keys():
        try:
            broken += _broken(before[name], after[name])
            added += _added(before[name], after[name], set())
        except (griffe.GriffeError, RecursionError) as error:
            raise HistoryError(f"{name}: its source cannot be followed: {_without(error, old, new)}") from None
    return ApiChanges(tuple(sorted(set(broken))), tuple(sorted(set(added))))


def _is_outermost(parts: tuple[str, ...], packages: Collection[tuple[str, ...]]) -> bool:
    return not any(parts[:end] in packages for end in range(1, len(parts)))


def _is_shipped(parts: tuple[str, ...]) -> bool:
    return all(part.isidentifier() for part in parts) and parts[0] not in _NOT_SHIPPED and parts[0][0] != "_"


def _load(project: Path, packages: Iterable[str]) -> dict[str, "griffe.Module"]:
    """The source of those packages that are there, as data."""
    import griffe

    logging.getLogger("griffe").setLevel(logging.CRITICAL)
    folders = [folder for name in SOURCE_FOLDERS if (folder := project / name).is_dir()]
    # Nothing is looked for beside these folders, and nothing is imported, whatever cannot be read there.
    loader = griffe.GriffeLoader(search_paths=folders, allow_inspection=False, store_source=False)
    loaded = {}
    for package in packages:
        top = package.partition(".")[0]
        if any((folder / top).is_dir() or (folder / f"{top}.py").is_file() for folder in folders):
            try:
                module = loader.load(package, try_relative_path=False)
            except (griffe.GriffeError, ImportError, SyntaxError, RecursionError, ValueError) as error:
                raise HistoryError(f"{package}: its source cannot be read: {_without(error, project)}") from None
            if isinstance(module, griffe.Module):
                _hide_scripts(module)
                loaded[package] = module
    loader.resolve_aliases(implicit=False, external=False)
    return loaded


def _without(error: BaseException, *folders: Path) -> str:
    """What an error says, with paths as they are in the project instead of in a scratch folder."""
    text = str(error)
    for folder in folders:
        text = text.replace(f"{folder}{os.sep}", "")
    return text


def _hide_scripts(module: "griffe.Module") -> None:
    """What stands below ``if __name__ == "__main__":`` is nobody's API."""
    import griffe

    if isinstance(module.filepath, Path) and module.filepath.is_file():
        lines = module.filepath.read_text(encoding="utf-8", errors="replace").splitlines()
        guard = next((number for number, line in enumerate(lines, 1) if _MAIN_GUARD.match(line)), len(lines))
        for member in module.members.values():
            if isinstance(member, (griffe.Attribute, griffe.Function, griffe.Class)) and (member.lineno or 0) > guard:
                member.public = False
    for member in module.members.values():
        if isinstance(member, griffe.Module):
            _hide_scripts(member)


def _broken(before: "griffe.Module", after: "griffe.Module") -> Iterator[str]:
    import griffe

    for breakage in griffe.find_breaking_changes(before, after):
        if breakage.kind.name not in _BREAKING or _is_incidental(breakage.obj):
            continue
        if breakage.kind is griffe.BreakageKind.OBJECT_REMOVED and _is_answered(breakage.obj, before, after):
            continue
        yield f"{breakage.obj.path}: {breakage.kind.value}"


def _is_incidental(item: "griffe.Object | griffe.Alias") -> bool:
    """Whether nobody calls it by its name: hooks of the interpreter, and parameters of types."""
    import griffe

    parameter = isinstance(item, griffe.Attribute) and _TYPE_PARAMETER.match(str(item.value))
    return item.name in _INCIDENTAL or bool(parameter)


def _is_answered(gone: "griffe.Object | griffe.Alias", before: "griffe.Module", after: "griffe.Module") -> bool:
    """Whether a module's ``__getattr__`` (PEP 562) may still answer for a name, as for one that is deprecated."""
    if gone.parent is None or not gone.parent.is_module:
        return False
    path = gone.parent.path.removeprefix(before.path).lstrip(".")
    try:
        home = after.get_member(path) if path else after
    except KeyError:
        return False
    return "__getattr__" in home.members


def _added(
    before: "griffe.Object | griffe.Alias", after: "griffe.Object | griffe.Alias", seen: set[str]
) -> Iterator[str]:
    """What the later object has beyond the earlier one: members, and parameters of functions."""
    import griffe

    try:
        before, after = (item.final_target if isinstance(item, griffe.Alias) else item for item in (before, after))
    except griffe.GriffeError:
        return
    if after.path in seen:
        return
    seen.add(after.path)
    if isinstance(before, griffe.Function) and isinstance(after, griffe.Function):
        known = {parameter.name for parameter in before.parameters}
        yield from (f"{after.path}({new.name}=)" for new in after.parameters if new.name not in known)
    known_members = before.all_members
    for name, member in after.members.items():
        if member.is_public and not _is_incidental(member):
            if name in before.members:
                yield from _added(before.members[name], member, seen)
            elif name not in known_members:
                yield f"{after.path}.{name}"
