"""A new builder of conda packages is a class and a line in the registry."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from release_tools.builders.conda import registry
from release_tools.builders.conda.base import BuiltPackages, CondaProject
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.planning.conda_targets import CondaTarget
from tests.conftest import Run
from tests.own_recipes.projects import data_project
from tests.support.compiled_channel import Made
from tests.support.repositories import make_repository

OFFLINE = {"RELEASE_TOOLS_CONDA_CHANNELS": "http://127.0.0.1:9/nowhere"}


class PixiBuilder:
    """Builds a package of each project that has a file pixi.toml."""

    name = "pixi"
    method = "built by pixi"

    def applies_because(self, project: CondaProject) -> str:
        return "the project has pixi.toml" if (project.context.project / "pixi.toml").is_file() else ""

    def plan(self, project: CondaProject, subdirs: Sequence[str]) -> Sequence[CondaTarget]:
        return [CondaTarget("demo", project.release.version, subdir) for subdir in subdirs[:2]]

    def build(self, project: CondaProject) -> BuiltPackages:
        path = Made("demo", project.release.version, noarch="generic").write(project.folder)
        return BuiltPackages((Artifact.of(path, ArtifactKind.CONDA, "noarch"),))


@pytest.mark.slow
@pytest.mark.parametrize("setting", ["auto", "pixi"])
def test_a_builder_is_known_to_every_command(
    setting: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "BUILDERS", (PixiBuilder(), *registry.BUILDERS))
    checkout = make_repository(tmp_path / "demo", data_project() | {"pixi.toml": ""}, ". v1.0")
    where = ("-C", checkout.root, "--conda-builder", setting)
    plan = json.loads(run("plan", *where, "--json", **OFFLINE).out)
    assert [job["name"] for job in plan["jobs"]] == ["source", "linux-x86_64", "linux-aarch64"]
    assert "pixi" in run("plan", *where, **OFFLINE).err + run("plan", *where, **OFFLINE).out
    assert "pixi" in run("doctor", *where, **OFFLINE).out
    quick = ("--no-github", "--no-conda-forge", "--no-verify-conda-install")
    said = run("build", *where, *quick, **OFFLINE)
    assert said.code == 0, said.err
    assert (checkout.root / "dist" / "noarch" / "demo-1.0-0.conda").is_file()
