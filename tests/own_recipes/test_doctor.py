"""`doctor` names what in an own recipe would fail on a build machine, and what builds it."""

import json
from pathlib import Path

import pytest

from release_tools.builders.conda.own_recipe import OwnRecipe
from release_tools.checks.recipe_lint import check_recipe
from release_tools.model.note import State
from release_tools.recipe.document import Format
from tests.conftest import Run
from tests.own_recipes.projects import V1
from tests.own_recipes.test_conda_build import META, NOARCH
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

GOOD = META.replace("  license: MIT\n", "  license: MIT\n  license_file: LICENSE\n")
NOARCH_V1 = V1.replace("  number: 2\n", "  number: 2\n  noarch: python\n")
CONDITIONAL = NOARCH_V1.replace("    - python\ntests", "    - python\n    - if: win\n      then: colorama\ntests")
CASES = {
    "a good meta.yaml": ("meta.yaml", GOOD, "conda-build", ()),
    "a good recipe.yaml": ("recipe.yaml", V1, "rattler-build", ()),
    "a skip in a noarch recipe": (
        "meta.yaml",
        GOOD.replace("  number: 3\n", "  number: 3\n  noarch: python\n"),
        "conda-build",
        (),
    ),
    "a selector in a noarch recipe": (
        "meta.yaml",
        GOOD.replace("  number: 3\n", "  number: 3\n  noarch: python\n").replace(
            "  run:\n    - python\n", "  run:\n    - python\n    - colorama  # [win]\n"
        ),
        "conda-build",
        ("noarch",),
    ),
    "a condition in a noarch recipe.yaml": ("recipe.yaml", CONDITIONAL, "rattler-build", ("noarch",)),
    "no build number": ("recipe.yaml", V1.replace("  number: 2\n", ""), "rattler-build", ("build number",)),
    "no license file": ("meta.yaml", META, "conda-build", ("license_file",)),
    "several at once": (
        "meta.yaml",
        NOARCH.replace("  number: 0\n", ""),
        "conda-build",
        ("build number", "license_file"),
    ),
    "an upload of its own": (
        "recipe.yaml",
        V1.replace("--no-build-isolation", "--no-build-isolation && anaconda upload x"),
        "rattler-build",
        ("anaconda upload",),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_would_fail_is_named(case: str) -> None:
    name, text, _, words = CASES[case]
    notes = list(check_recipe(OwnRecipe(f"recipe/{name}", Format(name), text)))
    assert {note.state for note in notes} <= {State.WARNING}
    found = [note.text for note in notes if f"recipe/{name}" in note.text]
    assert len(found) == len(notes) == len(words)
    assert all(any(word in text for text in found) for word in words)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["a good recipe.yaml", "several at once"])
def test_doctor_says_what_builds_a_recipe_and_what_would_fail(case: str, run: Run, tmp_path: Path) -> None:
    name, text, builder, words = CASES[case]
    checkout = make_repository(tmp_path / "demo", {**in_tree_project(), f"recipe/{name}": text}, ". v1.0")
    said = run("doctor", "-C", checkout.root, "--json")
    sections = {section["title"]: section["notes"] for section in json.loads(said.out)["sections"]}
    notes = sections["Repository"]
    assert any(builder in note["text"] and note["state"] == "done" for note in notes)
    found = [note["text"] for note in notes if f"recipe/{name}" in note["text"] and note["state"] == "warning"]
    assert len(found) == len(words)


@pytest.mark.slow
def test_a_recipe_that_is_not_there_is_named(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "demo", in_tree_project(), ". v1.0")
    said = run("doctor", "-C", checkout.root, "--conda-recipe", "packaging")
    assert "conda.recipe: packaging" in said.out + said.err


@pytest.mark.slow
def test_a_recipe_that_is_not_built_is_mentioned(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "demo", {**in_tree_project(), "recipe/meta.yaml": META}, ". v1.0")
    said = run("doctor", "-C", checkout.root, "--conda-builder", "none", "--json")
    (notes,) = (one["notes"] for one in json.loads(said.out)["sections"] if one["title"] == "Repository")
    assert any("meta.yaml is not built" in note["text"] for note in notes)
