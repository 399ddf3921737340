"""A pure project whose requirements differ between machines has one conda package for each platform."""

import json
from pathlib import Path

import pytest

from release_tools.artifacts import read_conda
from release_tools.errors import PreflightError, VerifyError
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

pytestmark = pytest.mark.slow

SUMMARY = "Summary: A demonstration\\n"
MACHINE = "platform_machine == 'x86_64' and sys_platform == 'linux'"
QUICK = ("--no-verify-install", "--no-verify-conda-install")
USUAL = {"linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"}


def make_checkout(folder: Path, settings: str = "") -> Checkout:
    files = in_tree_project()
    asked = f"Requires-Dist: greenlet; {MACHINE}\\nRequires-Dist: click\\n"
    files["build-backend/backend.py"] = files["build-backend/backend.py"].replace(SUMMARY, f"{SUMMARY}{asked}")
    files["pyproject.toml"] += settings
    return make_repository(folder / "ours", files)


def find_packages(checkout: Checkout) -> dict[str, Path]:
    return {path.parent.name: path for path in (checkout.root / "dist").glob("*/*.conda")}


def test_a_build_makes_a_package_for_each_platform_and_misses_none(run: Run, tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path)
    assert run("build", "-C", checkout.root, *QUICK).code == 0
    packages = find_packages(checkout)
    assert packages.keys() == USUAL
    assert {path.name for path in packages.values()} == {"demo-1.0-py_0.conda"}
    depends = {subdir: read_conda(path).depends for subdir, path in packages.items()}
    assert depends == dict.fromkeys(USUAL, ("python", "click")) | {"linux-64": ("python", "click", "greenlet")}
    release = json.loads((checkout.root / "dist" / "release.json").read_text(encoding="utf-8"))
    assert {one["subdir"] for one in release["artifacts"] if one["kind"] == "conda"} == USUAL

    assert run("verify", "-C", checkout.root, *QUICK).code == 0
    packages["osx-64"].unlink()
    packages["osx-64"].parent.rmdir()
    assert run("publish", "-C", checkout.root, "--dry-run").code == PreflightError.exit_code
    release["artifacts"] = [one for one in release["artifacts"] if one.get("subdir") != "osx-64"]
    (checkout.root / "dist" / "release.json").write_text(json.dumps(release), encoding="utf-8")
    said = run("verify", "-C", checkout.root, *QUICK)
    assert said.code == VerifyError.exit_code
    assert "osx-64" in said.err + said.out


def test_the_settings_name_the_platforms(run: Run, tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path, '[tool.release-tools.wheels]\njobs = ["linux-x86_64", "windows-arm64"]\n')
    assert run("build", "-C", checkout.root, *QUICK).code == 0
    assert find_packages(checkout).keys() == {"linux-64", "win-arm64"}


def test_the_recipe_for_conda_forge_requires_the_same(run: Run, tmp_path: Path) -> None:
    checkout = make_checkout(tmp_path)
    checkout.git("tag", "v1.0")
    said = run("dry-run", "-C", checkout.root, "--json", *QUICK, "--no-github")
    assert said.code == 0, said.err
    sections = {section["title"]: section["notes"] for section in json.loads(said.out)["sections"]}
    assert any(
        note["state"] == "done" and "same requirements" in note["text"] for note in sections["conda-forge recipe"]
    )
    recipe = (checkout.root / "dist" / "recipe" / "recipe.yaml").read_text(encoding="utf-8")
    assert "noarch" not in recipe
    assert "if: linux and x86_64" in recipe
