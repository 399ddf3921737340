"""Collect what a project depends on, before it is flattened into conda's lists."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from release_tools.errors import CondaError
from release_tools.recipe.constraints import Flavour, find_weakest, translate_constraint
from release_tools.recipe.markers import ARM, X86, Cells, Platform, System, find_where
from release_tools.recipe.names import Name, Names


@dataclass(frozen=True)
class Dependency:
    """One conda package that is needed, and the cells of the grid where it is, each with its constraint there.

    Attributes:
        name: the conda name.
        needed: what each cell asks for; cells where the package is not needed are absent.
    """

    name: str
    needed: Mapping[Platform, SpecifierSet]

    @property
    def cells(self) -> Cells:
        """Return the cells where it is needed."""
        return frozenset(self.needed)

    @property
    def by_python(self) -> frozenset[tuple[str, SpecifierSet]]:
        """Return what is asked for, with the Python that asks for it."""
        return frozenset((cell.python, asked) for cell, asked in self.needed.items())

    def on(self, pythons: Sequence[str]) -> "Dependency":
        """Return the dependency on these Pythons only; without any cell where none of them needs it."""
        return Dependency(self.name, {cell: asked for cell, asked in self.needed.items() if cell.python in pythons})

    def on_platform(self, system: System, machine: str) -> "Dependency":
        """Return the dependency on this system and machine only; without any cell where it is not needed there."""
        here = {cell: asked for cell, asked in self.needed.items() if (cell.system, cell.machine) == (system, machine)}
        return Dependency(self.name, here)

    def on_usual_machines(self) -> "Dependency":
        """Return the dependency without rare machines."""
        usual = {cell: asked for cell, asked in self.needed.items() if cell.machine in X86 | ARM}
        return Dependency(self.name, usual)

    def on_every_machine(self, cells: Cells) -> "Dependency":
        """Return the dependency in those of these cells whose Python and system need it on some machine."""
        asked = {(cell.python, cell.system): self.needed[cell] for cell in sorted(self.cells)}
        added = {cell: asked[cell[:2]] for cell in cells if cell[:2] in asked}
        return Dependency(self.name, {**added, **self.needed})

    def free(self) -> "Dependency":
        """Return the dependency without its constraints."""
        return Dependency(self.name, dict.fromkeys(self.needed, SpecifierSet()))

    def spec(self, flavour: Flavour, cells: Cells) -> str:
        """Return the weakest MatchSpec that any of these cells asks for."""
        alternatives = find_weakest(self.needed[cell] for cell in sorted(self.cells & cells))
        constraints = sorted(translate_constraint(each, flavour) for each in alternatives)
        if not all(constraints):
            return self.name
        return f"{self.name} {'|'.join(constraints)}"


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


def collect(requires_dist: Sequence[str], cells: Cells, names: Names) -> Collected:
    """Collect what is needed and where, with markers evaluated, names translated and requirements for one name joined.

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
        self.needed: dict[str, dict[Platform, SpecifierSet]] = defaultdict(dict)
        self.unconfirmed: dict[str, Name] = {}
        self.notes: list[str] = []
        self.faults: list[str] = []
        self.found: dict[str, Name] = {}
        self.visited: set[tuple[str, str, Cells]] = set()

    def add(self, text: str, cells: Cells) -> None:
        """Take in one requirement as far as it counts in these cells, and those of the extras that it asks for."""
        try:
            requirement = Requirement(text)
            held = find_where(requirement.marker, cells)
            translate_constraint(requirement.specifier, Flavour.PACKAGE)
        except (InvalidRequirement, CondaError) as fault:
            self.faults.append(f"{text}: {fault}".replace("\n", " "))
            return
        if held and requirement.url:
            self.faults.append(f"{text}: a URL is not a package of any channel; require a version instead")
        elif held:
            self._require(requirement, held)

    def _require(self, requirement: Requirement, held: Cells) -> None:
        pypi = canonicalize_name(requirement.name)
        if pypi == "python":
            self.notes.append(f"{requirement}: Python is no project of PyPI; its bound is Requires-Python's.")
            return
        # Two spellings of one project are one requirement, although a dot would be kept in an unknown name.
        name = self.found.setdefault(pypi, self.names.conda_name(requirement.name))
        extras = sorted(map(canonicalize_name, requirement.extras))
        packages = {extra: self.names.extra_package(name, extra) for extra in extras}
        package_with_extra = next(filter(None, packages.values()), "")
        if not name.confirmed and not package_with_extra:
            self.unconfirmed.setdefault(name.conda, name)
        self._hold(package_with_extra or name.conda, requirement.specifier & SpecifierSet(name.bound), held)
        for extra, package in packages.items():
            if not package:
                self._require_extra(name, extra, requirement.specifier, held)

    def _hold(self, conda: str, asked: SpecifierSet, held: Cells) -> None:
        """Require a conda package in these cells, in addition to what was required of it there before."""
        needed = self.needed[conda]
        for cell in held:
            needed[cell] = needed[cell] & asked if cell in needed else asked

    def _require_extra(self, name: Name, extra: str, allowed: SpecifierSet, held: Cells) -> None:
        """Require the package that brings an extra of a dependency, or else what the extra asks for."""
        companion = self.names.extra_companion(name, extra)
        if companion:
            self._hold(companion, SpecifierSet(), held)
        else:
            self._add_extra(canonicalize_name(name.pypi), extra, allowed, held)

    def _add_extra(self, pypi: str, extra: str, allowed: SpecifierSet, held: Cells) -> None:
        """Take in what a dependency's extra asks for; a cycle of extras ends where it began."""
        if (pypi, extra, held) in self.visited:
            return
        self.visited.add((pypi, extra, held))
        asked = self.names.extra_requirements(pypi, extra, allowed)
        if asked is None:
            self._note_unknown(pypi, extra)
            return
        for text in asked:
            self.add(text, held)

    def _note_unknown(self, pypi: str, extra: str) -> None:
        note = f"The requirements of {pypi}[{extra}] beyond those of {pypi} are unknown: add them by hand."
        if note not in self.notes:
            self.notes.append(note)
