"""Packages of compiled code for two Pythons, really built, compared with their wheels and installed."""

import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.artifacts import CondaPackage, Member, read_conda, read_wheel
from release_tools.builders.conda import rattler
from release_tools.checks.recipe_parity import compare_pairs
from release_tools.errors import BuildError
from release_tools.model.note import State
from release_tools.recipe.names import Names
from tests.compiled_conda.projects import fastsum
from tests.conftest import Run
from tests.own_recipes.projects import Built, release
from tests.support.compiled_channel import HERE, NEEDS_COMPILER, Interpreter, two_pythons
from tests.support.conda import Channel

pytestmark = [NEEDS_COMPILER, pytest.mark.slow]
RECIPE = """\
package:
  name: fastsum
  version: "1.0"
source:
  path: ..
build:
  number: 0
  script: ${{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation
  dynamic_linking:
    overlinking_behavior: error
requirements:
  build:
    - ${{ compiler('c') }}
    - ${{ stdlib('c') }}
  host:
    - python
    - pip
    - zlib
  run:
    - python
tests:
  - python:
      imports: [fastsum, fastsum._core]
      pip_check: false
  - script:
      - fastsum
about:
  license: MIT
  license_file: LICENSE
"""
QUICK = ("--conda-formats", "conda,tar.bz2", "--wheels-jobs", "", "--routes-final", "anaconda:main")


def project(recipe: str = RECIPE) -> dict[str, str]:
    pythons = "".join(f'  - "{one.variant}"\n' for one in two_pythons())
    return {**fastsum(), "recipe/recipe.yaml": recipe, "recipe/variants.yaml": f"python:\n{pythons}"}


def build_twice(run: Run, folder: Path, channel: Channel) -> tuple[Built, Built]:
    first = release(run, folder / "a" / "fastsum", project(), channel, *QUICK)
    assert first.code == 0, first.err
    return first, release(
        run, folder / "another-one" / "fastsum", project(), channel, *QUICK, "--no-verify-conda-install"
    )


def test_packages_are_built_tested_installed_and_the_same_again(
    run: Run, tmp_path: Path, compiled_channel: Channel
) -> None:
    first, second = build_twice(run, tmp_path, compiled_channel)
    packages = {name: one["sha256"] for name, one in first.artifacts.items() if name.startswith(f"{HERE}/")}
    assert len(packages) == 2 * len(two_pythons())
    assert packages == {name: one["sha256"] for name, one in second.artifacts.items() if name in packages}
    check_pairs(first)
    done = [note["text"] for note in first.sections["Verify"] if note["state"] == "done"]
    assert sum("passes its own tests" in text for text in done) == 2 * len(packages)
    for one in two_pythons():
        conda, bz2 = (
            read_conda(next(first.dist.rglob(f"fastsum-1.0-py{one.tag[2:]}h*.{end}"))) for end in ("conda", "bz2")
        )
        assert conda.members == bz2.members
        assert conda.documents == bz2.documents
        assert "zlib >=1.2.13,<2.0a0" in conda.depends
        check_installed(tmp_path, compiled_channel, conda, one)


def check_installed(folder: Path, channel: Channel, package: CondaPackage, one: Interpreter) -> None:
    """Install a package with what it requires, and use it."""
    own = channel.over(folder / f"channel-{one.tag}")
    (own.folder / HERE).mkdir(parents=True)
    (own.folder / HERE / package.path.name).write_bytes(package.path.read_bytes())
    rattler.index_channel(own.folder)
    prefix = folder / f"prefix-{one.tag}"
    own.install(prefix, "fastsum", f"python {one.minor}.*", "pip")
    ran = subprocess.run([prefix / "bin" / "fastsum"], capture_output=True, text=True, check=True)
    assert ran.stdout == "3\n"
    subprocess.run([prefix / "bin" / "python", "-m", "pip", "check"], check=True, capture_output=True)


def test_a_library_that_host_lacks_is_named(run: Run, tmp_path: Path, compiled_channel: Channel) -> None:
    built = release(run, tmp_path / "fastsum", project(RECIPE.replace("    - zlib\n", "")), compiled_channel, *QUICK)
    assert built.code == BuildError.exit_code
    assert "libz.so" in built.err


def altered(name: str) -> Callable[[CondaPackage], CondaPackage]:
    def alter(member: Member) -> Member:
        return replace(member, sha256="0" * 64) if member.name.endswith(name) else member

    return lambda package: replace(package, members=tuple(map(alter, package.members)))


def renamed(old: str, new: str) -> Callable[[CondaPackage], CondaPackage]:
    def rename(member: Member) -> Member:
        return replace(member, name=member.name.replace(old, new))

    return lambda package: replace(package, members=tuple(map(rename, package.members)))


def without(name: str) -> Callable[[CondaPackage], CondaPackage]:
    return lambda package: replace(package, members=tuple(m for m in package.members if name not in m.name))


DIFFERENCES: dict[str, tuple[Callable[[CondaPackage], CondaPackage], str]] = {
    "a file altered": (altered("fastsum/__init__.py"), "fastsum/__init__.py"),
    "a file lost": (without("fastsum/__init__.py"), "fastsum/__init__.py"),
    "a file added": (renamed("fastsum-1.0.dist-info/REQUESTED", "fastsum/stray.py"), "fastsum/stray.py"),
    "an extension module lost": (without("_core."), "fastsum/_core"),
    "an extension module renamed": (renamed("_core.", "_other."), "fastsum/_other"),
}


def check_pairs(built: Built) -> None:
    """Compare the wheel with the package of its Python, as it is and altered."""
    (path,) = built.dist.glob("*.whl")
    wheel = read_wheel(path)
    (tag,) = {one.interpreter for one in wheel.tags}
    package = read_conda(next(built.dist.rglob(f"fastsum-1.0-py{tag[2:]}h*.conda")))
    assert {note.state for note in compare_pairs([wheel], [package], Names(), by_project=False)} <= {
        State.DONE,
        State.INFO,
    }
    for change, named in DIFFERENCES.values():
        notes = list(compare_pairs([wheel], [change(package)], Names(), by_project=False))
        assert [note for note in notes if note.state is State.FAILED and named in note.detail], named
        own = list(compare_pairs([wheel], [change(package)], Names(), by_project=True))
        assert [note for note in own if note.state in (State.WARNING, State.INFO) and named in note.detail], named
