import pytest
from packaging.markers import Marker

from release_tools.errors import CondaError
from release_tools.recipe.markers import (
    PYTHONS,
    Axis,
    System,
    depends_on,
    find_where,
    list_platforms,
    list_supported_pythons,
)

CELLS = list_platforms(("3.10", "3.11", "3.12"))
PYTHON, SYSTEM, MACHINE = Axis.PYTHON, Axis.SYSTEM, Axis.MACHINE

AXES = {
    'python_version >= "3.8"': set(),
    'python_version < "3"': set(),
    'extra == "test"': set(),
    'platform_python_implementation == "PyPy"': set(),
    'implementation_name == "cpython"': set(),
    'platform_machine == "s390x"': set(),
    'sys_platform == "emscripten"': set(),
    'python_version < "3.11"': {PYTHON},
    'python_full_version <= "3.11.0a6"': {PYTHON},
    'python_version < "3.11" and extra == "toml"': set(),
    'sys_platform == "win32"': {SYSTEM},
    'os_name == "posix"': {SYSTEM},
    'platform_system != "Darwin"': {SYSTEM},
    '"linux" in sys_platform': {SYSTEM},
    'sys_platform == "win32" and python_version < "3.11"': {SYSTEM, PYTHON},
    'sys_platform == "win32" or python_version < "3.11"': {SYSTEM, PYTHON},
    'platform_machine == "arm64"': {SYSTEM, MACHINE},
    'platform_machine in "x86_64 AMD64"': {MACHINE},
    'platform_machine != "aarch64" and python_version < "3.12"': {MACHINE, PYTHON},
}


@pytest.mark.parametrize(("marker", "axes"), AXES.items())
def test_what_a_marker_depends_on_is_read_off_the_grid(marker: str, axes: set[Axis]) -> None:
    assert depends_on(find_where(Marker(marker), CELLS), CELLS) == axes


PATCHES = {
    'python_full_version < "3.11.4"': {"3.10", "3.11"},
    'python_full_version >= "3.11.4"': {"3.11", "3.12"},
    'python_full_version == "3.11.4"': {"3.11"},
    'python_full_version < "3.11"': {"3.10"},
    'implementation_version > "3.11.200"': {"3.11", "3.12"},
}


@pytest.mark.parametrize(("marker", "pythons"), PATCHES.items())
def test_a_python_counts_when_any_of_its_patch_releases_does(marker: str, pythons: set[str]) -> None:
    assert {cell.python for cell in find_where(Marker(marker), CELLS)} == pythons


def test_a_requirement_without_a_marker_counts_everywhere() -> None:
    assert find_where(None, CELLS) == CELLS


def test_the_three_systems_are_distinguished() -> None:
    held = find_where(Marker('sys_platform == "darwin"'), CELLS)
    assert {cell.system for cell in held} == {System.OSX}


@pytest.mark.parametrize("variable", ["platform_release", "platform_version"])
def test_a_marker_on_the_systems_own_version_is_refused(variable: str) -> None:
    with pytest.raises(CondaError, match=variable):
        find_where(Marker(f'{variable} >= "20" and sys_platform == "darwin"'), CELLS)


def test_the_word_platform_release_in_quotes_is_no_variable() -> None:
    assert find_where(Marker('platform_machine != "platform_release"'), CELLS) == CELLS


SUPPORTED = {
    "": PYTHONS,
    ">=3.11": ("3.11", "3.12", "3.13", "3.14"),
    ">=3.12.4": ("3.12", "3.13", "3.14"),
    ">=3.6,<3.10": ("3.8", "3.9"),
    "~=3.13": ("3.13", "3.14"),
    "!=3.9.*,>3.8,<4": ("3.8", "3.10", "3.11", "3.12", "3.13", "3.14"),
}


@pytest.mark.parametrize(("requires", "pythons"), SUPPORTED.items())
def test_the_supported_pythons_are_those_that_requires_python_admits(requires: str, pythons: tuple[str, ...]) -> None:
    assert list_supported_pythons(requires) == pythons


def test_the_oldest_python_of_a_channel_cuts_the_supported_ones() -> None:
    assert list_supported_pythons(">=3.8", "3.12") == ("3.12", "3.13", "3.14")


@pytest.mark.parametrize("requires", ["<3", ">=4", "three", ">=3.10\n"[:3] + "x"])
def test_a_requires_python_that_admits_nothing_is_a_clear_fault(requires: str) -> None:
    with pytest.raises(CondaError, match="Requires-Python"):
        list_supported_pythons(requires)
