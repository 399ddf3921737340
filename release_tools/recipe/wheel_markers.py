"""Translate environment markers as the conda-pypi channel does, and evaluate what comes of them.

The rules are those of conda-pypi 0.13 (docs/developer/marker-conversion.md). A clause for which it has no word is
dropped, and then the rest of the marker counts alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from packaging.markers import Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from release_tools.recipe.markers import Cells, System

_PYTHON: Final = frozenset({"python_version", "python_full_version"})
_VIRTUAL_OF_SYSTEM: Final = {
    "windows": "__win",
    "win32": "__win",
    "linux": "__linux",
    "darwin": "__osx",
    "cygwin": "__unix",
}
_VIRTUAL_OF_OS: Final = {"nt": "__win", "windows": "__win", "posix": "__unix"}
_VIRTUAL_OF_OTHER_OS: Final = {"nt": "__unix", "windows": "__unix", "posix": "__win"}
_NOT_WINDOWS: Final = {"win32": "__unix", "windows": "__unix", "cygwin": "__unix"}
_VIRTUALS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("sys_platform", "=="): _VIRTUAL_OF_SYSTEM,
    ("platform_system", "=="): _VIRTUAL_OF_SYSTEM,
    ("sys_platform", "!="): _NOT_WINDOWS,
    ("platform_system", "!="): _NOT_WINDOWS,
    ("os_name", "=="): _VIRTUAL_OF_OS,
    ("os_name", "!="): _VIRTUAL_OF_OTHER_OS,
}
"""The virtual packages by the variable and the operator of a clause, then by its value."""
_SYSTEMS: Final = {
    "__win": frozenset({System.WIN}),
    "__linux": frozenset({System.LINUX}),
    "__osx": frozenset({System.OSX}),
    "__unix": frozenset({System.LINUX, System.OSX}),
}
_USUAL_PATCH: Final = 5
"""conda compares the whole version of Python, of which almost nobody has the first patch release."""


@dataclass(frozen=True)
class WheelCondition:
    """A marker as the channel's index has it.

    Attributes:
        text: the condition; empty where no clause has a word there.
        held: the cells where it holds.
        extras: the project's own extras that the requirement belongs to.
        is_dropped: whether a clause has no word there.
    """

    text: str
    held: Cells
    extras: tuple[str, ...] = ()
    is_dropped: bool = False


def translate_marker(marker: Marker | None, cells: Cells) -> WheelCondition:
    """Return a marker as the channel has it, and where that holds.

    Args:
        marker: of a requirement.
        cells: the Pythons, systems and machines to look at.
    """
    if marker is None:
        return WheelCondition("", cells)
    reader = _Reader(cells)
    found = reader.read(marker._markers)  # noqa: SLF001 - packaging has no public way to the clauses
    text, held = found or ("", cells)
    return WheelCondition(text, held, tuple(dict.fromkeys(reader.extras)), reader.is_dropped)


class _Reader:
    """Goes through the clauses of a marker."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells
        self.extras: list[str] = []
        self.is_dropped = False

    def read(self, node: Any) -> tuple[str, Cells] | None:  # noqa: ANN401 - packaging's own tree
        """Return the text and the cells of a clause or of several; None where there is no word for any."""
        if isinstance(node, tuple):
            return self._read_clause(node)
        found = self.read(node[0])
        for operator, clause in zip(node[1::2], node[2::2], strict=True):
            found = _combine(found, operator, self.read(clause))
        return found

    def _read_clause(self, node: tuple[Any, Any, Any]) -> tuple[str, Cells] | None:
        # A marker with the variable on the right is read by its literal, for which there is no word either.
        name, operator, value = (str(getattr(part, "value", part)) for part in node)
        value = value.lower()
        if name == "extra" and operator == "==":
            self.extras.append(canonicalize_name(value))
            return None
        found = self._read_python(operator, value) if name in _PYTHON else self._read_system(name, operator, value)
        self.is_dropped |= found is None
        return found

    def _read_python(self, operator: str, value: str) -> tuple[str, Cells] | None:
        if operator == "not in":
            return self._exclude_pythons(list(filter(None, map(str.strip, value.split(",")))))
        return f"python{operator}{value}", self._find_cells(f"{operator}{value}")

    def _exclude_pythons(self, versions: list[str]) -> tuple[str, Cells] | None:
        if not versions:
            return None
        text = " and ".join(f"python!={version}" for version in versions)
        cells = self._find_cells(",".join(f"!={version}" for version in versions))
        return (f"({text})" if len(versions) > 1 else text), cells

    def _find_cells(self, specifiers: str) -> Cells:
        """Return the cells whose Python a solver finds in a version specifier; none where it is not one."""
        try:
            wanted = SpecifierSet(specifiers)
        except InvalidSpecifier:
            return frozenset()
        return frozenset(cell for cell in self._cells if wanted.contains(f"{cell.python}.{_USUAL_PATCH}"))

    def _read_system(self, name: str, operator: str, value: str) -> tuple[str, Cells] | None:
        table = _VIRTUALS.get((name, operator), {})
        if value not in table:
            return None
        virtual = table[value]
        return virtual, frozenset(cell for cell in self._cells if cell.system in _SYSTEMS[virtual])


def _combine(
    left: tuple[str, Cells] | None, operator: str, right: tuple[str, Cells] | None
) -> tuple[str, Cells] | None:
    """Join two clauses; where there is no word for one, the other counts alone."""
    if left is None or right is None or left == right:
        return left or right
    held = left[1] & right[1] if operator == "and" else left[1] | right[1]
    return f"({left[0]} {operator} {right[0]})", held
