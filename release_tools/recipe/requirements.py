"""Requirements: from PEP 508, as a wheel's metadata carries them, to conda's MatchSpecs.

conda has no markers: a ``noarch`` package has one list of requirements for every Python. What some supported Python
needs is therefore kept for all, what one system needs goes into a build of its own, and what only some machines need
cannot be said at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from release_tools.errors import CondaError
from release_tools.recipe.constraints import Flavour, constraint, weakest
from release_tools.recipe.curated import HARMLESS, ONE_SYSTEM
from release_tools.recipe.markers import (
    CONDA_FORGE_PYTHON,
    PYTHONS,
    Axis,
    Cell,
    Cells,
    System,
    depends_on,
    grid,
    supported_pythons,
    where,
)
from release_tools.recipe.names import Name, Names

__all__ = ["Dependency", "Flavour", "Translated", "collect", "translate"]

VIRTUAL: Final = {
    frozenset({System.LINUX}): "__linux",
    frozenset({System.OSX}): "__osx",
    frozenset({System.WIN}): "__win",
    frozenset({System.LINUX, System.OSX}): "__unix",
}


@dataclass(frozen=True)
class Dependency:
    """One conda package that is needed, and the cells of the grid where it is, each with its constraint there.

    Attributes:
        name: the conda name.
        needed: what each cell asks for; cells where the package is not needed are absent.
    """

    name: str
    needed: Mapping[Cell, SpecifierSet]

    @property
    def cells(self) -> Cells:
        """Where it is needed."""
        return frozenset(self.needed)

    def on(self, pythons: Sequence[str]) -> "Dependency":
        """The same on these Pythons only; unchanged where none of them needs it."""
        needed = {cell: asked for cell, asked in self.needed.items() if cell.python in pythons}
        return Dependency(self.name, needed) if needed else self

    def spec(self, flavour: Flavour, cells: Cells) -> str:
        """The weakest MatchSpec that any of these cells asks for."""
        alternatives = weakest(self.needed[cell] for cell in sorted(self.cells & cells))
        constraints = sorted(constraint(each, flavour) for each in alternatives)
        return f"{self.name} {'|'.join(constraints)}" if all(constraints) else self.name


@dataclass(frozen=True)
class Collected:
    """The dependencies of a project before they are flattened into lists.

    Attributes:
        dependencies: in the order of the metadata.
        grid: the cells that were looked at.
        unconfirmed: the names that no table and no channel confirmed.
        notes: what a person should know, a sentence each.
    """

    dependencies: tuple[Dependency, ...]
    grid: Cells
    unconfirmed: tuple[Name, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Translated:
    """The requirements of a ``noarch: python`` package.

    Attributes:
        depends: MatchSpecs that hold on every system, ``python`` first.
        by_system: what is needed on some systems only: virtual package (``__unix``, ``__win``, …) to the MatchSpecs
            that are added there. Empty when one package serves all systems.
        unconfirmed: the names that no table and no channel confirmed.
        notes: what a person should know, a sentence each.
    """

    depends: tuple[str, ...]
    by_system: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unconfirmed: tuple[Name, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def variants(self) -> Mapping[str, tuple[str, ...]]:
        """The whole list for each package to build: virtual package, or the empty text for every system."""
        if not self.by_system:
            return {"": self.depends}
        return {virtual: (*self.depends, virtual, *added) for virtual, added in self.by_system.items()}


def translate(
    requires_dist: Sequence[str],
    requires_python: str,
    names: Names,
    *,
    flavour: Flavour = Flavour.PACKAGE,
) -> Translated:
    """The conda requirements of a pure-Python project.

    Args:
        requires_dist: the ``Requires-Dist`` values; those behind the project's own extras are left out.
        requires_python: the ``Requires-Python`` value; empty when there is none.
        names: the way to conda names.
        flavour: whether a solver or a reviewer of conda-forge reads the result.

    Raises:
        CondaError: with one fault for each requirement that conda cannot express.
    """
    collected = collect(requires_dist, grid(supported_pythons(requires_python)), names)
    notes = list(collected.notes)
    faults: list[str] = []
    everywhere: list[str] = [_python(requires_python, flavour)]
    on_system: dict[System, list[str]] = {system: [] for system in System}
    alone = len(collected.dependencies) == 1
    for dependency in collected.dependencies:
        axes = depends_on(dependency.cells, collected.grid)
        if flavour is Flavour.RECIPE:
            # What only Pythons need that the project supports and conda-forge no longer builds stays, as reviewers keep
            # it; what it is bound to is read off the Pythons that are built.
            dependency = dependency.on(PYTHONS[PYTHONS.index(CONDA_FORGE_PYTHON) :])  # noqa: PLW2901 - narrowed
        if Axis.MACHINE in axes:
            said = f"{dependency.name} is needed on some machines only, which noarch cannot express"
            (faults if flavour is Flavour.PACKAGE else notes).append(said)
        specs = {system: _on(dependency, system, collected.grid, flavour) for system in System}
        if len(set(specs.values())) == 1 or Axis.MACHINE in axes or _harmless(dependency, specs, flavour, alone=alone):
            everywhere.append(dependency.spec(flavour, collected.grid))
            notes.extend(_widened(dependency, axes))
        else:
            for system, spec in specs.items():
                on_system[system].extend([spec] if spec else [])
    if faults:
        raise CondaError(
            "Some requirements cannot be expressed by a noarch conda package.",
            "Release without the conda package (--no-conda), or build it from a recipe for each platform.",
            faults=faults,
        )
    return Translated(tuple(everywhere), _variants(on_system), collected.unconfirmed, tuple(notes))


def collect(requires_dist: Sequence[str], cells: Cells, names: Names) -> Collected:
    """What is needed where, markers evaluated and names translated, several requirements for one name joined.

    Raises:
        CondaError: with one fault for each requirement that cannot be read or expressed.
    """
    gatherer = _Gatherer(names)
    for text in requires_dist:
        gatherer.add(text, cells)
    if gatherer.faults:
        raise CondaError(
            "Some requirements cannot be translated for conda.",
            "Correct them in pyproject.toml, or release without the conda package (--no-conda).",
            faults=gatherer.faults,
        )
    dependencies = tuple(Dependency(name, needed) for name, needed in gatherer.needed.items())
    return Collected(dependencies, cells, tuple(gatherer.unconfirmed.values()), tuple(gatherer.notes))


class _Gatherer:
    """Goes through the requirements one by one and keeps what it found."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.needed: dict[str, dict[Cell, SpecifierSet]] = defaultdict(dict)
        self.unconfirmed: dict[str, Name] = {}
        self.notes: list[str] = []
        self.faults: list[str] = []
        self.seen: set[tuple[str, str]] = set()

    def add(self, text: str, cells: Cells) -> None:
        """Take in one requirement as far as it counts in these cells, and those of the extras that it asks for."""
        try:
            requirement = Requirement(text)
            held = where(requirement.marker, cells)
            constraint(requirement.specifier, Flavour.PACKAGE)
        except (InvalidRequirement, CondaError) as fault:
            self.faults.append(f"{text}: {fault}".replace("\n", " "))
            return
        if not held:
            return
        if requirement.url:
            self.faults.append(f"{text}: a URL is not a package of any channel; require a version instead")
            return
        self._need(requirement, held)

    def _need(self, requirement: Requirement, held: Cells) -> None:
        pypi = canonicalize_name(requirement.name)
        name = self.names.conda_name(requirement.name)
        extras = sorted(map(canonicalize_name, requirement.extras))
        packaged = {extra: conda for extra in extras if (conda := self.names.extra_package(name, extra))}
        conda = next(iter(packaged.values()), name.conda)
        if not name.confirmed and not packaged:
            self.unconfirmed.setdefault(name.conda, name)
        asked = requirement.specifier & SpecifierSet(f"=={name.bound}" if name.bound else "")
        for cell in held:
            self.needed[conda][cell] = self.needed[conda].get(cell, SpecifierSet()) & asked
        for extra in extras:
            if extra not in packaged:
                self._extra(pypi, extra, held)

    def _extra(self, pypi: str, extra: str, held: Cells) -> None:
        """Take in what a dependency's extra asks for; a cycle of extras ends where it began."""
        if (pypi, extra) in self.seen:
            return
        self.seen.add((pypi, extra))
        asked = self.names.extra_requirements(pypi, extra)
        if asked is None:
            self.notes.append(f"What {pypi}[{extra}] asks for beyond {pypi} is not known here: add it by hand.")
        for text in asked or ():
            self.add(text, held)


def _on(dependency: Dependency, system: System, cells: Cells, flavour: Flavour) -> str:
    """The MatchSpec on one system, empty where the package is not needed there."""
    here = frozenset(cell for cell in cells if cell.system is system)
    return dependency.spec(flavour, here) if dependency.cells & here else ""


def _harmless(dependency: Dependency, specs: Mapping[System, str], flavour: Flavour, *, alone: bool) -> bool:
    """Whether a package that some system does not need may be required there too.

    Reviewers of conda-forge require everywhere what all systems but one ask for, as it is seldom missing on that one,
    and they keep a package that needs nothing else (``alone``) free of it. A solver cannot judge: for packages the
    known ones count, and only they.
    """
    known = dependency.name in HARMLESS
    if flavour is Flavour.PACKAGE:
        return known
    most = sum(map(bool, specs.values())) == len(System) - 1
    return (known and not alone) or (most and not dependency.name.startswith(ONE_SYSTEM))


def _widened(dependency: Dependency, axes: Iterable[Axis]) -> list[str]:
    """What to tell about a dependency that one list for all asks for more often than the project does."""
    said = []
    if axes:
        what = " and ".join(sorted(axes))
        said.append(f"{dependency.name} is needed depending on the {what}; it is required everywhere.")
    if len(weakest(dependency.needed.values())) > 1 or len(set(dependency.needed.values())) > 1:
        said.append(f"{dependency.name} has constraints that differ between Pythons; the weakest one is kept.")
    return said


def _variants(on_system: Mapping[System, list[str]]) -> dict[str, tuple[str, ...]]:
    """The additions for each group of systems that agree, by the group's virtual package."""
    if not any(on_system.values()):
        return {}
    groups: dict[tuple[str, ...], set[System]] = defaultdict(set)
    for system, specs in on_system.items():
        groups[tuple(specs)].add(system)
    if any(frozenset(systems) not in VIRTUAL for systems in groups.values()):
        return {VIRTUAL[frozenset({system})]: tuple(specs) for system, specs in on_system.items()}
    return {VIRTUAL[frozenset(systems)]: specs for specs, systems in groups.items()}


def _python(requires_python: str, flavour: Flavour) -> str:
    return f"python {constraint(SpecifierSet(requires_python), flavour)}".strip()
