"""Read what a compiled member of a wheel runs on: ELF by pyelftools, Mach-O and PE by LIEF.

Both are in the extra ``compiled``. pyelftools reads a few sections of a large library in milliseconds; LIEF is the only
reader of Mach-O.
"""

import io
import re
from dataclasses import dataclass
from typing import Final

from release_tools.errors import ArchiveError

_ELF_MACHINES: Final = {
    "EM_X86_64": "x86_64",
    "EM_386": "i686",
    "EM_AARCH64": "aarch64",
    "EM_ARM": "armv7l",
    "EM_S390": "s390x",
    "EM_RISCV": "riscv64",
}
_MACH_O_MACHINES: Final = {"ARM64": "arm64", "X86_64": "x86_64", "X86": "i386"}
_PE_MACHINES: Final = {"AMD64": "amd64", "I386": "x86", "ARM64": "arm64"}
_GLIBC: Final = re.compile(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?")
_REBUILD: Final = "Build the wheel again."


@dataclass(frozen=True)
class BinaryFacts:
    """Describe what a program or library runs on.

    Attributes:
        format: ``ELF``, ``Mach-O`` or ``PE``.
        machines: as platform tags name them; several in a universal Mach-O file.
        needs: the oldest glibc (ELF) or macOS (Mach-O) that it runs on, as (major, minor); None where it does not say.
        libraries: the names of the libraries that it is linked with.
        library_name: the name that others link it by; empty where it has none.
    """

    format: str
    machines: frozenset[str]
    needs: tuple[int, int] | None = None
    libraries: tuple[str, ...] = ()
    library_name: str = ""


def is_readable() -> bool:
    """Return whether the libraries that read binaries are installed."""
    from importlib.util import find_spec

    return all(find_spec(name) for name in ("elftools", "lief"))


def read_binary(content: bytes, shown: str) -> BinaryFacts:
    """Read a program or library that `release_tools.artifacts.executables.is_binary` recognizes.

    Args:
        content: the whole file.
        shown: what to call it in an error.

    Raises:
        ArchiveError: it is corrupt.
    """
    try:
        if content[:4] == b"\x7fELF":
            return _read_elf(content)
        return _read_portable_executable(content) if content[:2] == b"MZ" else _read_mach_o(content)
    except Exception as error:  # noqa: BLE001 - whatever the two parsers raise on bytes of others
        raise ArchiveError(f"{shown}: cannot be read as a program or library: {error}", _REBUILD) from None


def _read_elf(content: bytes) -> BinaryFacts:
    from elftools.elf.dynamic import DynamicSegment
    from elftools.elf.elffile import ELFFile
    from elftools.elf.gnuversions import GNUVerNeedSection

    file = ELFFile(io.BytesIO(content))
    machine = str(file["e_machine"])
    if machine == "EM_PPC64":
        name = "ppc64le" if file.little_endian else "ppc64"
    else:
        name = _ELF_MACHINES.get(machine, machine)
    libraries, library_name = [], ""
    for segment in file.iter_segments("PT_DYNAMIC"):
        if isinstance(segment, DynamicSegment):
            libraries += [str(vars(tag)["needed"]) for tag in segment.iter_tags("DT_NEEDED")]
            library_name = next((str(vars(tag)["soname"]) for tag in segment.iter_tags("DT_SONAME")), library_name)
    versions = []
    for section in file.iter_sections("SHT_GNU_verneed"):
        if isinstance(section, GNUVerNeedSection):
            names = [auxiliary.name for _, needed in section.iter_versions() for auxiliary in needed]
            found = [match for match in map(_GLIBC.fullmatch, names) if match]
            versions += [(int(match[1]), int(match[2])) for match in found]
    return BinaryFacts("ELF", frozenset({name}), max(versions, default=None), tuple(libraries), library_name)


def _read_mach_o(content: bytes) -> BinaryFacts:
    import lief

    lief.logging.disable()  # it would print what it cannot make sense of
    slices = lief.MachO.parse(content, lief.MachO.ParserConfig.quick)
    if slices is None:
        raise ValueError("no Mach-O file")
    machines, targets = set(), []
    for one in slices:
        machine = one.header.cpu_type.name
        machines.add(_MACH_O_MACHINES.get(machine, machine))
        build, oldest = one.build_version, one.version_min
        version = build.minos if build else oldest.version if oldest else None
        if version:
            targets.append((int(version[0]), int(version[1])))
    return BinaryFacts("Mach-O", frozenset(machines), max(targets, default=None))


def _read_portable_executable(content: bytes) -> BinaryFacts:
    import lief

    lief.logging.disable()
    config = lief.PE.ParserConfig()
    config.parse_signature = config.parse_exports = config.parse_imports = config.parse_rsrc = False
    config.parse_reloc = config.parse_exceptions = config.parse_arm64x_binary = False
    file = lief.PE.parse(content, config)
    if file is None:
        raise ValueError("no PE file")
    machine = file.header.machine.name
    return BinaryFacts("PE", frozenset({_PE_MACHINES.get(machine, machine)}))
