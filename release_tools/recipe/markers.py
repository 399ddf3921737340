"""Evaluate environment markers for the Pythons, systems and machines that conda packages are made for.

A marker is not interpreted but evaluated, by packaging, in every cell of a grid; what it depends on is read off the
cells where it holds (PEP 508 and the dependency specifiers specification).
"""

import re
from collections.abc import Iterable, Sequence
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
MACHINES: Final = {
    System.LINUX: ("x86_64", "aarch64", "ppc64le"),
    System.OSX: ("x86_64", "arm64"),
    System.WIN: ("AMD64", "ARM64"),
}


X86: Final = frozenset({"x86_64", "AMD64"})
ARM: Final = frozenset({"aarch64", "arm64", "ARM64"})
"""The two families of machines that every system has."""


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
    pythons = {cell.python for cell in cells}
    systems = {(cell.python, cell.system) for cell in held}
    return frozenset(
        axis
        for axis, differs in (
            (Axis.PYTHON, any(cell._replace(python=python) not in held for cell in held for python in pythons)),
            (Axis.SYSTEM, any((python, system) not in systems for python, _ in systems for system in System)),
            (
                Axis.MACHINE,
                any(cell._replace(machine=machine) not in held for cell in held for machine in MACHINES[cell.system]),
            ),
        )
        if differs
    )


def is_on_every_machine(held: Cells) -> bool:
    """Return whether what is needed in these cells may be required on every machine of the systems among them.

    It may where both families of machines need it: markers leave out rare machines (``ppc64le``), and many that list
    machines by name forget macOS and Windows on ARM. What only one family needs may not exist for the other.
    """
    families: dict[System, set[str]] = {}
    for cell in held:
        found = families.setdefault(cell.system, set())
        if cell.machine in X86:
            found.add("x86")
        elif cell.machine in ARM:
            found.add("arm")
    both = {"x86", "arm"}
    if families.get(System.LINUX, set()) >= both:
        return all("x86" in found for found in families.values())
    return all(found >= both for found in families.values())


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
