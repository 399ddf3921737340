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
    points = []
    for point in (EntryPoint(name, value, group) for group in parser.sections() for name, value in parser.items(group)):
        is_script = point.group in _SCRIPTS
        is_readable = point.pattern.match(point.value) and point.name.isprintable() and point.value.isprintable()
        if is_script and (not is_readable or not point.attr or set("/\\:") & set(point.name)):
            raise ArchiveError(f"{shown}: entry point {point.name!r} = {point.value!r} is invalid", REBUILD)
        if is_readable:
            points.append(point)
    return tuple(points)


class _CaseKept(configparser.ConfigParser):
    """A parser for which ``Demo`` and ``demo`` are two commands."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr
