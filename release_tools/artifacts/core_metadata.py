"""Core metadata and entry points, as wheels and sdists carry them.

https://packaging.python.org/specifications/core-metadata/ and https://packaging.python.org/specifications/entry-points/
"""

import configparser
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import Final

from packaging.metadata import InvalidMetadata, Metadata, RawMetadata, parse_email
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from release_tools.artifacts.members import REBUILD, told
from release_tools.errors import ArchiveError

_USED: Final = ("name", "version", "requires_dist", "requires_python", "provides_extra")
_ONLY_ONCE: Final = {"metadata-version", "name", "version", "requires-python", "license-expression", "summary"}


@dataclass(frozen=True)
class CoreMetadata:
    """What a distribution says of itself.

    Attributes:
        parsed: by packaging; name, version, requirements and extras have been validated, other fields have not.
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
        """The project's name, as it spells it."""
        return self.parsed.name

    @property
    def version(self) -> Version:
        """The project's version."""
        return self.parsed.version


def parse_metadata(content: bytes, shown: str) -> CoreMetadata:
    """Read METADATA or PKG-INFO.

    Args:
        content: the document.
        shown: what to call it in an error.

    Raises:
        ArchiveError: a field that a release depends on is missing, repeated or invalid; all of them are told at once.
    """
    raw, unknown = parse_email(content)
    parsed = Metadata.from_raw(raw, validate=False)
    faults = [f"{field}: cannot be read, or is there twice" for field in sorted(_ONLY_ONCE & unknown.keys())]
    for field in _USED:
        try:
            getattr(parsed, field)
        except InvalidMetadata as error:
            faults.append(f"{error.field}: {told(error)}")
    if faults:
        raise ArchiveError(f"{shown}: invalid metadata", "Correct it in pyproject.toml and build anew.", faults=faults)
    return CoreMetadata(parsed, raw, unknown, content)


def check_identity(metadata: CoreMetadata, name: str, version: str, shown: str, place: str) -> None:
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
            f"{shown}: {place} says {name} {version}, its metadata says {metadata.name} {metadata.version}", REBUILD
        )


def parse_entry_points(content: bytes, shown: str) -> tuple[EntryPoint, ...]:
    """Read entry_points.txt, case kept.

    Raises:
        ArchiveError: it is not what the specification says, or names a script that lies elsewhere.
    """
    parser = _CaseKept(delimiters=("=",), interpolation=None)
    try:
        parser.read_string(content.decode())
    except (configparser.Error, UnicodeDecodeError) as error:
        raise ArchiveError(f"{shown}: {told(error)}", REBUILD) from error
    points = tuple(
        EntryPoint(name=name, value=value, group=group)
        for group in parser.sections()
        for name, value in parser[group].items()
    )
    for point in points:
        script = point.group in {"console_scripts", "gui_scripts"}
        readable = point.pattern.match(point.value) and point.name.isprintable() and point.value.isprintable()
        if not readable or (script and (not point.attr or set("/\\:") & set(point.name))):
            raise ArchiveError(f"{shown}: entry point {point.name!r} = {point.value!r} is invalid", REBUILD)
    return points


class _CaseKept(configparser.ConfigParser):
    """``Demo`` and ``demo`` are two commands."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr
