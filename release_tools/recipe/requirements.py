"""Requirements: from PEP 508, as a wheel's metadata carries them, to conda's MatchSpecs.

conda has no markers: a ``noarch`` package has one list of requirements for every Python. What some supported Python
needs is therefore kept for all, what one system needs goes into a build of its own, and what all but rare machines need
is required on every machine. Where machines differ in more than that, each platform gets a package of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final, Self

from packaging.specifiers import SpecifierSet

from release_tools.planning.conda_targets import NOARCH, USUAL_SUBDIRS
from release_tools.recipe.constraints import Flavour, drop_duplicates, find_weakest, translate_constraint
from release_tools.recipe.dependencies import Collected, Dependency, collect
from release_tools.recipe.markers import (
    CONDA_FORGE_PYTHON,
    PYTHONS,
    SUBDIRS,
    Axis,
    Cells,
    System,
    depends_on,
    is_on_every_machine,
    is_rare,
    is_split_by_machine,
    list_platforms,
    list_supported_pythons,
)
from release_tools.recipe.matchspec_compare import is_same_constraint
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
LATELY_BUILT_PYTHONS: Final = PYTHONS[PYTHONS.index(CONDA_FORGE_PYTHON) - 1 :]
VIRTUAL: Final = {
    frozenset({System.LINUX}): "__linux",
    frozenset({System.OSX}): "__osx",
    frozenset({System.WIN}): "__win",
    frozenset({System.LINUX, System.OSX}): "__unix",
}


@dataclass(frozen=True)
class Variant:
    """The requirements of one of the packages that are made of one wheel.

    Attributes:
        depends: all of them, as MatchSpecs, ``python`` first.
        virtual: the virtual package that chooses it, such as ``__win``; empty for none.
        subdir: the channel folder that it belongs in.
    """

    depends: tuple[str, ...]
    virtual: str = ""
    subdir: str = NOARCH


@dataclass(frozen=True)
class Translated:
    """The requirements of a project without compiled code.

    Attributes:
        depends: MatchSpecs that hold on every system and machine, ``python`` first.
        by_system: what is needed on some systems only: virtual package (``__unix``, ``__win``, …) to the MatchSpecs
            that are added there. Empty when one package serves all systems.
        by_subdir: what is needed on some platforms only: subdir (``linux-64``) to the MatchSpecs that are added there.
            Empty when ``noarch`` packages can express all.
        unconfirmed: the names that no table and no channel confirmed.
        notes: what a person should know, a sentence each.
        warnings: what a person should check, a sentence each.
        newest: what the newest Python needs, where one list for all Pythons says less.
    """

    depends: tuple[str, ...]
    by_system: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    by_subdir: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unconfirmed: tuple[Name, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    newest: tuple[str, ...] = ()

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Return the requirements of each package to build."""
        if self.by_subdir:
            return tuple(Variant((*self.depends, *added), subdir=subdir) for subdir, added in self.by_subdir.items())
        if self.by_system:
            return tuple(
                Variant((*self.depends, virtual, *added), virtual) for virtual, added in self.by_system.items()
            )
        return (Variant(self.depends),)

    def list_specs(self, subdir: str) -> tuple[str, ...]:
        """Return what is required on one platform, without virtual packages."""
        system, _ = SUBDIRS[subdir]
        on_system = [self.by_system.get(virtual, ()) for systems, virtual in VIRTUAL.items() if system in systems]
        return (*self.depends, *chain.from_iterable(on_system), *self.by_subdir.get(subdir, ()))


def translate(
    requires_dist: Sequence[str],
    requires_python: str,
    names: Names,
    *,
    flavour: Flavour = Flavour.PACKAGE,
    subdirs: Sequence[str] = USUAL_SUBDIRS,
) -> Translated:
    """Return the conda requirements of a pure-Python project.

    Args:
        requires_dist: the ``Requires-Dist`` values; those behind the project's own extras are left out.
        requires_python: the ``Requires-Python`` value; empty when there is none.
        names: looks conda names up.
        flavour: whether a solver or a reviewer of conda-forge reads the result.
        subdirs: the platforms that get a package of their own, if ``noarch`` cannot express the requirements.

    Raises:
        CondaError: with one fault for each requirement that conda cannot express.
    """
    collected = collect(requires_dist, list_platforms(list_supported_pythons(requires_python)), names)
    listed = _list_dependencies(collected, flavour)
    usual = [one for one in listed if not is_rare(one.cells)]
    wanted = [_Wanted.of(dependency, collected.grid, flavour) for dependency in usual]
    python = _translate_python(requires_python, flavour)
    differing = [one.name for one in wanted if one.by_machine]
    if differing:
        flattened = _flatten_by_subdir(python, usual, flavour, subdirs)
        notes = _explain_subdirs(differing, usual, collected.grid)
    else:
        flattened = _flatten_noarch(python, wanted, flavour)
        notes = flattened.notes
    return replace(
        flattened,
        unconfirmed=collected.unconfirmed,
        notes=(*collected.notes, *notes),
        warnings=(*flattened.warnings, *_warn_rare(listed)),
    )


def _list_dependencies(collected: Collected, flavour: Flavour) -> list[Dependency]:
    """Return the dependencies that a solver needs, or those that a reviewer lists."""
    if flavour is Flavour.PACKAGE:
        return list(collected.dependencies)
    return list(filter(_is_listed, collected.dependencies))


def _is_listed(dependency: Dependency) -> bool:
    """Return whether a reviewer lists it.

    They keep what only Pythons need that the project supports and conda-forge no longer builds, but for setuptools and
    backports of the standard library.
    """
    if dependency.on(BUILT_PYTHONS).on_usual_machines().needed:
        return True
    if is_split_by_machine(dependency.cells):
        return False
    if dependency.name in LATE_BACKPORTS:
        return bool(dependency.on(LATELY_BUILT_PYTHONS).needed)
    return dependency.name not in BACKPORTS and not dependency.name.startswith(BACKPORTS_NAMESPACE)


def _translate_python(requires_python: str, flavour: Flavour) -> str:
    return f"python {translate_constraint(SpecifierSet(requires_python), flavour)}".strip()


def _warn_rare(dependencies: Iterable[Dependency]) -> list[str]:
    rare = [one.name for one in dependencies if is_rare(one.cells)]
    return [f"{name} is needed on rare machines only; it is required on none" for name in rare]


def _flatten_by_subdir(
    python: str, dependencies: Sequence[Dependency], flavour: Flavour, subdirs: Sequence[str]
) -> Translated:
    """Return the requirements of one package for each platform."""
    specs = {subdir: _list_specs_on(dependencies, subdir, flavour) for subdir in subdirs}
    common = _find_common(list(specs.values()))
    added = {subdir: _drop_specs(own, common) for subdir, own in specs.items()}
    return Translated((python, *common), by_subdir=added)


def _list_specs_on(dependencies: Iterable[Dependency], subdir: str, flavour: Flavour) -> list[str]:
    """Return the MatchSpecs that count on one platform."""
    specs = []
    for dependency in dependencies:
        here = dependency.on_platform(*SUBDIRS[subdir])
        if here.needed:
            specs.append(here.spec(flavour, here.cells))
    return specs


def _find_common(lists: Sequence[Sequence[str]]) -> list[str]:
    """Return the MatchSpecs that all lists have."""
    first, *others = lists
    return [spec for spec in first if all(spec in other for other in others)]


def _drop_specs(specs: Iterable[str], dropped: Sequence[str]) -> tuple[str, ...]:
    return tuple(spec for spec in specs if spec not in dropped)


def _explain_subdirs(differing: Sequence[str], dependencies: Iterable[Dependency], cells: Cells) -> tuple[str, ...]:
    """Return why there is one package for each platform, and what each requires for the sake of some Pythons."""
    by_python = [one for one in dependencies if Axis.PYTHON in depends_on(one.cells, cells)]
    return (
        f"Machines differ in what they need, which noarch cannot express: {', '.join(differing)}.",
        *(f"{one.name} is needed on some Pythons only; it is required on all." for one in by_python),
    )


def _flatten_noarch(python: str, wanted: Sequence["_Wanted"], flavour: Flavour) -> Translated:
    """Return the requirements of ``noarch`` packages."""
    by_system = _choose_by_system(wanted, flavour)
    everywhere = [one for one in wanted if one not in by_system]
    return Translated(
        depends=(python, *(one.spec for one in everywhere)),
        by_system=_list_variants(by_system),
        notes=tuple(chain.from_iterable(one.notes for one in everywhere)),
        warnings=tuple(filter(None, (one.warning for one in wanted))),
        newest=tuple(filter(None, (one.newest for one in everywhere))),
    )


def _choose_by_system(wanted: Sequence["_Wanted"], flavour: Flavour) -> list["_Wanted"]:
    """Return the packages that only some systems ask for, unless all of them may be required everywhere."""
    differing = [one for one in wanted if one.differs]
    alone = len(wanted) == 1
    if all(_is_harmless(one, flavour, alone=alone) for one in differing):
        return []
    return differing


def _is_harmless(wanted: "_Wanted", flavour: Flavour, *, alone: bool) -> bool:
    """Return whether a package that some system does not need may be required there too.

    Reviewers of conda-forge require everywhere what all systems but one ask for, as it is seldom missing on that one,
    and they keep a package that needs nothing else (``alone``) free of it. A solver cannot judge: for packages the
    known ones count, and only they.
    """
    is_known = wanted.name in HARMLESS
    if flavour is Flavour.PACKAGE:
        return is_known
    if is_known and not alone:
        return True
    needing = list(filter(None, wanted.specs.values()))
    return len(needing) == len(System) - 1 and not wanted.name.startswith(ONE_SYSTEM)


def _list_variants(by_system: Iterable["_Wanted"]) -> dict[str, tuple[str, ...]]:
    """Return what is added on each group of systems that agree, by the group's virtual package."""
    added = {system: _list_specs(by_system, system) for system in System}
    if not any(added.values()):
        return {}
    groups = _group_systems(added)
    if groups.keys() <= VIRTUAL.keys():
        return {VIRTUAL[systems]: specs for systems, specs in groups.items()}
    return {VIRTUAL[frozenset({system})]: specs for system, specs in added.items()}


def _list_specs(wanted: Iterable["_Wanted"], system: System) -> tuple[str, ...]:
    return tuple(filter(None, (one.specs[system] for one in wanted)))


def _group_systems(added: Mapping[System, tuple[str, ...]]) -> dict[frozenset[System], tuple[str, ...]]:
    """Return what is added, by the systems on which it is the same."""
    groups: dict[tuple[str, ...], set[System]] = defaultdict(set)
    for system, specs in added.items():
        groups[specs].add(system)
    return {frozenset(systems): specs for specs, systems in groups.items()}


@dataclass(frozen=True)
class _Wanted:
    """A dependency as noarch packages can ask for it.

    Attributes:
        name: the conda name.
        spec: what one list for all systems would ask for.
        specs: what each system asks for; empty where it needs nothing.
        by_machine: whether machines of one system differ in it, so that one list cannot serve all.
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
        """Return whether the systems differ."""
        return len(set(self.specs.values())) > 1

    @property
    def warning(self) -> str:
        """Return what a person should check; empty for nothing."""
        if not self.is_widened:
            return ""
        return f"{self.name} is required on every machine, though the project needs it on some only"

    @classmethod
    def of(cls, dependency: Dependency, cells: Cells, flavour: Flavour) -> Self:
        axes = depends_on(dependency.cells, cells)
        listed = _drop_old_pythons(dependency) if flavour is Flavour.RECIPE else dependency
        is_split = is_split_by_machine(listed.cells)
        is_safe = not is_split or is_on_every_machine(listed.cells)
        usual = listed.on_usual_machines()
        return cls(
            name=usual.name,
            spec=usual.spec(flavour, cells),
            specs={system: _translate_on(system, usual, cells, flavour) for system in System},
            by_machine=not is_safe or _differs_by_machine(usual, flavour),
            is_widened=is_split,
            notes=tuple(_explain_widening(usual, axes)),
            newest=_find_newest(usual, cells, flavour),
        )


def _drop_old_pythons(dependency: Dependency) -> Dependency:
    """Return a dependency without the Pythons that conda-forge no longer builds, unless only they need it."""
    built = dependency.on(BUILT_PYTHONS)
    return built if built.needed else dependency


def _differs_by_machine(dependency: Dependency, flavour: Flavour) -> bool:
    """Return whether usual machines of one system that need a package ask for different versions of it."""
    if len(set(map(id, dependency.needed.values()))) == 1:
        return False
    return any(_has_own_bounds(dependency, system, flavour) for system in System)


def _has_own_bounds(dependency: Dependency, system: System, flavour: Flavour) -> bool:
    """Return whether machines of one system ask for different versions."""
    asked = _split_by_machine(dependency, system)
    if len({one.by_python for one in asked}) <= 1:
        return False
    first, *others = (one.spec(flavour, one.cells).partition(" ")[2] for one in asked)
    return not all(is_same_constraint(first, other) for other in others)


def _split_by_machine(dependency: Dependency, system: System) -> list[Dependency]:
    """Return the dependency on each machine of a system that needs it."""
    platforms = [platform for platform in SUBDIRS.values() if platform[0] is system]
    parts = [dependency.on_platform(*platform) for platform in platforms]
    return [part for part in parts if part.needed]


def _translate_on(system: System, dependency: Dependency, cells: Cells, flavour: Flavour) -> str:
    """Return the MatchSpec on one system, empty where the package is not needed there."""
    here = frozenset(cell for cell in cells if cell.system is system)
    if here.isdisjoint(dependency.cells):
        return ""
    return dependency.spec(flavour, here)


def _explain_widening(dependency: Dependency, axes: Iterable[Axis]) -> Iterator[str]:
    """Yield a note where one list for all systems requires a dependency more often than the project does."""
    if axes:
        yield f"{dependency.name} is needed depending on the {' and '.join(sorted(axes))}; it is required everywhere."
    constraints = dependency.needed.values()
    if len(find_weakest(constraints)) > 1 or len(drop_duplicates(constraints)) > 1:
        yield f"{dependency.name} has constraints that differ between Pythons; the weakest one is kept."


def _find_newest(dependency: Dependency, cells: Cells, flavour: Flavour) -> str:
    """Return what the newest Python asks for, where the Pythons ask for different versions; else nothing."""
    newest = max((cell.python for cell in cells), key=PYTHONS.index)
    there = dependency.on([newest])
    if not there.needed:
        return ""
    spec = there.spec(flavour, there.cells)
    return "" if spec == dependency.spec(flavour, cells) else spec
