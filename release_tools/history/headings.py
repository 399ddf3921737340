"""The headings of a document in Markdown (CommonMark) or reStructuredText, with the lines that they take."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\n|\r|$)")
_ADORNMENT: Final = re.compile(r"([!-/:-@\[-`{-~])\1+[ \t]*")
_SHORTEST_ADORNMENT: Final = 4


class Markup(Enum):
    """What a document is written in."""

    MARKDOWN = "Markdown"
    RST = "reStructuredText"


@dataclass(frozen=True)
class Heading:
    """A heading.

    Attributes:
        text: what it says, in its markup.
        level: 1 for the highest.
        start: its first line, counted from 0.
        end: the line after it; in reStructuredText a heading takes two or three.
    """

    text: str
    level: int
    start: int
    end: int


def markup_of(path: str, text: str) -> Markup:
    """By the file's suffix; without a telling one, by the look of the text."""
    suffix = PurePosixPath(path).suffix
    if suffix in (".md", ".rst"):
        return Markup.MARKDOWN if suffix == ".md" else Markup.RST
    return Markup.MARKDOWN if re.search(r"^#{1,3} \S", text, re.MULTILINE) else Markup.RST


def split_lines(text: str) -> list[str]:
    """Lines with their ends; only what an editor calls a line end is one."""
    return [line for line in _LINE.findall(text) if line]


def find_headings(text: str, markup: Markup) -> list[Heading]:
    """All headings, in order; what only looks like one, in code or a comment, is left out."""
    return _markdown(text) if markup is Markup.MARKDOWN else _rst([line.rstrip() for line in split_lines(text)])


def _markdown(text: str) -> list[Heading]:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").disable("inline").parse(text)
    return [
        Heading(content.content, int(token.tag[1:]), *token.map)
        for token, content in pairwise(tokens)
        if token.type == "heading_open" and token.level == 0 and token.map
    ]


def _rst(lines: Sequence[str]) -> list[Heading]:
    """Titles by their adornment (docutils: "Sections"); a level is told by the order of its first appearance."""
    found, styles, line = [], list[str](), 0
    while line < len(lines) - 1:
        over = line + 2 < len(lines) and _underlines(lines[line], lines[line + 2]) and bool(lines[line + 1].strip())
        title = line + 1 if over else line
        alone = line == 0 or not lines[line - 1]
        if alone and _is_title(lines[title], lines[title + 1], over=over):
            style = lines[title + 1][0] * (2 if over else 1)
            if style not in styles:
                styles.append(style)
            found.append(Heading(lines[title].strip(), styles.index(style) + 1, line, title + 2))
            line = title + 2
        else:
            line += 1
    return found


def _underlines(over: str, under: str) -> bool:
    return over == under and _ADORNMENT.fullmatch(over) is not None


def _is_title(title: str, under: str, *, over: bool) -> bool:
    if not title.strip() or (title[0].isspace() and not over) or _ADORNMENT.fullmatch(under) is None:
        return False
    return len(under) >= min(len(title.strip()), _SHORTEST_ADORNMENT)
