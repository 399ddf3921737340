"""Find out if a project builds its extension modules for CPython's stable ABI, so that one file serves later Pythons.

https://docs.python.org/3/c-api/stable.html, and CEP 20 for conda packages.
"""

import re
from typing import Final

from release_tools.recipe.evidence import Sources

_TAG: Final = re.compile(r"cp3(\d{1,2})", re.ASCII)
_SETUPTOOLS: Final = re.compile(r"""py[_-]limited[_-]api["']?\s{0,9}[:=]\s{0,9}["']?cp3(\d{1,2})\b""", re.ASCII)
_MESON: Final = re.compile(r"limited_api\s{0,9}:\s{0,9}'3\.(\d{1,2})'", re.ASCII)
_CARGO: Final = re.compile(r'"(?:pyo3/)?abi3-py3(\d{1,2})"', re.ASCII)


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
