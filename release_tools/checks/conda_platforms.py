"""Compare the libraries of conda packages with the platform of their subdir."""

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Final

from release_tools.artifacts import CondaPackage
from release_tools.artifacts.binaries import BINARY_HEAD, is_binary, read_binary
from release_tools.builders.conda.normalise import iterate_members
from release_tools.model.note import Note, State
from release_tools.wording import list_some

_LIBRARY: Final = re.compile(r"\.(?:so(?:\.\d+)*|pyd|dll|dylib)$")
_PLATFORMS: Final = {
    "linux-64": ("ELF", "x86_64"),
    "linux-aarch64": ("ELF", "aarch64"),
    "osx-64": ("Mach-O", "x86_64"),
    "osx-arm64": ("Mach-O", "arm64"),
    "win-64": ("PE", "amd64"),
    "win-arm64": ("PE", "arm64"),
}
"""Format and machine of the libraries in each subdir; one that is not here is not checked."""


def check_conda_platforms(packages: Sequence[CondaPackage]) -> Iterator[Note]:
    """Yield a failed line for each package with libraries for another platform than that of its subdir.

    Programs are left out: some packages bring those of other systems along on purpose.
    """
    for package in packages:
        if package.subdir in _PLATFORMS and (foreign := sorted(_find_foreign(package))):
            advice = "Build it on a runner for that platform, or with a cross-compiler that the recipe names."
            text = f"{package.subdir}/{package.path.name}: has libraries for another platform"
            yield Note(State.FAILED, text, list_some(foreign), advice)


def _find_foreign(package: CondaPackage) -> Iterator[str]:
    """Yield each library for another platform, with its own."""
    wanted = _PLATFORMS[package.subdir]
    for name, content in _read_libraries(package):
        facts = read_binary(BytesIO(content))
        if not facts.fault and (facts.format != wanted[0] or wanted[1] not in facts.machines):
            yield f"{name} ({facts.format}, {' and '.join(sorted(facts.machines))})"


def _read_libraries(package: CondaPackage) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each library, as far as its format is one that we know."""
    for archive, member in iterate_members(package.path):
        if member.isfile() and _LIBRARY.search(member.name) and (file := archive.extractfile(member)):
            content = file.read()
            if is_binary(content[:BINARY_HEAD]):
                yield member.name, content
