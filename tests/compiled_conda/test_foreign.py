"""Conda packages for other systems, with real binaries of these, equal to their wheels or refused."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.compiled.binaries import GLIBC_2_17, GLIBC_ARM, MAC_ARM, WINDOWS, has_compiler, module
from tests.conftest import Run
from tests.support.artifacts import Project
from tests.support.compiled_channel import Made

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not has_compiler() or os.name == "nt", reason="no ziglang")]
HEADERS = ("Description-Content-Type: text/markdown", "Requires-Python: >=3.11", "License-Expression: MIT")
BODY = '"""A demonstration."""\n'


@dataclass(frozen=True)
class Platform:
    """A platform with a wheel and a conda package.

    Attributes:
        tag: of the wheel.
        extension: the end of the name of its module.
        target: of the compiler.
        installed: where a conda package has its modules.
    """

    tag: str
    extension: str
    target: str
    installed: str = "lib/python3.12/site-packages/"


PLATFORMS = {
    "linux-64": Platform("manylinux_2_17_x86_64", "cpython-312-x86_64-linux-gnu.so", GLIBC_2_17),
    "linux-aarch64": Platform("manylinux_2_17_aarch64", "cpython-312-aarch64-linux-gnu.so", GLIBC_ARM),
    "osx-arm64": Platform("macosx_11_0_arm64", "cpython-312-darwin.so", MAC_ARM),
    "win-64": Platform("win_amd64", "cp312-win_amd64.pyd", WINDOWS, "Lib/site-packages/"),
}


def write(folder: Path, changes: Mapping[str, Mapping[str, bytes | None]]) -> None:
    """A wheel and a conda package for each platform, the package with these changes of its files."""
    folder.mkdir()
    for subdir, platform in PLATFORMS.items():
        extension = f"demo/_core.{platform.extension}"
        files = {"demo/__init__.py": BODY.encode(), extension: module(platform.target)}
        tag = f"cp312-cp312-{platform.tag}"
        project = Project("demo", files=files, headers=HEADERS, tag=tag, pure=False, bare=True)
        project.wheel(folder)
        installed: dict[str, bytes | None] = {**files, f"{project.info}/METADATA": project.metadata.encode()}
        installed |= {name.format(extension=extension): body for name, body in changes.get(subdir, {}).items()}
        kept = {f"{platform.installed}{name}": body for name, body in installed.items() if body is not None}
        depends = ("python", "python_abi 3.12.* *_cp312")
        Made("demo", "1.0", {**kept}, "py312_0", depends, platform=subdir).write(folder)


def verify(run: Run, folder: Path) -> tuple[int, str]:
    said = run("verify", folder, "-C", folder, "--no-verify-install", "--no-verify-conda-install")
    return said.code, said.out + said.err


def test_each_package_is_compared_with_the_wheel_of_its_platform(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "dist", {})
    code, text = verify(run, tmp_path / "dist")
    assert code == 0, text
    assert text.count("is equal to demo-1.0-cp312-cp312-") == len(PLATFORMS)
    for platform in PLATFORMS.values():
        assert f"is equal to demo-1.0-cp312-cp312-{platform.tag}.whl" in text


CHANGES: dict[str, tuple[str, Mapping[str, bytes | None], str]] = {
    "a module altered": ("osx-arm64", {"demo/__init__.py": b"other = 1\n"}, "demo/__init__.py"),
    "a module lost": ("win-64", {"demo/__init__.py": None}, "demo/__init__.py"),
    "a module added": ("linux-aarch64", {"demo/stray.py": b""}, "demo/stray.py"),
    "an extension lost": ("win-64", {"{extension}": None}, "demo/_core"),
    "another version": (
        "linux-64",
        {"demo-1.0.dist-info/METADATA": Project("demo", "1.1", headers=HEADERS).metadata.encode()},
        "1.1",
    ),
}


@pytest.mark.parametrize(("subdir", "target"), [("osx-arm64", GLIBC_2_17), ("linux-aarch64", GLIBC_2_17)])
def test_a_library_for_another_platform_is_refused(subdir: str, target: str, run: Run, tmp_path: Path) -> None:
    write(tmp_path / "dist", {subdir: {"{extension}": module(target)}})
    code, text = verify(run, tmp_path / "dist")
    assert code == 9, text
    assert f"{subdir}/demo-1.0-py312_0.conda: has libraries for another platform" in text
    assert "(ELF, x86_64)" in text


@pytest.mark.parametrize("case", CHANGES)
def test_a_package_that_differs_from_its_wheel_is_refused(case: str, run: Run, tmp_path: Path) -> None:
    subdir, changes, named = CHANGES[case]
    write(tmp_path / "dist", {subdir: changes})
    code, text = verify(run, tmp_path / "dist")
    assert code == 9, text
    assert named in text
    assert text.count("is equal to demo-1.0-cp312-cp312-") == len(PLATFORMS) - 1
