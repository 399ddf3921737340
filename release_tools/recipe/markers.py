"""Evaluate environment markers for the Pythons, systems and machines that conda packages are made for.

A marker is not interpreted but evaluated, by packaging, in every cell of a grid; what it depends on is read off the
cells where it holds (PEP 508 and the dependency specifiers specification).
"""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from packaging.markers import Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from release_tools.errors import CondaError

PYTHONS: Final = ("3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
CONDA_FORGE_PYTHON: Final = "3.10"  # conda-forge's own python_min
NEWEST_PATCH: Final = 99
QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
PATCH: Final = re.compile(r"\b\d+\.\d+\.(\d{1,3})")
INEXPRESSIBLE: Final = re.compile(r"\b(platform_release|platform_version|platform\.version)\b")


class System(StrEnum):
    """The operating systems of conda's platforms, by the words that recipes and virtual packages use."""

    LINUX = "linux"
    OSX = "osx"
    WIN = "win"


SYSTEM_MARKERS: Final = {
    System.LINUX: {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
    System.OSX: {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
    System.WIN: {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"},
}
OTHER_MACHINE: Final = "riscv64"
"""A machine that hardly any marker names, so that it shows how a marker treats those that it does not name."""
MACHINES: Final = {
    System.LINUX: ("x86_64", "aarch64", "ppc64le", OTHER_MACHINE),
    System.OSX: ("x86_64", "arm64"),
    System.WIN: ("AMD64", "ARM64"),
}
X86: Final = frozenset({"x86_64", "AMD64"})
ARM: Final = frozenset({"aarch64", "arm64", "ARM64"})
"""The two families of machines that every system has; all others are rare."""
SUBDIRS: Final = {
    "linux-64": (System.LINUX, "x86_64"),
    "linux-aarch64": (System.LINUX, "aarch64"),
    "osx-64": (System.OSX, "x86_64"),
    "osx-arm64": (System.OSX, "arm64"),
    "win-64": (System.WIN, "AMD64"),
    "win-arm64": (System.WIN, "ARM64"),
}
"""System and machine of conda's platforms, but for the rare ones."""


class Platform(NamedTuple):
    """One square of the grid: a minor Python version on a system on a machine."""

    python: str
    system: System
    machine: str


Cells = frozenset[Platform]


class Axis(StrEnum):
    """Describe what a marker can depend on."""

    PYTHON = "Python"
    SYSTEM = "operating system"
    MACHINE = "machine"


def list_platforms(pythons: Iterable[str]) -> Cells:
    """Return every cell for these minor Python versions."""
    return frozenset(
        Platform(python, system, machine) for python in pythons for system in System for machine in MACHINES[system]
    )


def list_supported_pythons(requires_python: str, oldest: str = PYTHONS[0]) -> tuple[str, ...]:
    """Return the minor versions from ``oldest`` on that Requires-Python admits, in at least one patch release.

    Raises:
        CondaError: Requires-Python is not a specifier set, or admits none that can be had.
    """
    try:
        wanted = SpecifierSet(requires_python)
    except InvalidSpecifier as fault:
        raise CondaError(
            f"Requires-Python is not a version specifier: {requires_python!r}.", "Write it like '>=3.11'."
        ) from fault
    admitted = tuple(
        python
        for python in PYTHONS[PYTHONS.index(oldest) :]
        if any(wanted.contains(f"{python}.{patch}", prereleases=True) for patch in (0, NEWEST_PATCH))
    )
    if not admitted:
        raise CondaError(
            f"Requires-Python {requires_python!r} admits none of the Pythons from {oldest} to {PYTHONS[-1]}.",
            "Correct requires-python in pyproject.toml, or release without the conda package (--no-conda).",
        )
    return admitted


def find_where(marker: Marker | None, cells: Cells) -> Cells:
    """Return the cells where a requirement with this marker counts, no extra being requested.

    A cell counts when the marker holds for any patch release of its Python.

    Raises:
        CondaError: the marker asks for the release or version of the operating system, which no package can know.
    """
    if marker is None:
        return cells
    text = str(marker)
    if found := INEXPRESSIBLE.search(QUOTED.sub("", text)):
        raise CondaError(f"The marker {text!r} asks for {found[0]}, which conda cannot express.")
    return _evaluate(text, cells)


@lru_cache(maxsize=2048)
def _evaluate(text: str, cells: Cells) -> Cells:
    """Return the cells where a marker holds; projects repeat few markers many times."""
    marker, patches = Marker(text), _list_patches(text)
    return frozenset(
        cell
        for cell in cells
        if any(marker.evaluate(_make_environment(cell, patch), "requirement") for patch in patches)
    )


def depends_on(held: Cells, cells: Cells) -> frozenset[Axis]:
    """Return what a condition depends on: nothing, when it holds everywhere or nowhere."""
    if held == cells:
        return frozenset()
    differs = {
        Axis.PYTHON: _is_split_by_python(held, {cell.python for cell in cells}),
        Axis.SYSTEM: _is_split_by_system(held),
        Axis.MACHINE: is_split_by_machine(held),
    }
    return frozenset(axis for axis, is_split in differs.items() if is_split)


def _is_split_by_python(held: Cells, pythons: Iterable[str]) -> bool:
    return any(cell._replace(python=python) not in held for cell in held for python in pythons)


def _is_split_by_system(held: Cells) -> bool:
    systems = {(cell.python, cell.system) for cell in held}
    return any((python, system) not in systems for python, _ in systems for system in System)


def is_split_by_machine(held: Cells) -> bool:
    """Return whether a condition holds on some machines of a system, and not on others with the same Python."""
    return any(cell._replace(machine=machine) not in held for cell in held for machine in MACHINES[cell.system])


def is_on_every_machine(held: Cells) -> bool:
    """Return whether what is needed in these cells may be required on every machine of the systems among them.

    It may where both families of machines need it: markers leave out rare machines (``ppc64le``), and many that list
    machines by name forget macOS and Windows on ARM. What only one family needs may not exist for the other, nor what
    a marker leaves out by name.
    """
    pythons = {cell.python for cell in held}
    return all(_is_on_both_families([cell for cell in held if cell.python == python]) for python in pythons)


def _is_on_both_families(held: Sequence[Platform]) -> bool:
    systems = {cell.system for cell in held}
    on_x86, on_arm = _list_systems(held, X86), _list_systems(held, ARM)
    is_listed_by_name = not _list_systems(held, {OTHER_MACHINE})
    if is_listed_by_name and System.LINUX in on_x86 & on_arm:
        return systems == on_x86
    return systems == on_x86 == on_arm


def _list_systems(held: Iterable[Platform], machines: AbstractSet[str]) -> set[System]:
    """Return the systems that have one of these machines among the cells."""
    return {cell.system for cell in held if cell.machine in machines}


def is_rare(held: Cells) -> bool:
    """Return whether only rare machines, which none of the usual platforms has, are among these cells."""
    return not _list_systems(held, X86 | ARM)


def _list_patches(marker: str) -> Sequence[int]:
    """Return the patch releases at which the marker's value can change; only the first where it names none."""
    if "python_full_version" not in marker and "implementation_version" not in marker:
        return (0,)
    named = {int(found[1]) for found in PATCH.finditer(marker)}
    return sorted({0, NEWEST_PATCH, *(patch + step for patch in named for step in (-1, 0, 1) if patch + step >= 0)})


def _make_environment(cell: Platform, patch: int) -> dict[str, str]:
    full = f"{cell.python}.{patch}"
    return {
        **SYSTEM_MARKERS[cell.system],
        "platform_machine": cell.machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "implementation_version": full,
        "python_full_version": full,
        "python_version": cell.python,
        "extra": "",
    }
