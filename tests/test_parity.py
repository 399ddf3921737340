"""Each way in which a conda package can differ from its wheel is found and named."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.artifacts import CondaPackage, Member, Wheel, read_conda, read_wheel
from release_tools.builders.conda.from_wheel import Conversion, convert
from release_tools.checks.parity import compare_contents
from release_tools.model.note import State
from release_tools.planning.conda_targets import USUAL_SUBDIRS
from release_tools.recipe.names import Names
from tests.support.artifacts import Project
from tests.support.conda import COMMIT_TIME

DEMO = Project(
    "demo",
    files={"{data}/scripts/tool": "#!python\n", "{data}/scripts/shell": "#!/bin/sh\n", "demo_x.pyc": b"\0"},
    requires=("lib-a>=1", "lib-b; sys_platform == 'win32'"),
    entry_points="[console_scripts]\ndemo = demo:main\n",
)


@pytest.fixture
def made(tmp_path: Path) -> tuple[Wheel, list[CondaPackage]]:
    wheel = read_wheel(DEMO.wheel(tmp_path))
    return wheel, [
        read_conda(path) for path in convert(wheel, tmp_path, Conversion(aliases=("other",)), COMMIT_TIME).paths
    ]


def test_a_wheel_and_its_packages_are_the_same(made: tuple[Wheel, list[CondaPackage]]) -> None:
    notes = compare_contents(*made, Names())
    assert {note.state for note in notes} == {State.DONE}
    assert [note.text for note in notes] == [
        "wheel and conda package have the same 5 files",
        "wheel and conda package have the same version",
        "wheel and conda package have the same commands",
        "wheel and conda package have the same requirements",
        "other is a metapackage for demo ==1.0",
    ]
    assert "the Python of the conda environment in 1 script, 1 bytecode file left out" in notes[0].detail


def without(name: str) -> Callable[[CondaPackage], CondaPackage]:
    return lambda package: replace(package, members=tuple(m for m in package.members if not m.name.endswith(name)))


def altered(name: str) -> Callable[[CondaPackage], CondaPackage]:
    def alter(member: Member) -> Member:
        return replace(member, sha256="0" * 64) if member.name.endswith(name) else member

    return lambda package: replace(package, members=tuple(map(alter, package.members)))


DIFFERENCES: dict[str, tuple[Callable[[CondaPackage], CondaPackage], str, str]] = {
    "file lost": (without("demo.py"), "1 file not in the conda package", "site-packages/demo.py"),
    "script lost": (without("shell"), "1 file not in the conda package", "python-scripts/shell"),
    "file altered": (altered("/demo.py"), "1 file with different content", "site-packages/demo.py"),
    "script altered": (altered("tool"), "1 file with different content", "python-scripts/tool"),
    "record not true": (altered("RECORD"), "1 file with different content", "site-packages/demo-1.0.dist-info/RECORD"),
    "file added": (
        lambda package: replace(package, members=(*package.members, Member("bin/evil", 0, "0" * 64))),
        "1 file not in the wheel",
        "bin/evil",
    ),
    "version": (lambda package: replace(package, version="1.1"), "version 1.1, not 1.0", ""),
    "command lost": (lambda package: replace(package, entry_points=()), "other commands", "demo = demo:main"),
    "command altered": (lambda package: replace(package, entry_points=("demo = demo:evil",)), "other commands", "evil"),
    "requirement lost": (lambda package: replace(package, depends=package.depends[:1]), "other requirements", "python"),
    "requirement added": (
        lambda package: replace(package, depends=(*package.depends, "evil")),
        "other requirements",
        "evil",
    ),
}


@pytest.mark.parametrize(
    ("change", "description", "detail"), [pytest.param(*case, id=id_) for id_, case in DIFFERENCES.items()]
)
def test_a_difference_is_named(
    change: Callable[[CondaPackage], CondaPackage],
    description: str,
    detail: str,
    made: tuple[Wheel, list[CondaPackage]],
) -> None:
    wheel, (first, *others) = made
    failed = [note for note in compare_contents(wheel, [change(first), *others], Names()) if note.state is State.FAILED]
    assert any(description in note.text and detail in note.detail and first.path.name in note.text for note in failed)


def test_the_package_for_another_system_is_missed(made: tuple[Wheel, list[CondaPackage]]) -> None:
    wheel, (unix, _, other) = made
    (failed,) = (note for note in compare_contents(wheel, [unix, other], Names()) if note.state is State.FAILED)
    assert failed.text.startswith("no conda package")
    assert "lib-b" in failed.detail


BY_PLATFORM = replace(DEMO, requires=("lib-a; platform_machine == 'x86_64'",))


@pytest.mark.parametrize("subdir", USUAL_SUBDIRS)
def test_the_package_for_another_platform_is_missed(subdir: str, tmp_path: Path) -> None:
    wheel = read_wheel(BY_PLATFORM.wheel(tmp_path))
    packages = list(map(read_conda, convert(wheel, tmp_path, Conversion(formats=("conda", "tar.bz2")), 0).paths))
    assert {note.state for note in compare_contents(wheel, packages, Names())} == {State.DONE}
    others = [package for package in packages if package.subdir != subdir]
    (failed,) = (note for note in compare_contents(wheel, others, Names()) if note.state is State.FAILED)
    assert subdir in failed.text


def test_a_package_in_the_wrong_subdir_is_named(tmp_path: Path) -> None:
    wheel = read_wheel(BY_PLATFORM.wheel(tmp_path))
    first, *others = map(read_conda, convert(wheel, tmp_path, Conversion(), 0).paths)
    moved = replace(first, subdir="osx-arm64")
    failed = [one for one in compare_contents(wheel, [moved, *others], Names()) if one.state is State.FAILED]
    assert [note.text.partition(":")[0] for note in failed] == [
        f"osx-arm64/{first.path.name}",
        "no conda package in linux-64 for these requirements",
    ]


def test_an_alias_of_another_release_is_named(made: tuple[Wheel, list[CondaPackage]]) -> None:
    wheel, (unix, win, other) = made
    stale = replace(other, depends=("demo ==0.9",))
    (failed,) = (note for note in compare_contents(wheel, [unix, win, stale], Names()) if note.state is State.FAILED)
    assert "is not a metapackage for this release" in failed.text


def test_many_differing_files_are_counted_and_some_are_named(made: tuple[Wheel, list[CondaPackage]]) -> None:
    wheel, (unix, win, _) = made
    (missing, *_) = compare_contents(wheel, [replace(unix, members=()), win], Names())
    assert missing.text.endswith("8 files not in the conda package")
    assert missing.detail.endswith("and 3 more")
