"""Convert the AsciiDoc of changelogs to GitHub's Markdown: headings, lists, links, code and admonitions."""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import Final

from release_tools.history.headings import match_asciidoc_title

_LIST: Final = re.compile(r"[ \t]*([*-]{1,5}|\.{1,5})[ \t]+(\S.*)")
_FENCES: Final = re.compile(r"(?:-{4,}|\.{4,}|```)[ \t]*")
_COMMENT_BLOCK: Final = re.compile(r"/{4,}[ \t]*")
_SOURCE: Final = re.compile(r"\[source(?:%\w++)?(?:,[ \t]*+([\w+-]{1,20}))?[^\]]*\][ \t]*", re.IGNORECASE)
_BLOCK_ATTRIBUTE: Final = re.compile(r"(?:\[[^\[\]]*\]|\[\[[^\[\]]*\]\]|:[\w-]{1,60}!?:.*|//(?!/).*|<<<|'''|\+)[ \t]*")
_ADMONITION: Final = re.compile(r"(NOTE|TIP|IMPORTANT|WARNING|CAUTION):[ \t]+(\S.*)")
_LINK: Final = re.compile(r"(?:link:)?((?:https?://)[^\s\[\]]{1,500})\[([^\[\]]{0,300})\]")
_CODE: Final = re.compile(r"`\+([^`\n]+)\+`")
_STRONG: Final = re.compile(r"(?<![\w*`])\*(?=\S)([^*`\n]+)(?<=\S)\*(?![\w*`])")


def to_markdown(text: str) -> str:
    """Convert a part of a changelog; comments, block attributes and anchors are left out."""
    return "\n".join(_convert_lines(text.splitlines()))


def _convert_lines(lines: list[str]) -> Iterator[str]:
    language = ""
    rest = map(str.rstrip, lines)
    for line in rest:
        if _COMMENT_BLOCK.fullmatch(line):
            _take_block(line, rest)
            language = ""
        elif _FENCES.fullmatch(line):
            yield from (f"```{language}", *_take_block(line, rest), "```")
            language = ""
        elif source := _SOURCE.fullmatch(line):
            language = source[1] or ""
        elif not _BLOCK_ATTRIBUTE.fullmatch(line):
            yield _convert_line(line)


def _take_block(fence: str, rest: Iterator[str]) -> list[str]:
    """Return the lines of a delimited block, up to the line that ends it."""
    return list(takewhile(lambda line: line != fence, rest))


def _convert_line(line: str) -> str:
    heading = match_asciidoc_title(line)
    if heading and heading[0] > 1:
        return f"{'#' * heading[0]} {_inline(heading[1])}"
    if item := _LIST.fullmatch(line):
        return _write_list_item(item[1], item[2])
    if admonition := _ADMONITION.fullmatch(line):
        return f"> **{admonition[1].capitalize()}**: {_inline(admonition[2])}"
    return _inline(line)


def _write_list_item(marks: str, text: str) -> str:
    """Return an item of a list, whose marks tell by their number how deep it is."""
    mark = "1." if marks.startswith(".") else "-"
    return f"{'   ' * (len(marks) - 1)}{mark} {_inline(text)}"


def _inline(text: str) -> str:
    """Convert links, passed-through code and strong text; italics and plain code read alike in both languages."""
    text = _LINK.sub(lambda found: f"[{found[2].rstrip('^')}]({found[1]})" if found[2] else found[1], text)
    return _STRONG.sub(r"**\1**", _CODE.sub(r"`\1`", text))
