"""A compiled project without a recipe: conda packages from a generated one, equal to the wheels."""

import json
from pathlib import Path

import pytest
import yaml

from tests.compiled_conda.projects import fastsum
from tests.conftest import Run
from tests.own_recipes.projects import Built, release
from tests.support.compiled_channel import HERE, NEEDS_COMPILER
from tests.support.conda import Channel
from tests.support.repositories import make_repository

pytestmark = [NEEDS_COMPILER, pytest.mark.skipif(HERE != "linux-64", reason="the plan of the project is for x86_64")]
QUICK = ("--no-verify-install",)


def notes(built: Built, title: str, state: str) -> list[str]:
    return [note["text"] for note in built.sections[title] if note["state"] == state]


@pytest.mark.slow
def test_a_dry_run_builds_this_platform_s_package_for_this_python(
    run: Run, tmp_path: Path, compiled_channel: Channel
) -> None:
    built = release(run, tmp_path / "fastsum", fastsum(), compiled_channel, command="dry-run")
    assert built.code == 0, built.err
    conda = built.sections["Build conda package"]
    (package,) = (note["text"].removeprefix(f"{HERE}/") for note in conda if note["text"].endswith(".conda"))
    assert package.startswith("fastsum-1.0-py3")
    done = notes(built, "Verify", "done")
    assert any(text.startswith(f"{package} is equal to fastsum-1.0-cp3") for text in done)
    assert any("passes the tests" in text for text in done)
    assert all(not name.endswith(".conda") for name in built.artifacts), "it is for this machine only"


def test_without_a_channel_the_rest_goes_on(run: Run, tmp_path: Path) -> None:
    built = release(run, tmp_path / "fastsum", fastsum(), None, command="dry-run")
    assert built.code == 0, built.err
    assert notes(built, "Build conda package", "skipped")


def test_the_plan_has_a_conda_package_for_each_python_of_each_platform(run: Run, tmp_path: Path) -> None:
    files = fastsum().copy()
    files["pyproject.toml"] = files["pyproject.toml"].replace("cp31*-manylinux_x86_64", "cp312-* cp313-* cp314t-*")
    checkout = make_repository(tmp_path / "fastsum", files, ". v1.0")
    said = run("plan", "-C", checkout.root, "--json")
    assert said.code == 0, said.err
    jobs = {job["name"]: job.get("conda", []) for job in json.loads(said.out)["jobs"]}
    assert jobs == {
        "source": [],
        "linux-x86_64": ["linux-64/py312", "linux-64/py313"],
        "linux-aarch64": ["linux-aarch64/py312", "linux-aarch64/py313"],
        "macos-arm64": ["osx-arm64/py312", "osx-arm64/py313"],
        "macos-x86_64": ["osx-64/py312", "osx-64/py313"],
        "windows-x86_64": ["win-64/py312", "win-64/py313"],
    }
    assert "conda" not in run("plan", "-C", checkout.root, "--json", "--no-conda").out


def test_the_recipe_for_conda_forge_requires_what_the_wheel_links_to(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "fastsum", fastsum(), ". v1.0")
    said = run("recipe", "-C", checkout.root, "--json", RELEASE_TOOLS_CONDA_CHANNELS="http://127.0.0.1:9/nowhere")
    assert said.code == 0, said.err
    recipe = yaml.safe_load(json.loads(said.out)["text"])
    assert "zlib" in recipe["requirements"]["host"]
    assert {"${{ compiler('c') }}", "${{ stdlib('c') }}"} <= set(map(str, recipe["requirements"]["build"]))
