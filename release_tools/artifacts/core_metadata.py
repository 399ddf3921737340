"""Read core metadata and entry points of wheels and sdists.

https://packaging.python.org/specifications/core-metadata/ and https://packaging.python.org/specifications/entry-points/
"""

import configparser
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Final

from packaging.metadata import InvalidMetadata, Metadata, RawMetadata, parse_email
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from release_tools.artifacts.members import REBUILD, join_lines
from release_tools.errors import ArchiveError

_USED: Final = ("name", "version", "requires_dist", "requires_python", "provides_extra")
_SCRIPTS: Final = ("console_scripts", "gui_scripts")
_ONLY_ONCE: Final = {"metadata-version", "name", "version", "requires-python", "license-expression", "summary"}


@dataclass(frozen=True)
class CoreMetadata:
    """The metadata of a distribution.

    Attributes:
        parsed: as packaging reads it; name, version, requirements and extras are valid, other fields may not be.
        raw: the same fields as text.
        unknown: header fields that packaging does not know or could not read, by lower-case name.
        content: the document's bytes.
    """

    parsed: Metadata
    raw: RawMetadata
    unknown: dict[str, list[str]]
    content: bytes

    @property
    def name(self) -> str:
        """Return the project's name, in its own spelling."""
        return self.parsed.name

    @property
    def version(self) -> Version:
        """Return the project's version."""
        return self.parsed.version


def parse_metadata(content: bytes, shown: str) -> CoreMetadata:
    """Read METADATA or PKG-INFO.

    Args:
        content: the document.
        shown: its name, for errors.

    Raises:
        ArchiveError: fields that a release depends on are missing, repeated or invalid; it names all of them.
    """
    raw, unknown = parse_email(content)
    parsed = Metadata.from_raw(raw, validate=False)
    faults = [f"{field}: cannot be read, or is repeated" for field in sorted(_ONLY_ONCE & unknown.keys())]
    for field in _USED:
        try:
            getattr(parsed, field)
        except InvalidMetadata as error:
            faults.append(f"{error.field}: {join_lines(str(error))}")
    if faults:
        raise ArchiveError(f"{shown}: invalid metadata", "Correct it in pyproject.toml and build again.", faults=faults)
    return CoreMetadata(parsed, raw, unknown, content)


def check_identity(metadata: CoreMetadata, name: str, version: str, shown: str, origin: str) -> None:
    """Compare a document's name and version with those of the file's or folder's name.

    Raises:
        ArchiveError: they are not the same project and version.
    """
    try:
        same = canonicalize_name(name) == canonicalize_name(metadata.name) and Version(version) == metadata.version
    except InvalidVersion:
        same = False
    if not same:
        raise ArchiveError(
            f"{shown}: {origin} says {name} {version}, its metadata says {metadata.name} {metadata.version}", REBUILD
        )


def parse_entry_points(content: bytes, shown: str) -> tuple[EntryPoint, ...]:
    """Read the entry points of entry_points.txt that are object references, case kept.

    Those of a group of some application may have values of another kind; only that application reads them.

    Raises:
        ArchiveError: the file cannot be read, or a script is no object reference or would be installed in another
            folder.
    """
    parser = _CaseKept(delimiters=("=",), interpolation=None)
    try:
        parser.read_string(content.decode())
    except (configparser.Error, UnicodeDecodeError) as error:
        raise ArchiveError(f"{shown}: {join_lines(str(error))}", REBUILD) from error
    points = [EntryPoint(name, value, group) for group in parser.sections() for name, value in parser.items(group)]
    for point in points:
        if point.group in _SCRIPTS and not _is_command(point):
            raise ArchiveError(f"{shown}: entry point {point.name!r} = {point.value!r} is invalid", REBUILD)
    return tuple(filter(_is_reference, points))


def _is_reference(point: EntryPoint) -> bool:
    """Return whether the value of an entry point refers to an object."""
    return bool(point.pattern.match(point.value)) and point.name.isprintable() and point.value.isprintable()


def _is_command(point: EntryPoint) -> bool:
    """Return whether an installer can make a command of an entry point, in the folder for commands."""
    return _is_reference(point) and bool(point.attr) and set("/\\:").isdisjoint(point.name)


class _CaseKept(configparser.ConfigParser):
    """A parser for which ``Demo`` and ``demo`` are two commands."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr
