"""The facts of programs for other systems: as LIEF reads them, and never an exception."""

from collections.abc import Callable
from io import BytesIO

import lief
import pytest

from release_tools.artifacts.binaries import BinaryFacts, can_read_elf, is_binary, read_binary
from tests.compiled import binaries
from tests.compiled.binaries import MAC_ARM, MAC_INTEL, NEW_MAC, WINDOWS, WINDOWS_ARM, module, universal

pytestmark = pytest.mark.skipif(
    not binaries.has_compiler() or not can_read_elf(),
    reason="needs ziglang and pyelftools: uv pip install -e '.[compiled]' ziglang",
)
MACS: dict[str, Callable[[], bytes]] = {
    "ARM": lambda: module(MAC_ARM),
    "Intel": lambda: module(MAC_INTEL),
    "a new one": lambda: module(NEW_MAC),
    "both": lambda: universal(module(MAC_INTEL), module(NEW_MAC)),
}
ELFS = (binaries.GLIBC_2_17, binaries.GLIBC_ARM, binaries.MUSL)


def facts(content: bytes) -> BinaryFacts:
    return read_binary(BytesIO(content))


@pytest.mark.parametrize("name", MACS)
def test_mach_o_is_read_as_lief_reads_it(name: str) -> None:
    content = MACS[name]()
    slices = lief.MachO.parse(content)
    assert slices is not None
    found = facts(content)
    assert found.machines == {one.header.cpu_type.name.lower() for one in slices}
    targets = [(one.build_version or one.version_min) for one in slices]
    versions = [one.minos if isinstance(one, lief.MachO.BuildVersion) else one.version for one in targets if one]
    assert found.needs == (max(versions)[0], max(versions)[1])


@pytest.mark.parametrize("target", [WINDOWS, WINDOWS_ARM])
def test_pe_is_read_as_lief_reads_it(target: str) -> None:
    content = module(target)
    file = lief.PE.parse(content)
    assert file is not None
    assert facts(content).machines == {file.header.machine.name.lower()}


@pytest.mark.parametrize("target", ELFS)
def test_elf_is_read_as_lief_reads_it(target: str) -> None:
    content = module(target)
    file = lief.ELF.parse(content)
    assert file is not None
    assert list(facts(content).libraries) == file.libraries


@pytest.mark.slow
@pytest.mark.parametrize("make", [*MACS.values(), lambda: module(WINDOWS), lambda: module(ELFS[0])])
def test_a_program_that_is_cut_off_or_damaged_has_a_fault_or_facts(make: Callable[[], bytes]) -> None:
    whole = make()
    for size in (*range(8, 200), *range(200, len(whole), 1501)):
        assert facts(whole[:size]).format
    for at in range(8, min(len(whole), 2000), 13):
        assert facts(whole[:at] + b"\xff" * 4 + whole[at + 4 :]).format
    assert facts(whole[:20]).fault


def test_other_files_are_no_programs() -> None:
    java_class = b"\xca\xfe\xba\xbe\x00\x00\x00\x41"
    assert not any(map(is_binary, (b"", b"\x7fEL", java_class, b"#!/bin/sh", bytes(8))))
