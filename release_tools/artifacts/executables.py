"""Recognize programs and libraries by their first bytes: ELF, Mach-O and PE."""

from typing import Final

BINARY_HEAD: Final = 8
"""How many bytes `is_binary` wants."""

_ELF: Final = b"\x7fELF"
_PE: Final = b"MZ"
_MACH_O: Final = frozenset({b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf", b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe"})
_UNIVERSAL: Final = (b"\xca\xfe\xba\xbe", b"\xca\xfe\xba\xbf")
_MOST_MACHINES: Final = 30  # the next number, in a Java class, is the version of its format: 45 at least


def is_binary(head: bytes) -> bool:
    """Return whether a file that begins with these bytes is a program or a library for some machine."""
    if head[:4] in _UNIVERSAL:
        return int.from_bytes(head[4:8], "big") <= _MOST_MACHINES
    return head[:4] == _ELF or head[:4] in _MACH_O or head[:2] == _PE
