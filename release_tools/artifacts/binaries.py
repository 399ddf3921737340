"""Read what a program or library runs on: ELF by pyelftools, of Mach-O and PE the few fields that are needed.

pyelftools is in the extra ``compiled``. The headers of Mach-O and PE are documented and have not changed in decades;
reading them here is a matter of microseconds, where a library for all of both formats takes half a second to import.
https://learn.microsoft.com/windows/win32/debug/pe-format and ``mach-o/loader.h`` describe them.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

_ELF_MACHINES: Final = {
    "EM_X86_64": "x86_64",
    "EM_386": "i686",
    "EM_AARCH64": "aarch64",
    "EM_ARM": "armv7l",
    "EM_S390": "s390x",
    "EM_RISCV": "riscv64",
}
_MACH_O_MACHINES: Final = {
    0x7: "i386",
    0x0100_0007: "x86_64",
    0xC: "arm",
    0x0100_000C: "arm64",
    0x12: "ppc",
    0x0100_0012: "ppc64",
}
_PE_MACHINES: Final = {0x8664: "amd64", 0x14C: "x86", 0xAA64: "arm64", 0x1C4: "arm"}
_GLIBC: Final = re.compile(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?")

_ELF: Final = b"\x7fELF"
_PE: Final = b"MZ"
_PE_OFFSET: Final = 0x3C
_MACH_O: Final = {
    b"\xfe\xed\xfa\xce": (">", 28),
    b"\xfe\xed\xfa\xcf": (">", 32),
    b"\xce\xfa\xed\xfe": ("<", 28),
    b"\xcf\xfa\xed\xfe": ("<", 32),
}
"""The byte order and the size of the header, by the first four bytes."""
_UNIVERSAL: Final = {b"\xca\xfe\xba\xbe": ">2L3L", b"\xca\xfe\xba\xbf": ">2L2Q2L"}
"""The layout of the entry of each machine in a universal file, by the first four bytes."""
_MOST_MACHINES: Final = 30  # the next number, in a Java class, is the version of its format: 45 at least
_LOADING: Final = frozenset({0xC, 0x80000018, 0x8000001F})  # a dylib, also one that may be missing or is passed on
_PE32_PLUS: Final = 0x20B
_PE32_PLUS_IMPORTS: Final = 120
_LONGEST_NAME: Final = 1024
_MOST_ENTRIES: Final = 5_000
"""The most entries of one kind that are read: a damaged file may claim to have billions."""
_HEADERS: Final = 1 << 20
"""Bytes that hold the headers of every Mach-O and PE file."""
_BUILD_VERSION: Final = 0x32
_MINIMUM_VERSIONS: Final = (0x24, 0x25)  # LC_VERSION_MIN_MACOSX and LC_VERSION_MIN_IPHONEOS

BINARY_HEAD: Final = 8
"""Bytes that `is_binary` needs."""


@dataclass(frozen=True)
class BinaryFacts:
    """Describe what a program or library runs on.

    Attributes:
        format: ``ELF``, ``Mach-O`` or ``PE``.
        machines: as platform tags name them; several in a universal Mach-O file.
        needs: the oldest glibc (ELF) or macOS (Mach-O) that it runs on, as (major, minor); None where it does not say.
        libraries: the names of the libraries that it is linked with, without folders; frameworks of macOS are left out.
        library_name: the name that others link it by; empty where it has none.
        fault: why it could not be read; empty where it could.
    """

    format: str
    machines: frozenset[str] = frozenset()
    needs: tuple[int, int] | None = None
    libraries: tuple[str, ...] = ()
    library_name: str = ""
    fault: str = ""


def is_binary(head: bytes) -> bool:
    """Return whether a file that begins with these bytes is a program or a library for some machine."""
    if head[:4] in _UNIVERSAL:
        return int.from_bytes(head[4:8], "big") <= _MOST_MACHINES
    return head[:4] == _ELF or head[:4] in _MACH_O or head[:2] == _PE


def count_needed_bytes(head: bytes, size: int) -> int:
    """Return how many of its bytes `read_binary` needs of a binary that begins with these.

    All is at the beginning of a file for macOS or Windows, unless it is for several machines.
    """
    return size if head[:4] == _ELF or head[:4] in _UNIVERSAL else min(size, _HEADERS)


def can_read_elf() -> bool:
    """Return whether pyelftools is installed.

    It is imported here, so that threads that read wheels need not import it at the same time.
    """
    try:
        import elftools.elf.dynamic
        import elftools.elf.elffile
        import elftools.elf.gnuversions  # noqa: F401 - for the threads
    except ImportError:
        return False
    return True


def read_binary(file: BytesIO) -> BinaryFacts:
    """Read a program or library that `is_binary` recognizes; the facts of one that is corrupt are only its fault."""
    name = _find_format(file)
    try:
        if name == "ELF":
            return _read_elf(file)
        with file.getbuffer() as content:
            return _read_pe(content) if name == "PE" else _read_mach_o(content)
    except ModuleNotFoundError:
        return BinaryFacts(name, fault="pyelftools is not installed")
    except Exception as error:  # noqa: BLE001 - whatever the parsers raise on bytes of others
        return BinaryFacts(name, fault=f"{type(error).__name__}: {error}".rstrip(": "))


def _find_format(file: BytesIO) -> str:
    file.seek(0)
    head = file.read(BINARY_HEAD)
    if head.startswith(_ELF):
        return "ELF"
    return "PE" if head.startswith(_PE) else "Mach-O"


def _read_elf(content: BytesIO) -> BinaryFacts:
    from elftools.elf.elffile import ELFFile

    file = ELFFile(content)
    tags = list(_iterate_dynamic_tags(file))
    libraries = tuple(str(tag.needed) for tag in tags if tag.entry.d_tag == "DT_NEEDED")
    names = [str(tag.soname) for tag in tags if tag.entry.d_tag == "DT_SONAME"]
    machines = frozenset({_name_elf_machine(file)})
    return BinaryFacts("ELF", machines, _find_newest_glibc(file), libraries, names[-1] if names else "")


def _find_newest_glibc(file: "ELFFile") -> tuple[int, int] | None:
    """Return the newest version of glibc of which it needs a symbol; None where it needs none."""
    found = filter(None, map(_GLIBC.fullmatch, _iterate_needed_versions(file)))
    return max(((int(match[1]), int(match[2])) for match in found), default=None)


def _name_elf_machine(file: "ELFFile") -> str:
    machine = str(file["e_machine"])
    if machine == "EM_PPC64":
        return "ppc64le" if file.little_endian else "ppc64"
    return _ELF_MACHINES.get(machine, machine)


def _iterate_dynamic_tags(file: "ELFFile") -> Iterator[Any]:
    """Yield what the loader reads: the libraries that a program is linked with, its own name and more."""
    from elftools.elf.dynamic import DynamicSegment

    for segment in islice(file.iter_segments(), _MOST_ENTRIES):
        if isinstance(segment, DynamicSegment):
            yield from islice(segment.iter_tags(), _MOST_ENTRIES)


def _iterate_needed_versions(file: "ELFFile") -> Iterator[str]:
    """Yield the versions of symbols that it needs of other libraries, such as ``GLIBC_2.17``."""
    from elftools.elf.gnuversions import GNUVerNeedSection

    for section in islice(file.iter_sections(), _MOST_ENTRIES):
        if isinstance(section, GNUVerNeedSection):
            needed = (auxiliary.name for _, auxiliaries in section.iter_versions() for auxiliary in auxiliaries)
            yield from islice(needed, _MOST_ENTRIES)


def _read_pe(content: memoryview) -> BinaryFacts:
    (offset,) = struct.unpack_from("<L", content, _PE_OFFSET)
    signature, machine = struct.unpack_from("<4sH", content, offset)
    if signature != b"PE\0\0":
        raise ValueError("no PE header")
    name = _PE_MACHINES.get(machine, hex(machine))
    return BinaryFacts("PE", frozenset({name}), libraries=tuple(_iterate_imports(content, offset)))


def _iterate_imports(content: memoryview, header: int) -> Iterator[str]:
    """Yield the libraries in the import table of a PE file, whose header is at this offset."""
    sections, size = struct.unpack_from("<H12xH", content, header + 6)
    optional = header + 24
    (magic,) = struct.unpack_from("<H", content, optional)
    (table,) = struct.unpack_from("<L", content, optional + (_PE32_PLUS_IMPORTS if magic == _PE32_PLUS else 104))
    if not table:
        return
    spans = [struct.unpack_from("<LLLL", content, optional + size + 40 * index + 8) for index in range(sections)]

    def find_offset(address: int) -> int:
        for virtual_size, start, _, position in spans:
            if start <= address < start + max(virtual_size, 1):
                return int(position + address - start)
        raise ValueError("an import is outside of every section")

    place = find_offset(table)
    for index in range(_MOST_ENTRIES):
        (name,) = struct.unpack_from("<12xL", content, place + 20 * index)
        if not name:
            return
        start = find_offset(name)
        yield _read_name(content, start, start + _LONGEST_NAME).decode("ascii", "replace")


def _read_name(content: memoryview, start: int, end: int) -> bytes:
    """Return a text that ends with a zero byte, or at ``end``."""
    return bytes(content[start:end]).partition(b"\0")[0]


def _read_mach_o(content: memoryview) -> BinaryFacts:
    machines: set[str] = set()
    targets: list[tuple[int, int]] = []
    libraries: dict[str, None] = {}
    for start in _slices(content):
        machine, needed, linked = _mach_o_slice(content, start)
        machines.add(machine)
        targets += needed
        libraries |= dict.fromkeys(linked)
    return BinaryFacts("Mach-O", frozenset(machines), max(targets, default=None), tuple(libraries))


def _slices(content: memoryview) -> Iterator[int]:
    """Yield where the file of each machine starts."""
    layout = _UNIVERSAL.get(bytes(content[:4]))
    if layout is None:
        yield 0
        return
    size = struct.calcsize(layout)
    for index in range(int.from_bytes(content[4:8], "big")):
        yield struct.unpack_from(layout, content, BINARY_HEAD + index * size)[2]


def _mach_o_slice(content: memoryview, start: int) -> tuple[str, list[tuple[int, int]], list[str]]:
    """Return the machine of one file, and the oldest systems and the libraries that its load commands name."""
    order, _ = _MACH_O[bytes(content[start : start + 4])]
    (cpu,) = struct.unpack_from(f"{order}L", content, start + 4)
    targets, libraries = [], []
    for command in _iterate_load_commands(content, start):
        if command.version is not None:
            targets.append((command.version >> 16, command.version >> 8 & 0xFF))
        if command.number in _LOADING:
            name = _read_name(content, command.start + command.first, command.start + min(command.size, _LONGEST_NAME))
            libraries += [name.rpartition(b"/")[2].decode("utf-8", "replace")] * name.endswith(b".dylib")
    return _MACH_O_MACHINES.get(cpu, hex(cpu)), targets, libraries


class _LoadCommand(NamedTuple):
    """The first fields of a load command, and where it is in the file."""

    start: int
    number: int
    size: int
    first: int
    second: int

    @property
    def version(self) -> int | None:
        """Return the oldest system that it names, as its format packs it; None for another command."""
        if self.number == _BUILD_VERSION:
            return self.second
        return self.first if self.number in _MINIMUM_VERSIONS else None


def _iterate_load_commands(content: memoryview, start: int) -> Iterator[_LoadCommand]:
    order, size = _MACH_O[bytes(content[start : start + 4])]
    (count,) = struct.unpack_from(f"{order}L", content, start + 16)
    if count > _MOST_ENTRIES:
        raise ValueError(f"{count} load commands")
    offset = start + size
    for _ in range(count):
        command = _LoadCommand(offset, *struct.unpack_from(f"{order}4L", content, offset))
        yield command
        offset += command.size
