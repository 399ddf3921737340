"""Read the version that a heading of a changelog names, in the many ways in which projects write it.

A heading may begin with the project's name, with words such as "Version" or "What's new in", with an emoji or with a
date; the version may be linked, in brackets (escaped or not), or glued to the name (``demo-1.2.0``, ``demo@1.2.0``); a
heading may also name several versions or a range of them.
"""

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from packaging.version import InvalidVersion, Version

IN_PROGRESS: Final = re.compile(
    r"un-?released|not (?:yet )?released(?: yet)?|to be released|(?:in|under) (?:active )?(?:development|progress)"
    r"|\bTB[AD]\b|\bWIP\b|upcoming|dev(?:elopment)? (?:release|version)"
    r"|(?:\d{4}|[xy?]{4})-(?:\d\d|[xm?]{2})-[xd?]{2}",
    re.IGNORECASE,
)
"""The words, or the date yet to be filled in, by which a heading or a line says that a section is unreleased."""

_NEXT: Final = re.compile(
    r"(?:(?:changes|new|features) (?:since|after) (?:the )?(?:last|latest) (?:release|version)"
    r"|(?:un-?released|not (?:yet )?released|to be released|upcoming|coming soon|pending|future"
    r"|in (?:development|progress)"
    r"|work in progress|wip|v?next|current|latest|dev(?:el|elopment)?|git|main|master|trunk|head|tb[ad]"
    r"|v?(?:\d+|x|y)(?:\.(?:\d+|x|y|z)){1,3}(?= *(?:[-(\u2013\u2014] *)?(?:un-?released|in development|upcoming)))"
    r"(?: (?:version|release|changes|branch|features))?)"
    r"(?:\s*[-(:\u2013\u2014/].*)?",
    re.IGNORECASE,
)
_VERSION: Final = re.compile(
    r"v?\.?(?P<version>(?:\d{1,6}!)?\d{1,14}(?:\.\d{1,14}){0,5}"
    r"(?:[-_.]?(?:alpha|beta|preview|pre|rc|a|b|c)[-_.]?\d{0,8})?"
    r"(?:[-_.]?(?:post|rev|r)[-_.]?\d{0,8})?(?:[-_.]?dev[-_.]?\d{0,8})?(?:\+[a-z0-9]{1,20}(?:[-_.][a-z0-9]{1,20}){0,3})?)"
    r"(?:[-_.]?(?:final|ga|stable|release))?(?![\w!]|[.+]\w|-[a-z])",
    re.IGNORECASE,
)
_PHASE: Final = re.compile(
    r"[ ](?:alpha|beta|rc|release candidate|preview|post|dev)(?:[ .]?\d{1,8})?(?!\w|\.\w)", re.IGNORECASE
)
_FURTHER: Final = re.compile(
    r"\s*(?P<link>,|/|&|\+|;|\band\b|\bor\b|-+>?|[\u2013\u2014\u2192]|\.{2,3}|\bto\b|\bthrough\b|\buntil\b)\s*(?=v?\d{1,14}\.)",
    re.IGNORECASE,
)
_LIST_LINKS: Final = frozenset({",", "/", "&", "+", ";", "and", "or"})
_CHANGE_LINKS: Final = frozenset({"->", "\u2192"})
_LATER: Final = re.compile(r"(?<![\w.])v?\d{1,14}\.\d", re.IGNORECASE)
_SEPARATORS: Final = re.compile(r"[\s\-\u2013\u2014\u2022\u00b7:,;|/#()=~<>!'\"@.]+")
_LEAD: Final = re.compile(
    r"(?:what['\u2019]?s new|what is new|new|version|versions|ver|release[ds]?|rel|changes?|change[ -]?log|updates?"
    r"|notes?|highlights|news|history|in|for|of|the|tag|stable|latest|current|bug[ -]?fix|patch|hot[ -]?fix"
    r"|maintenance|security"
    r"|feature|major|minor|final|v|un-?released|upcoming|next|in development|(?:changes )?(?:from|between))(?![\w])",
    re.IGNORECASE,
)
_GLUE: Final = re.compile(r"[-_@/=:\s]+(?=v?\d)", re.IGNORECASE)
_GLUED_WORD: Final = re.compile(r"(?:version|release|ver|rel|v)[-_]", re.IGNORECASE)
_TITLE_WORDS: Final = re.compile(
    r"\b(?:change[ -]?log|changes|release notes|release history|history|news|releases|what['\u2019]?s new|version)\b",
    re.IGNORECASE,
)
_SERIES: Final = re.compile(r"(?:release )?(?:series|line)\b", re.IGNORECASE)
"""The words by which a heading names all versions that begin alike."""
_VERSION_WORDS: Final = re.compile(r"(?:version|ver|release[d]?|rel|v)\b[\s.:]*\Z", re.IGNORECASE)
_MONTH: Final = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
_ORDINAL: Final = r"\d{1,2}(?:st|nd|rd|th)?"
DATE: Final = re.compile(
    r"(?<![\w.])(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6},?\s+)?(?:"
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-/]\d{1,2}[-/]\d{4}|\d{4}-\d{2}(?!\d)|(?:19|20)\d{6}"
    rf"|{_MONTH}\.?[ -]+{_ORDINAL},?[ -]+\d{{4}}|{_ORDINAL}[ -](?:of )?{_MONTH}[.,]*[ -]*\d{{4}}"
    rf"|{_MONTH}[.,]*[ -]+\d{{4}}"
    r")(?:[T ]\d\d[:.]\d\d(?:[:.]\d\d)?(?: ?[ap]\.?m)?(?: ?(?:z|utc|gmt))?(?:[+-]\d\d?:?\d{0,2})?)?(?!\w|\.\d)",
    re.IGNORECASE,
)
_DOTTED_DATE: Final = re.compile(r"(?:\d{1,2}\.\d{1,2}\.(?:19|20)\d\d|(?:19|20)\d\d\.\d{1,2}\.\d{1,2})")
_FOREIGN: Final = frozenset(
    {"python", "pypy", "support", "supports", "supported", "migrating", "migration", "migrate", "upgrading", "upgrade"}
    | {"from", "to", "since", "until", "before", "after", "drop", "dropped", "drops", "requires", "require", "minimum"}
    | {"needs", "api", "added", "changed", "fixed", "removed", "deprecated", "compatibility", "compatible", "with"}
    | {"step", "issue", "pr", "pep", "chapter", "appendix", "section", "phase", "part", "milestone", "series"}
)
_LONGEST_NAME: Final = 4
_LONGEST_HEADING: Final = 400
_MOST_LEADS: Final = 12
_MARKS: Final = (
    (re.compile(r"!\[[^\[\]]*\]\([^()]*\)|!\[[^\[\]]*\]\[[^\[\]]*\]"), " "),
    (re.compile(r"\{[:#]?[^{}]*\}\s*\Z"), " "),
    (re.compile(r"\]\([^()]*(?:\([^()]*\)[^()]*)?\)|(?<=[^\s\]])\]\[[^\[\]]*\]"), "] "),
    (re.compile(r"(?<![\w`]):[a-z][\w:+.-]{0,40}:(?=`)", re.IGNORECASE), ""),
    (re.compile(r"(?<![\w:]):[a-z0-9_+-]{2,40}:(?![\w:])"), " "),
    (re.compile(r"<[^<>]*>`?_*|(?<=`)_+"), " "),
    (re.compile(r"\\(?=[!-/:-@\[-`{-~])"), ""),
    (re.compile(r"[\[\]*`]|~~|(?<!\w)_{1,20}(?=[\w(])|(?<=[\w)])_{1,20}(?!\w)"), " "),
)
_INVISIBLE: Final = frozenset({"So", "Sk", "Cf", "Co", "Cn", "Mn", "Me"})


@dataclass(frozen=True)
class HeadingVersions:
    """The versions that a heading names.

    Attributes:
        spelled: the version, or the last one, as the heading spells it, without ``v``.
        others: the further ones that it names.
        first: the lowest of a range; None where the heading names single versions.
        in_progress: whether words before the version say that it is unreleased.
    """

    spelled: str
    others: tuple[Version, ...] = ()
    first: Version | None = None
    in_progress: bool = False


def to_version(spelled: str) -> Version:
    """Return the version that a heading spells, with a phase after a space too (``1.2.0 beta 2``).

    Raises:
        InvalidVersion: it is no PEP 440 version.
    """
    return Version(re.sub(r"release candidate", "rc", spelled, flags=re.IGNORECASE).replace(" ", ""))


def strip_title(title: str) -> str:
    """Return a heading's text without links, brackets, emphasis, HTML, attributes and emoji."""
    text = html.unescape(title)
    for mark, replacement in _MARKS:
        text = mark.sub(replacement, text)
    text = "".join(" " if unicodedata.category(char) in _INVISIBLE else char for char in text)
    return " ".join(text.split())


@dataclass(eq=False)
class HeadingReader:
    """A reader of the headings of one project.

    Attributes:
        names: by which the project calls itself in headings.
        title_format: towncrier's setting of that name; empty where there is none.
    """

    names: tuple[str, ...] = ()
    title_format: str = ""

    def read(self, heading: str) -> HeadingVersions | None:
        """Return the versions that a heading names; None where it names none, or only mentions one."""
        heading = heading.strip()[:_LONGEST_HEADING]
        if self._title is not None and (found := self._title.fullmatch(heading)):
            return _read_versions(found["version"].removeprefix("v"))
        title = strip_title(heading)
        undated = " ".join(DATE.sub(" ", title).split())
        return self._scan(undated) or (self._scan(title) if undated != title else None)

    def is_unreleased(self, heading: str) -> bool:
        """Tell whether a heading says only that what is below it is unreleased."""
        title = strip_title(heading[:_LONGEST_HEADING])
        if self._name and (found := self._name.match(title)):
            title = title[found.end() :].lstrip(" -:")
        title = re.sub(r"\A(?:version|release)[ :]+(?=\S)", "", title, flags=re.IGNORECASE).lstrip("([")
        return _NEXT.fullmatch(title.rstrip(" .:!)]")) is not None

    def with_names(self, names: Iterable[str]) -> "HeadingReader":
        """Return a reader that knows further names of the project."""
        return HeadingReader((*self.names, *(name for name in names if name)), self.title_format)

    @cached_property
    def _name(self) -> re.Pattern[str] | None:
        """Match any of the names, with ``-``, ``_``, ``.`` or a space between their parts, in any case."""
        spellings = []
        for name in sorted(_list_variants(self.names), key=len, reverse=True):
            parts = [re.escape(part) for part in re.split(r"[-_.\s]+", name) if part]
            spellings.append(r"[-_.\s]?".join(parts))
        if not spellings:
            return None
        return re.compile(rf"(?:{'|'.join(spellings)})(?=[-_\s]*v?\d|[^A-Za-z0-9]|\Z)", re.IGNORECASE)

    @cached_property
    def _title(self) -> re.Pattern[str] | None:
        """Match a heading in the project's format; None where its format has no version."""
        line = next((line for line in self.title_format.splitlines() if "{version}" in line), "")
        if not line:
            return None
        before, _, after = re.sub(r"\A\s*[#=]+\s+", "", line).strip().partition("{version}")
        return re.compile(rf"{_write_pattern(before)}(?P<version>\S{{1,60}}?){_write_pattern(after)}")

    def _scan(self, title: str) -> HeadingVersions | None:
        """Read what comes before the first version, word by word, and then the versions."""
        lead, at = _Lead(), 0
        for _ in range(_MOST_LEADS):
            at = _skip(_SEPARATORS, title, at)
            if name := self._match_name(title, at):
                lead.is_named = True
                at = _skip(_GLUE, title, name.end())
            elif version := _VERSION.match(title, at):
                lead.is_named |= _is_called_version(title, version)
                return _split_versions(title, version, lead)
            elif word := _LEAD.match(title, at) or _GLUED_WORD.match(title, at):
                lead.add(word[0].lower())
                at = word.end()
            else:
                return None
        return None

    def _match_name(self, title: str, at: int) -> re.Match[str] | None:
        return self._name.match(title, at) if self._name else None


@dataclass
class _Lead:
    """The meaning of what a heading has before its first version.

    Attributes:
        is_named: whether the project's name, or a word such as "version", tells that a version follows.
        is_change: whether it is the first of two versions between which something changed.
        in_progress: whether the version is unreleased.
    """

    is_named: bool = False
    is_change: bool = False
    in_progress: bool = False

    def add(self, word: str) -> None:
        """Take a word into account, in lower case."""
        self.is_change |= word.endswith(("from", "between"))
        self.in_progress |= word == "next" or IN_PROGRESS.fullmatch(word) is not None


def _write_pattern(text: str) -> str:
    """Return a regular expression for a part of a title's format, in which any text may replace each field."""
    pieces = re.split(r"(\{\w+\})", text)
    return "".join(r".{1,200}?" if re.fullmatch(r"\{\w+\}", piece) else re.escape(piece) for piece in pieces)


def _is_called_version(title: str, version: re.Match[str]) -> bool:
    """Tell whether a ``v`` or a word such as "release" says that a number is a version."""
    return version[0][:1] in "vV" or _VERSION_WORDS.search(title[: version.start()]) is not None


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Return the position after what matches there; the same one where nothing does."""
    found = pattern.match(text, at)
    return found.end() if found else at


def _list_variants(names: Iterable[str]) -> set[str]:
    """Return the names, and how else a project of that name is called: psycopg for psycopg2, PyTables for tables."""
    found = set[str]()
    for name in filter(None, names):
        plain = name.lower()
        found |= {plain, f"python-{plain}", f"py{plain}", plain.rstrip("0123456789")}
        found |= {plain.removeprefix("python-"), plain.removeprefix("py")}
    return {name for name in found if _has_letter(name) and (len(name) > 1 or name in names)}


def _has_letter(name: str) -> bool:
    return any(map(str.isalpha, name))


def find_title_names(title: str) -> str:
    """Return the name that a changelog's own title gives to the project ("Demo Lib Changelog"); empty without one."""
    text = strip_title(title[:_LONGEST_HEADING])
    rest = _TITLE_WORDS.sub(" ", text)
    words = re.sub(r"\b(?:for|of|in|the|to)\b", " ", rest, flags=re.IGNORECASE).split()
    return " ".join(words) if rest != text and _is_project_name(words) else ""


def _is_project_name(words: Sequence[str]) -> bool:
    """Tell whether words may be the name of a project: few, without numbers, and none that names something else."""
    if len(words) > _LONGEST_NAME or any(word[0].isdigit() for word in words):
        return False
    return _has_no_foreign_word(words)


def _has_no_foreign_word(words: Iterable[str]) -> bool:
    """Tell whether no word says that the version after it is not the project's own."""
    return _FOREIGN.isdisjoint(map(str.lower, words))


def find_name_before_version(heading: str) -> str:
    """Return the words before the version where a heading looks like ``NAME 1.2.0 (DATE)``; empty for any other."""
    title = " ".join(DATE.sub(" ", strip_title(heading[:_LONGEST_HEADING])).split())
    found = re.match(r"(?P<name>[^\W\d][^:@=\s]*(?: [^\W\d][^:@=\s]*){0,2}?)(?:[\s:@=/]+|-)(?=v?\d{1,14}\.)", title)
    if found is None or not _has_no_foreign_word(re.split(r"[\s-]+", found["name"])):
        return ""
    version = _VERSION.match(title, found.end())
    return found["name"] if version and _ends_heading(title[version.end() :]) else ""


def _ends_heading(rest: str) -> bool:
    """Tell whether what follows a version says nothing more than that it is unreleased or has a changelog."""
    rest = rest.strip(" -\u2013\u2014:.,()/")
    is_title = rest.lower() in ("", "release notes", "changelog", "changes")
    return is_title or IN_PROGRESS.search(rest) is not None


def _split_versions(title: str, found: re.Match[str], lead: _Lead) -> HeadingVersions | None:
    """Read the version that was found and those that follow it; "from 1.0 to 1.1" names the second only."""
    spelled, end, links = _take_versions(title, found)
    is_change = lead.is_change or not links.isdisjoint(_CHANGE_LINKS)
    if _SERIES.match(_strip_lead(title[end:])):
        return None
    spelled = _choose_versions(title, spelled, end, is_change=is_change)
    if "." not in spelled[-1] and not _is_whole(title, found, end, is_named=lead.is_named):
        return None
    is_range = len(spelled) > 1 and not links <= _LIST_LINKS
    return _read_versions(*reversed(spelled), is_range=is_range, in_progress=lead.in_progress)


def _choose_versions(title: str, spelled: list[str], end: int, *, is_change: bool) -> list[str]:
    """Return those versions that the heading is about.

    Args:
        title: of the section, as ``strip_title`` returns it, with or without its dates.
        spelled: the versions that follow one another in it.
        end: where they end.
        is_change: whether they are those between which something changed; then it is about the last.
    """
    if len(spelled) > 1 and is_change:
        return spelled[-1:]
    # "1.2.0 - 3.14 is supported" is about one version
    if len(spelled) > 1 and not _is_sentence(_strip_lead(title[end:])):
        return spelled
    return [_find_later_version(title, end, spelled[0])]


def _strip_lead(rest: str) -> str:
    """Return what follows the versions of a heading, without dates and the marks before it."""
    return DATE.sub(" ", rest).lstrip(" -\u2013\u2014:.,")


def _take_versions(title: str, found: re.Match[str]) -> tuple[list[str], int, set[str]]:
    """Return the versions that follow one another, where they end, and the words and marks between them."""
    end = _skip(_PHASE, title, found.end())
    is_phased = end > found.end()
    spelled, links = [title[found.start("version") : end] if is_phased else found["version"]], set[str]()
    for link, following in _list_further_versions(title, end):
        if _is_dotted(following["version"]) and not _is_dotted(spelled[0]):
            break
        links.add(link)
        spelled.append(following["version"])
        end = following.end()
    return spelled, end, links


def _list_further_versions(title: str, end: int) -> Iterator[tuple[str, re.Match[str]]]:
    """Yield each version that follows directly on the one before, with the word or mark between them in lower case."""
    while (link := _FURTHER.match(title, end)) and (version := _VERSION.match(title, link.end())):
        yield link["link"].lower(), version
        end = version.end()


def _find_later_version(title: str, end: int, spelled: str) -> str:
    """Return the version that comes after one that is rather a date with dots; the same one without such."""
    if not _is_dotted(spelled):
        return spelled
    later = _LATER.search(title, end)
    version = _VERSION.match(title, later.start()) if later else None
    return version["version"] if version else spelled


def _is_sentence(rest: str) -> bool:
    """Tell whether the rest of a heading goes on with words, other than that the version is unreleased."""
    return rest[:1].isalnum() and IN_PROGRESS.match(rest) is None


def _is_dotted(spelled: str) -> bool:
    return _DOTTED_DATE.fullmatch(spelled) is not None


def _is_whole(title: str, found: re.Match[str], end: int, *, is_named: bool) -> bool:
    """Tell whether a number without a dot is the heading's version, and not the first word of a sentence."""
    rest = DATE.sub(" ", title[end:]).strip(" -\u2013\u2014:.,()/")
    if not rest or IN_PROGRESS.match(rest):
        return is_named or title[: found.start()].strip(" ([") == ""
    return is_named and not rest[0].isalnum()


def _read_versions(
    spelled: str, *others: str, is_range: bool = False, in_progress: bool = False
) -> HeadingVersions | None:
    try:
        version, further = to_version(spelled), tuple(to_version(other) for other in others)
    except InvalidVersion:
        return None
    if not is_range:
        return HeadingVersions(spelled, further, None, in_progress)
    first = min(version, *further)
    return HeadingVersions(spelled, further, first, in_progress)
