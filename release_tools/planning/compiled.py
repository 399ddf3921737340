"""Find out, before a build, whether a project's wheels hold compiled code."""

import ast
import re
from collections.abc import Mapping
from typing import Any, Final

from packaging.utils import canonicalize_name

from release_tools.parsed_values import find_table

_COMPILING_BACKENDS: Final = ("maturin", "py_build_cmake", "pymsbuild", "scikit_build_core", "sipbuild")
"""The packages of backends that always build for one platform, unless their own settings say otherwise."""
_COMPILERS: Final = frozenset(
    {
        "cffi", "cython", "hatch-cython", "hatch-mypyc", "mypy", "nanobind", "numpy", "pybind11", "pythran",
        "scikit-build", "setuptools-rust", "swig",
    }
)  # fmt: skip
"""Build requirements of projects that compile something."""
_SETUP_ARGUMENTS: Final = frozenset({"cffi_modules", "cmake_source_dir", "ext_modules", "rust_extensions"})
_REQUIREMENT: Final = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)", re.ASCII)
_MESON_LANGUAGE: Final = re.compile(r"\bproject\s*\(\s*'[^']*'\s*,\s*(?:\[\s*)?'|\badd_languages\s*\(")

SOURCES: Final = ("setup.py", "meson.build")
"""The files next to ``pyproject.toml`` whose texts `explain_compiled` needs."""


def explain_compiled(pyproject: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """Return what shows that a project is compiled, for a person; empty for a pure project.

    Args:
        pyproject: the parsed ``pyproject.toml``.
        texts: those of the project's `SOURCES` that are there, by name.
    """
    tool = find_table(pyproject, "tool")
    if "cibuildwheel" in tool:
        return "[tool.cibuildwheel] in pyproject.toml"
    system = find_table(pyproject, "build-system")
    backend = str(system.get("build-backend", ""))
    if _is_compiling(backend, tool, texts):
        return f"its build backend is {backend}"
    return (
        _find_in_requirements(system.get("requires"))
        or _find_in_settings(tool)
        or _find_in_setup_py(texts.get("setup.py", ""))
    )


def _find_in_requirements(requires: object) -> str:
    """Return the build requirement that compiles something."""
    for requirement in requires if isinstance(requires, list) else []:
        match = _REQUIREMENT.match(str(requirement))
        if match and canonicalize_name(match[1]) in _COMPILERS:
            return f"its build requires {match[1]}"
    return ""


def _is_compiling(backend: str, tool: Mapping[str, Any], texts: Mapping[str, str]) -> bool:
    package = backend.partition(".")[0].partition(":")[0]
    if package == "mesonpy":
        return "meson.build" not in texts or _MESON_LANGUAGE.search(texts["meson.build"]) is not None
    if package == "scikit_build_core":
        wheel = find_table(tool, "scikit-build", "wheel")
        return wheel.get("cmake") is not False and wheel.get("platlib") is not False
    return package in _COMPILING_BACKENDS


def _find_in_settings(tool: Mapping[str, Any]) -> str:
    """Return the backend's setting that has something compiled."""
    if find_table(tool, "setuptools").get("ext-modules"):
        return "[tool.setuptools] has ext-modules"
    if find_table(tool, "setuptools-rust"):
        return "[tool.setuptools-rust] in pyproject.toml"
    if find_table(tool, "poetry", "build"):
        return "[tool.poetry.build] runs a build script"
    pdm = find_table(tool, "pdm", "build")
    if pdm.get("run-setuptools") and pdm.get("is-purelib") is not True:
        return "[tool.pdm.build] runs setuptools"
    return ""


def _find_in_setup_py(text: str) -> str:
    """Return the argument of ``setup()`` that has something compiled."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg in _SETUP_ARGUMENTS and not _is_nothing(keyword.value):
                    return f"setup.py has {keyword.arg}"
    return ""


def _is_nothing(value: ast.expr) -> bool:
    if isinstance(value, ast.List | ast.Tuple):
        return not value.elts
    return isinstance(value, ast.Constant) and not value.value
