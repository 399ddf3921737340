"""What is inside the files: nothing that should not be installed, and nothing that should be there left out."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name

from release_tools.artifacts import Wheel
from release_tools.artifacts.install_scheme import install_path_of
from release_tools.checks.artifacts import ReleaseFiles
from release_tools.config.schema import VerifyConfig
from release_tools.model.note import Note, State

_STRAYS: Final = frozenset(
    {
        "benchmark", "benchmarks", "build", "conftest", "dist", "doc", "docs", "example", "examples", "notebooks",
        "script", "scripts", "setup", "src", "test", "tests", "tools",
    }
)  # fmt: skip
_MARKER: Final = "py.typed"


def check_contents(config: VerifyConfig, subject: ReleaseFiles) -> tuple[Note, ...]:
    """Stray top-level modules, license texts, type markers, and RECORD."""
    notes: list[Note] = []
    for wheel in subject.wheels:
        faults = [*_strays(config, wheel), *_untyped(wheel, subject)]
        notes += faults or [Note(State.DONE, f"{len(wheel.members)} files in the wheel, each as its RECORD says")]
        notes += _license(wheel)
    return tuple(notes)


def _strays(config: VerifyConfig, wheel: Wheel) -> Iterator[Note]:
    own = canonicalize_name(wheel.metadata.name)
    for name in sorted({entry.partition(".")[0] for entry in wheel.top_level}):
        if name in _STRAYS and canonicalize_name(name) != own and name not in config.top_level:
            yield Note(
                State.FAILED,
                f"the wheel would install {name!r} beside the package, for everyone",
                advice=f'Exclude it in your backend\'s settings, or accept it: verify.top-level = ["{name}"].',
            )


def _untyped(wheel: Wheel, subject: ReleaseFiles) -> Iterator[Note]:
    installed = {place.path for member in wheel.members if (place := install_path_of(member.name))}
    folders = {str(PurePosixPath(path).parent) for path in installed}
    for sdist in subject.sdists:
        for member in sdist.members:
            path = PurePosixPath(member.name)
            package = "/".join(part for part in path.parts[1:-1] if part != "src")
            if path.name == _MARKER and package in folders and f"{package}/{_MARKER}" not in installed:
                yield Note(
                    State.FAILED,
                    f"{package}/{_MARKER} is in the sdist but not in the wheel",
                    advice="Add it to the package data: without it type checkers ignore its types (PEP 561).",
                )


def _license(wheel: Wheel) -> Iterator[Note]:
    if wheel.license_files:
        names = ", ".join(sorted(PurePosixPath(name).name for name in wheel.license_files))
        yield Note(State.DONE, "license inside", names)
    else:
        advice = "Add a file LICENSE, or name the files of another name: license-files in pyproject.toml (PEP 639)."
        yield Note(State.WARNING, "the wheel holds no license text", advice=advice)
