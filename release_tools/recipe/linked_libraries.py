"""Find the shared libraries that the extension modules of a wheel link to."""

import re
from typing import Final

from release_tools.artifacts import Wheel

_MODULE: Final = re.compile(r"\.(?:so|pyd)$")
_BUNDLED: Final = re.compile(r"(?:\.libs|\.dylibs)/(?P<name>[^/]+)$")
_HASH: Final = re.compile(r"-[0-9a-f]{8,64}(?=[.-])")
"""The hash that auditwheel and delvewheel put into the name of a library that they copy into the wheel."""


def find_linked_libraries(wheel: Wheel) -> tuple[str, ...]:
    """Return the names of libraries as the system spells them, such as ``libz.so.1``, with no hash of a repair tool.

    Of a repaired wheel these are the libraries in it, and those of the system that its modules still name.
    """
    names = {_plain(match["name"]) for member in wheel.members if (match := _BUNDLED.search(member.name))}
    own = {member.name.rpartition("/")[2] for member in wheel.members if not _BUNDLED.search(member.name)}
    for name, facts in wheel.binaries.items():
        if _MODULE.search(name):
            names.update(map(_plain, facts.libraries))
    return tuple(sorted(names - own))


def _plain(name: str) -> str:
    return _HASH.sub("", name)
