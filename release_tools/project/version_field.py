"""A version in a file: where it is, how it is written, and how it is replaced without changing anything else."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise
from typing import Final, Protocol, Self

from packaging.version import InvalidVersion, Version

_UTF8_BOM: Final = b"\xef\xbb\xbf"


class Role(Enum):
    """Describe what a field is to a release."""

    SOURCE = "source"  # the version that is built comes from here
    COPY = "copy"  # repeats it, in development as well
    CITATION = "citation"  # names the newest release, for those who cite or install it
    DATE = "date"  # the day of that release


class Spelling(Enum):
    """Describe how a file writes a version."""

    PEP440 = "PEP 440"
    SEMVER = "semantic versioning"
    SHORT = "major and minor number"


class Tree(Protocol):
    """The files of a project, as they are committed."""

    def paths(self) -> Sequence[str]:
        """Return the path of every file, relative to the project, with ``/``."""

    def read(self, path: str) -> bytes | None:
        """Return the content of a file; None where there is no regular file of that path."""


@dataclass(frozen=True)
class Text:
    """The text of a file, which can be turned into the same bytes again.

    Attributes:
        body: the text, with its own line ends, without a byte order mark.
        encoding: UTF-8, with or without a byte order mark; Latin-1, which loses no byte, for everything else.
    """

    body: str
    encoding: str

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Return the text of these bytes."""
        encoding = "utf-8-sig" if content.startswith(_UTF8_BOM) else "utf-8"
        try:
            return cls(content.decode(encoding), encoding)
        except UnicodeDecodeError:
            return cls(content.decode("latin-1"), "latin-1")

    def encode(self) -> bytes:
        """Return the bytes of the text."""
        return self.body.encode(self.encoding)


@dataclass(frozen=True)
class Part:
    """A part of a version that is made of several literals.

    Attributes:
        text: that it adds to the version.
        span: of the literal, in characters, without quotes; None for what is written between them.
        is_number: whether the literal is a number and not a string.
    """

    text: str
    span: tuple[int, int] | None = None
    is_number: bool = False


@dataclass(frozen=True)
class Found:
    """A value that a reader of a format found in a text.

    Attributes:
        name: of the key or variable, such as ``project.version``.
        value: as the file means it.
        start: of the value in the text, in characters, without quotes.
        end: after its last character.
        problem: why it cannot be replaced; empty where it can.
        bare: whether the format would read it as a number where it looks like one, for lack of quotes.
        parts: the literals that make the value together; empty where it is one.
    """

    name: str
    value: str
    start: int
    end: int
    problem: str = ""
    bare: bool = False
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class VersionField:
    """A field of a file that holds the project's version, or the day of its release.

    Attributes:
        path: of the file, relative to the project, with ``/``.
        name: of the key or variable.
        line: of the file, counted from 1.
        value: that the field has.
        role: what the field is to a release.
        spelling: how the file writes a version.
        span: the characters of the value in the file's text.
        problem: why it cannot be edited; empty where it can.
        bare: as of `Found`.
        parts: as of `Found`.
    """

    path: str
    name: str
    line: int
    value: str
    role: Role
    spelling: Spelling = Spelling.PEP440
    span: tuple[int, int] = (0, 0)
    problem: str = ""
    bare: bool = False
    parts: tuple[Part, ...] = ()

    @classmethod
    def of(
        cls, path: str, text: Text, found: Found, role: Role = Role.COPY, spelling: Spelling = Spelling.PEP440
    ) -> Self:
        """Return the field of a value that was found in a file."""
        line = len(text.body[: found.start].replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        span = (found.start, found.end)
        return cls(path, found.name, line, found.value, role, spelling, span, found.problem, found.bare, found.parts)

    @property
    def where(self) -> str:
        """Return the file, the line and the field, as messages name them."""
        return f"{self.path}:{self.line}: {self.name}"

    @property
    def version(self) -> Version | None:
        """Return the version that the field holds; None where it is none."""
        try:
            return Version(self.value)
        except InvalidVersion:
            return None

    @property
    def is_placeholder(self) -> bool:
        """Return whether the value is one that some tool replaces during the build, such as 0.0.0."""
        version = self.version
        return version is not None and not any(version.release)

    def agrees(self, version: Version) -> bool:
        """Return whether the field holds this version, in its own spelling."""
        if self.spelling is Spelling.SHORT:
            own = self.version
            return own is not None and own.release == version.release[: len(own.release)]
        return self.version == version

    def spell(self, version: Version) -> str:
        """Return another version as this field writes one; empty where it cannot be written so."""
        text = self._spell_number(version)
        return f"{self.value[0]}{text}" if text and self.value[:1] in {"v", "V"} else text

    def _spell_number(self, version: Version) -> str:
        """Return the version without the ``v`` that may be before it."""
        if self.spelling is Spelling.SHORT:
            return self._shorten(version)
        if self.spelling is Spelling.SEMVER:
            return to_semver(version)
        if self.parts:
            return next((text for text in (str(version), _pad(version)) if divide(self.parts, text)), "")
        return str(version)

    def _shorten(self, version: Version) -> str:
        """Return as many numbers of a version as the field has."""
        own = self.version
        return ".".join(map(str, version.release[: len(own.release)])) if own else ""

    def mark_unusable(self, reason: str) -> Self:
        """Return the same field with a reason why it is left as it is."""
        return replace(self, problem=self.problem or reason)


def to_semver(version: Version) -> str:
    """Return a version as npm and Cargo write it: ``1.4.0-rc.1``; empty where semantic versioning has no such version.

    https://semver.org/#spec-item-9
    """
    if not _has_semver(version):
        return ""
    text = ".".join(map(str, (*version.release, 0, 0)[:3]))
    names = {"a": "alpha", "b": "beta", "rc": "rc"}
    before = [f"{names[version.pre[0]]}.{version.pre[1]}"] if version.pre else []
    before += [f"dev.{version.dev}"] if version.dev is not None else []
    return "-".join([text, ".".join(before)]) if before else text


def _has_semver(version: Version) -> bool:
    """Return whether semantic versioning has a version with these parts."""
    has_more = version.epoch or version.post is not None or version.local
    return not has_more and len(version.release) <= 3  # noqa: PLR2004


def divide(parts: Sequence[Part], text: str) -> dict[tuple[int, int], str]:
    """Return the new texts of literals that shall make a text together; empty where they cannot, or in several ways."""
    if not _is_divisible(parts):
        return {}
    found = re.fullmatch("".join(map(_write_expression, parts)), text)
    spans = [part.span for part in parts if part.span is not None]
    return dict(zip(spans, found.groups(), strict=True)) if found else {}


def _is_divisible(parts: Sequence[Part]) -> bool:
    """Return whether a text can be divided among literals in one way only."""
    is_adjacent = any(one.span and other.span for one, other in pairwise(parts))
    open_ends = [part for part in parts if _is_open_ended(part)]
    return not is_adjacent and len(open_ends) <= 1


def _is_open_ended(part: Part) -> bool:
    """Return whether a part is a literal that may have any number of dots."""
    return part.span is not None and "." in part.text


def _write_expression(part: Part) -> str:
    """Return the regular expression of what a part may become: a group, unless it is written between literals."""
    if part.span is None:
        return re.escape(part.text)
    if part.is_number:
        return r"(\d+)"
    return r"(.+)" if "." in part.text else r"([^.]+)"


def _pad(version: Version) -> str:
    """Return a final version with three numbers: ``1.4`` as ``1.4.0``."""
    is_final = not (version.is_prerelease or version.is_postrelease or version.local or version.epoch)
    return ".".join(map(str, (*version.release, 0, 0)[: max(3, len(version.release))])) if is_final else ""


def write_values(text: str, values: Mapping[VersionField, str]) -> str:
    """Return a text with other values in its fields; every other character stays."""
    edits: dict[tuple[int, int], str] = {}
    for field, value in values.items():
        edits |= divide(field.parts, value) if field.parts else {field.span: _quote(field, value)}
    for (start, end), new in sorted(edits.items(), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _quote(field: VersionField, value: str) -> str:
    """Return a value with quotes, where a field without them would read as another number: 1.10 as 1.1."""
    if not field.bare:
        return value
    try:
        return value if str(float(value)) == value else f'"{value}"'
    except ValueError:
        return value


def drop_duplicates(fields: Iterable[VersionField]) -> list[VersionField]:
    """Return the fields in their order, each value of a file once."""
    known: dict[tuple[str, tuple[int, int], str], VersionField] = {}
    for field in fields:
        key = (field.path, field.span, field.name if field.problem else "")
        known.setdefault(key, field)
    return list(known.values())
