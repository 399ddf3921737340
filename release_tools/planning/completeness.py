"""Compare the wheels that are there with the build plan, by their tags.

https://packaging.python.org/specifications/platform-compatibility-tags/
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from release_tools.planning.build_plan import PURE_WHEEL, SDIST, BuildJob, BuildPlan, BuildTarget

_FAMILIES: Final = (
    (re.compile(r"manylinux(?:1|2010|2014|_\d+_\d+)_(\w+)"), "manylinux_"),
    (re.compile(r"musllinux_\d+_\d+_(\w+)"), "musllinux_"),
    (re.compile(r"macosx_\d+_\d+_(\w+)"), "macosx_"),
    (re.compile(r"ios_\d+_\d+_(\w+)"), "ios_"),
    (re.compile(r"android_\d+_(\w+)"), "android_"),
    (re.compile(r"(?:pyodide|pyemscripten)_\d+_\d+_(\w+)"), "pyodide_"),
)
"""Platform tags with a version, and how cibuildwheel names the platform without it."""
_CPYTHON: Final = re.compile(r"cp3(\d+)(t?)")
_GENERIC: Final = re.compile(r"py3(\d*)")
_GRAALPY: Final = re.compile(r"gp(\d+)_(\d+)")


@dataclass(frozen=True)
class Completeness:
    """Describe how the wheels that are there fit the plan.

    Attributes:
        missing: required targets that no wheel covers, each with its job.
        left_out: optional targets that no wheel covers, each with its job.
        unplanned: names of wheels that cover no target of the plan.
        doubled: names of wheels with the same tags, apart from the version of the platform, or for the same targets.
    """

    missing: tuple[tuple[BuildJob, BuildTarget], ...]
    left_out: tuple[tuple[BuildJob, BuildTarget], ...]
    unplanned: tuple[str, ...]
    doubled: tuple[tuple[str, ...], ...]

    @property
    def faults(self) -> Iterator[str]:
        """Return a line for everything that forbids the release."""
        for job, target in self.missing:
            yield f"{target.identifier}: missing; job {job.name} builds it"
        for name in self.unplanned:
            yield f"{name}: the build plan does not name such a wheel"
        for names in self.doubled:
            yield f"{' and '.join(names)}: built for the same Python and platform"


def check_completeness(plan: BuildPlan, wheels: Sequence[str], job: BuildJob | None = None) -> Completeness:
    """Compare the names of wheels with the build plan, or with one job of it.

    Args:
        plan: the plan.
        wheels: file names.
        job: compare only with what this job builds.
    """
    wanted = [(at, target) for at, target in _list_wheel_targets(plan) if job in (None, at)]
    tags = {name: _parse_tags(name) for name in sorted(wheels)}
    covered = {name: _list_covered(own, wanted) for name, own in tags.items()}
    required, optional = _list_absent(wanted, set().union(*covered.values()))
    return Completeness(
        missing=required,
        left_out=optional,
        unplanned=tuple(name for name, identifiers in covered.items() if not identifiers),
        doubled=tuple(dict.fromkeys((*_find_duplicates(tags), *_find_surplus(covered)))),
    )


def _find_surplus(covered: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    """Yield groups of a wheel for which no target is left, as each has one wheel at most, and those that have them."""
    chosen: dict[str, str] = {}
    for name, identifiers in sorted(covered.items(), key=lambda item: len(item[1])):
        free = sorted(identifiers - chosen.keys())
        if free:
            chosen[free[0]] = name
        elif identifiers:
            yield tuple(sorted({name, *(chosen[identifier] for identifier in identifiers)}))


_Targets: TypeAlias = tuple[tuple[BuildJob, BuildTarget], ...]


def _list_absent(wanted: Sequence[tuple[BuildJob, BuildTarget]], found: set[str]) -> tuple[_Targets, _Targets]:
    """Return the targets that are not among those found: the required ones, and the optional ones."""
    absent = [(job, target) for job, target in wanted if target.identifier not in found]
    required = tuple((job, target) for job, target in absent if not target.is_optional)
    return required, tuple((job, target) for job, target in absent if target.is_optional)


def _list_wheel_targets(plan: BuildPlan) -> Iterator[tuple[BuildJob, BuildTarget]]:
    return ((job, target) for job, target in plan.targets if target.identifier != SDIST)


def _list_covered(tags: frozenset[Tag], wanted: Iterable[tuple[BuildJob, BuildTarget]]) -> set[str]:
    """Return the identifiers of the targets that a wheel with these tags covers."""
    return {target.identifier for _, target in wanted if covers(tags, target)}


def is_wheel_of(filename: str, name: str, version: str) -> bool:
    """Return whether a file name is that of a wheel of this version of a project."""
    try:
        project, found, _, _ = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return False
    return (project, found) == (canonicalize_name(name), Version(version))


def find_covering(plan: BuildPlan, wheel: str) -> tuple[BuildTarget, ...]:
    """Return the targets of the plan that a wheel of this name covers."""
    tags = _parse_tags(wheel)
    return tuple(target for _, target in _list_wheel_targets(plan) if covers(tags, target))


def covers(tags: frozenset[Tag], target: BuildTarget) -> bool:
    """Return whether a wheel with these tags is the one that a target needs, or serves in its stead.

    A wheel for the stable ABI serves every later CPython; one without an ABI serves every Python.
    """
    if target.identifier == PURE_WHEEL:
        return all(tag.abi == "none" and tag.platform == "any" for tag in tags)
    return any(_has_platform(tag.platform, target.platform) and _runs_on(tag, target.python) for tag in tags)


def find_platform_family(platform: str) -> str:
    """Return a platform tag without the version of the platform, as cibuildwheel names it."""
    for pattern, family in _FAMILIES:
        match = pattern.fullmatch(platform)
        if match:
            return family + match[1]
    return platform


def _has_platform(platform: str, wanted: str) -> bool:
    family = find_platform_family(platform)
    is_universal = family == "macosx_universal2" and wanted in ("macosx_arm64", "macosx_x86_64")
    return family == wanted or is_universal


def _runs_on(tag: Tag, python: str) -> bool:
    """Return whether a wheel with this tag runs on an interpreter, as cibuildwheel names it."""
    graal = _GRAALPY.fullmatch(python)
    if graal:
        return tag.interpreter == f"graalpy{graal[1]}"
    if tag.abi == "none":
        return _runs_without_abi(tag.interpreter, python)
    wanted = _CPYTHON.fullmatch(python)
    if wanted is None:
        return tag.interpreter == python
    if tag.abi == ("abi3t" if wanted[2] else "abi3"):
        found = _CPYTHON.fullmatch(tag.interpreter)
        return found is not None and int(found[1]) <= int(wanted[1])
    return tag.interpreter == f"cp3{wanted[1]}" and tag.abi == python


def _runs_without_abi(interpreter: str, python: str) -> bool:
    """Return whether a wheel without extension modules for one ABI runs: ``py3``, ``py310`` or ``cp312``."""
    generic, wanted = _GENERIC.fullmatch(interpreter), _CPYTHON.fullmatch(python)
    if generic is None:
        return interpreter == python.removesuffix("t")
    return not generic[1] or (wanted is not None and int(generic[1]) <= int(wanted[1]))


def _parse_tags(name: str) -> frozenset[Tag]:
    try:
        return parse_wheel_filename(name)[3]
    except InvalidWheelFilename:
        return frozenset()


def _find_duplicates(tags: dict[str, frozenset[Tag]]) -> Iterator[tuple[str, ...]]:
    """Return groups of wheels that an installer could not choose between but for the platform's version."""
    groups: dict[tuple[str, str, str], set[str]] = {}
    for name, own in tags.items():
        for tag in own:
            groups.setdefault((tag.interpreter, tag.abi, find_platform_family(tag.platform)), set()).add(name)
    yield from sorted({tuple(sorted(names)) for names in groups.values() if len(names) > 1})
