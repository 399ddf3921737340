"""A changelog in Markdown (Keep a Changelog and its kin), reStructuredText or AsciiDoc, and its sections.

A section is the text between one version's heading and the next. Work in progress is called Unreleased, or has a
version and the word "unreleased" in the heading or on the first line below. A file without headings may have its
versions in bold, after ``=``, or on lines of their own.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Self

from packaging.version import Version

from release_tools.history.headings import Heading, Markup, find_headings, recognise_markup, split_lines
from release_tools.history.version_headings import (
    DATE,
    IN_PROGRESS,
    HeadingReader,
    HeadingVersions,
    find_name_before_version,
    find_title_names,
    strip_title,
    to_version,
)

__all__ = ["IN_PROGRESS", "Changelog", "Part"]

_LINK_DEFINITION: Final = re.compile(r"^ {0,3}\[(?!\^)[^\[\]\n]+\]:[ \t]*\S+[^\n]*\n?", re.MULTILINE)
_BOLD_TITLE: Final = re.compile(r"^(?:\*\*([^*\n]{2,60})\*\*:?|([A-Z][\w /-]{2,40}):)[ \t]*$", re.MULTILINE)
_ANCHOR: Final = re.compile(
    r"""\s*(?:<a\s[^<>]*>\s*(?:</a>)?|<a\s[^<>]*/>|<!--(?:(?!-->).)*-->|\([^()]{1,200}\)=|\[\]\(\)\{[^{}]*\}|\{[:#][^{}]*\}"""
    r"""|\.\.[ ]_[^:\n]{1,200}:|\[\[[^\[\]]{1,200}\]\]|</?(?:br|hr|details|div|summary)\b[^<>]*>)\s*"""
)
_RULE: Final = re.compile(r" {0,3}([-*_=])(?:[ \t]*\1){2,}[ \t]*")
_LINE_TITLE: Final = re.compile(
    r"(?:[-*+][ \t]+)?(?P<mark>\*\*|__|=+[ \t]*|\#{1,4}[ \t]*|<b>|<strong>|:release:)?(?P<title>\S.{0,120}?)"
    r"(?:\*\*|__|[ \t]*=+|</b>|</strong>)?(?P<rest>:?(?:[ \t]*[-(\u2013\u2014].{0,60})?)[ \t]*"
)
_INDENTED_CODE: Final = re.compile(r"(?: {4}|\t)")
_FENCE: Final = re.compile(r"\s{0,3}(?:```|~~~)")
_OUTER_LEVEL: Final = 2
_INNERMOST: Final = 9


@dataclass(frozen=True)
class Part:
    r"""The section of a changelog about one version, or about the changes since the last one.

    Attributes:
        heading: over it.
        spelled: the version as the heading spells it, without ``v``; empty where it only says Unreleased.
        unreleased: whether this is work in progress.
        text: below the heading, up to the next section; line ends are ``\n``.
        others: further versions that the heading names.
        first: the lowest version of a range that the heading names; None without one.
    """

    heading: Heading
    spelled: str
    unreleased: bool
    text: str
    others: tuple[Version, ...] = ()
    first: Version | None = None

    @property
    def version(self) -> Version | None:
        """Return the version that the heading names."""
        return to_version(self.spelled) if self.spelled else None

    def covers(self, version: Version) -> bool:
        """Tell whether the heading names a version, alone, among others or within a range."""
        own = self.version
        if own is None:
            return False
        if version == own or version in self.others:
            return True
        return self.first is not None and self.first <= version <= max(own, *self.others)


@dataclass(frozen=True)
class Changelog:
    """A changelog that was read.

    Attributes:
        path: of the file, for messages.
        text: all of it.
        markup: the language that it is written in.
        parts: in the order of the file, which is newest first.
    """

    path: str
    text: str
    markup: Markup
    parts: tuple[Part, ...]

    @classmethod
    def parse(
        cls, path: str, text: str, project: str = "", *, names: Collection[str] = (), title_format: str = ""
    ) -> Self:
        """Read a changelog.

        Args:
            path: of the file; its suffix tells the markup.
            text: the file's content.
            project: the project's name, which may precede the version in a heading.
            names: further names of the project.
            title_format: towncrier's setting of that name; empty where there is none.
        """
        markup = recognise_markup(path, text)
        reader = HeadingReader((project, *names), title_format)
        return cls(path, text, markup, tuple(_split_parts(text, markup, reader)))

    def find_part(self, version: Version) -> Part | None:
        """Return the section of a version, however it is spelled (``1.2`` is ``1.2.0``)."""
        same = [part for part in self.parts if part.version == version]
        own = next((part for part in same if part.text.strip()), next(iter(same), None))
        return own or next((part for part in self.parts if part.covers(version)), None)

    @property
    def unreleased(self) -> Part | None:
        """Return the section of work in progress, at the file's newest end; an Unreleased in between is history."""
        ends = self.parts[:1] + self.parts[-1:] if self._is_oldest_first else self.parts[:1]
        return next((part for part in ends if part.unreleased), None)

    @property
    def newest(self) -> Version | None:
        """Return the version of the newest section about a release; None where there is no such section."""
        released = [part.version for part in self.parts if part.version and not part.unreleased]
        if not released:
            return None
        return released[-1] if self._is_oldest_first else released[0]

    @property
    def _is_oldest_first(self) -> bool:
        versions = [part.version for part in self.parts if part.version]
        return len(versions) > 1 and versions[0] < versions[-1]

    def find_pending(self, version: Version) -> Part | None:
        """Return the unreleased section that a release would take; None where it belongs to another version.

        An Unreleased without a version belongs to any version after the newest section. One that names a version
        belongs to that version and to its pre-releases.
        """
        part = self.unreleased
        if part is None or not part.text.strip():
            return None
        if part.version is not None:
            return part if part.version.base_version == version.base_version else None
        newest = self.newest
        return part if newest is None or version > newest or version.is_devrelease else None

    def find_leading_parts(self, version: Version, since: Version | None) -> list[Part]:
        """Return the pre-releases of a final version, newest first; none for a pre-release.

        Args:
            version: whose pre-releases they are.
            since: a release before them; finals that the changelog knows of count too.
        """
        if version.is_prerelease:
            return []
        lower = self._list_lower_parts(version)
        finals = [number for number, _ in lower if not number.is_prerelease]
        lowest = max(filter(None, [*finals, since]), default=None)
        return [part for number, part in lower if number.is_prerelease and (lowest is None or number > lowest)]

    def _list_lower_parts(self, version: Version) -> list[tuple[Version, Part]]:
        return [(part.version, part) for part in self.parts if part.version and part.version < version]

    def list_categories(self, part: Part) -> list[tuple[str, str]]:
        """Return the groups of a section (Added, Fixed, ...): each title, empty before the first, and its text."""
        return [(titles[-1] if titles else "", text) for titles, text in self.list_nested_categories(part)]

    def list_nested_categories(self, part: Part) -> list[tuple[tuple[str, ...], str]]:
        """Return the groups of a section, each with its title and those above it, the outermost first."""
        lines = part.text.splitlines(keepends=True)
        titles = self._list_titles(part.text, lines)
        starts = [title.start for title in titles] + [len(lines)]
        groups: list[tuple[tuple[str, ...], str]] = [((), "".join(lines[: starts[0]]))]
        above: list[Heading] = []
        for title, stop in zip(titles, starts[1:], strict=True):
            above = [outer for outer in above if outer.level < title.level] + [title]
            path = tuple(outer.text.strip(" :") for outer in above)
            groups.append((path, "".join(lines[title.end : stop])))
        return [(path, text) for path, text in groups if text.strip()]

    def _list_titles(self, text: str, lines: Sequence[str]) -> list[Heading]:
        """Return the titles of groups in a section: its headings, and lines in bold."""
        titles = find_headings(text, self.markup)
        for at, line in enumerate(lines):
            if found := _BOLD_TITLE.match(line):
                titles.append(Heading(found[1] or found[2], _INNERMOST, at, at + 1))
        return sorted(titles, key=lambda title: title.start)

    @property
    def link_definitions(self) -> tuple[str, ...]:
        """Return the lines that say where Markdown's ``[reference]`` links lead."""
        if self.markup is not Markup.MARKDOWN:
            return ()
        return tuple(found[0].strip() for found in _LINK_DEFINITION.finditer(self.text))


@dataclass(frozen=True)
class _Title:
    """A heading, and the versions that it names, if any."""

    heading: Heading
    versions: HeadingVersions | None


def _split_parts(text: str, markup: Markup, reader: HeadingReader) -> list[Part]:
    lines, headings = split_lines(text), find_headings(text, markup)
    reader = _learn_names(headings, reader)
    titles, top = _find_titles(lines, headings, reader)
    sections = [title for title in titles if title.versions or _is_unreleased(title.heading, reader, top)]
    is_dated = bool(sections) and _find_dated_paragraph(lines[: sections[0].heading.start]) is not None
    parts, ends = list[Part](), len(lines)
    for title in reversed(titles):
        heading, is_section = title.heading, title in sections
        if is_section:
            body = _drop_dated_paragraph(lines[heading.end : ends]) if is_dated else lines[heading.end : ends]
            parts.append(_make_part(title, _extract_body(body, markup)))
        if is_section or heading.level <= top:
            ends = heading.start
    return parts[::-1]


def _find_titles(lines: Sequence[str], headings: Sequence[Heading], reader: HeadingReader) -> tuple[list[_Title], int]:
    """Return the titles of a document, and the level of its versions; 0 where none is named."""
    titles = _read(headings, reader)
    top = min((title.heading.level for title in titles if title.versions), default=0)
    if top:
        return _sort([*titles, *_find_dated_lines(lines, reader, titles)]), top
    lone = _list_titled_lines(lines, reader)
    if not lone:
        return titles, top
    kept = [title for title in titles if _bounds_lines(title.heading, reader)]
    return _sort([*kept, *lone]), _INNERMOST


def _learn_names(headings: Sequence[Heading], reader: HeadingReader) -> HeadingReader:
    """Return the reader with the name that the document's title has, or that each heading has before its version."""
    if headings and not reader.is_unreleased(headings[0].text):
        reader = reader.with_names([find_title_names(headings[0].text)])
    if any(title.versions for title in _read(headings, reader)):
        return reader
    names = {find_name_before_version(heading.text).casefold() for heading in headings} - {""}
    return reader.with_names(names) if len(names) == 1 else reader


def _read(headings: Sequence[Heading], reader: HeadingReader) -> list[_Title]:
    return [_Title(heading, reader.read(heading.text)) for heading in headings]


def _sort(titles: Sequence[_Title]) -> list[_Title]:
    return sorted(titles, key=lambda title: title.heading.start)


def _is_unreleased(heading: Heading, reader: HeadingReader, top: int) -> bool:
    if not reader.is_unreleased(heading.text):
        return False
    # Without any version, "Development" or "Latest" may be a heading of any document.
    return heading.level <= top if top else IN_PROGRESS.search(heading.text) is not None


def _bounds_lines(heading: Heading, reader: HeadingReader) -> bool:
    """Tell whether a heading ends a section whose own title is no heading."""
    return heading.level <= _OUTER_LEVEL or reader.is_unreleased(heading.text)


def _make_part(title: _Title, body: str) -> Part:
    found = title.versions
    if found is None:
        return Part(title.heading, "", unreleased=True, text=body)
    is_unreleased = found.in_progress or _is_in_progress(title.heading.text, found.spelled, body)
    return Part(title.heading, found.spelled, is_unreleased, body, found.others, found.first)


def _extract_body(lines: Sequence[str], markup: Markup) -> str:
    """Return a section's text without the link definitions, and without the anchors of the next heading."""
    kept = [line.rstrip("\r\n") for line in lines]
    while kept and _belongs_to_heading(kept[-1]):
        kept.pop()
    while (first := next((at for at, line in enumerate(kept) if line.strip()), None)) is not None:
        if not _ANCHOR.fullmatch(kept[first]):
            break
        del kept[: first + 1]
    body = "".join(f"{line}\n" for line in kept)
    return _LINK_DEFINITION.sub("", body) if markup is Markup.MARKDOWN else body


def _drop_dated_paragraph(lines: list[str]) -> list[str]:
    """Return a section's lines without the date of the next one, which is above its version."""
    return lines[: _find_dated_paragraph(lines)]


def _find_dated_paragraph(lines: Sequence[str]) -> int | None:
    """Return the first line of the last paragraph, if it begins with a date: a line above the version of a release.

    MDAnalysis and its kin write the date and the authors there.
    """
    at = len(lines)
    while at and not lines[at - 1].strip():
        at -= 1
    while at and lines[at - 1].strip():
        at -= 1
    return at if at < len(lines) and DATE.match(lines[at]) else None


def _belongs_to_heading(line: str) -> bool:
    """Tell whether a line at a section's end is empty, an anchor, a comment, a rule, or the next section's date."""
    text = line.strip()
    if not text or _ANCHOR.fullmatch(line) or _RULE.fullmatch(line):
        return True
    return not DATE.sub("", strip_title(text)).strip(" ().,:")


def _list_titled_lines(lines: Sequence[str], reader: HeadingReader) -> list[_Title]:
    """Find the lines that are a version's title without being headings: in bold, after ``=``, or on their own."""
    found: list[_Title] = []
    for at, title in _match_line_titles(lines):
        heading, versions = Heading(title[0], _INNERMOST, at, at + 1), reader.read(title["title"] + title["rest"])
        if versions and (title["mark"] or _is_only_version(title[0], versions)):
            found.append(_Title(heading, versions))
        elif title["mark"] and reader.is_unreleased(title["title"]):
            found.append(_Title(heading, None))
    return found if any(title.versions for title in found) else []


def _match_line_titles(lines: Sequence[str]) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield the lines outside code that may be a title: marked as one, or the first of a paragraph."""
    is_code, before = False, ""
    for at, line in enumerate(map(str.rstrip, lines)):
        is_code ^= _FENCE.match(line) is not None
        title = None if is_code or _INDENTED_CODE.match(line) else _LINE_TITLE.fullmatch(line.strip())
        if title and (title["mark"] or not before.strip()):
            yield at, title
        before = line


def _find_dated_lines(lines: Sequence[str], reader: HeadingReader, titles: Sequence[_Title]) -> list[_Title]:
    """Find the lines with a version and a date before the first heading with one: a newer habit of the project."""
    first = next((title.heading.start for title in titles if title.versions), 0)
    found = _list_titled_lines(lines[:first], reader)
    plain = [title for title in found if title.versions and title.heading.text[:1] not in "-*+"]
    return plain if any(DATE.search(title.heading.text) for title in plain) else []


def _is_only_version(line: str, versions: HeadingVersions) -> bool:
    """Tell whether a line holds nothing after the version but a date, or the word that it is unreleased."""
    rest = DATE.sub(" ", strip_title(line)).partition(versions.spelled)[2]
    rest = re.sub(r"\b(?:released?(?: on)?|final)\b", " ", rest, flags=re.IGNORECASE)
    return not rest.strip(" -\u2013\u2014:.,()[]/") or IN_PROGRESS.search(rest) is not None


def _is_in_progress(title: str, spelled: str, body: str) -> bool:
    first = next((line.strip() for line in body.splitlines() if line.strip()), "")
    description = IN_PROGRESS.search(title.partition(spelled)[2]) or IN_PROGRESS.fullmatch(first.strip("*_.() "))
    return description is not None or to_version(spelled).is_devrelease
