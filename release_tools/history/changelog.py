"""A changelog, in Markdown (Keep a Changelog and its kin) or reStructuredText, and its parts.

A part is what stands between one version's heading and the next. Its heading may be ``## [1.2.0] - 2026-01-02``,
``Version 1.2.0``, ``demo 1.2.0 (2026-01-02)`` and the like. Work in progress is called Unreleased, or has a version
and the word "unreleased" in the heading or on the first line below.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from packaging.version import InvalidVersion, Version

from release_tools.history.headings import Heading, Markup, find_headings, markup_of, split_lines

USUAL_PATHS: Final = tuple(
    f"{folder}{name}{suffix}"
    for folder in ("", "docs/", "doc/", "docs/source/", "doc/source/")
    for name in ("CHANGELOG", "CHANGES", "HISTORY", "NEWS", "changelog", "changes", "history", "news", "whats-new")
    for suffix in (".md", ".rst", ".txt", "")
)
"""Where a changelog is looked for, the most usual place first."""

IN_PROGRESS: Final = re.compile(
    r"un-?released|not yet released|in (?:development|progress)|\bTB[AD]\b"
    r"|(?:\d{4}|[xy?]{4})-(?:\d\d|[xm?]{2})-[xd?]{2}",
    re.IGNORECASE,
)
"""The words, or the date yet to be filled in, by which a heading or a line says that a part is unreleased."""

_NEXT: Final = re.compile(
    r"(?:un-?released|upcoming|next|dev(?:elopment)?|main|master|trunk|head)"
    r"(?: version| release| changes)?(?:\s*[-(\u2013].*)?",
    re.IGNORECASE,
)
_LEADING_WORDS: Final = frozenset({"version", "release", "released", "changes", "in", "for", "new", "what's", "notes"})
_SEPARATORS: Final = re.compile(r"[-_.\s]+")
_LONGEST_LEAD: Final = 4
_MARKS: Final = re.compile(r"\]\([^()]*\)|<[^<>]*>`?_*|[\[\]*`]")
_LINK_DEFINITION: Final = re.compile(r"^ {0,3}\[(?!\^)[^\[\]\n]+\]:[ \t]*\S+[^\n]*\n?", re.MULTILINE)
_BOLD_TITLE: Final = re.compile(r"^(?:\*\*([^*\n]{2,60})\*\*:?|([A-Z][\w /-]{2,40}):)[ \t]*$", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    r"""What a changelog says of one version, or of what comes next.

    Attributes:
        heading: over it.
        spelled: the version as the heading spells it, without ``v``; empty where it only says Unreleased.
        unreleased: whether this is work in progress.
        text: below the heading, up to the next part; line ends are ``\n``.
    """

    heading: Heading
    spelled: str
    unreleased: bool
    text: str

    @property
    def version(self) -> Version | None:
        """The version that the heading names."""
        return Version(self.spelled) if self.spelled else None


@dataclass(frozen=True)
class Changelog:
    """A changelog, read.

    Attributes:
        path: of the file, for messages.
        text: all of it.
        markup: what it is written in.
        parts: in the order of the file, which is newest first.
    """

    path: str
    text: str
    markup: Markup
    parts: tuple[Part, ...]

    @classmethod
    def parse(cls, path: str, text: str, project: str = "") -> Self:
        """Read a changelog.

        Args:
            path: of the file; its suffix tells the markup.
            text: what it holds.
            project: the project's name, which may stand before the version in a heading.
        """
        markup = markup_of(path, text)
        return cls(path, text, markup, tuple(_parts(text, markup, project)))

    def part(self, version: Version) -> Part | None:
        """What is said of a version, however it is spelled (``1.2`` is ``1.2.0``)."""
        return next((part for part in self.parts if part.version == version), None)

    @property
    def unreleased(self) -> Part | None:
        """What is said of the work in progress, at the file's newest end; an Unreleased in between is history."""
        ends = self.parts[:1] + self.parts[-1:] if self._is_oldest_first else self.parts[:1]
        return next((part for part in ends if part.unreleased), None)

    @property
    def _is_oldest_first(self) -> bool:
        versions = [part.version for part in self.parts if part.version]
        return len(versions) > 1 and versions[0] < versions[-1]

    def leading_to(self, version: Version, since: Version | None) -> list[Part]:
        """The pre-releases of a final version, newest first; none for a pre-release.

        Args:
            version: whose pre-releases they are.
            since: a release before them; finals that the changelog knows of count too.
        """
        if version.is_prerelease:
            return []
        numbered = [(part.version, part) for part in self.parts if part.version and part.version < version]
        finals = [number for number, _ in numbered if not number.is_prerelease]
        lowest = max([*finals, *([since] if since else [])], default=None)
        return [part for number, part in numbered if number.is_prerelease and (lowest is None or number > lowest)]

    def categories(self, part: Part) -> list[tuple[str, str]]:
        """The groups of a part (Added, Fixed, ...): each title, empty before the first, and the text below it."""
        lines = part.text.splitlines(keepends=True)
        titles = [(heading.start, heading.end, heading.text) for heading in find_headings(part.text, self.markup)]
        titles += [
            (at, at + 1, found[1] or found[2]) for at, line in enumerate(lines) if (found := _BOLD_TITLE.match(line))
        ]
        titles = [(0, 0, ""), *sorted(titles)]
        ends = [start for start, _, _ in titles[1:]] + [len(lines)]
        groups = [(text, "".join(lines[start:end])) for (_, start, text), end in zip(titles, ends, strict=True)]
        return [(title.strip(" :"), text) for title, text in groups if text.strip()]

    @property
    def link_definitions(self) -> tuple[str, ...]:
        """The lines that say where Markdown's ``[reference]`` links lead."""
        if self.markup is Markup.RST:
            return ()
        return tuple(found[0].strip() for found in _LINK_DEFINITION.finditer(self.text))


def _parts(text: str, markup: Markup, project: str) -> Iterable[Part]:
    lines, headings = split_lines(text), find_headings(text, markup)
    titles = [_plain(heading.text) for heading in headings]
    spelled = [_version_in(title, project) for title in titles]
    top = min((heading.level for heading, version in zip(headings, spelled, strict=True) if version), default=0)
    ends = len(lines)
    parts = []
    for heading, title, version in reversed(list(zip(headings, titles, spelled, strict=True))):
        if version or (_NEXT.fullmatch(title) and (not top or heading.level <= top)):
            body = "".join(line.rstrip("\r\n") + "\n" for line in lines[heading.end : ends])
            if markup is Markup.MARKDOWN:
                body = _LINK_DEFINITION.sub("", body)
            parts.append(Part(heading, version, not version or _is_in_progress(title, version, body), body))
            ends = heading.start
        elif heading.level <= top:
            ends = heading.start
    return reversed(parts)


def _plain(title: str) -> str:
    """A heading's text without links, brackets and emphasis."""
    return " ".join(_MARKS.sub(" ", title).split())


def _version_in(title: str, project: str) -> str:
    """The version that a heading begins with, as it is spelled there, or empty."""
    leading = _LEADING_WORDS | set(_SEPARATORS.split(project.lower()))
    for word in title.split()[:_LONGEST_LEAD]:
        candidate = word.strip(",:;()").removeprefix("v").removeprefix("V")
        if "." in candidate and candidate[0].isdigit():
            try:
                Version(candidate)
            except InvalidVersion:
                return ""
            return candidate
        if word.lower() not in leading:
            return ""
    return ""


def _is_in_progress(title: str, spelled: str, body: str) -> bool:
    first = next((line.strip() for line in body.splitlines() if line.strip()), "")
    description = IN_PROGRESS.search(title.partition(spelled)[2]) or IN_PROGRESS.fullmatch(first.strip("*_.() "))
    return description is not None or Version(spelled).is_devrelease
