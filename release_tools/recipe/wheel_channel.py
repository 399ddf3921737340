"""Describe a wheel as conda users get it through the conda-pypi channel, and how that differs from our conda package.

The channel is an index of PyPI's pure wheels: each record is made from PyPI's metadata by the rules of conda-pypi 0.13
(``pypi_to_repodata``), and the wheel itself comes from PyPI when it is installed. Nothing is read from a network here.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final

from packaging.metadata import RawMetadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.errors import CondaError
from release_tools.recipe.markers import (
    CONDA_FORGE_PYTHON,
    SUBDIRS,
    Cells,
    System,
    find_where,
    list_platforms,
    list_supported_pythons,
)
from release_tools.recipe.names import Names, find_in_table
from release_tools.recipe.requirements import Translated
from release_tools.recipe.wheel_markers import WheelCondition, translate_marker

TABLE: Final = "conda_pypi_names.txt"
BUILD: Final = "py3_none_any_0"
SYSTEM_OF: Final = {
    "__win": {System.WIN},
    "__linux": {System.LINUX},
    "__osx": {System.OSX},
    "__unix": {System.LINUX, System.OSX},
}
_PYTHON_TAG: Final = re.compile(r"-py3(\d+)-none-any\.whl$")


@dataclass(frozen=True)
class WheelRequirement:
    """One requirement as the channel has it.

    Attributes:
        source: the requirement as the wheel has it.
        name: the conda name there.
        spec: the whole of it, with its condition.
        condition: what became of its marker.
        extras: of the dependency.
    """

    source: Requirement
    name: str
    spec: str
    condition: WheelCondition
    extras: tuple[str, ...] = ()


@dataclass(frozen=True)
class WheelRecord:
    """A wheel as the channel's index has it.

    Attributes:
        name: the conda name there.
        version: as PyPI spells it.
        filename: of the wheel.
        sha256: of the wheel.
        size: of the wheel.
        python: the bound of Python.
        requirements: all of them, those of the project's own extras included.
        cells: the Pythons, systems and machines that were looked at.
    """

    name: str
    version: str
    filename: str
    sha256: str
    size: int
    python: str
    requirements: tuple[WheelRequirement, ...]
    cells: Cells = field(repr=False)

    @property
    def depends(self) -> tuple[str, ...]:
        """Return what is required without any extra."""
        return (*(one.spec for one in self.requirements if not one.condition.extras), self.python)

    def dump(self) -> str:
        """Return the record in the form of ``repodata.json``, as a channel of this one package for a solver.

        The key says ``.conda``, because solvers read wheels from other indexes only.
        """
        record = {
            "name": self.name,
            "version": self.version,
            "build": BUILD,
            "build_number": 0,
            "depends": list(self.depends),
            "sha256": self.sha256,
            "size": self.size,
            "subdir": "noarch",
            "noarch": "python",
        }
        packages = {f"{self.name}-{self.version}-{BUILD}.conda": record}
        return json.dumps({"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": packages})


def describe_wheel(metadata: RawMetadata, filename: str, sha256: str, size: int) -> WheelRecord:
    """Return the record that the channel makes of a wheel.

    Args:
        metadata: of the wheel.
        filename: of the wheel.
        sha256: of the wheel.
        size: of the wheel, in bytes.

    Raises:
        CondaError: Requires-Python or a marker cannot be evaluated.
    """
    requires_python = metadata.get("requires_python", "")
    cells = list_platforms(list_supported_pythons(requires_python, CONDA_FORGE_PYTHON))
    requirements = []
    for text in metadata.get("requires_dist", []):
        try:
            requirements.append(_translate(Requirement(text), cells))
        except InvalidRequirement as fault:
            raise CondaError(f"{text}: {fault}".replace("\n", " ")) from None
    return WheelRecord(
        name=find_channel_name(metadata.get("name", "")),
        version=metadata.get("version", ""),
        filename=filename,
        sha256=sha256,
        size=size,
        python=_translate_python(requires_python),
        requirements=tuple(requirements),
        cells=cells,
    )


def find_channel_name(pypi: str) -> str:
    """Return the name that the channel gives to a project: by its own table, else in lower case with hyphens."""
    written = pypi.strip()
    canonical = canonicalize_name(written)
    if listed := _load_table().get(canonical):
        return listed
    if find_in_table(canonical) == canonical:
        return canonical
    return written.lower().replace("_", "-")


def compare_with_package(record: WheelRecord, package: str, ours: Translated, names: Names) -> tuple[str, ...]:
    """Return where the channel's record differs from the wheel's metadata and from our conda package, a line each.

    Args:
        record: of the wheel.
        package: the name of our conda package.
        ours: the requirements of our conda package.
        names: looks conda names up.
    """
    found = []
    if record.name != package:
        found.append(f"the package is called {record.name} there, and {package} where we publish it")
    tag = _PYTHON_TAG.search(record.filename)
    if tag and int(tag[1]) > 0:
        found.append(f"the wheel's tag py3{tag[1]} is not read there: an older Python gets it, too")
    everywhere = _list_cells(ours, record.cells)
    for one in record.requirements:
        if not one.condition.extras:
            found += _compare(one, record.cells, everywhere, names)
    return tuple(dict.fromkeys(found))


def _translate(requirement: Requirement, cells: Cells) -> WheelRequirement:
    name = find_channel_name(requirement.name)
    extras = tuple(sorted(requirement.extras))
    condition = translate_marker(requirement.marker, cells)
    suffix = f"[extras=[{','.join(extras)}]]" if extras else ""
    when = f"[when={json.dumps(condition.text)}]" if condition.text else ""
    spec = f"{name}{_translate_bounds(requirement.specifier)}{suffix}{when}"
    return WheelRequirement(requirement, name, spec, condition, extras)


def _translate_bounds(specifiers: SpecifierSet) -> str:
    return ",".join(_translate_bound(one) for one in sorted(specifiers, key=str))


def _translate_bound(specifier: Specifier) -> str:
    if specifier.operator == "<" and not Version(specifier.version).is_prerelease:
        return f"<{specifier.version}a0"
    if specifier.operator == "~=":
        version = Version(specifier.version)
        epoch = f"{version.epoch}!" if version.epoch else ""
        series = [*version.release[:-2], version.release[-2] + 1]
        return f"<{epoch}{'.'.join(map(str, series))}.0a0,>={specifier.version}"
    return f"{specifier.operator}{specifier.version}"


def _translate_python(requires_python: str) -> str:
    try:
        return f"python {_translate_bounds(SpecifierSet(requires_python))}".strip()
    except InvalidSpecifier:
        return "python"


def _list_cells(ours: Translated, cells: Cells) -> Mapping[str, Cells]:
    """Return where our conda package requires each name."""
    found: dict[str, Cells] = {}
    for here, specs in _list_parts(ours, cells):
        for name in (spec.partition(" ")[0] for spec in specs):
            found[name] = found.get(name, frozenset()) | here
    return found


def _list_parts(ours: Translated, cells: Cells) -> Iterator[tuple[Cells, Sequence[str]]]:
    """Yield the cells that each part of our requirements is for, with the part."""
    yield cells, ours.depends
    for virtual, specs in ours.by_system.items():
        yield _select_system(virtual, cells), specs
    for subdir, specs in ours.by_subdir.items():
        yield _select_platform(subdir, cells), specs


def _select_system(virtual: str, cells: Cells) -> Cells:
    return frozenset(cell for cell in cells if cell.system in SYSTEM_OF[virtual])


def _select_platform(subdir: str, cells: Cells) -> Cells:
    return frozenset(cell for cell in cells if (cell.system, cell.machine) == SUBDIRS[subdir])


def _compare(one: WheelRequirement, cells: Cells, ours: Mapping[str, Cells], names: Names) -> Iterator[str]:
    """Yield where one requirement differs."""
    wanted = find_where(one.source.marker, cells)
    yield from _list_lost(one, is_wanted=bool(wanted))
    yield from _compare_condition(one, wanted)
    conda = names.conda_name(one.source.name).conda
    if wanted and conda != one.name:
        yield f"{one.source.name} is {one.name} there, and {conda} in our package"
    held = ours.get(conda, frozenset())
    if one.condition.held == wanted and held and held - wanted:
        yield f"{conda} is required there only where {one.condition.text}, and in our package on every system or Python"


def _list_lost(one: WheelRequirement, *, is_wanted: bool) -> Iterator[str]:
    """Yield what the channel loses of a requirement, its marker aside."""
    if one.source.url:
        yield f"{one.source.name}: its URL is dropped there, so any version will do"
    if one.extras and one.condition.text:
        yield f"{one.spec} has two pairs of brackets, which no solver reads: it cannot be installed from there"
    elif one.extras and is_wanted:
        extras = ",".join(one.extras)
        yield f"{one.name}[{extras}]: what the extra needs is missing there where conda-forge has {one.name}"
    if any(clause.operator == "===" for clause in one.source.specifier):
        yield f"{one.spec}: conda has no operator ===, so it cannot be installed from there"


def _compare_condition(one: WheelRequirement, wanted: Cells) -> Iterator[str]:
    """Yield what a translated marker loses."""
    held = one.condition.held
    if held == wanted:
        return
    if not one.condition.text:
        yield f"{one.source}: the marker is dropped, so it is required everywhere"
    elif not held:
        yield f"{one.source}: the condition {one.condition.text} never holds there, so it is not required"
    elif one.condition.is_dropped:
        yield f"{one.source}: a part of the marker is dropped; it is required where {one.condition.text}"
    else:
        pythons = sorted({cell.python for cell in held ^ wanted}, key=lambda python: int(python.partition(".")[2]))
        yield f"{one.source}: the condition {one.condition.text} differs from it on Python {', '.join(pythons)}"


@cache
def _load_table() -> Mapping[str, str]:
    """Return the names that differ in conda-pypi's own table."""
    text = files("release_tools.recipe").joinpath(TABLE).read_text(encoding="utf-8")
    lines = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return {line[0]: line[1] for line in lines}
