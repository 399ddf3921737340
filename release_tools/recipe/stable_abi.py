"""Find out if a project builds its extension modules for CPython's stable ABI, so that one file serves later Pythons.

https://docs.python.org/3/c-api/stable.html, and CEP 20 for conda packages.
"""

import re
from collections.abc import Mapping
from posixpath import join
from typing import Final

from release_tools.recipe.evidence import Built, Sources
from release_tools.recipe.markers import CONDA_FORGE_PYTHON
from release_tools.recipe.recipe_model import Condition, Recipe

_TAG: Final = re.compile(r"cp3(\d{1,2})", re.ASCII)
_SETUPTOOLS: Final = re.compile(r"""py[_-]limited[_-]api["']?\s{0,9}[:=]\s{0,9}["']?cp3(\d{1,2})\b""", re.ASCII)
_MESON: Final = re.compile(r"limited_api\s{0,9}:\s{0,9}'3\.(\d{1,2})'", re.ASCII)
_CARGO: Final = re.compile(r'"(?:pyo3/)?abi3-py3(\d{1,2})"', re.ASCII)
_MODULE: Final = re.compile(r"([A-Za-z0-9_][A-Za-z0-9_./-]{0,200})(?:\.abi3\.so|(?<!win32)(?<!amd64)\.pyd)")

IS_ABI3: Final = Condition("is_abi3", "is_abi3")


def list_stable_modules(built: Built | None) -> tuple[str, ...]:
    """Return a wheel's extension modules for the stable ABI, as paths in ``site-packages`` without suffix."""
    found = (_MODULE.fullmatch(path) for path in built.paths) if built else ()
    return tuple(sorted(match[1] for match in found if match))


def write_oldest_python(abi: str) -> str:
    """Return the Python that a package for the stable ABI is built with, as a recipe of either format names it."""
    return "${{ python_min }}" if abi == CONDA_FORGE_PYTHON else abi


def write_audits(recipe: Recipe) -> Mapping[str, str]:
    """Return the command that checks a package's extension modules for the stable ABI, by system.

    Their folders are named and not they themselves, because modules of one system have other names on the next.
    """
    if not recipe.stable_modules:
        return {}
    folders = sorted({module.rpartition("/")[0] for module in recipe.stable_modules})
    options = f"-s -v --assume-minimum-abi3 {write_oldest_python(recipe.abi)}"
    unix = " ".join(join("$SP_DIR", folder, "*.abi3.so") for folder in folders)
    windows = " ".join(join("%SP_DIR%", folder, "*.pyd").replace("/", "\\") for folder in folders)
    return {
        "unix": f"abi3audit {unix} {options}",
        "win": f"for %%f in ({windows}) do abi3audit %%f {options} || exit 1",
    }


def find_stable_abi(sources: Sources) -> str:
    """Return the oldest Python whose stable ABI a project's settings ask for, such as ``3.11``; empty for none."""
    found = [*_find_in_tables(sources), *_find_in_files(sources)]
    if not found:
        return ""
    return f"3.{min(map(int, found))}"


def _find_in_tables(sources: Sources) -> list[str]:
    """Return the minor versions that the builders' tables in ``pyproject.toml`` name."""
    bdist_wheel = sources.table("tool", "distutils", "bdist_wheel")
    tags = (
        bdist_wheel.get("py-limited-api"),
        bdist_wheel.get("py_limited_api"),
        sources.table("tool", "scikit-build", "wheel").get("py-api"),
    )
    return [match[1] for match in map(_TAG.fullmatch, map(str, tags)) if match]


def _find_in_files(sources: Sources) -> list[str]:
    """Return the minor versions that the files of setuptools, meson and cargo name."""
    found = _SETUPTOOLS.findall(sources.texts.get("setup.cfg", ""))
    found += _SETUPTOOLS.findall(sources.texts.get("setup.py", ""))
    if sources.table("tool", "meson-python").get("limited-api") is True:
        found += _MESON.findall(sources.texts.get("meson.build", ""))
    return found + _CARGO.findall(sources.texts.get("Cargo.toml", ""))
