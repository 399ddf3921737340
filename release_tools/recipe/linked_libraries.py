"""Find the shared libraries that the extension modules of a wheel link to."""

import io
import re
from collections.abc import Iterator
from typing import Final

from release_tools.artifacts import Wheel

_ELF: Final = b"\x7fELF"
_MODULE: Final = re.compile(r"\.(?:so|pyd)$")
_BUNDLED: Final = re.compile(r"(?:\.libs|\.dylibs)/(?P<name>[^/]+)$")
_HASH: Final = re.compile(r"-[0-9a-f]{8,64}(?=[.-])")
"""What auditwheel and delvewheel put into the name of a library that they copy into the wheel."""


def find_linked_libraries(wheel: Wheel) -> tuple[str, ...]:
    """Return the names of libraries as the system spells them, such as ``libz.so.1``, with no hash of a repair tool.

    Of a repaired wheel these are the libraries in it, and those of the system that its modules still name.
    """
    names = {_plain(match["name"]) for member in wheel.members if (match := _BUNDLED.search(member.name))}
    own = {member.name.rpartition("/")[2] for member in wheel.members if not _BUNDLED.search(member.name)}
    modules = [member.name for member in wheel.members if _MODULE.search(member.name)]
    for content in wheel.read(*modules):
        names.update(_plain(name) for name in _read_needed(content))
    return tuple(sorted(names - own))


def _plain(name: str) -> str:
    return _HASH.sub("", name)


def _read_needed(content: bytes) -> Iterator[str]:
    """Yield the libraries that an ELF file names (``DT_NEEDED``)."""
    if not content.startswith(_ELF):
        return
    from elftools.common.exceptions import ELFError
    from elftools.elf.dynamic import DynamicSection
    from elftools.elf.elffile import ELFFile

    try:
        sections = [one for one in ELFFile(io.BytesIO(content)).iter_sections() if isinstance(one, DynamicSection)]
        yield from (str(tag.needed) for section in sections for tag in section.iter_tags("DT_NEEDED"))  # type: ignore[attr-defined]
    except ELFError:
        return
