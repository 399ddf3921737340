"""Check what is inside the files: nothing that must not be installed, and nothing left out that should be there."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name

from release_tools.artifacts import CondaPackage, Sdist, Wheel
from release_tools.artifacts.install_scheme import install_path_of
from release_tools.checks.artifacts import ReleaseFiles
from release_tools.checks.windows_names import find_windows_fault
from release_tools.config.schema import VerifyConfig
from release_tools.model.note import Note, State
from release_tools.wording import list_some

_STRAYS: Final = frozenset(
    {
        "benchmark", "benchmarks", "build", "conftest", "dist", "doc", "docs", "example", "examples", "notebooks",
        "script", "scripts", "setup", "src", "test", "tests", "tools",
    }
)  # fmt: skip
_MARKER: Final = "py.typed"
_CURES: Final = {
    "Git LFS": "Run: git lfs pull. In a workflow, set lfs: true for actions/checkout.",
    "git-annex": "Commit the content itself, or have the build fetch it: a clone has no content of git-annex.",
    "git-crypt": "Keep encrypted files out of the package: a clone has them only encrypted.",
}


def check_contents(config: VerifyConfig, subject: ReleaseFiles) -> tuple[Note, ...]:
    """Check for placeholders, stray top-level modules, license texts, type markers and names for Windows."""
    notes = [*_check_placeholders(config, subject), *_check_windows_names(subject)]
    for wheel in subject.wheels:
        faults = [*_find_strays(config, wheel), *_check_type_marker(wheel, subject)]
        notes += faults or [Note(State.DONE, f"{len(wheel.members)} files in the wheel match RECORD")]
        notes += _check_license(wheel)
    return tuple(notes)


def _check_placeholders(config: VerifyConfig, subject: ReleaseFiles) -> Iterator[Note]:
    """Yield a fault for each tool whose placeholders would be released instead of content."""
    found: dict[str, list[str]] = {}
    for path, tool in _find_placeholders(subject):
        paths = found.setdefault(tool, [])
        if not _is_accepted(path, config.placeholders) and not _is_listed(path, paths):
            paths.append(path)
    for tool, paths in found.items():
        if paths:
            yield Note(
                State.FAILED,
                f"{tool} pointers would be released instead of the files' content",
                list_some(paths),
                f'{_CURES[tool]} If that is intended, set verify.placeholders = ["{paths[0]}"].',
            )


def _find_placeholders(subject: ReleaseFiles) -> Iterator[tuple[str, str]]:
    """Yield the path of each placeholder, and the tool that it is for."""
    for archive in _iterate_archives(subject):
        for member in archive.members:
            if member.placeholder:
                yield _find_path(archive, member.name), member.placeholder


def _is_accepted(path: str, patterns: Iterable[str]) -> bool:
    """Return whether a path, or its end, matches a pattern."""
    return any(fnmatch(path, pattern) or fnmatch(path, f"*/{pattern}") for pattern in patterns)


def _check_windows_names(subject: ReleaseFiles) -> Iterator[Note]:
    """Yield a warning about names that Windows cannot have, in files that would be installed there."""
    found: dict[str, str] = {}
    for archive in filter(_is_for_windows, _iterate_archives(subject)):
        for path in _iterate_paths(archive):
            fault = find_windows_fault(path)
            if fault and not _is_listed(path, found):
                found[path] = fault
    if found:
        yield Note(
            State.WARNING,
            "files have names that are not allowed on Windows, where the package could not be installed",
            list_some([f"{path} ({fault})" for path, fault in found.items()]),
            "Rename them.",
        )


def _iterate_paths(archive: Sdist | Wheel | CondaPackage) -> Iterator[str]:
    """Yield the paths of an archive's members as the project would write them."""
    for member in archive.members:
        yield _find_path(archive, member.name)


def _iterate_archives(subject: ReleaseFiles) -> Iterator[Sdist | Wheel | CondaPackage]:
    """Yield every archive; sdists last, where paths may be longer: ``src/demo`` for ``demo``."""
    yield from subject.wheels
    yield from subject.condas
    yield from subject.sdists


def _is_listed(path: str, paths: Iterable[str]) -> bool:
    """Return whether a file is named already, by the path that another archive has for it."""
    return any(path == known or path.endswith(f"/{known}") for known in paths)


def _is_for_windows(archive: Sdist | Wheel | CondaPackage) -> bool:
    if isinstance(archive, Wheel):
        return any(tag.platform == "any" or tag.platform.startswith("win") for tag in archive.tags)
    return not isinstance(archive, CondaPackage) or archive.subdir.startswith(("noarch", "win"))


def _find_path(archive: Sdist | Wheel | CondaPackage, name: str) -> str:
    """Return a member's path as the project would write it: without the folder of an sdist or of a conda package."""
    if isinstance(archive, Sdist):
        return name.partition("/")[2]
    return name.removeprefix("site-packages/")


def _find_strays(config: VerifyConfig, wheel: Wheel) -> Iterator[Note]:
    accepted = {*config.top_level, *_find_own_names(wheel)}
    for name in sorted({entry.partition(".")[0] for entry in wheel.top_level} & _STRAYS - accepted):
        yield Note(
            State.FAILED,
            f"the wheel would install a top-level module {name!r}, which may collide with other projects",
            advice=(
                f'Exclude it in the settings of your build backend, or accept it with verify.top-level = ["{name}"].'
            ),
        )


def _find_own_names(wheel: Wheel) -> set[str]:
    """Return the stray names that the project itself has, as a project called ``examples``."""
    own = canonicalize_name(wheel.metadata.name)
    return {name for name in _STRAYS if canonicalize_name(name) == own}


def _check_type_marker(wheel: Wheel, subject: ReleaseFiles) -> Iterator[Note]:
    installed = _list_installed(wheel)
    folders = {str(PurePosixPath(path).parent) for path in installed}
    for package in _find_typed_packages(subject.sdists):
        if package in folders and f"{package}/{_MARKER}" not in installed:
            yield Note(
                State.FAILED,
                f"{package}/{_MARKER} is in the sdist but not in the wheel",
                advice="Add it to the package data; without it, type checkers ignore the package's types (PEP 561).",
            )


def _list_installed(wheel: Wheel) -> set[str]:
    """Return the paths to which a wheel's files are installed, each below the folder of its scheme."""
    places = (install_path_of(member.name) for member in wheel.members)
    return {place.path for place in places if place}


def _find_typed_packages(sdists: Iterable[Sdist]) -> Iterator[str]:
    """Yield the packages of sdists that have a type marker, by their paths without the folder ``src``."""
    for sdist in sdists:
        for member in sdist.members:
            path = PurePosixPath(member.name)
            if path.name == _MARKER:
                yield "/".join(part for part in path.parts[1:-1] if part != "src")


def _check_license(wheel: Wheel) -> Iterator[Note]:
    if wheel.license_files:
        names = ", ".join(sorted(PurePosixPath(name).name for name in wheel.license_files))
        yield Note(State.DONE, "license inside", names)
    else:
        advice = "Add a LICENSE file, or list the license files in project.license-files of pyproject.toml (PEP 639)."
        yield Note(State.WARNING, "the wheel contains no license file", advice=advice)
