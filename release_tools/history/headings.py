"""Find the headings of a document in Markdown (CommonMark), reStructuredText or AsciiDoc, with the lines they take."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_ADORNMENT: Final = re.compile(r"([!-/:-@\[-`{-~])\1+[ \t]*")
_SHORTEST_ADORNMENT: Final = 4
_HTML_HEADING: Final = re.compile(r" {0,3}<h([1-6])\b[^<>]*>(.*?)</h\1>[ \t]*", re.IGNORECASE)
_ASCIIDOC_HEADING: Final = re.compile(r"(={1,6}) +(\S.*)")
_ASCIIDOC_BLOCK: Final = re.compile(r"(?:-{4,}|={4,}|\.{4,}|\+{4,}|/{4,}|_{4,}|```)[ \t]*")
_FRONT_MATTER: Final = re.compile(r"\A---[ \t]*\r?\n(?:.*\r?\n){0,200}?---[ \t]*\r?\n")


class Markup(Enum):
    """The language that a document is written in."""

    MARKDOWN = "Markdown"
    RST = "reStructuredText"
    ASCIIDOC = "AsciiDoc"


_BY_SUFFIX: Final = {
    ".md": Markup.MARKDOWN,
    ".markdown": Markup.MARKDOWN,
    ".mdx": Markup.MARKDOWN,
    ".rst": Markup.RST,
    ".rest": Markup.RST,
    ".adoc": Markup.ASCIIDOC,
    ".asciidoc": Markup.ASCIIDOC,
    ".asc": Markup.ASCIIDOC,
}


@dataclass(frozen=True)
class Heading:
    """A heading.

    Attributes:
        text: its title, in the document's markup.
        level: 1 for the highest.
        start: its first line, counted from 0.
        end: the line after it; in reStructuredText a heading takes two or three.
    """

    text: str
    level: int
    start: int
    end: int


def recognise_markup(path: str, text: str) -> Markup:
    """Return the markup that a file's suffix names; for any other suffix, the one that its headings belong to."""
    known = _BY_SUFFIX.get(PurePosixPath(path).suffix.lower())
    if known is not None:
        return known
    return Markup.MARKDOWN if re.search(r"^#{1,3} \S", text, re.MULTILINE) else Markup.RST


def split_lines(text: str) -> list[str]:
    """Split a text into lines with their ends; only the line ends of editors count, not form feeds and their kin."""
    return [line for line in _LINE.findall(text) if line]


def find_headings(text: str, markup: Markup) -> list[Heading]:
    """Return all headings in order, without those in code or in comments."""
    if markup is Markup.MARKDOWN:
        return _find_markdown_headings(text)
    lines = [line.rstrip() for line in split_lines(text)]
    return _find_asciidoc_headings(lines) if markup is Markup.ASCIIDOC else _find_rst_headings(lines)


def _find_markdown_headings(text: str) -> list[Heading]:
    from markdown_it import MarkdownIt

    skipped, body = _skip_front_matter(text)
    tokens = MarkdownIt("commonmark").disable("inline").parse(body)
    found = []
    for token, content in pairwise([*tokens, *tokens[-1:]]):
        if token.level or not token.map:
            continue
        start, end = token.map
        if token.type == "heading_open":
            found.append(Heading(content.content, int(token.tag[1:]), start + skipped, end + skipped))
        elif token.type == "html_block":
            found += _find_html_headings(token.content, start + skipped)
    return found


def _skip_front_matter(text: str) -> tuple[int, str]:
    """Return the number of lines that front matter takes, and the text after it."""
    front = _FRONT_MATTER.match(text)
    return (front[0].count("\n"), text[front.end() :]) if front else (0, text)


def _find_html_headings(block: str, start: int) -> Iterator[Heading]:
    """Yield the headings of a block of HTML, none of a comment.

    Args:
        block: its text.
        start: its first line in the document.
    """
    if block.lstrip().startswith("<!--"):
        return
    for at, line in enumerate(block.splitlines(), start):
        html = _HTML_HEADING.fullmatch(line)
        if html:
            yield Heading(html[2].strip(), int(html[1]), at, at + 1)


def _find_rst_headings(lines: Sequence[str]) -> list[Heading]:
    """Find titles by their adornment (docutils: "Sections"); the order of first appearance gives the levels."""
    found, styles = [], list[str]()
    for style, start, title in _list_rst_titles(lines):
        if style not in styles:
            styles.append(style)
        found.append(Heading(lines[title].strip(), styles.index(style) + 1, start, title + 2))
    return found


def _list_rst_titles(lines: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield for each title its style, ``=`` or with an overline ``==``, its first line and the line of its text."""
    line = 0
    while line < len(lines) - 1:
        over = _has_overline(lines, line)
        title = line + 1 if over else line
        if _starts_block(lines, line) and _is_title(lines[title], lines[title + 1], over=over):
            yield lines[title + 1][0] * (2 if over else 1), line, title
            line = title + 2
        else:
            line += 1


def _starts_block(lines: Sequence[str], at: int) -> bool:
    return at == 0 or not lines[at - 1]


def _has_overline(lines: Sequence[str], at: int) -> bool:
    """Tell whether a line is the adornment above a title, which has the same one below."""
    over, title, under = (*lines[at : at + 3], "", "")[:3]
    return over == under and bool(title.strip()) and _ADORNMENT.fullmatch(over) is not None


def _is_title(title: str, under: str, *, over: bool) -> bool:
    if not title.strip() or (title[0].isspace() and not over) or _ADORNMENT.fullmatch(under) is None:
        return False
    return len(under) >= min(len(title.strip()), _SHORTEST_ADORNMENT)


def _find_asciidoc_headings(lines: Sequence[str]) -> list[Heading]:
    """Find one-line titles (AsciiDoc: "Sections"), outside delimited blocks."""
    found = []
    for at, line in _list_lines_outside_blocks(lines):
        if title := match_asciidoc_title(line):
            found.append(Heading(title[1], title[0], at, at + 1))
    return found


def _list_lines_outside_blocks(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Yield each line of an AsciiDoc document that is in no delimited block, with its number from 0."""
    fence = ""
    for at, line in enumerate(lines):
        if fence:
            fence = "" if line == fence else fence
        elif _ASCIIDOC_BLOCK.fullmatch(line):
            fence = line
        else:
            yield at, line


def match_asciidoc_title(line: str) -> tuple[int, str] | None:
    """Return the level and the text of an AsciiDoc heading, whose marks may stand at its end too; None for no heading.

    Args:
        line: without its end.
    """
    heading = _ASCIIDOC_HEADING.fullmatch(line)
    if heading is None:
        return None
    marks, title = heading.groups()
    return len(marks), title.rstrip(" \t").removesuffix(f" {marks}").rstrip(" ")
