"""Conda packages for several platforms: each goes under its subdir, and a second run finds all of them there."""

import json
from dataclasses import replace

import pytest

from release_tools.artifacts import manifest
from release_tools.errors import ConflictError
from release_tools.model.artifact import Artifact, ArtifactKind
from tests.publishing.built_project import BuiltProject
from tests.support.compiled_channel import Made

SUBDIRS = ("linux-64", "linux-aarch64", "noarch", "osx-64", "osx-arm64", "win-64")


def add_packages(there: BuiltProject) -> None:
    """A package for each subdir, all of one name, next to sdist and wheel."""
    release = there.build(conda=False)
    packages = []
    for subdir in SUBDIRS:
        made = Made("demo", "1.0", build="py312_0", platform=subdir).write(there.dist)
        packages.append(Artifact.of(made, ArtifactKind.CONDA, subdir))
    full = replace(release, artifacts=(*release.artifacts, *packages))
    (there.dist / manifest.FILENAME).write_text(manifest.dump(full))


def put_packages(there: BuiltProject, label: str) -> None:
    """Have every package on the channel already, under that label."""
    for subdir in SUBDIRS:
        [path] = (there.dist / subdir).glob("*.conda")
        there.anaconda.put("octo", "demo", "1.0", f"{subdir}/{path.name}", path.read_bytes(), label)


@pytest.mark.slow
def test_every_package_goes_under_its_subdir_and_a_rerun_finds_all(there: BuiltProject) -> None:
    add_packages(there)
    there.log_in()
    assert there.run("publish") == 0
    held = there.anaconda.holds()
    assert {name.partition("/")[0] for name in held} == set(SUBDIRS)
    assert len(there.anaconda.uploads) == len(SUBDIRS)
    assert there.run("publish") == 0
    assert len(there.anaconda.uploads) == len(SUBDIRS)
    assert there.anaconda.holds() == held


def test_status_and_retract_know_every_subdir(there: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    add_packages(there)
    put_packages(there, "main")
    there.log_in()
    every = {f"{subdir}/demo-1.0-py312_0.conda" for subdir in SUBDIRS}
    capsys.readouterr()
    assert there.run("status", "1.0", "--json") == 0
    found = {one["publisher"]: one["files"] for one in json.loads(capsys.readouterr().out)["publishers"]}
    assert {file["filename"] for file in found["anaconda"] if file["state"] == "there"} == every
    assert there.run("retract", "1.0", "--reason", "x") == 0
    assert {name: labels for name, (_, labels) in there.anaconda.holds().items()} == dict.fromkeys(every, ("broken",))


@pytest.mark.slow
def test_another_label_is_added_to_every_file(there: BuiltProject) -> None:
    add_packages(there)
    there.log_in()
    put_packages(there, "rc")
    assert there.run("publish", "--routes-final", "anaconda:main") == 0
    assert {labels for _, labels in there.anaconda.holds().values()} == {("rc", "main")}
    assert there.anaconda.uploads == []


def test_one_file_of_other_bytes_stops_all(there: BuiltProject) -> None:
    add_packages(there)
    there.log_in()
    there.anaconda.put("octo", "demo", "1.0", "osx-64/demo-1.0-py312_0.conda", b"other", "main")
    assert there.run("publish") == ConflictError.exit_code
    assert there.anaconda.uploads == []


def test_every_output_of_an_own_recipe_is_known_without_what_was_built(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = "".join(f"  - package: {{name: {name}}}\n" for name in ("demo", "demo-data"))
    (there.project / "recipe").mkdir()
    (there.project / "recipe" / "recipe.yaml").write_text(f"recipe: {{version: '1.0'}}\noutputs:\n{outputs}")
    there.log_in()
    for name in ("demo", "demo-data"):
        there.anaconda.put("octo", name, "1.0", f"linux-64/{name}-1.0-0.conda", b"ours", "main")
    assert there.run("status", "1.0") == 0
    assert "linux-64/demo-data-1.0-0.conda is there" in capsys.readouterr().out
    assert there.run("retract", "1.0", "--reason", "x") == 0
    assert {labels for _, labels in there.anaconda.holds().values()} == {("broken",)}
