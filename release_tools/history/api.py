"""Compare a project's public API between two sources with griffe; nothing of the project is imported."""

import builtins
import logging
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from release_tools.errors import HistoryError
from release_tools.history.packages import SOURCE_FOLDERS

if TYPE_CHECKING:
    import griffe

# Other findings of griffe (defaults, values and annotations) change behaviour at most, as any release does.
_BREAKING: Final = frozenset(
    {
        "OBJECT_REMOVED", "OBJECT_CHANGED_KIND", "CLASS_REMOVED_BASE", "PARAMETER_REMOVED", "PARAMETER_MOVED",
        "PARAMETER_CHANGED_KIND", "PARAMETER_CHANGED_REQUIRED", "PARAMETER_ADDED_REQUIRED",
    }
)  # fmt: skip
_INCIDENTAL: Final = frozenset(
    {"__all__", "__annotations__", "__del__", "__dir__", "__getattr__", "__repr__", "__slots__"}
)
_CONSTRUCTORS: Final = frozenset({"__init__", "__new__"})
_TRIVIAL_BASES: Final = frozenset({"object", "Generic", "Protocol", "ABC"})
_SURPRISING: Final = frozenset(
    {"antigravity", "this", "idlelib", "turtledemo", "test", "tkinter", "turtle", "__main__"}
)
"""Modules of the standard library that do something when they are imported, or need a display."""
_NOT_API: Final = re.compile(r"tests?|_tests|conftest|test_\w+|\w+_test|__main__|setup|benchmarks?")
_TYPE_PARAMETER: Final = re.compile(r"(?:\w+\.)?(?:TypeVar|TypeVarTuple|ParamSpec)\(")
_MAIN_GUARD: Final = re.compile(r"if __name__ == ['\"]__main__['\"]\s*:")


@dataclass(frozen=True)
class ApiChanges:
    """The changes that users of the public API meet.

    Attributes:
        broken: a line for each thing that no longer works: ``demo.load(path): Parameter was removed``.
        added: the full names of new things.
    """

    broken: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


def compare(old: Path, new: Path, packages: Sequence[str], folders: Sequence[str] = SOURCE_FOLDERS) -> ApiChanges:
    """Return the changes from one source to another.

    Args:
        old: the project's folder at the earlier commit.
        new: the same at the later one.
        packages: to compare, as they are imported.
        folders: in which they are found, relative to the project; empty is its own.

    Raises:
        HistoryError: a package cannot be read.
    """
    before, after = _load(old, packages, folders), _load(new, packages, folders)
    broken = [f"{name}: the package was removed" for name in before.keys() - after.keys()]
    added = list(after.keys() - before.keys())
    for name in before.keys() & after.keys():
        try:
            broken += _find_breakages(before[name], after[name])
            added += _find_additions(before[name], after[name], set())
        except Exception as error:  # noqa: BLE001 - the comparison is advice; a fault of griffe must not stop a release
            raise HistoryError(f"{name}: its source cannot be followed: {_shorten_reason(error, old, new)}") from None
    return ApiChanges(tuple(sorted(set(broken))), tuple(sorted(set(added))))


def _load(project: Path, packages: Iterable[str], names: Sequence[str]) -> dict[str, "griffe.Module"]:
    """Read the source of those packages that are there."""
    folders = [folder for name in names if (folder := project / name).is_dir()]
    loader = _make_loader(folders)
    loaded = {}
    for package in packages:
        try:
            module = _load_module(loader, package) if _is_there(package, folders) else None
        except Exception as error:  # noqa: BLE001 - as in compare
            raise HistoryError(f"{package}: its source cannot be read: {_shorten_reason(error, project)}") from None
        if module is not None:
            loaded[package] = module
    _follow_imports(loader, project)
    return loaded


def _make_loader(folders: Sequence[Path]) -> "griffe.GriffeLoader":
    """Return a loader that searches these folders only and imports nothing, even if a source cannot be read."""
    import griffe

    logging.getLogger("griffe").setLevel(logging.CRITICAL)
    return griffe.GriffeLoader(search_paths=folders, allow_inspection=False, store_source=False)


def _load_module(loader: "griffe.GriffeLoader", package: str) -> "griffe.Module | None":
    """Read what is public in a package; None where its name leads to something else."""
    import griffe

    module = loader.load(package, try_relative_path=False)
    if not isinstance(module, griffe.Module):
        return None
    _hide_private(module)
    return module


def _follow_imports(loader: "griffe.GriffeLoader", project: Path) -> None:
    """Connect the names that modules import with what they lead to."""
    try:
        loader.resolve_aliases(implicit=False, external=False)
    except Exception as error:  # noqa: BLE001 - as in compare
        raise HistoryError(f"the imports cannot be followed: {_shorten_reason(error, project)}") from None


def _is_there(package: str, folders: Iterable[Path]) -> bool:
    parts = package.split(".")
    return any(_has_source(folder.joinpath(*parts)) for folder in folders)


def _has_source(path: Path) -> bool:
    """Tell whether a path without a suffix leads to a module, or to a folder with Python files."""
    if any(path.with_name(f"{path.name}{suffix}").is_file() for suffix in (".py", ".pyi")):
        return True
    return path.is_dir() and any(path.rglob("*.py"))


def _shorten_reason(error: BaseException, *folders: Path) -> str:
    """Return an error's message in one line, with paths as they are in the project instead of in a scratch folder."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, KeyError):
        text = f"{text} is not found"
    for folder in folders:
        text = text.replace(f"{folder}{os.sep}", "")
    return text


def _hide_private(module: "griffe.Module") -> None:
    """Take tests, and code below ``if __name__ == "__main__":``, out of the public API."""
    import griffe

    _hide_program(module)
    for name, member in list(module.members.items()):
        if not isinstance(member, griffe.Module):
            continue
        if _NOT_API.fullmatch(name):
            del module.members[name]
        else:
            _hide_private(member)


def _hide_program(module: "griffe.Module") -> None:
    """Take code below ``if __name__ == "__main__":`` out of the public API."""
    if not isinstance(module.filepath, Path) or not module.filepath.is_file():
        return
    guard = _find_main_guard(module.filepath)
    for member in _list_definitions(module):
        if (member.lineno or 0) > guard:
            member.public = False


def _find_main_guard(path: Path) -> int:
    """Return the number of the line ``if __name__ == "__main__":``; without one, that of the last line."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if _MAIN_GUARD.match(line)), len(lines))


def _list_definitions(module: "griffe.Module") -> Iterator["griffe.Attribute | griffe.Function | griffe.Class"]:
    """Yield the members that a module defines itself, without submodules and imported names."""
    import griffe

    for member in module.members.values():
        if isinstance(member, (griffe.Attribute, griffe.Function, griffe.Class)):
            yield member


def _find_breakages(before: "griffe.Module", after: "griffe.Module") -> Iterator[str]:
    import griffe

    for breakage in griffe.find_breaking_changes(before, after):
        if _concerns_users(breakage) and not _is_harmless(breakage, before, after):
            yield f"{breakage.obj.path}: {breakage.kind.value}"


def _concerns_users(breakage: "griffe.Breakage") -> bool:
    return breakage.kind.name in _BREAKING and not _is_incidental(breakage.obj)


def _is_harmless(breakage: "griffe.Breakage", before: "griffe.Module", after: "griffe.Module") -> bool:
    """Tell whether everything that users may do still works, although something was removed or became another kind."""
    import griffe

    if breakage.kind is griffe.BreakageKind.OBJECT_REMOVED:
        return _is_still_there(breakage.obj, before, after)
    if breakage.kind is griffe.BreakageKind.OBJECT_CHANGED_KIND:
        return _may_be_called_alike(breakage)
    return breakage.kind is griffe.BreakageKind.CLASS_REMOVED_BASE and not _has_lost_public_base(breakage)


def _is_incidental(item: "griffe.Object | griffe.Alias") -> bool:
    """Tell whether nobody calls a thing by its name: hooks of the interpreter, and parameters of types."""
    import griffe

    parameter = isinstance(item, griffe.Attribute) and _TYPE_PARAMETER.match(str(item.value))
    return item.name in _INCIDENTAL or bool(parameter)


def _may_be_called_alike(breakage: "griffe.Breakage") -> bool:
    """Tell whether another kind of thing may be used as before: an attribute may hold anything, a class is called."""
    kinds = [str(getattr(value, "value", value)) for value in (breakage.old_value, breakage.new_value)]
    return "attribute" in kinds or kinds == ["function", "class"]


def _has_lost_public_base(breakage: "griffe.Breakage") -> bool:
    """Tell whether a base that users may rely on is gone, and not only a private or a trivial one."""
    lost = _collect_base_names(breakage.old_value) - _collect_base_names(breakage.new_value)
    return any(map(_is_public_base, lost))


def _collect_base_names(bases: Iterable[object] | None) -> set[str]:
    return _collect_names(str(getattr(base, "canonical_path", base)) for base in bases or ())


def _is_public_base(name: str) -> bool:
    return not name.startswith("_") and name not in _TRIVIAL_BASES


def _is_still_there(gone: "griffe.Object | griffe.Alias", before: "griffe.Module", after: "griffe.Module") -> bool:
    """Tell whether a name that is no longer defined still answers.

    It may be inherited, also from a class that is not read here; Python itself may provide it; or the module may have
    a ``__getattr__`` (PEP 562) or import everything of another package.
    """
    import griffe

    home = _find_later_home(gone, before, after)
    if home is None:
        return False
    if home.is_module:
        return _may_have_any_name(home)
    return isinstance(home, griffe.Class) and _class_provides(home, gone.name)


def _may_have_any_name(module: "griffe.Object | griffe.Alias") -> bool:
    """Tell whether a module has a ``__getattr__``, or imports everything of another one."""
    return "__getattr__" in module.members or any("*" in name for name in module.members)


def _find_later_home(
    gone: "griffe.Object | griffe.Alias", before: "griffe.Module", after: "griffe.Module"
) -> "griffe.Object | griffe.Alias | None":
    """Return the module or class of the later version that had the member; None where that is gone too."""
    import griffe

    if gone.parent is None:
        return None
    path = gone.parent.path.removeprefix(before.path).lstrip(".")
    try:
        home = after.get_member(path) if path else after
        return home.final_target if isinstance(home, griffe.Alias) else home
    except Exception:  # noqa: BLE001 - it is gone, or leads nowhere
        return None


def _class_provides(owner: "griffe.Class", name: str) -> bool:
    """Tell whether a class has a member that its own source does not define.

    A decorator or a metaclass may write any special method, and so may a base that is not read here; of classes of
    Python itself it is known what they have. A constructor counts only where something may provide one.
    """
    lineage = (owner, *owner.mro())
    bases = [_find_builtin(path) for item in lineage for path in _list_outside_bases(item)]
    if any(_defines(base, name) for base in bases):
        return True
    return _may_be_generated(name, is_open=None in bases or any(map(_is_decorated, lineage)))


def _may_be_generated(name: str, *, is_open: bool) -> bool:
    """Tell whether a class may have a member that neither it nor a known base defines.

    Args:
        name: of the member.
        is_open: whether a decorator, a metaclass or an unknown base may add members.
    """
    if name in _CONSTRUCTORS:
        return is_open
    return name in dir(object) or (is_open and _is_special(name))


def _is_decorated(item: "griffe.Class") -> bool:
    """Tell whether a decorator or a keyword of the class statement, such as a metaclass, may add members."""
    return bool(item.decorators or item.keywords)


def _is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def _defines(kind: type | None, name: str) -> bool:
    return kind is not None and any(name in vars(ancestor) for ancestor in kind.__mro__ if ancestor is not object)


def _list_outside_bases(item: "griffe.Class") -> list[str]:
    """Return the paths of those bases of a class that are not read here."""
    resolved = _collect_names(base.canonical_path for base in item.resolved_bases)
    return [path for path in map(_get_path, item.bases) if path.rpartition(".")[2] not in resolved]


def _get_path(base: "str | griffe.Expr") -> str:
    return base if isinstance(base, str) else base.canonical_path


def _collect_names(paths: Iterable[str]) -> set[str]:
    return {path.rpartition(".")[2] for path in paths}


def _find_builtin(path: str) -> type | None:
    """Return a class of the language or of its standard library; None for any other."""
    module, _, name = path.rpartition(".")
    if isinstance(found := getattr(builtins, name, None), type):
        return found
    if module.partition(".")[0] not in sys.stdlib_module_names - _SURPRISING:
        return None
    try:
        found = getattr(import_module(module), name, None)
    except ImportError:
        return None
    return found if isinstance(found, type) else None


def _find_additions(
    before: "griffe.Object | griffe.Alias", after: "griffe.Object | griffe.Alias", visited: set[str]
) -> Iterator[str]:
    """Yield what the later object has in addition: members, and parameters of functions."""
    import griffe

    try:
        before, after = _follow_alias(before), _follow_alias(after)
    except griffe.GriffeError:
        return
    if after.path in visited:
        return
    visited.add(after.path)
    if isinstance(before, griffe.Function) and isinstance(after, griffe.Function):
        yield from _find_new_parameters(before, after)
    yield from _find_new_members(before, after, visited)


def _find_new_members(
    before: "griffe.Object | griffe.Alias", after: "griffe.Object | griffe.Alias", visited: set[str]
) -> Iterator[str]:
    """Yield the members that only the later object has, and what is new in those that both have."""
    known = {*before.all_members, *(dir(object) if after.is_class else ())}
    for name, member in _list_public_members(after):
        if name in before.members:
            yield from _find_additions(before.members[name], member, visited)
        elif name not in known:
            yield f"{after.path}.{name}"


def _follow_alias(item: "griffe.Object | griffe.Alias") -> "griffe.Object | griffe.Alias":
    """Return what an imported name leads to.

    Raises:
        GriffeError: it leads nowhere, or to itself.
    """
    import griffe

    return item.final_target if isinstance(item, griffe.Alias) else item


def _find_new_parameters(before: "griffe.Function", after: "griffe.Function") -> Iterator[str]:
    known = {parameter.name for parameter in before.parameters}
    for parameter in after.parameters:
        if parameter.name not in known:
            yield f"{after.path}({parameter.name}=)"


def _list_public_members(
    item: "griffe.Object | griffe.Alias",
) -> Iterator[tuple[str, "griffe.Object | griffe.Alias"]]:
    for name, member in item.members.items():
        if member.is_public and not _is_incidental(member) and "*" not in name:
            yield name, member
