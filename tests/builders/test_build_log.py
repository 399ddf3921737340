"""The reason of a failed build among the lines of its output, and the warnings of a backend in one line."""

from pathlib import Path

import pytest

from release_tools.builders.build_log import find_error_lines, fold_warnings
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

TRACEBACK = "Traceback (most recent call last):\n" + '  File "a.py", line 1, in f\n    f()\n' * 40
REASONS = {
    "gcc": ("demo.c:1:10: fatal error: blosc.h: No such file or directory", "RuntimeError: BuildFailed"),
    "gcc, a warning first": (
        "a.c:3:1: error: unknown type name 'foo'",
        "error: command '/usr/bin/gcc' failed with exit code 1",
    ),
    "msvc": (
        "demo.c(1): fatal error C1083: Cannot open include file: 'blosc.h'",
        "error: command 'cl.exe' failed with exit code 2",
    ),
    "msvc's linker": ("LINK : fatal error LNK1181: cannot open input file 'blosc.lib'", ""),
    "linker": (
        "/usr/bin/ld: cannot find -lblosc: No such file or directory",
        "collect2: error: ld returned 1 exit status",
    ),
    "symbol": ("a.o: in function `f': a.c:(.text+0x9): undefined reference to `blosc_init'", "ninja: build stopped"),
    "gfortran": ("Fatal Error: Cannot open module file 'demo.mod' for reading", ""),
    "rust": (
        "error[E0425]: cannot find value `x` in this scope",
        "error: could not compile `demo` (lib) due to 1 error",
    ),
    "cargo": ("error: failed to get `pyo3` as a dependency of package `demo`", ""),
    "cmake": ("CMake Error at CMakeLists.txt:3 (find_package):", "subprocess.CalledProcessError: exit status 1"),
    "meson": ('../meson.build:5:0: ERROR: Dependency "openblas" not found, tried pkgconfig', ""),
    "cython": (
        "src/demo.pyx:4:10: undeclared name not builtin: foo",
        "Cython.Compiler.Errors.CompileError: src/demo.pyx",
    ),
    "setuptools": ("error: package directory 'src/demo' does not exist", ""),
    "hatchling": ("ValueError: Unable to determine which files to ship inside the wheel", ""),
    "shell": ("/bin/sh: 1: cmake: command not found", ""),
    "colour": ("demo.c:1:10: fatal error: blosc.h: No such file or directory", ""),
}


@pytest.mark.parametrize(("reason", "last"), REASONS.values(), ids=REASONS)
def test_the_reason_is_found_above_a_long_traceback(reason: str, last: str) -> None:
    output = f"running build_ext\na.c:1:1: warning: unused variable\n{reason}\n{TRACEBACK}{last}\n"
    found = find_error_lines(output)
    assert found[0] == reason
    assert len(found) <= 9
    assert "warning" not in " ".join(found)


def test_colours_are_removed() -> None:
    assert find_error_lines("\x1b[31mdemo.c:1:1:\x1b[0m error: no\n") == ("demo.c:1:1: error: no",)


def test_the_first_errors_are_shown_and_not_the_last() -> None:
    found = find_error_lines("".join(f"a.c:{number}:1: error: no {number}\n" for number in range(1, 500)))
    assert found[0] == "a.c:1:1: error: no 1"
    assert len(found) == 8


def test_without_an_error_the_last_lines_are_shown() -> None:
    assert find_error_lines("".join(f"line {number}\n" for number in range(100)))[-1] == "line 99"
    assert find_error_lines("") == ()


@pytest.mark.slow
def test_a_failed_build_names_the_reason_and_the_file_with_the_whole_output(run: Run, tmp_path: Path) -> None:
    code = (
        'import sys\nprint("demo.c:1:10: fatal error: blosc.h: No such file or directory", file=sys.stderr)\n'
        "def f(n):\n    if n == 0:\n        raise RuntimeError('BuildFailed')\n    f(n - 1)\nf(40)"
    )
    checkout = make_repository(tmp_path / "ours", in_tree_project(code))
    said = run("build", "-C", checkout.root, "--no-conda", HOME=str(tmp_path / "home"), XDG_CACHE_HOME="")
    assert said.code == 6
    assert said.err.count("blosc.h") == 1
    assert "RuntimeError: BuildFailed" in said.err
    (log,) = (tmp_path / "home").rglob("*.log")
    assert str(log) in said.err
    assert "in f" in log.read_text(encoding="utf-8")


@pytest.mark.slow
def test_without_a_home_the_build_fails_as_well_and_names_no_file(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "ours", in_tree_project("raise RuntimeError('BuildFailed')"))
    said = run("build", "-C", checkout.root, "--no-conda", HOME="", XDG_CACHE_HOME="", LOCALAPPDATA="", USERPROFILE="")
    assert said.code == 6
    assert "BuildFailed" in said.err
    assert ".log" not in said.err


BOX = "`project.license` as a TOML table is deprecated\n!!\n\n    ****\n    Please use SPDX.\n    ****\n!!\n"


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], ()),
        ([BOX, BOX], ("`project.license` as a TOML table is deprecated",)),
        (["\n!!\n\n    ****\n    Please   use SPDX.\n"], ("Please use SPDX.",)),
        (
            ["/scratch/build-12/lib/python3.12/site-packages/setuptools/dist.py:3: Deprecated: no"],
            ("setuptools/dist.py:3: Deprecated: no",),
        ),
        (["/scratch/source/setup.py:3: no", "/scratch/sdist/demo-1.0/setup.py:3: no"], ("setup.py:3: no",)),
        (list("abcde"), ("a; b; c and 2 more",)),
        (["!!"], ()),
    ],
)
def test_warnings_of_a_backend_are_one_line_without_scratch_paths(
    messages: list[str], expected: tuple[str, ...]
) -> None:
    assert fold_warnings(messages, Path("/scratch")) == expected
