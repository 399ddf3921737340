"""Own recipes in build jobs: planned, built by the job of each platform, gathered, and in the workflow of init."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from release_tools.errors import PreflightError
from tests.conftest import Run
from tests.own_recipes.projects import METAPACKAGE, OUTPUTS, V1, data_project, python_project
from tests.own_recipes.test_conda_build import META, NOARCH
from tests.own_recipes.test_conda_build import project as meta_project
from tests.support.compiled_channel import HERE, NEEDS_COMPILER, two_pythons
from tests.support.conda import Channel
from tests.support.repositories import Checkout, make_repository

OFFLINE = {"RELEASE_TOOLS_CONDA_CHANNELS": "http://127.0.0.1:9/nowhere"}
ACTION = ("--action", "o/a@" + "1" * 40)
QUICK = ("--no-verify-install", "--no-github", "--no-conda-forge")
FIVE = ["linux-x86_64", "linux-aarch64", "macos-arm64", "macos-x86_64", "windows-x86_64"]
UNIX = V1.replace("  number: 2\n", "  number: 2\n  skip: win\n")
SELECTED = META.replace("    - python\n    - pip\n", "    - python  # [not osx]\n    - pip\n")
# The project, settings, and the jobs that build conda packages on runners of their own.
PLANNED: dict[str, tuple[dict[str, str], str, list[str]]] = {
    "data": (data_project(), "", []),
    "metapackage": (data_project(METAPACKAGE), "", []),
    "recipe.yaml": (python_project(V1), "", FIVE),
    "recipe.yaml without Windows": (python_project(UNIX), "", FIVE[:4]),
    "recipe.yaml for every platform": (python_project(V1.replace("number: 2", "noarch: python")), "", []),
    "one output for Windows": (python_project(OUTPUTS), "", ["windows-x86_64"]),
    "two platforms": (python_project(V1), 'wheels.jobs = ["linux-x86_64", "macos-arm64"]', [FIVE[0], FIVE[2]]),
    "one machine": (python_project(V1), "wheels.jobs = []", []),
    "no builder": (python_project(V1), 'conda.builder = "none"', []),
    "meta.yaml": (meta_project(SELECTED), "", FIVE),
    "meta.yaml for every platform": ({"conda.recipe/meta.yaml": NOARCH, "tables/cities.csv": "Paris,2\n"}, "", []),
}


def make(folder: Path, files: dict[str, str], settings: str) -> Checkout:
    table = files.get("pyproject.toml", "") + (f"\n[tool.release-tools]\n{settings}\n" if settings else "")
    checkout = make_repository(folder / "demo", {**files, **({"pyproject.toml": table} if table else {})}, ". v1.0")
    checkout.git("remote", "add", "origin", "https://github.com/octo/demo.git")
    return checkout


@pytest.mark.parametrize("case", PLANNED)
def test_the_plan_has_a_job_for_each_platform(case: str, run: Run, tmp_path: Path) -> None:
    files, settings, expected = PLANNED[case]
    checkout = make(tmp_path, files, settings)
    plan = json.loads(run("plan", "-C", checkout.root, "--json", **OFFLINE).out)
    assert [job["name"] for job in plan["jobs"][1:]] == expected
    assert checkout.git("status", "--porcelain") == "", "the checkout is left alone"


@pytest.mark.slow
@pytest.mark.parametrize("case", ["data", "recipe.yaml without Windows", "one machine"])
def test_the_workflow_has_a_job_for_each_platform(case: str, run: Run, tmp_path: Path) -> None:
    files, settings, expected = PLANNED[case]
    checkout = make(tmp_path, files, settings)
    said = run("init", "-C", checkout.root, "--yes", "--anaconda-owner", "octo", *ACTION, **OFFLINE)
    assert said.code == 0, said.err
    jobs: dict[str, Any] = yaml.safe_load((checkout.root / ".github/workflows/release.yml").read_text())["jobs"]
    matrix = jobs["build"].get("strategy", {}).get("matrix", {}).get("include", [])
    assert [cell["job"] for cell in matrix] == expected
    assert ("gather" in jobs) == bool(expected)
    has_python = "pyproject.toml" in files
    assert ("pypi" in jobs, "conda-forge" in jobs, "anaconda" in jobs) == (has_python, has_python, True)
    assert run("init", "-C", checkout.root, "--check", *ACTION, **OFFLINE).code == 0
    assert not checkout.git("diff", "--name-only", "--", "recipe", "conda.recipe")


@pytest.mark.slow
def test_one_machine_does_not_release_what_several_have_to_build(run: Run, tmp_path: Path) -> None:
    checkout = make(tmp_path, python_project(V1), "")
    said = run("release", "-C", checkout.root, "--version", "1.0", *QUICK, **OFFLINE)
    assert said.code == PreflightError.exit_code
    assert "several platforms" in said.err


@pytest.mark.slow
def test_a_recipe_that_cannot_be_rendered_is_named_by_the_plan(run: Run, tmp_path: Path) -> None:
    checkout = make(tmp_path, python_project(V1.replace("${{ version }}", "${{ nothing.at.all }}")), "")
    said = run("plan", "-C", checkout.root, **OFFLINE)
    assert said.code != 0
    assert "recipe/recipe.yaml" in said.err


@NEEDS_COMPILER
@pytest.mark.skipif(HERE != "linux-64", reason="the job is that of a runner for x86_64")
@pytest.mark.slow
def test_each_job_builds_its_platform_but_what_is_skipped_and_gather_takes_all(
    run: Run, tmp_path: Path, compiled_channel: Channel
) -> None:
    skipped, *pythons = two_pythons()
    variants = "python:\n" + "".join(f'  - "{one.variant}"\n' for one in two_pythons())
    skip = f"  skip: osx or win or aarch64 or match(python, '{skipped.minor}.*')\n"
    recipe = V1.replace("  number: 2\n", f"  number: 2\n{skip}")
    checkout = make(tmp_path, python_project(recipe, {"recipe/variants.yaml": variants}), "")
    channels = {"RELEASE_TOOLS_CONDA_CHANNELS": ",".join(compiled_channel.urls)}
    jobs = tmp_path / "jobs"
    where = ("-C", checkout.root, "--no-verify-conda-install", *QUICK)
    said = run("build", "--job", "source", *where, "--packages-dir", jobs / "source", **channels)
    assert said.code == 0, said.err
    planned = json.loads((jobs / "source" / "plan.json").read_text())["jobs"]
    assert [job["name"] for job in planned] == ["source", "linux-x86_64"]
    gathered = ("gather", jobs, "-C", checkout.root, "--packages-dir", tmp_path / "dist")
    said = run(*gathered)
    assert said.code == PreflightError.exit_code
    assert "linux-x86_64" in said.err

    (jobs / "linux").mkdir()
    for path in (jobs / "source").iterdir():
        (jobs / "linux" / path.name).write_bytes(path.read_bytes())
    said = run("build", "--job", "linux-x86_64", *where, "--packages-dir", jobs / "linux", **channels)
    assert said.code == 0, said.err
    built = {path.name.removesuffix(".conda") for path in (jobs / "linux" / HERE).iterdir()}
    assert {f"{HERE}/{stem}" for stem in built} == set(planned[1]["conda"]), "the plan has the exact names"
    assert [stem.rpartition("-py")[2].partition("h")[0] for stem in built] == [one.tag[2:] for one in pythons]
    said = run(*gathered)
    assert said.code == 0, said.err
    facts = json.loads((tmp_path / "dist" / "release.json").read_text())["artifacts"]
    assert sorted(one["kind"] for one in facts) == [*("conda" for _ in pythons), "sdist", "wheel"]
    assert run("verify", tmp_path / "dist", "-C", checkout.root, *QUICK, "--no-verify-conda-install").code == 0


def publish(run: Run, tmp_path: Path, files: dict[str, str]) -> tuple[Path, Checkout]:
    """Go from the tag to a channel in a folder, by the commands of the workflow."""
    channel = tmp_path / "channel"
    checkout = make(tmp_path, files, f'routes.final = ["{channel.as_uri()}"]')
    quick = ("-C", checkout.root, "--no-github", "--no-conda-forge")
    said = run("build", *quick, "--no-verify-install", "--no-verify-conda-install", **OFFLINE)
    assert said.code == 0, said.err
    for _ in range(2):
        said = run("publish", "-C", checkout.root, "--no-github", "--no-conda-forge", "--offline-tag", **OFFLINE)
        assert said.code == 0, said.err
    return channel, checkout


@pytest.mark.slow
@pytest.mark.parametrize(("recipe", "name"), [("", "demo-data"), (METAPACKAGE, "demo-all")])
def test_a_project_without_python_goes_from_its_tag_to_a_channel(
    recipe: str, name: str, run: Run, tmp_path: Path
) -> None:
    channel, checkout = publish(run, tmp_path, data_project(recipe) if recipe else data_project())
    (path,) = (channel / "noarch").glob("*.conda")
    assert path.name.startswith(f"{name}-1.0-")
    assert path.read_bytes() == (checkout.root / "dist" / "noarch" / path.name).read_bytes()
    assert name in (channel / "noarch" / "repodata.json").read_text()
    shown = json.loads(run("status", "1.0", "-C", checkout.root, "--json", "--no-conda-forge", "--no-github").out)
    (place,) = (one for one in shown["publishers"] if one["files"])
    assert [(file["filename"], file["state"]) for file in place["files"]] == [(f"noarch/{path.name}", "there")]
