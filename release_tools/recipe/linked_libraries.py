"""Find the shared libraries that the extension modules of a wheel link to."""

import re
from itertools import chain
from typing import Final

from release_tools.artifacts import Wheel

_BUNDLED: Final = re.compile(r"(?:\.libs|\.dylibs)/[^/]+$")
_HASH: Final = re.compile(r"-[0-9a-f]{8,64}(?=[.-])")
"""The hash that auditwheel and delvewheel put into the name of a library that they copy into the wheel."""


def find_linked_libraries(wheel: Wheel) -> tuple[str, ...]:
    """Return the names of libraries as the system spells them, such as ``libz.so.1``, with no hash of a repair tool.

    A repair tool copies libraries into the wheel, and those that they need in turn: a hash goes into their names, which
    is all that it changes in what the modules link to. So these are the libraries of the wheel before its repair.
    Where no module can be read, they are those in the wheel.
    """
    modules = [binary for path, binary in wheel.binaries.items() if not _is_bundled(path)]
    libraries = set(map(_drop_hash, chain.from_iterable(module.libraries for module in modules)))
    if not modules or any(module.fault for module in modules):
        libraries |= _list_bundled(wheel)
    return tuple(sorted(libraries - _list_own(wheel)))


def _list_bundled(wheel: Wheel) -> set[str]:
    return {_drop_hash(_find_file_name(member.name)) for member in wheel.members if _is_bundled(member.name)}


def _list_own(wheel: Wheel) -> set[str]:
    """Return the names of the wheel's own files, among which may be libraries that its modules link to."""
    return {_find_file_name(member.name) for member in wheel.members if not _is_bundled(member.name)}


def _is_bundled(path: str) -> bool:
    """Return whether a file of a wheel is a library that a repair tool put there."""
    return _BUNDLED.search(path) is not None


def _find_file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _drop_hash(name: str) -> str:
    return _HASH.sub("", name)
