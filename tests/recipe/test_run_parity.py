"""Test that the recipe and our conda package require the same, or that the reason is reported."""

import pytest

from release_tools.recipe.evidence import Built
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from release_tools.recipe.requirements import translate
from release_tools.recipe.run_parity import compare_run
from tests.recipe.evidence import make_evidence

PURE = Built(pure=True, paths=("demo/__init__.py",))
CASES = [
    ((), []),
    (("click>=8", "rich<15"), []),
    (('colorama; sys_platform == "win32"', "click"), []),
    (('pywin32; sys_platform == "win32"',), []),
    (('tomli; python_version < "3.11"',), []),
    (('backports.zoneinfo; python_version < "3.9"',), ["backports.zoneinfo"]),
    (('numpy>=1.20; python_version < "3.10"', 'numpy>=1.25; python_version >= "3.10"'), ["numpy"]),
    (('jeepney; sys_platform != "win32"', "click"), []),
]


@pytest.mark.parametrize(("requires", "names"), CASES)
def test_each_difference_is_reported_with_its_reason(requires: tuple[str, ...], names: list[str]) -> None:
    lines = [f"Requires-Dist: {one}" for one in requires]
    head = ["Metadata-Version: 2.4", "Name: demo", "Version: 1.0", "Requires-Python: >=3.8", *lines]
    evidence = make_evidence("\n".join([*head, ""]), {}, PURE)
    recipe = make_recipe(evidence, Names(), ["bob"])
    found = compare_run(recipe, translate(requires, ">=3.8", Names()))
    assert [line.partition(":")[0] for line in found] == names
