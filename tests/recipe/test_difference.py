from dataclasses import replace

import pytest

from release_tools.recipe.difference import NOTHING, RequirementChange, find_difference
from release_tools.recipe.evidence import Built
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from release_tools.recipe.recipe_model import Recipe
from tests.recipe.evidence import make_evidence

PLAIN = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nLicense-Expression: MIT\n"


def recipe(*requires: str, python: str = ">=3.10", build: str = "'hatchling'", scripts: tuple[str, ...] = ()) -> Recipe:
    metadata = f"{PLAIN}Requires-Python: {python}\n" + "".join(f"Requires-Dist: {text}\n" for text in requires)
    pyproject = f"[build-system]\nrequires = [{build}]\nbuild-backend = 'hatchling.build'\n"
    built = Built(pure=True, paths=("demo.py",), entry_points=scripts)
    return make_recipe(make_evidence(metadata, built=built, pyproject=pyproject), Names(), ["ann"])


def test_two_releases_alike_have_no_difference() -> None:
    assert find_difference(recipe("click>=8"), recipe("click >=8")) == NOTHING


REQUIREMENTS = {
    ("click>=8", "click>=8.1"): RequirementChange("run", "click", ">=8", ">=8.1"),
    ("", "tomlkit"): RequirementChange("run", "tomlkit", None, ""),
    ("click<9", ""): RequirementChange("run", "click", "<9", None),
    ("", "not-in-tables"): RequirementChange("run", "not-in-tables", None, "", confirmed=False),
    ("", 'pywin32>=300; sys_platform == "win32"'): RequirementChange("run", "pywin32", None, ">=300", plain=False),
    ("torch>=2", "torch>=2.1"): RequirementChange("run", "pytorch", ">=2", ">=2.1"),
    ('tomli; python_version < "3.11"', 'tomli>=2; python_version < "3.11"'): RequirementChange(
        "run", "tomli", "", ">=2"
    ),
}


@pytest.mark.parametrize(("requires", "change"), REQUIREMENTS.items())
def test_a_requirement_that_changed_is_reported_by_its_conda_name(
    requires: tuple[str, str], change: RequirementChange
) -> None:
    old, new = (recipe(*filter(None, [text])) for text in requires)
    assert find_difference(old, new).changes == (change,)


def test_a_build_requirement_that_changed_belongs_to_host() -> None:
    found = find_difference(recipe(), recipe(build="'hatchling>=1.27', 'hatch-vcs'"))
    assert found.changes == (
        RequirementChange("host", "hatchling", "", ">=1.27"),
        RequirementChange("host", "hatch-vcs", None, ""),
    )


PYTHONS = {
    (">=3.8", ">=3.10"): None,  # conda-forge builds none of those that went
    (">=3.10", ">=3.12"): ("", "3.12"),
    (">=3.11", ">=3.12"): ("3.11", "3.12"),
}


@pytest.mark.parametrize(("bounds", "change"), PYTHONS.items())
def test_the_oldest_python_changes_where_conda_forge_still_builds_it(
    bounds: tuple[str, str], change: tuple[str, str] | None
) -> None:
    old, new = (recipe(python=bound) for bound in bounds)
    assert find_difference(old, new).python_min == change


def test_commands_that_came_and_went_are_reported() -> None:
    old, new = recipe(scripts=("a = m:f", "b = m:f")), recipe(scripts=("a = m:f", "b = m:g"))
    assert find_difference(old, new).entry_points == (("b = m:f",), ("b = m:g",))


def test_what_no_line_can_follow_is_reported_in_words() -> None:
    old = recipe()
    about = replace(old.about, license="Apache-2.0", license_files=("LICENSE", "NOTICE"))
    new = replace(old, noarch=False, is_compiled=True, about=about, imports=("demo", "demo2"))
    assert find_difference(old, new).others == (
        "The package has compiled code now.",
        "The license was MIT and is Apache-2.0 now.",
        "A license file is new: LICENSE.",
        "A license file is new: NOTICE.",
        "The top-level modules were demo and are demo, demo2 now.",
    )


def test_an_extra_that_changed_is_reported_by_its_name() -> None:
    old, new = recipe('pandas>=2.0; extra == "all"'), recipe('pandas>=2.1; extra == "all"', 'rich; extra == "tables"')
    assert find_difference(old, new).changes == (
        RequirementChange("[all]", "pandas", ">=2.0", ">=2.1"),
        RequirementChange("[tables]", "rich", None, ""),
    )


def test_what_the_newest_python_needs_is_reported_where_one_line_says_less() -> None:
    bounds = ('numpy>=1.25; python_version < "3.13"', 'numpy>=2.1; python_version >= "3.13"')
    found = find_difference(recipe("numpy>=1.25"), recipe(*bounds))
    assert found.newest == ("numpy >=2.1",)
    assert find_difference(recipe(*bounds), recipe(*bounds)).newest == ()


def test_what_only_the_projects_own_recipe_asks_for_is_left_to_a_person() -> None:
    old, new = recipe("click>=8", "toolz"), recipe("click>=8.1")
    old = replace(old, chosen=frozenset({"toolz"}))
    found = find_difference(old, new)
    assert found.changes == (RequirementChange("run", "click", ">=8", ">=8.1"),)
    assert found.others == ("The project's own recipe no longer asks for toolz.",)
