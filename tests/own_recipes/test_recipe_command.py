"""`recipe` and `drift` know the recipe that a project keeps, wherever `conda.recipe` says that it is."""

import json
from pathlib import Path

import pytest

from release_tools.errors import ConfigError, UsageError
from tests.conftest import Run
from tests.own_recipes.projects import V1, data_project
from tests.own_recipes.test_conda_build import META
from tests.support.artifacts import Project
from tests.support.repositories import make_repository

NO_CHANNEL = {"RELEASE_TOOLS_CONDA_CHANNELS": "http://127.0.0.1:9/nowhere"}
KEPT = {
    "the first usual folder": (("conda.recipe/meta.yaml", "recipe/recipe.yaml"), (), "conda.recipe/meta.yaml"),
    "the newer format first": (("recipe/meta.yaml", "recipe/recipe.yaml"), (), "recipe/recipe.yaml"),
    "a folder of its tools": (("devtools/conda-recipe/meta.yaml",), (), "devtools/conda-recipe/meta.yaml"),
    "nowhere": (("docs/recipe/meta.yaml", "meta.yaml"), (), ""),
    "the folder that is set": (
        ("packaging/recipe.yaml", "recipe/recipe.yaml"),
        ("--conda-recipe", "packaging"),
        "packaging/recipe.yaml",
    ),
    "the file that is set": (("ci/pkg/meta.yaml",), ("--conda-recipe", "ci/pkg/meta.yaml"), "ci/pkg/meta.yaml"),
    "another one for conda-forge": (
        ("recipe/recipe.yaml", "forge/recipe.yaml"),
        ("--conda-recipe", "recipe", "--conda-forge-recipe", "forge/recipe.yaml"),
        "forge/recipe.yaml",
    ),
}


def make_files(folder: Path, paths: tuple[str, ...]) -> list[Path]:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(V1 if path.endswith("recipe.yaml") else META)
    project = Project("demo", files={"demo/__init__.py": ""})
    (folder / "built").mkdir()
    return [project.sdist(folder / "built"), project.wheel(folder / "built")]


@pytest.mark.parametrize("case", KEPT)
def test_the_recipe_that_is_kept_is_filled_in(case: str, run: Run, tmp_path: Path) -> None:
    paths, options, own = KEPT[case]
    said = run("recipe", *make_files(tmp_path, paths), "-C", tmp_path, "--json", *options, **NO_CHANNEL)
    assert said.code == 0, said.err
    assert json.loads(said.out)["own"] == own


@pytest.mark.parametrize("setting", ["conda", "conda-forge"])
@pytest.mark.parametrize("command", ["recipe", "drift"])
def test_a_recipe_that_is_not_there_is_named(command: str, setting: str, run: Run, tmp_path: Path) -> None:
    files = make_files(tmp_path, ("recipe/recipe.yaml",))
    feedstock = ("--feedstock", tmp_path / "recipe") if command == "drift" else ()
    said = run(command, *files, *feedstock, "-C", tmp_path, f"--{setting}-recipe", "packaging", **NO_CHANNEL)
    assert said.code == ConfigError.exit_code
    assert f"{setting}.recipe: packaging" in said.err


@pytest.mark.parametrize(
    "command",
    ["build", "config", "doctor", "drift", "dry-run", "init", "plan", "publish", "recipe", "status", "verify"],
)
def test_a_builder_that_is_none_is_refused_before_the_first_step(command: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.release-tools]\nconda.builder = 'rattlerbuild'\n")
    said = run(command, "-C", tmp_path, *(["1.0"] if command == "status" else []))
    assert said.code == ConfigError.exit_code
    assert "rattler-build" in said.out + said.err
    assert "Version" not in said.out


@pytest.mark.slow
def test_what_the_own_recipe_requires_on_purpose_is_no_drift(run: Run, tmp_path: Path) -> None:
    files = make_files(tmp_path, ())
    for folder, requirement in (("feedstock", "liblux >=2"), ("packaging", "liblux")):
        (tmp_path / folder).mkdir()
        recipe = V1.replace("  run:\n    - python\n", f"  run:\n    - python\n    - {requirement}\n")
        (tmp_path / folder / "recipe.yaml").write_text(recipe)
    feedstock = ("--feedstock", tmp_path / "feedstock", "--json")
    without = json.loads(run("drift", *files, *feedstock, "-C", tmp_path, **NO_CHANNEL).out)
    assert any("liblux" in line for line in without["excess"])
    own = ("--conda-recipe", "packaging")
    found = json.loads(run("drift", *files, *feedstock, *own, "-C", tmp_path, **NO_CHANNEL).out)
    assert not any("liblux" in line for kind in ("lacking", "excess", "differing") for line in found[kind])


@pytest.mark.slow
@pytest.mark.parametrize("command", ["recipe", "drift"])
def test_a_project_without_python_has_nothing_for_conda_forge(command: str, run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "demo", data_project(), ". v1.0")
    said = run(command, "-C", checkout.root, **NO_CHANNEL)
    assert said.code == UsageError.exit_code
    assert "no Python" in said.err
