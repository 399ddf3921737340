"""Test what PEP 508 asks for in each environment, and what ours ask for: compared by evaluation, never by text."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from rattler import Version as CondaVersion
from rattler import VersionSpec

from release_tools.planning.conda_targets import NOARCH
from release_tools.recipe.conditions import make_condition
from release_tools.recipe.constraints import Flavour
from release_tools.recipe.dependencies import collect
from release_tools.recipe.machine_conditions import make_conditions
from release_tools.recipe.markers import (
    OTHER_MACHINE,
    PYTHONS,
    SUBDIRS,
    SYSTEM_MARKERS,
    X86,
    Platform,
    System,
    list_platforms,
    list_supported_pythons,
)
from release_tools.recipe.names import Names
from release_tools.recipe.recipe_model import Condition
from release_tools.recipe.requirements import Variant, translate

NAMES = Names({"pkg": "pkg"})
VERSIONS = ("0.9", "1.0", "1.4.5", "1.5rc1", "1.5", "1.5.post1", "2.0", "2.1", "3.0")
ON_SYSTEM = {
    System.LINUX: {"__unix", "__linux"},
    System.OSX: {"__unix", "__osx"},
    System.WIN: {"__win"},
}

pythons = st.sampled_from(PYTHONS[1:])
connectives = st.sampled_from(["and", "or"])
SUBDIR_OF = {platform: subdir for subdir, platform in SUBDIRS.items()}
cells = st.sampled_from(
    sorted(cell for cell in list_platforms(list_supported_pythons("")) if (cell.system, cell.machine) in SUBDIR_OF)
)
atoms = st.one_of(
    st.builds('python_version {} "{}"'.format, st.sampled_from(["<", ">=", "==", "!="]), pythons),
    st.builds('python_full_version {} "{}.2"'.format, st.sampled_from(["<", ">="]), pythons),
    st.builds(
        'sys_platform {} "{}"'.format, st.sampled_from(["==", "!="]), st.sampled_from(["win32", "darwin", "linux"])
    ),
    st.builds('"{}" {} python_version'.format, pythons, st.sampled_from(["<", ">="])),
    st.builds('python_version {} "{} {}"'.format, st.sampled_from(["in", "not in"]), pythons, pythons),
    st.builds('python_version ~= "{}"'.format, pythons),
    st.builds('python_version == "3.{}*"'.format, st.sampled_from(["", "1"])),
    st.builds('implementation_version >= "{}.1"'.format, pythons),
    st.builds(
        'platform_system {} "{}"'.format, st.sampled_from(["==", "!="]), st.sampled_from(["Windows", "Darwin", "Linux"])
    ),
    st.builds('"win" {} sys_platform'.format, st.sampled_from(["in", "not in"])),
    st.builds(
        'platform_machine {} "{}"'.format,
        st.sampled_from(["==", "!=", "in", "not in"]),
        st.sampled_from(["x86_64", "arm64", "aarch64", "x86_64 AMD64", "ppc64le"]),
    ),
    st.builds('os_name {} "{}"'.format, st.sampled_from(["==", "!="]), st.sampled_from(["nt", "posix"])),
    st.sampled_from(['implementation_name == "cpython"', 'platform_python_implementation == "PyPy"', 'extra == "x"']),
)
markers = st.recursive(
    atoms, lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner)
)
specifiers = st.sampled_from(
    [
        "",
        ">=1.0",
        ">=1.4,<2",
        "<2",
        "~=1.4.5",
        "~=1.4",
        "!=1.5",
        "==2.*",
        "!=1.*",
        ">=2.1",
        "==1.5",
        "===2.0",
        ">1.0,<=2",
    ]
)
requirements = st.lists(
    st.one_of(st.builds("pkg{}".format, specifiers), st.builds("pkg{}; {}".format, specifiers, markers)),
    min_size=1,
    max_size=3,
)


def asked(texts: list[str], cell: Platform, patch: str) -> list[Requirement]:
    """The requirements that count in one environment, by packaging alone."""
    environment = {
        **SYSTEM_MARKERS[cell.system],
        "platform_machine": cell.machine,
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "implementation_version": f"{cell.python}.{patch}",
        "python_full_version": f"{cell.python}.{patch}",
        "python_version": cell.python,
        "extra": "",
    }
    found = map(Requirement, texts)
    return [one for one in found if one.marker is None or one.marker.evaluate(environment)]


def reported(variants: Sequence[Variant], cell: Platform) -> list[str]:
    """The constraints that we give conda on a platform; empty where the package is not required."""
    (depends,) = (
        one.depends
        for one in variants
        if one.subdir in (NOARCH, SUBDIR_OF.get((cell.system, cell.machine)))
        and one.virtual in ("", *ON_SYSTEM[cell.system])
    )
    return [spec.partition(" ")[2] for spec in depends if spec.partition(" ")[0] == "pkg"]


def admits(constraint: str, version: str) -> bool:
    return not constraint or VersionSpec(constraint).matches(CondaVersion(version))


@pytest.mark.slow
@settings(max_examples=50)
@given(requirements, cells)
def test_a_package_never_refuses_what_some_environment_admits(texts: list[str], cell: Platform) -> None:
    constraints = reported(translate(texts, "", NAMES, subdirs=[*SUBDIRS]).variants, cell)
    # The requirements of one patch release of a Python count for all of them.
    needed = [one for patch in ("0", "1", "2", "3", "99") for one in asked(texts, cell, patch)]
    assert constraints or not needed
    for version in VERSIONS:
        if all(one.specifier.contains(version, prereleases=True) for one in needed):
            assert not needed or all(admits(constraint, version) for constraint in constraints)


@pytest.mark.slow
@settings(max_examples=50)
@given(requirements.filter(lambda texts: not {"python", "version"} & set(re.findall("[a-z]+", str(texts)))), cells)
def test_a_package_asks_for_the_same_where_the_python_does_not_matter(texts: list[str], cell: Platform) -> None:
    translated = translate(texts, "", NAMES, subdirs=[*SUBDIRS])
    assume(not translated.warnings)
    needed, constraints = asked(texts, cell, "1"), reported(translated.variants, cell)
    assert bool(needed) is bool(constraints)
    for version in VERSIONS if needed else ():
        wanted = all(one.specifier.contains(version, prereleases=True) for one in needed)
        assert wanted is all(admits(constraint, version) for constraint in constraints)


def holds(when: Condition | None, cell: Platform) -> tuple[bool, bool]:
    """Return whether a condition holds in a cell, as v1 and as v0 say it."""
    if when is None:
        return True, True
    known = {system.value: cell.system is system for system in System}
    known["unix"] = not known["win"]
    known |= {word: cell.machine == word for word in ("aarch64", "ppc64le")}
    known |= {"x86_64": cell.machine in X86, "arm64": cell.machine in {"arm64", "ARM64"}}
    number = int(cell.python.replace(".", ""))

    def match(_python: object, spec: str) -> bool:
        return VersionSpec(spec).matches(CondaVersion(cell.python))

    v1 = eval(when.v1, {}, known | {"match": match, "python": None})  # noqa: S307 - words of our own making
    return v1, eval(when.v0, {}, known | {"py": number})  # noqa: S307 - as above


@pytest.mark.slow
@given(st.integers(0, 6), st.integers(0, 6), st.sets(st.sampled_from(list(System)), min_size=1))
def test_a_condition_holds_in_just_its_cells(one: int, other: int, systems: set[System]) -> None:
    every = list_platforms(PYTHONS)
    run = PYTHONS[min(one, other) : max(one, other) + 1]
    held = frozenset(cell for cell in every if cell.python in run and cell.system in systems)
    when = make_condition(held, every)
    assert {cell for cell in every if holds(when, cell) == (True, True)} == held
    assert {cell for cell in every if holds(when, cell) == (False, False)} == every - held


BUILT = frozenset(cell for cell in list_platforms(PYTHONS) if cell.machine != OTHER_MACHINE)


@pytest.mark.slow
@settings(max_examples=50)
@given(st.sets(st.sampled_from(sorted({(cell.system, cell.machine) for cell in BUILT}))), st.sets(pythons))
def test_one_of_the_conditions_on_machines_holds_in_just_their_cells(
    platforms: set[tuple[System, str]], everywhere: set[str]
) -> None:
    held = frozenset(cell for cell in BUILT if (cell.system, cell.machine) in platforms or cell.python in everywhere)
    conditions = make_conditions(held, list_platforms(PYTHONS))
    for cell in BUILT:
        for spelling in (0, 1):
            assert sum(holds(when, cell)[spelling] for when in conditions) == (cell in held)


@pytest.mark.slow
@settings(max_examples=50)
@given(requirements, cells)
def test_what_each_cell_needs_is_what_packaging_says(texts: list[str], cell: Platform) -> None:
    found = {one.name: one for one in collect(texts, list_platforms(list_supported_pythons("")), NAMES).dependencies}
    needed = any(asked(texts, cell, patch) for patch in ("0", "1", "2", "3", "99"))
    assert needed is ("pkg" in found and cell in found["pkg"].cells)
    if needed and "python_full" not in " ".join(texts):
        spec = found["pkg"].spec(Flavour.PACKAGE, frozenset({cell})).partition(" ")[2]
        for version in VERSIONS:
            wanted = all(one.specifier.contains(version, prereleases=True) for one in asked(texts, cell, "1"))
            assert wanted is admits(spec, version)
