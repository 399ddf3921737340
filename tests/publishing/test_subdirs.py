"""Conda packages for several platforms: each goes under its subdir, and a second run finds all of them there."""

from dataclasses import replace

from release_tools.artifacts import manifest
from release_tools.model.artifact import Artifact, ArtifactKind
from tests.publishing.world import World
from tests.support.compiled_channel import Made

SUBDIRS = ("linux-64", "linux-aarch64", "noarch", "osx-64", "osx-arm64", "win-64")


def add_packages(there: World) -> None:
    """A package for each subdir, beside sdist and wheel."""
    release = there.build(conda=False)
    packages = []
    for subdir in SUBDIRS:
        made = Made("demo", "1.0", build=f"py312{subdir.replace('-', '')}_0", platform=subdir).write(there.project)
        packages.append(Artifact.of(made.replace(there.dist / made.name), ArtifactKind.CONDA, subdir))
    full = replace(release, artifacts=(*release.artifacts, *packages))
    (there.dist / manifest.FILENAME).write_text(manifest.dump(full))


def test_every_package_goes_under_its_subdir_and_a_rerun_finds_all(there: World) -> None:
    add_packages(there)
    there.log_in()
    assert there.run("publish") == 0
    held = there.anaconda.holds()
    assert {name.partition("/")[0] for name in held} == set(SUBDIRS)
    assert len(there.anaconda.uploads) == len(SUBDIRS)
    assert there.run("publish") == 0
    assert len(there.anaconda.uploads) == len(SUBDIRS)
    assert there.anaconda.holds() == held
