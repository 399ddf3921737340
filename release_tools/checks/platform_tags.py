"""Compare a wheel's tags with its content, and with what PyPI takes.

https://packaging.python.org/specifications/platform-compatibility-tags/
"""

import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from packaging.tags import Tag

from release_tools.artifacts import Wheel
from release_tools.artifacts.binaries import BinaryFacts, can_read_elf
from release_tools.engine.context import Context
from release_tools.model.note import Note, State
from release_tools.parsed_values import parse_json
from release_tools.system.credentials import remove_credentials
from release_tools.system.process import ProcessError, run
from release_tools.wording import count, list_some

_LINUX: Final = "x86_64|i686|aarch64|armv7l|ppc64le|s390x|riscv64"
_MAC: Final = "x86_64|arm64|universal2|universal|intel|fat|fat3|fat64|i386|ppc|ppc64"
_ACCEPTED: Final = re.compile(
    "any|win32|win_(?:amd64|arm64|ia64)|linux_armv[67]l"
    "|manylinux(?:1|2010)_(?:x86_64|i686)|manylinux2014_(?:x86_64|i686|aarch64|armv7l|ppc64|ppc64le|s390x)"
    rf"|manylinux_\d+_\d+_(?:{_LINUX}|ppc64)|musllinux_\d+_\d+_(?:{_LINUX})"
    rf"|macosx_10_\d+_(?:{_MAC})|macosx_(?:1[1-5]|26)_0_(?:{_MAC})"
    r"|ios_\d+_\d+_(?:arm64|x86_64)_(?:iphoneos|iphonesimulator)"
    r"|android_\d+_(?:armeabi_v7a|arm64_v8a|x86|x86_64)|pyemscripten_\d+_\d+_wasm32"
)
"""Platform tags that PyPI takes. Installers know no minor version of macOS from 11 on."""
_FUTURE: Final = re.compile(rf"macosx_(?:2[7-9]|[3-9]\d)_0_(?:{_MAC})")
"""Platform tags of systems that are newer than our list, which PyPI's may have."""
_TAG: Final = re.compile(r"(manylinux|musllinux|macosx|ios|linux|android|win)(?:_?(\d+))?(?:_(\d+))?_(\w+)")
_LEGACY: Final = {"1": (2, 5), "2010": (2, 12), "2014": (2, 17)}
_FORMATS: Final = {"manylinux": "ELF", "musllinux": "ELF", "linux": "ELF", "android": "ELF", "win": "PE"}
_ANDROID: Final = {"arm64_v8a": "aarch64", "armeabi_v7a": "armv7l", "x86": "i686"}
_UNIVERSAL: Final = {"universal2": frozenset({"x86_64", "arm64"})}
_LIBRARY: Final = re.compile(r"\.(?:so(?:\.\d+)*|pyd|dylib|dll)$")
_MODULE_VERSION: Final = re.compile(r"\.(?:cpython-|cp)(3\d{1,3}t?)-[^/]{0,255}\.(?:so|pyd)$")
_GLIBC: Final = "libc.so.6"
_MUSL: Final = re.compile(r"libc\.musl-.*|libc\.so")
_EVERYWHERE: Final = re.compile(
    r"ld(?:-linux.*|64|-musl.*)?\.so.*|lib(?:c|m|dl|rt|pthread|util|nsl|resolv|anl|mvec|atomic|gcc_s|stdc\+\+|z|expat)\.so.*"
    r"|libc\.musl-.*|lib(?:X11|Xext|Xrender|ICE|SM|GL|glib-2\.0|gobject-2\.0|gthread-2\.0)\.so.*|libpython3.*"
)
"""Libraries that a manylinux or musllinux wheel may expect of the system (PEP 600), and that of the interpreter."""
_INIT: Final = "release-tools init writes the workflow whose build jobs make wheels for everybody."
_REBUILD: Final = "Build it for the platform that its name says: release-tools plan names the job."
_INSTALL: Final = "Type: pip install 'python-release-tools[compiled]'"
_SHOWN: Final = 3


@dataclass(frozen=True)
class PlatformTag:
    """A platform tag, taken apart.

    Attributes:
        system: ``manylinux``, ``musllinux``, ``macosx``, ``win``, ``linux``, …; ``any``.
        version: of the system; None where the tag has none.
        machine: ``x86_64``, ``universal2``, ``amd64``, …; empty for ``any``.
    """

    system: str
    version: tuple[int, int] | None
    machine: str

    @classmethod
    def parse(cls, text: str) -> "PlatformTag":
        """Return the parts of a platform tag; an unknown one is a system of its own."""
        if text == "win32":
            return cls("win", None, "x86")
        match = _TAG.fullmatch(text)
        if not match:
            return cls(text, None, "")
        system, major, minor, machine = match.groups()
        if system == "manylinux" and major in _LEGACY and minor is None:
            return cls(system, _LEGACY[major], machine)
        return cls(system, (int(major), int(minor or 0)) if major else None, machine)

    @property
    def format(self) -> str:
        """Return the format of programs and libraries there; empty where we do not know it."""
        return "Mach-O" if self.system in ("macosx", "ios") else _FORMATS.get(self.system, "")

    @property
    def machines(self) -> frozenset[str]:
        """Return the machines that every library must be for."""
        machine = self.machine.removesuffix("_iphoneos").removesuffix("_iphonesimulator")
        if self.system == "android":
            machine = _ANDROID.get(machine, machine)
        return _UNIVERSAL.get(machine, frozenset({machine}))


def check_platform_tags(
    context: Context, wheels: Sequence[Wheel], trial: Collection[str] = (), *, is_for_pypi: bool
) -> tuple[Note, ...]:
    """Return a line for every fault of a wheel's tags, and one for all wheels without a fault.

    Args:
        context: the run's surroundings.
        wheels: all wheels of the release.
        trial: names of wheels that are not published, so that no index takes offence at their tags.
        is_for_pypi: whether the tags must be PyPI's.
    """
    beyond_abi3 = _audit_abi3(context, [wheel.path for wheel in wheels if _is_for_stable_abi(wheel)])
    notes: list[Note] = []
    sound: list[Mapping[str, BinaryFacts]] = []
    for wheel in wheels:
        found = [*_check_content(wheel), *beyond_abi3.get(wheel.path, ())]
        if wheel.path.name not in trial:
            found += check_accepted(wheel, is_fault=is_for_pypi)
        if _is_sound(wheel, found):
            sound.append(wheel.binaries)
        notes += found
    return (*notes, *_summarize(sound))


def _is_sound(wheel: Wheel, found: Iterable[Note]) -> bool:
    """Return whether a wheel for single platforms has libraries, and no fault was found."""
    return bool(wheel.binaries) and not is_pure(wheel) and all(note.state is not State.FAILED for note in found)


def _check_content(wheel: Wheel) -> Iterator[Note]:
    """Yield a line about everything in a wheel that does not fit its tags."""
    if is_pure(wheel):
        yield from _check_pure(wheel)
        return
    yield from _check_module_versions(wheel)
    yield from _find_unreadable(wheel)
    yield from _check_compiled(wheel)


def is_pure(wheel: Wheel) -> bool:
    """Return whether a wheel says that it runs everywhere."""
    return all(tag.platform == "any" for tag in wheel.tags)


def find_refused_platforms(tags: Iterable[Tag]) -> tuple[str, ...]:
    """Return the platform tags that PyPI does not take."""
    return tuple(sorted({tag.platform for tag in tags if not _ACCEPTED.fullmatch(tag.platform)}))


def check_accepted(wheel: Wheel, *, is_fault: bool) -> Iterator[Note]:
    """Return a line about each platform tag that PyPI does not take."""
    for platform in find_refused_platforms(wheel.tags):
        if _FUTURE.fullmatch(platform):
            yield Note(State.WARNING, f"{wheel.path.name}: PyPI may not take wheels tagged {platform} yet")
        else:
            state = State.FAILED if is_fault else State.WARNING
            yield Note(state, f"{wheel.path.name}: PyPI refuses wheels tagged {platform}", advice=_INIT)


def _check_pure(wheel: Wheel) -> Iterator[Note]:
    """Return a line about extension modules in a wheel that says it runs everywhere."""
    found = [member.name for member in wheel.members if _LIBRARY.search(member.name)]
    if found:
        advice = "If it is compiled for one platform, its build backend must say so; see [tool.cibuildwheel] too."
        state = State.FAILED if any(name.endswith((".so", ".pyd")) for name in found) else State.WARNING
        shown = list_some(found, _SHOWN)
        yield Note(
            state,
            f"{wheel.path.name}: tagged for every platform, but contains libraries for one platform",
            shown,
            advice,
        )


def _find_unreadable(wheel: Wheel) -> Iterator[Note]:
    """Return a line about each binary of a wheel that cannot be read."""
    if not can_read_elf() and any(facts.format == "ELF" for facts in wheel.binaries.values()):
        yield Note(State.WARNING, f"{wheel.path.name}: its binaries were not read", advice=_INSTALL)
        return
    for name, facts in wheel.binaries.items():
        if facts.fault:
            state = State.FAILED if _must_match(name) else State.WARNING
            text = f"{wheel.path.name}: {name} cannot be read as a program or library"
            yield Note(state, text, facts.fault, "Build the wheel again.")


def _check_compiled(wheel: Wheel) -> Iterator[Note]:
    """Return a line about everything in a wheel that does not fit its platform tags."""
    platforms = [PlatformTag.parse(tag) for tag in sorted({tag.platform for tag in wheel.tags})]
    readable = {name: facts for name, facts in wheel.binaries.items() if not facts.fault}
    for name in filter(_must_match, readable):
        for fault in _find_faults(platforms, readable[name]):
            yield Note(State.FAILED, f"{wheel.path.name}: {name} {fault}", advice=_REBUILD)
    yield from _check_foreign_libraries(wheel, platforms, readable)
    if not wheel.binaries:
        yield Note(State.WARNING, f"{wheel.path.name}: tagged for one platform, but nothing in it is compiled")


def _summarize(sound: Sequence[Mapping[str, BinaryFacts]]) -> Iterator[Note]:
    """Return one line about the wheels whose tags fit, with the newest glibc and macOS that any of them needs."""
    if not sound:
        return
    newest = _find_newest(facts for binaries in sound for facts in binaries.values())
    needs = ", ".join(f"{system} {major}.{minor}" for system, (major, minor) in sorted(newest.items()))
    total = sum(map(len, sound))
    text = f"the platform tags of {count(len(sound), 'wheel')} match the content ({count(total, 'binary', 'binaries')})"
    yield Note(State.DONE, text, f"highest requirements: {needs}" if needs else "")


def _find_newest(binaries: Iterable[BinaryFacts]) -> dict[str, tuple[int, int]]:
    """Return the newest glibc and the newest macOS that any binary needs, if any does."""
    newest: dict[str, tuple[int, int]] = {}
    for facts in binaries:
        if facts.needs:
            system = "macOS" if facts.format == "Mach-O" else "glibc"
            newest[system] = max(newest.get(system, facts.needs), facts.needs)
    return newest


def _must_match(name: str) -> bool:
    """Return whether a member is loaded where it is installed: a library, or a program that goes to a scripts folder.

    Launchers for other systems are data of some projects, so any other program is left alone.
    """
    parts = PurePosixPath(name).parts
    is_script = len(parts) > 1 and parts[0].endswith(".data") and parts[1] == "scripts"
    return is_script or _LIBRARY.search(name) is not None


def _find_faults(platforms: Iterable[PlatformTag], facts: BinaryFacts) -> list[str]:
    """Return what keeps a binary from running where any of the tags says that it does, each fault once."""
    return list(dict.fromkeys(fault for tag in platforms for fault in _find_mismatches(tag, facts)))


def _find_mismatches(tag: PlatformTag, facts: BinaryFacts) -> Iterator[str]:
    """Yield what keeps a binary from running where a tag says that it does."""
    if not tag.format:
        return
    if facts.format != tag.format:
        yield f"is {facts.format}, and not for {tag.system}"
        return
    if not tag.machines <= facts.machines:
        yield f"is for {' and '.join(sorted(facts.machines))}, and not for {' and '.join(sorted(tag.machines))}"
    yield from _find_wrong_libc(tag, facts)
    yield from _find_newer_system(tag, facts)


def _find_wrong_libc(tag: PlatformTag, facts: BinaryFacts) -> Iterator[str]:
    if tag.system == "musllinux" and _GLIBC in facts.libraries:
        yield "is linked with glibc, and not with musl"
    if tag.system == "manylinux" and any(map(_MUSL.fullmatch, facts.libraries)):
        yield "is linked with musl, and not with glibc"


def _find_newer_system(tag: PlatformTag, facts: BinaryFacts) -> Iterator[str]:
    system = {"manylinux": "glibc", "macosx": "macOS"}.get(tag.system)
    if system and facts.needs and tag.version and facts.needs > tag.version:
        needed, said = (".".join(map(str, version)) for version in (facts.needs, tag.version))
        yield f"needs {system} {needed}, but its tag promises {said}"


def _check_module_versions(wheel: Wheel) -> Iterator[Note]:
    """Return a line about each extension module that no Python of the wheel's tags would import."""
    abis = {tag.abi.removeprefix("cp") for tag in wheel.tags}
    if "none" in abis:
        return
    names = sorted({member.name for member in wheel.members})
    for match in filter(None, map(_MODULE_VERSION.search, names)):
        if match[1] not in abis:
            state = State.WARNING if _has_module_for(abis, match.string[: match.start()], names) else State.FAILED
            text = f"{wheel.path.name}: {match.string} is for Python {match[1][0]}.{match[1][1:]} alone"
            yield Note(state, text, advice=_REBUILD)


def _has_module_for(abis: set[str], stem: str, names: Iterable[str]) -> bool:
    """Return whether one of these files is a module of that name for one of these Pythons."""
    return any(name.startswith(f"{stem}.") and _imports_module(name, abis) for name in names)


def _imports_module(name: str, abis: set[str]) -> bool:
    match = _MODULE_VERSION.search(name)
    return match[1] in abis if match else _LIBRARY.search(name) is not None


def _check_foreign_libraries(
    wheel: Wheel, platforms: Iterable[PlatformTag], binaries: Mapping[str, BinaryFacts]
) -> Iterator[Note]:
    """Return a line about libraries that neither a Linux wheel nor the platform brings."""
    if {"manylinux", "musllinux"}.isdisjoint(tag.system for tag in platforms):
        return
    foreign = _list_foreign(binaries)
    if foreign:
        advice = "auditwheel repair puts them into the wheel; leave them out only if they come with another package."
        yield Note(
            State.WARNING, f"{wheel.path.name}: needs libraries that it does not contain", ", ".join(foreign), advice
        )


def _list_foreign(binaries: Mapping[str, BinaryFacts]) -> list[str]:
    """Return the libraries that neither these binaries are nor every Linux system has."""
    own = {PurePosixPath(name).name for name in binaries} | {facts.library_name for facts in binaries.values()}
    needed = {library for facts in binaries.values() for library in facts.libraries}
    return sorted(name for name in needed - own if not _EVERYWHERE.fullmatch(name))


def _audit_abi3(context: Context, paths: Sequence[Path]) -> dict[Path, list[Note]]:
    """Return lines about the extension modules that need more than the stable ABI of the Python that a tag names.

    One call of abi3audit reads all wheels; where it fails, each is read by a call of its own, to find the one at fault.
    """
    if not paths:
        return {}
    output = _run_abi3audit(context, paths)
    try:
        specs = parse_json(output[output.index("{") : output.rindex("}") + 1])["specs"]
        return {path: [*_read_audit(path.name, specs[str(path)]["wheel"])] for path in paths}
    except (ValueError, KeyError, TypeError) as error:
        if len(paths) > 1:
            return {path: notes for one in paths for path, notes in _audit_abi3(context, [one]).items()}
        said = " ".join(output.split())[-300:] or str(error)
        text = f"{paths[0].name}: abi3audit did not check its stable ABI"
        return {paths[0]: [Note(State.WARNING, text, said, _INSTALL)]}


def _run_abi3audit(context: Context, paths: Sequence[Path]) -> str:
    """Return the report of abi3audit, which exits with another code than 0 where it finds something."""
    argv = [sys.executable, "-I", "-m", "abi3audit", "--strict", "--report", *map(str, paths)]
    try:
        return run(argv, env=remove_credentials(context.env)).stdout
    except ProcessError as error:
        return error.output


def _is_for_stable_abi(wheel: Wheel) -> bool:
    return bool(wheel.binaries) and any("abi3" in tag.abi for tag in wheel.tags)


def _read_audit(filename: str, modules: Iterable[Mapping[str, Any]]) -> Iterator[Note]:
    """Return a line about each module of a wheel that abi3audit reports."""
    for module in modules:
        result = module["result"]
        beyond = sorted([*result["non_abi3_symbols"], *result["future_abi3_objects"]])
        if beyond:
            fault = f"{module['name']} needs more than the stable ABI of Python {result['baseline']}"
            advice = "Define Py_LIMITED_API for the oldest Python, or build a wheel for each."
            yield Note(State.FAILED, f"{filename}: {fault}", ", ".join(beyond[:_SHOWN]), advice)
