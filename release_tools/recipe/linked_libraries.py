"""Find the shared libraries that the extension modules of a wheel link to."""

import re
from typing import Final

from release_tools.artifacts import Wheel

_BUNDLED: Final = re.compile(r"(?:\.libs|\.dylibs)/(?P<name>[^/]+)$")
_HASH: Final = re.compile(r"-[0-9a-f]{8,64}(?=[.-])")
"""The hash that auditwheel and delvewheel put into the name of a library that they copy into the wheel."""


def find_linked_libraries(wheel: Wheel) -> tuple[str, ...]:
    """Return the names of libraries as the system spells them, such as ``libz.so.1``, with no hash of a repair tool.

    A repair tool copies libraries into the wheel, and those that they need in turn: a hash goes into their names, which
    is all that it changes in what the modules link to. So these are the libraries of the wheel before its repair.
    Where no module can be read, they are those in the wheel.
    """
    bundled = {_plain(match["name"]) for member in wheel.members if (match := _BUNDLED.search(member.name))}
    own = {member.name.rpartition("/")[2] for member in wheel.members if not _BUNDLED.search(member.name)}
    modules = [facts for name, facts in wheel.binaries.items() if not _BUNDLED.search(name)]
    readable = [facts for facts in modules if not facts.fault]
    names = {_plain(name) for facts in readable for name in facts.libraries}
    if len(readable) < len(modules) or not modules:
        names |= bundled
    return tuple(sorted(names - own))


def _plain(name: str) -> str:
    return _HASH.sub("", name)
