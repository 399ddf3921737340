"""Find out if a project builds its extension modules for CPython's stable ABI, so that one file serves later Pythons.

https://docs.python.org/3/c-api/stable.html, and CEP 20 for conda packages.
"""

import re
from collections.abc import Iterator
from typing import Final

from release_tools.recipe.evidence import Sources

_TAG: Final = re.compile(r"cp3(\d{1,2})", re.ASCII)
_SETUPTOOLS: Final = re.compile(r"""py[_-]limited[_-]api["']?\s{0,9}[:=]\s{0,9}["']?cp3(\d{1,2})\b""", re.ASCII)
_MESON: Final = re.compile(r"limited_api\s{0,9}:\s{0,9}'3\.(\d{1,2})'", re.ASCII)
_CARGO: Final = re.compile(r'"(?:pyo3/)?abi3-py3(\d{1,2})"', re.ASCII)


def find_stable_abi(sources: Sources) -> str:
    """Return the oldest Python whose stable ABI a project's settings ask for, such as ``3.11``; empty for none."""
    minors = sorted(map(int, _find_minors(sources)))
    return f"3.{minors[0]}" if minors else ""


def _find_minors(sources: Sources) -> Iterator[str]:
    settings = (
        sources.table("tool", "distutils", "bdist_wheel").get("py-limited-api"),
        sources.table("tool", "distutils", "bdist_wheel").get("py_limited_api"),
        sources.table("tool", "scikit-build", "wheel").get("py-api"),
    )
    yield from (match[1] for value in settings if (match := _TAG.fullmatch(str(value))))
    for name in ("setup.cfg", "setup.py"):
        yield from _SETUPTOOLS.findall(sources.texts.get(name, ""))
    if sources.table("tool", "meson-python").get("limited-api") is True:
        yield from _MESON.findall(sources.texts.get("meson.build", ""))
    cargo = (text for path, text in sources.texts.items() if path == "Cargo.toml")
    for text in cargo:
        yield from _CARGO.findall(text)
