"""A changelog in Markdown (Keep a Changelog and its kin), reStructuredText or AsciiDoc, and its sections.

A section is the text between one version's heading and the next. Work in progress is called Unreleased, or has a
version and the word "unreleased" in the heading or on the first line below. A file without headings may have its
versions in bold, after ``=``, or on lines of their own.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
_UNKNOWN_DATE: Final = re.compile(r"(?:\?\?|\d\d?)/\?\?/[\d?]{4}|\?\?/\d\d?/[\d?]{4}|[\d?]{4}-(?:\?\?|\d\d)-\?\?")
"""Match a date that is still to be filled in, such as ``??/??/2026``."""
_BYTE_ORDER_MARK: Final = "\ufeff"
_OUTER_LEVEL: Final = 2
_INNERMOST: Final = 9
_LOWEST: Final = Version("0.dev0")


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
        own = [part for part in self.parts if part.version == version]
        covering = [part for part in self.parts if part.covers(version)]
        return next((part for part in own if part.text.strip()), next(iter((*own, *covering)), None))

    @property
    def unreleased(self) -> Part | None:
        """Return the section of work in progress, at the file's newest end; an Unreleased in between is history."""
        ends = self.parts[:1] + self.parts[-1:] if self._is_oldest_first else self.parts[:1]
        return next((part for part in ends if part.unreleased), None)

    @property
    def newest(self) -> Version | None:
        """Return the version of the newest section about a release; None where there is no such section."""
        released = [number for number, part in self._list_numbered() if not part.unreleased]
        if not released:
            return None
        return released[-1] if self._is_oldest_first else released[0]

    @property
    def _is_oldest_first(self) -> bool:
        numbered = self._list_numbered()
        return len(numbered) > 1 and numbered[0][0] < numbered[-1][0]

    def find_pending(self, version: Version) -> Part | None:
        """Return the unreleased section that a release would take; None where it belongs to another version.

        An Unreleased without a version belongs to any version after the newest section. One that names a version
        belongs to that version and to its pre-releases.
        """
        part = self.unreleased
        if part is None or not part.text.strip():
            return None
        return part if self._may_become(part, version) else None

    def _may_become(self, part: Part, version: Version) -> bool:
        if part.version is not None:
            return part.version.base_version == version.base_version
        return self.newest is None or version > self.newest or version.is_devrelease

    def find_leading_parts(self, version: Version, since: Version | None) -> list[Part]:
        """Return the pre-releases of a final version, newest first; none for a pre-release.

        Args:
            version: whose pre-releases they are.
            since: a release before them; finals that the changelog knows of count too.
        """
        if version.is_prerelease:
            return []
        earlier = [(number, part) for number, part in self._list_numbered() if number < version]
        last = max([since or _LOWEST, *(number for number, _ in earlier if not number.is_prerelease)])
        return [part for number, part in earlier if number.is_prerelease and number > last]

    def _list_numbered(self) -> list[tuple[Version, Part]]:
        """Return the sections that name a version, each with that version."""
        return [(part.version, part) for part in self.parts if part.version]

    def list_categories(self, part: Part) -> list[tuple[str, str]]:
        """Return the groups of a section (Added, Fixed, ...): each title, empty before the first, and its text."""
        return [(titles[-1] if titles else "", text) for titles, text in self.list_nested_categories(part)]

    def list_nested_categories(self, part: Part) -> list[tuple[tuple[str, ...], str]]:
        """Return the groups of a section, each with its title and those above it, the outermost first."""
        lines = part.text.splitlines(keepends=True)
        titles = self._list_titles(part, lines)
        ends = [title.start for title in titles] + [len(lines)]
        groups: list[tuple[tuple[str, ...], str]] = [((), "".join(lines[: ends[0]]))]
        above: list[Heading] = []
        for title, end in zip(titles, ends[1:], strict=True):
            above = [heading for heading in above if heading.level < title.level]
            above.append(title)
            path = tuple(heading.text.strip(" :") for heading in above)
            groups.append((path, "".join(lines[title.end : end])))
        return [(path, text) for path, text in groups if text.strip()]

    def _list_titles(self, part: Part, lines: Sequence[str]) -> list[Heading]:
        """Return a section's headings and its lines in bold, which are the innermost headings, in order."""
        titles = find_headings(part.text, self.markup)
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
    text = text.removeprefix(_BYTE_ORDER_MARK)
    lines = split_lines(text)
    reader, titles = _read_titles(find_headings(text, markup), reader)
    titles, top = _add_titled_lines(titles, lines, reader)
    starts = {title.heading.start for title in titles if _begins_section(title, reader, top)}
    is_dated = bool(starts) and _find_dated_paragraph(lines[: min(starts)]) is not None
    make_part = _make_dated_part if is_dated else _make_part
    parts, end = list[Part](), len(lines)
    for title in reversed(titles):
        heading = title.heading
        if heading.start in starts:
            parts.append(make_part(title, lines[:end], markup))
        if heading.start in starts or heading.level <= top:
            end = heading.start
    return parts[::-1]


def _read_titles(headings: Sequence[Heading], reader: HeadingReader) -> tuple[HeadingReader, list[_Title]]:
    """Read the headings, and learn from them how the project calls itself there."""
    if headings and not reader.is_unreleased(headings[0].text):
        reader = reader.with_names([find_title_names(headings[0].text)])
    titles = _read(headings, reader)
    names = {find_name_before_version(heading.text).casefold() for heading in headings} - {""}
    if len(names) != 1 or any(title.versions for title in titles):
        return reader, titles
    reader = reader.with_names(names)
    return reader, _read(headings, reader)


def _add_titled_lines(titles: list[_Title], lines: Sequence[str], reader: HeadingReader) -> tuple[list[_Title], int]:
    """Add the lines that are a version's title without being headings; return the level of versions as well."""
    top = min((title.heading.level for title in titles if title.versions), default=0)
    if top:
        return _sort([*titles, *_find_dated_lines(lines, reader, titles)]), top
    lone = _list_titled_lines(lines, reader)
    if not lone:
        return titles, top
    return _sort([*(title for title in titles if _bounds_lines(title.heading, reader)), *lone]), _INNERMOST


def _sort(titles: Iterable[_Title]) -> list[_Title]:
    return sorted(titles, key=lambda title: title.heading.start)


def _read(headings: Sequence[Heading], reader: HeadingReader) -> list[_Title]:
    return [_Title(heading, reader.read(heading.text)) for heading in headings]


def _begins_section(title: _Title, reader: HeadingReader, top: int) -> bool:
    """Tell whether a section begins with a title: it names a version, or says that what follows is unreleased."""
    return title.versions is not None or _is_unreleased(title.heading, reader, top)


def _is_unreleased(heading: Heading, reader: HeadingReader, top: int) -> bool:
    if not reader.is_unreleased(heading.text):
        return False
    # Without any version, "Development" or "Latest" may be a heading of any document.
    return heading.level <= top if top else IN_PROGRESS.search(heading.text) is not None


def _bounds_lines(heading: Heading, reader: HeadingReader) -> bool:
    """Tell whether a heading ends a section whose own title is no heading."""
    return heading.level <= _OUTER_LEVEL or reader.is_unreleased(heading.text)


def _make_dated_part(title: _Title, lines: list[str], markup: Markup) -> Part:
    """Return the section below a title where a paragraph with a date precedes each; see `_make_part`."""
    start = title.heading.end
    dated = _find_dated_paragraph(lines[start:])
    part = _make_part(title, lines if dated is None else lines[: start + dated], markup)
    return replace(part, unreleased=True) if _has_unknown_date(lines[: title.heading.start]) else part


def _make_part(title: _Title, lines: list[str], markup: Markup) -> Part:
    """Return the section below a title.

    Args:
        title: of the section.
        lines: of the changelog, up to the section's end.
        markup: the changelog's language.
    """
    found, body = title.versions, _extract_body(lines[title.heading.end :], markup)
    if found is None:
        return Part(title.heading, "", unreleased=True, text=body)
    is_unreleased = found.in_progress or _is_in_progress(title.heading.text, found.spelled, body)
    return Part(title.heading, found.spelled, is_unreleased, body, found.others, found.first)


def _extract_body(lines: Sequence[str], markup: Markup) -> str:
    """Return a section's text without the link definitions, and without the anchors of the next heading."""
    kept = [line.rstrip("\r\n") for line in lines]
    while kept and _belongs_to_heading(kept[-1]):
        kept.pop()
    while (first := _find_first_line(kept)) is not None and _ANCHOR.fullmatch(kept[first]):
        del kept[: first + 1]
    body = "".join(f"{line}\n" for line in kept)
    return _LINK_DEFINITION.sub("", body) if markup is Markup.MARKDOWN else body


def _find_first_line(lines: Sequence[str]) -> int | None:
    """Return the number of the first line that is not empty."""
    return next((at for at, line in enumerate(lines) if line.strip()), None)


def _find_dated_paragraph(lines: Sequence[str]) -> int | None:
    """Return the first line of the last paragraph, if it begins with a date: a line above the version of a release.

    MDAnalysis and its kin write the date and the authors there.
    """
    at = len(lines)
    while at and not lines[at - 1].strip():
        at -= 1
    while at and lines[at - 1].strip():
        at -= 1
    return at if at < len(lines) and _begins_with_date(lines[at]) else None


def _begins_with_date(line: str) -> bool:
    return DATE.match(line) is not None or _UNKNOWN_DATE.match(line) is not None


def _has_unknown_date(lines: Sequence[str]) -> bool:
    """Tell whether the last paragraph begins with a date that is still to be filled in."""
    at = _find_dated_paragraph(lines)
    return at is not None and _UNKNOWN_DATE.match(lines[at]) is not None


def _belongs_to_heading(line: str) -> bool:
    """Tell whether a line at a section's end is empty, an anchor, a comment, a rule, or the next section's date."""
    text = line.strip()
    if not text or _ANCHOR.fullmatch(line) or _RULE.fullmatch(line):
        return True
    return not DATE.sub("", strip_title(text)).strip(" ().,:")


def _list_titled_lines(lines: Sequence[str], reader: HeadingReader) -> list[_Title]:
    """Find the lines that are a version's title without being headings: in bold, after ``=``, or on their own."""
    found = [title for at, line in _list_text_lines(lines) if (title := _read_titled_line(lines, at, line, reader))]
    return found if any(title.versions for title in found) else []


def _list_text_lines(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the number and the text of each line that is neither empty nor code."""
    is_code = False
    for at, raw in enumerate(lines):
        line = raw.rstrip()
        if _FENCE.match(line):
            is_code = not is_code
        if line and not is_code and not _INDENTED_CODE.match(line):
            yield at, line


def _read_titled_line(lines: Sequence[str], at: int, line: str, reader: HeadingReader) -> _Title | None:
    """Return the title that a line is: one that is marked as such, or that has a version and nothing else."""
    title = _LINE_TITLE.fullmatch(line.strip())
    if title is None:
        return None
    heading = Heading(line.strip(), _INNERMOST, at, at + 1)
    versions = reader.read(title["title"] + title["rest"])
    if title["mark"]:
        is_title = versions is not None or reader.is_unreleased(title["title"])
    else:
        is_title = _begins_paragraph(lines, at) and versions is not None and _is_only_version(line, versions)
    return _Title(heading, versions) if is_title else None


def _begins_paragraph(lines: Sequence[str], at: int) -> bool:
    return at == 0 or not lines[at - 1].strip()


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
