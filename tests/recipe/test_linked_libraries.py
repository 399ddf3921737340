"""Test that the libraries that modules of wheels link to become host requirements of the recipe."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from release_tools.artifacts import read_sdist, read_wheel
from release_tools.recipe.evidence import Evidence, gather, says_something
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.host_libraries import find_host_packages
from release_tools.recipe.linked_libraries import find_linked_libraries
from release_tools.recipe.names import Names
from release_tools.recipe.write_v0 import write_v0
from release_tools.recipe.write_v1 import write_v1
from tests.compiled.binaries import has_compiler
from tests.support.artifacts import Project

LINUX, MAC, WINDOWS = (
    f"cp312-cp312-{platform}" for platform in ("manylinux_2_17_x86_64", "macosx_11_0_arm64", "win_amd64")
)
SETTINGS = """\
[build-system]
requires = ["setuptools"]
[tool.setuptools]
ext-modules = [{name = "demo._core", sources = ["core.c"]}]
"""


def wheel(tag: str, *bundled: str) -> Project:
    """A wheel with nothing but the libraries that a repair tool copied into it."""
    files: dict[str, bytes | str] = {"demo/__init__.py": "", "demo/_core.so": b"not a binary"}
    files |= {f"demo.libs/{name}": b"library" for name in bundled}
    return Project("demo", files=files, tag=tag, pure=False, bare=True)


def evidence(folder: Path, wheels: Mapping[str, tuple[str, ...]]) -> Evidence:
    sdist = Project("demo", files={"demo/__init__.py": ""}).sdist(folder, SETTINGS, {"core.c": ""})
    read = [read_wheel(wheel(tag, *bundled).wheel(folder)) for tag, bundled in wheels.items()]
    return gather(read_sdist(sdist, wanted=says_something), "0" * 64, read[0], read[1:])


def test_what_only_some_systems_link_to_has_a_condition(tmp_path: Path) -> None:
    wheels = {
        LINUX: ("libz-1a2b3c4d.so.1.2.13", "libpng16-5e6f7a8b.so.16", "libfrobnicate-0a1b2c3d.so.4"),
        MAC: ("libz.1.2.13.dylib", "libpng16.16.dylib"),
        WINDOWS: ("zlib1-00112233.dll", "libfrobnicate-44556677.dll"),
    }
    recipe = make_recipe(evidence(tmp_path, wheels), Names(), ["octo"])
    host = yaml.safe_load(write_v1(recipe))["requirements"]["host"]
    assert "zlib" in host
    assert {"if": "unix", "then": "libpng"} in host
    assert "libpng  # [unix]" in write_v0(recipe)
    (unknown,) = (note for note in recipe.notes if "libfrobnicate" in note)
    assert "libfrobnicate.so.4 (linux)" in unknown
    assert "libfrobnicate.dll (win)" in unknown


def test_the_libraries_of_one_system_have_no_condition(tmp_path: Path) -> None:
    recipe = make_recipe(evidence(tmp_path, {LINUX: ("libz-1a2b3c4d.so.1",)}), Names(), ["octo"])
    assert "zlib" in yaml.safe_load(write_v1(recipe))["requirements"]["host"]


ENTRY = "int DllMainCRTStartup(void *a, unsigned b, void *c) { return 1; }\n"
VISIBLE = '__attribute__((visibility("default")))'
SOURCES = {
    "z": f"{VISIBLE} int crc32(void) {{ return 1; }}\n{ENTRY}",
    "core": f"extern int crc32(void);\n{VISIBLE} int PyInit__core(void) {{ return crc32(); }}\n{ENTRY}",
}
FOREIGN = {
    "macOS": (MAC, "aarch64-macos.11.0", "libz.1.dylib", ("-nostdlib", "-Wl,-undefined,dynamic_lookup")),
    "Windows": (WINDOWS, "x86_64-windows-gnu", "zlib1.dll", ("-nostdlib",)),
}


@pytest.mark.slow
@pytest.mark.skipif(not has_compiler(), reason="no ziglang")
@pytest.mark.parametrize("system", FOREIGN)
def test_a_module_for_another_system_says_what_it_links_to(system: str, tmp_path: Path) -> None:
    tag, target, library, options = FOREIGN[system]
    for name, text in SOURCES.items():
        (tmp_path / f"{name}.c").write_text(text)
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-shared", *options, "-g0"]
    subprocess.run([*command, "z.c", "-o", library], cwd=tmp_path, check=True, capture_output=True)
    linked = library if system == "macOS" else next(path.name for path in tmp_path.glob("*.lib"))
    subprocess.run([*command, "core.c", linked, "-o", "core.out"], cwd=tmp_path, check=True, capture_output=True)
    module = (tmp_path / "core.out").read_bytes()
    files: dict[str, bytes | str] = {"demo/__init__.py": "", "demo/_core.pyd": module}
    made = Project("demo", files=files, tag=tag, pure=False, bare=True).wheel(tmp_path)
    found = find_linked_libraries(read_wheel(made))
    assert library in found
    assert find_host_packages(found) == (("zlib",), ())
