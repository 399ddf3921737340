"""Compare the wheels that are there with the build plan, by their tags.

https://packaging.python.org/specifications/platform-compatibility-tags/
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, parse_wheel_filename

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
        doubled: names of wheels with the same tags, apart from the version of the platform.
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
    wanted = [(at, target) for at, target in plan.targets if target.identifier != SDIST and job in (None, at)]
    tags = {name: _parse_tags(name) for name in wheels}
    found: set[str] = set()
    unplanned = []
    for name in sorted(tags):
        covered = {target.identifier for _, target in wanted if covers(tags[name], target)}
        found |= covered
        if not covered:
            unplanned.append(name)
    absent = [(at, target) for at, target in wanted if target.identifier not in found]
    return Completeness(
        missing=tuple(pair for pair in absent if not pair[1].is_optional),
        left_out=tuple(pair for pair in absent if pair[1].is_optional),
        unplanned=tuple(unplanned),
        doubled=tuple(_find_duplicates(tags)),
    )


def find_covering(plan: BuildPlan, wheel: str) -> tuple[BuildTarget, ...]:
    """Return the targets of the plan that a wheel of this name covers."""
    tags = _parse_tags(wheel)
    return tuple(target for _, target in plan.targets if target.identifier != SDIST and covers(tags, target))


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
    wanted, found = _CPYTHON.fullmatch(python), _CPYTHON.fullmatch(tag.interpreter)
    if wanted and found and tag.abi == ("abi3t" if wanted[2] else "abi3"):
        return int(found[1]) <= int(wanted[1])
    if tag.abi == "none":
        generic = _GENERIC.fullmatch(tag.interpreter)
        if generic:
            return not generic[1] or bool(wanted and int(generic[1]) <= int(wanted[1]))
        return tag.interpreter == python.removesuffix("t")
    if wanted:
        return tag.interpreter == f"cp3{wanted[1]}" and tag.abi == python
    return tag.interpreter == python


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
