"""Requirements: from PEP 508, as a wheel's metadata carries them, to conda's MatchSpecs.

conda has no markers: a ``noarch`` package has one list of requirements for every Python. What some supported Python
needs is therefore kept for all, what one system needs goes into a build of its own, what all but rare machines need is
required on every machine, and what only one family of machines needs cannot be said at all.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from packaging.specifiers import SpecifierSet

from release_tools.errors import CondaError
from release_tools.recipe.constraints import Flavour, drop_duplicates, find_weakest, translate_constraint
from release_tools.recipe.dependencies import Dependency, collect
from release_tools.recipe.markers import (
    CONDA_FORGE_PYTHON,
    PYTHONS,
    Axis,
    Cells,
    System,
    depends_on,
    is_on_every_machine,
    list_platforms,
    list_supported_pythons,
)
from release_tools.recipe.name_overrides import (
    BACKPORTS,
    BACKPORTS_NAMESPACE,
    HARMLESS,
    LATE_BACKPORTS,
    ONE_SYSTEM,
)
from release_tools.recipe.names import Name, Names

__all__ = ["Flavour", "Translated", "translate"]

BUILT_PYTHONS: Final = PYTHONS[PYTHONS.index(CONDA_FORGE_PYTHON) :]
VIRTUAL: Final = {
    frozenset({System.LINUX}): "__linux",
    frozenset({System.OSX}): "__osx",
    frozenset({System.WIN}): "__win",
    frozenset({System.LINUX, System.OSX}): "__unix",
}


@dataclass(frozen=True)
class Translated:
    """The requirements of a ``noarch: python`` package.

    Attributes:
        depends: MatchSpecs that hold on every system, ``python`` first.
        by_system: what is needed on some systems only: virtual package (``__unix``, ``__win``, …) to the MatchSpecs
            that are added there. Empty when one package serves all systems.
        unconfirmed: the names that no table and no channel confirmed.
        notes: what a person should know, a sentence each.
        warnings: what a person should check, a sentence each.
        newest: what the newest Python needs, where one list for all Pythons says less.
    """

    depends: tuple[str, ...]
    by_system: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unconfirmed: tuple[Name, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    newest: tuple[str, ...] = ()

    @property
    def variants(self) -> Mapping[str, tuple[str, ...]]:
        """Return the whole list for each package to build, by virtual package; the empty text is for every system."""
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
    """Return the conda requirements of a pure-Python project.

    Args:
        requires_dist: the ``Requires-Dist`` values; those behind the project's own extras are left out.
        requires_python: the ``Requires-Python`` value; empty when there is none.
        names: looks conda names up.
        flavour: whether a solver or a reviewer of conda-forge reads the result.

    Raises:
        CondaError: with one fault for each requirement that conda cannot express.
    """
    collected = collect(requires_dist, list_platforms(list_supported_pythons(requires_python)), names)
    asked = [one for one in collected.dependencies if flavour is Flavour.PACKAGE or _is_listed(one)]
    wanted = [_Wanted.of(dependency, collected.grid, flavour) for dependency in asked]
    machines = _explain_machines(wanted, flavour)
    by_system = _choose_by_system(wanted, flavour)
    everywhere = [one for one in wanted if one not in by_system]
    return Translated(
        (_find_python(requires_python, flavour), *(one.spec for one in everywhere)),
        _list_variants({system: _list_specs(by_system, system) for system in System}),
        collected.unconfirmed,
        (*collected.notes, *machines, *(note for one in everywhere for note in one.notes)),
        tuple(
            f"{one.name} is required on every machine, though the project needs it on some only"
            for one in wanted
            if one.is_widened
        ),
        newest=tuple(one.newest for one in everywhere if one.newest),
    )


def _explain_machines(wanted: Iterable["_Wanted"], flavour: Flavour) -> list[str]:
    """Return a sentence for each package that only some machines need.

    Raises:
        CondaError: there is one, and a solver would read the result.
    """
    found = [
        f"{one.name} is needed on some machines only, which noarch cannot express" for one in wanted if one.by_machine
    ]
    if found and flavour is Flavour.PACKAGE:
        raise CondaError(
            "Some requirements cannot be expressed by a noarch conda package.",
            "Release without this conda package: --no-conda (conda.enabled = false).",
            faults=found,
        )
    return found


def _choose_by_system(wanted: Sequence["_Wanted"], flavour: Flavour) -> list["_Wanted"]:
    """Return the packages that only some systems ask for, unless all of them may be required everywhere."""
    differing = [one for one in wanted if one.differs]
    alone = len(wanted) == 1
    return differing if any(not _is_harmless(one, flavour, alone=alone) for one in differing) else []


def _list_specs(wanted: Iterable["_Wanted"], system: System) -> list[str]:
    return [spec for one in wanted if (spec := one.specs[system])]


def _is_listed(dependency: Dependency) -> bool:
    """Return whether a reviewer lists it.

    They keep what only Pythons need that the project supports and conda-forge no longer builds, but for setuptools and
    backports of the standard library.
    """
    if dependency.on(BUILT_PYTHONS).needed:
        return True
    if dependency.name in LATE_BACKPORTS:
        return bool(dependency.on(PYTHONS[PYTHONS.index(CONDA_FORGE_PYTHON) - 1 :]).needed)
    return dependency.name not in BACKPORTS and not dependency.name.startswith(BACKPORTS_NAMESPACE)


@dataclass(frozen=True)
class _Wanted:
    """A dependency as noarch packages can ask for it.

    Attributes:
        name: the conda name.
        spec: what one list for all systems would ask for.
        specs: what each system asks for; empty where it needs nothing.
        by_machine: whether only some machines of a system need it, so that it cannot be required on all.
        is_widened: whether only some machines need it, but it can be required on all.
        notes: what a person should know if one list requires it.
        newest: what the newest Python needs, where ``spec`` says less; else empty.
    """

    name: str
    spec: str
    specs: Mapping[System, str]
    by_machine: bool
    is_widened: bool
    notes: tuple[str, ...]
    newest: str = ""

    @property
    def differs(self) -> bool:
        """Return whether the systems differ; machines are never distinguished."""
        return not self.by_machine and len(set(self.specs.values())) > 1

    @classmethod
    def of(cls, dependency: Dependency, cells: Cells, flavour: Flavour) -> Self:
        axes = depends_on(dependency.cells, cells)
        is_split = Axis.MACHINE in axes
        is_widened = is_split and is_on_every_machine(dependency.cells)
        if flavour is Flavour.RECIPE and (built := dependency.on(BUILT_PYTHONS)).needed:
            dependency = built
        return cls(
            dependency.name,
            dependency.spec(flavour, cells),
            {system: _make_condition_text(dependency, system, cells, flavour) for system in System},
            is_split and not is_widened,
            is_widened,
            tuple(_widen(dependency, axes)),
            _find_newest(dependency, cells, flavour),
        )


def _make_condition_text(dependency: Dependency, system: System, cells: Cells, flavour: Flavour) -> str:
    """Return the MatchSpec on one system, empty where the package is not needed there."""
    here = frozenset(cell for cell in cells if cell.system is system)
    return dependency.spec(flavour, here) if dependency.cells & here else ""


def _find_newest(dependency: Dependency, cells: Cells, flavour: Flavour) -> str:
    """Return what the newest Python asks for, where the Pythons ask for different versions; else nothing."""
    newest = max((cell.python for cell in cells), key=PYTHONS.index)
    spec = dependency.spec(flavour, frozenset(cell for cell in dependency.cells if cell.python == newest))
    return spec if dependency.on([newest]).needed and spec != dependency.spec(flavour, cells) else ""


def _is_harmless(wanted: _Wanted, flavour: Flavour, *, alone: bool) -> bool:
    """Return whether a package that some system does not need may be required there too.

    Reviewers of conda-forge require everywhere what all systems but one ask for, as it is seldom missing on that one,
    and they keep a package that needs nothing else (``alone``) free of it. A solver cannot judge: for packages the
    known ones count, and only they.
    """
    known = wanted.name in HARMLESS
    if flavour is Flavour.PACKAGE:
        return known
    most = sum(map(bool, wanted.specs.values())) == len(System) - 1
    return (known and not alone) or (most and not wanted.name.startswith(ONE_SYSTEM))


def _widen(dependency: Dependency, axes: Iterable[Axis]) -> list[str]:
    """Return a note on a dependency that one list for all systems requires more often than the project does."""
    said = []
    if axes:
        what = " and ".join(sorted(axes))
        said.append(f"{dependency.name} is needed depending on the {what}; it is required everywhere.")
    if len(find_weakest(dependency.needed.values())) > 1 or len(drop_duplicates(dependency.needed.values())) > 1:
        said.append(f"{dependency.name} has constraints that differ between Pythons; the weakest one is kept.")
    return said


def _list_variants(on_system: Mapping[System, list[str]]) -> dict[str, tuple[str, ...]]:
    """Return the additions for each group of systems that agree, by the group's virtual package."""
    if not any(on_system.values()):
        return {}
    groups: dict[tuple[str, ...], set[System]] = defaultdict(set)
    for system, specs in on_system.items():
        groups[tuple(specs)].add(system)
    if any(frozenset(systems) not in VIRTUAL for systems in groups.values()):
        return {VIRTUAL[frozenset({system})]: tuple(specs) for system, specs in on_system.items()}
    return {VIRTUAL[frozenset(systems)]: specs for specs, systems in groups.items()}


def _find_python(requires_python: str, flavour: Flavour) -> str:
    return f"python {translate_constraint(SpecifierSet(requires_python), flavour)}".strip()
