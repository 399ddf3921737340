"""``release-tools verify`` compares the tags of compiled wheels with what they hold, and with what PyPI takes."""

import json
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from release_tools.artifacts.binaries import can_read_elf
from release_tools.checks.platform_tags import PlatformTag, find_refused_platforms
from tests.compiled import binaries
from tests.compiled.binaries import (
    GLIBC_2_17,
    GLIBC_2_38,
    GLIBC_ARM,
    MAC_ARM,
    MAC_INTEL,
    MUSL,
    NEW_MAC,
    WINDOWS,
    WINDOWS_ARM,
    module,
    universal,
)
from tests.conftest import Run, Said
from tests.support.artifacts import Project

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not binaries.has_compiler() or not can_read_elf(),
    reason="needs ziglang and the extra compiled: uv pip install -e '.[compiled]' ziglang",
)
QUICK = ("--no-verify-install", "--no-verify-conda-install", "--no-conda")
Content = Callable[[], bytes]


def made(tag: str, files: Mapping[str, str | bytes], *headers: str, requires: Sequence[str] = ()) -> Project:
    """A wheel of a package that holds these files; their names are those of members where they name a folder."""
    placed = {name if name.startswith("{") else f"demo/{name}": content for name, content in files.items()}
    return Project(
        "demo",
        files={"demo/__init__.py": "", **placed},
        headers=("Description-Content-Type: text/markdown", *headers),
        requires=requires,
        tag=tag,
        pure=tag == "py3-none-any",
        bare=True,
    )


def verify(run: Run, folder: Path, *projects: Project, **variables: str) -> Said:
    folder.mkdir(exist_ok=True)
    for project in projects:
        project.wheel(folder)
    return run("verify", "-C", folder, folder, *QUICK, **variables)


def both_macs() -> bytes:
    return universal(module(MAC_INTEL), module(MAC_ARM))


FITTING: Mapping[str, tuple[str, Content]] = {
    "manylinux": ("cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64", lambda: module(GLIBC_2_17)),
    "manylinux on ARM": ("cp312-cp312-manylinux_2_28_aarch64", lambda: module(GLIBC_ARM)),
    "a new glibc": ("cp312-cp312-manylinux_2_38_x86_64", lambda: module(GLIBC_2_38, binaries.USES_NEW_LIBC)),
    "musllinux": ("cp312-cp312-musllinux_1_2_x86_64", lambda: module(MUSL)),
    "macOS on ARM": ("cp312-cp312-macosx_11_0_arm64", lambda: module(MAC_ARM)),
    "a newer macOS": ("cp312-cp312-macosx_15_0_arm64", lambda: module(MAC_ARM)),
    "macOS on Intel": ("cp312-cp312-macosx_10_13_x86_64", lambda: module(MAC_INTEL)),
    "both Macs": ("cp312-cp312-macosx_11_0_universal2", both_macs),
    "one of both Macs": ("cp312-cp312-macosx_11_0_arm64", both_macs),
    "Windows": ("cp312-cp312-win_amd64", lambda: module(WINDOWS)),
    "Windows on ARM": ("cp312-cp312-win_arm64", lambda: module(WINDOWS_ARM)),
}


@pytest.mark.parametrize("name", FITTING)
def test_a_wheel_whose_tags_fit_its_content_is_accepted(run: Run, tmp_path: Path, name: str) -> None:
    tag, content = FITTING[name]
    suffix = "pyd" if "win" in tag else "so"
    said = verify(run, tmp_path / "dist", made(tag, {f"_core.{suffix}": content()}))
    assert said.code == 0, said.err
    assert "1 wheel match" in said.out


FALSE: Mapping[str, tuple[str, str, Content, str]] = {
    "another machine": ("manylinux_2_28_x86_64", "_core.so", lambda: module(GLIBC_ARM), "aarch64"),
    "another machine, renamed": ("manylinux_2_28_aarch64", "_core.so", lambda: module(GLIBC_2_17), "x86_64"),
    "another system": ("macosx_11_0_arm64", "_core.so", lambda: module(GLIBC_ARM), "ELF"),
    "Windows under Linux's name": ("manylinux_2_28_x86_64", "_core.so", lambda: module(WINDOWS), "PE"),
    "macOS under Windows' name": ("win_arm64", "_core.pyd", lambda: module(MAC_ARM), "Mach-O"),
    "a library in a folder of its own": (
        "manylinux_2_28_x86_64",
        "libs/libx.so.1.2",
        lambda: module(GLIBC_ARM),
        "libx",
    ),
    "too new a glibc": (
        "manylinux_2_28_x86_64",
        "_core.so",
        lambda: module(GLIBC_2_38, binaries.USES_NEW_LIBC),
        "2.38",
    ),
    "too new a glibc for one of two tags": (
        "manylinux_2_38_x86_64.manylinux2014_x86_64",
        "_core.so",
        lambda: module(GLIBC_2_38, binaries.USES_NEW_LIBC),
        "2.17",
    ),
    "glibc under musl's name": ("musllinux_1_2_x86_64", "_core.so", lambda: module(GLIBC_2_17), "glibc"),
    "musl under glibc's name": ("manylinux_2_28_x86_64", "_core.so", lambda: module(MUSL), "musl"),
    "too new a macOS": ("macosx_11_0_arm64", "_core.so", lambda: module(NEW_MAC), "14.0"),
    "one Mac under the name of both": ("macosx_11_0_universal2", "_core.so", lambda: module(MAC_ARM), "x86_64"),
    "Intel's Mac under ARM's name": ("macosx_11_0_arm64", "_core.so", lambda: module(MAC_INTEL), "arm64"),
    "64 bits under the name of 32": ("win32", "_core.pyd", lambda: module(WINDOWS), "x86"),
    "ARM under Intel's name": ("win_amd64", "_core.pyd", lambda: module(WINDOWS_ARM), "arm64"),
    "half a library": ("manylinux_2_28_x86_64", "_core.so", lambda: module(GLIBC_2_17)[:40], "_core.so"),
}


@pytest.mark.parametrize("name", FALSE)
def test_a_wheel_under_a_false_tag_is_refused_with_its_file(run: Run, tmp_path: Path, name: str) -> None:
    platform, member, content, named = FALSE[name]
    said = verify(run, tmp_path / "dist", made(f"cp312-cp312-{platform}", {member: content()}))
    assert said.code == 9
    assert member in said.err
    assert named in said.err


def test_a_program_in_the_scripts_folder_must_run_there(run: Run, tmp_path: Path) -> None:
    files = {"{data}/scripts/tool": module(GLIBC_ARM)}
    said = verify(run, tmp_path / "dist", made("py3-none-manylinux_2_28_x86_64", files))
    assert said.code == 9
    assert "scripts/tool" in said.err


def test_launchers_for_other_systems_are_data(run: Run, tmp_path: Path) -> None:
    files = {"_core.so": module(GLIBC_2_17), "launcher.exe": module(WINDOWS)}
    assert verify(run, tmp_path / "dist", made("cp312-cp312-manylinux_2_17_x86_64", files)).code == 0
    pure = made("py3-none-any", {"launcher.exe": module(WINDOWS)})
    assert verify(run, tmp_path / "pure", pure).code == 0


def test_an_extension_module_in_a_wheel_for_everybody_is_refused(run: Run, tmp_path: Path) -> None:
    said = verify(run, tmp_path / "dist", made("py3-none-any", {"_core.so": module(GLIBC_2_17)}))
    assert said.code == 9
    assert "py3-none-any" in said.err


REFUSED = [
    "linux_x86_64", "linux_aarch64", "manylinux_2_28_mips", "manylinux1_aarch64", "manylinux2010_s390x",
    "musllinux_1_2_ppc64", "macosx_11_2_arm64", "macosx_16_0_arm64", "win_arm", "openbsd_7_amd64",
    "pyodide_2025_0_wasm32",
]  # fmt: skip
TAKEN = [
    "any", "win32", "win_amd64", "win_arm64", "linux_armv7l", "manylinux1_i686", "manylinux2014_ppc64",
    "manylinux_2_5_x86_64", "musllinux_1_2_riscv64", "macosx_10_9_universal2", "macosx_15_0_arm64", "macosx_26_0_arm64",
    "ios_13_0_arm64_iphoneos", "android_21_arm64_v8a", "pyemscripten_2026_0_wasm32",
]  # fmt: skip


@pytest.mark.parametrize("platform", [*REFUSED, *TAKEN])
def test_what_pypi_takes_is_known(platform: str) -> None:
    from packaging.tags import Tag

    refused = find_refused_platforms([Tag("cp312", "cp312", platform)])
    assert refused == ((platform,) if platform in REFUSED else ())


def test_a_wheel_that_pypi_refuses_is_a_fault_where_it_goes_there(run: Run, tmp_path: Path) -> None:
    project = made("cp312-cp312-linux_x86_64", {"_core.so": module(GLIBC_2_17)})
    said = verify(run, tmp_path / "dist", project)
    assert said.code == 9
    assert "linux_x86_64" in said.err
    assert "release-tools init" in said.out
    elsewhere = 'packages-dir = "dist"\nindexes.own = "https://index.example/legacy/"\nroutes.final = ["own"]\n'
    (tmp_path / "dist" / "pyproject.toml").write_text(f"[tool.release-tools]\n{elsewhere}")
    said = verify(run, tmp_path / "dist", project)
    assert said.code == 0, said.err
    assert "linux_x86_64" in said.out


MODULES = {
    "the right Python": ("cp312-cp312", "_core.cpython-312-x86_64-linux-gnu.so", 0),
    "any Python": ("cp312-cp312", "_core.so", 0),
    "the stable ABI": ("cp312-abi3", "_core.abi3.so", 0),
    "free threads": ("cp314-cp314t", "_core.cpython-314t-x86_64-linux-gnu.so", 0),
    "no ABI at all": ("py3-none", "_core.cpython-312-x86_64-linux-gnu.so", 0),
    "another Python": ("cp312-cp312", "_core.cpython-311-x86_64-linux-gnu.so", 9),
    "one Python under the name of many": ("cp311-abi3", "_core.cpython-311-x86_64-linux-gnu.so", 9),
    "no free threads": ("cp314-cp314t", "_core.cpython-314-x86_64-linux-gnu.so", 9),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MODULES)
def test_an_extension_module_is_for_the_python_of_the_tag(run: Run, tmp_path: Path, name: str) -> None:
    python, member, code = MODULES[name]
    said = verify(run, tmp_path / "dist", made(f"{python}-manylinux_2_17_x86_64", {member: module(GLIBC_2_17)}))
    assert said.code == code, said.err
    assert code == 0 or member in said.err


def test_a_module_left_over_from_another_build_is_pointed_out(run: Run, tmp_path: Path) -> None:
    files = {f"_core.cpython-3{minor}-x86_64-linux-gnu.so": module(GLIBC_2_17) for minor in (11, 12)}
    said = verify(run, tmp_path / "dist", made("cp312-cp312-manylinux_2_17_x86_64", files))
    assert said.code == 0
    assert "cpython-311" in said.out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tag", "symbol", "code"),
    [
        ("cp313-abi3", "PyType_GetFullyQualifiedName", 0),
        ("cp311-abi3", "PyType_GetFullyQualifiedName", 9),  # stable since 3.13
        ("cp311-abi3", "_PyUnicode_AsString", 9),
    ],
)
def test_a_module_that_needs_more_than_the_stable_abi_is_no_abi3_module(
    run: Run, tmp_path: Path, tag: str, symbol: str, code: int
) -> None:
    content = module(GLIBC_2_17, binaries.USES_PYTHON.format(symbol=symbol))
    said = verify(run, tmp_path / "dist", made(f"{tag}-manylinux_2_17_x86_64", {"_core.abi3.so": content}))
    assert said.code == code, said.out + said.err
    assert (symbol in said.err) is bool(code)


LINUX, ON_WINDOWS = "cp312-cp312-manylinux_2_17_x86_64", "cp312-cp312-win_amd64"


def linux(*headers: str) -> Project:
    return made(LINUX, {"_core.so": module(GLIBC_2_17)}, *headers)


def windows(*headers: str, requires: Sequence[str] = ()) -> Project:
    return made(ON_WINDOWS, {"_core.pyd": module(WINDOWS)}, *headers, requires=requires)


def test_every_file_must_state_the_same_pythons(run: Run, tmp_path: Path) -> None:
    same, other = "Requires-Python: >=3.12", "Requires-Python: >=3.11"
    folder = tmp_path / "dist"
    assert verify(run, folder, linux(same), windows(same)).code == 0
    linux(same).sdist(folder)
    assert verify(run, folder).code == 0
    said = verify(run, folder, windows(other))
    assert said.code == 9
    assert "win_amd64" in said.err
    windows(same).wheel(folder)
    linux(other).sdist(folder)
    assert verify(run, folder).code == 9


def test_requirements_that_differ_are_shown(run: Run, tmp_path: Path) -> None:
    said = verify(run, tmp_path / "dist", linux(), windows(requires=["colorama>=0.4"]))
    assert said.code == 0, said.err
    assert "colorama>=0.4" in said.out


SBOM = json.dumps(
    {
        "components": [
            {"name": "demo", "purl": "pkg:pypi/demo@1.0"},
            {"name": "zlib", "version": "1.2.13", "purl": "pkg:rpm/x/zlib", "licenses": [{"license": {"id": "Zlib"}}]},
            {"name": "openblas", "version": "0.3", "purl": "pkg:rpm/x/openblas", "licenses": []},
        ]
    }
)


@pytest.mark.parametrize(
    ("text", "named"), [(SBOM, ["zlib 1.2.13 (Zlib)", "openblas 0.3"]), ("[]", ["cannot be read"])]
)
def test_bundled_libraries_are_listed_with_their_licenses(
    run: Run, tmp_path: Path, text: str, named: list[str]
) -> None:
    files: dict[str, str | bytes] = {"_core.so": module(GLIBC_2_17), "{info}/sboms/auditwheel.cdx.json": text}
    said = verify(run, tmp_path / "dist", made(LINUX, files))
    assert said.code == 0, said.err
    assert all(name in said.out for name in named)


def test_a_library_that_nobody_brings_is_pointed_out(run: Run, tmp_path: Path) -> None:
    content = module(GLIBC_2_17).replace(b"libc.so.6", b"libx.so.6")
    said = verify(run, tmp_path / "dist", made(LINUX, {"_core.so": content}))
    assert said.code == 0, said.err
    assert "libx.so.6" in said.out


def test_only_the_wheel_of_this_machine_is_installed(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "dist"
    folder.mkdir()
    windows().wheel(folder)
    said = run("verify", "-C", folder, folder, "--no-conda")
    assert said.code == 0, said.err
    assert "not installed" in said.out


def test_platform_tags_are_taken_apart() -> None:
    assert PlatformTag.parse("manylinux2014_x86_64") == PlatformTag("manylinux", (2, 17), "x86_64")
    assert PlatformTag.parse("macosx_10_9_universal2").machines == {"x86_64", "arm64"}
    assert PlatformTag.parse("android_21_arm64_v8a").machines == {"aarch64"}
    assert PlatformTag.parse("ios_13_0_arm64_iphonesimulator").machines == {"arm64"}
    assert PlatformTag.parse(sysconfig.get_platform().replace("-", "_").replace(".", "_")).system != ""
