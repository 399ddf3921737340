"""Convert the reStructuredText of changelogs to GitHub's Markdown; docutils reads it."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from docutils.nodes import Element, Node

# docutils does not know Sphinx's roles, so their text is put into its own markup before it reads them.
_ROLE: Final = re.compile(r"(?<![\w`]):(?P<role>[\w:+.-]{1,40}):`(?P<text>[^`]{1,300})`")
_TITLED: Final = re.compile(r"(?P<title>[^<]*[^<\s])\s*<[^<>]*>")
_NUMBERS: Final = frozenset(
    {"issue", "pr", "pull", "gh", "ghissue", "ghpull", "gh-issue", "gh-pr", "bug", "feature", "support"}
)
_WORDS: Final = frozenset({"abbr", "author", "doc", "ref", "term", "user", "any"})
_MARKUP: Final = re.compile(r"[\\`*\[\]<]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_ADMONITIONS: Final = frozenset(
    {"attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning"}
)
_OUTER_HEADING: Final = 2
_INNERMOST_HEADING: Final = 6
_SETTINGS: Final = {
    "_disable_config": True,  # no docutils.conf, neither the user's nor the repository's
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 6,
    "doctitle_xform": False,
    "docinfo_xform": False,
    "syntax_highlight": "none",
    "line_length_limit": 100_000,
}


def to_markdown(text: str) -> str:
    """Convert a part of a changelog; comments, and directives that docutils does not know, are left out."""
    from docutils.core import publish_doctree

    tree = publish_doctree(_ROLE.sub(_convert_role, text), settings_overrides=_SETTINGS)
    return "\n".join(_convert_blocks(tree.children, 0))


def _convert_role(found: re.Match[str]) -> str:
    """Return a role's text: ``#12`` for issues, words for links within documents, code for the rest."""
    role, text = found["role"].rpartition(":")[2].lower(), found["text"].strip()
    title = _take_title(text)
    if role in _NUMBERS:
        return f"#{text}" if text.isdecimal() else text
    if role in ("pep", "rfc"):
        return f"{role.upper()} {title}"
    return title if title != text or role in _WORDS else f"``{_shorten_target(text)}``"


def _take_title(text: str) -> str:
    """Return the title of ``title <target>``; a text without a target as it is."""
    titled = _TITLED.fullmatch(text)
    return titled["title"] if titled else text


def _shorten_target(text: str) -> str:
    """Return what Sphinx shows of a target: the last part of ``~demo.load``, and ``demo.load`` of ``!demo.load``."""
    return text.rpartition(".")[2] if text.startswith("~") else text.lstrip("!")


def _convert_blocks(nodes: Sequence["Node"], level: int) -> Iterator[str]:
    """Yield the lines of block elements, with an empty one between two."""
    first = True
    for node in nodes:
        lines = list(_convert_block(node, level))
        if lines:
            yield from lines if first else ["", *lines]
            first = False


def _convert_block(node: "Node", level: int) -> Iterator[str]:
    from docutils import nodes

    match node:
        case nodes.section():
            yield from _convert_blocks(node.children, level + 1)
        case nodes.title():
            yield f"{'#' * min(level + _OUTER_HEADING, _INNERMOST_HEADING)} {_inline(node)}"
        case nodes.paragraph() | nodes.term() | nodes.line():
            yield _inline(node)
        case nodes.bullet_list() | nodes.enumerated_list():
            yield from _list(node, level)
        case nodes.literal_block() | nodes.doctest_block():
            yield from _convert_code(node)
        case nodes.tgroup():
            yield from _table(node)
        case nodes.Invisible() | nodes.system_message() | nodes.image():
            pass
        case nodes.Element():
            yield from _convert_other(node, level)


def _convert_code(node: "Element") -> Iterator[str]:
    language = next((name for name in node["classes"] if name != "code"), "")
    yield from (f"```{language}", *node.astext().splitlines(), "```")


def _convert_other(node: "Element", level: int) -> Iterator[str]:
    """Yield what is in an element; an admonition is quoted."""
    lines = _convert_blocks(node.children, level)
    if node.tagname in _ADMONITIONS:
        lines = (f"> {line}".rstrip() for line in (f"**{node.tagname.capitalize()}**", "", *lines))
    yield from lines


def _list(node: "Element", level: int) -> Iterator[str]:
    from docutils import nodes

    for number, item in enumerate(node.children, node.get("start", 1)):
        mark = "- " if isinstance(node, nodes.bullet_list) else f"{number}. "
        for row, line in enumerate(_convert_blocks(item.children, level)):
            yield f"{mark if row == 0 else ' ' * len(mark)}{line}".rstrip()


def _table(node: "Element") -> Iterator[str]:
    """Yield a table, each cell in one line; its first row is the head, as GitHub requires one."""
    from docutils import nodes

    for number, row in enumerate(node.findall(nodes.row)):
        cells = [" ".join(_convert_blocks(cell.children, 0)).replace("|", "\\|") for cell in row.findall(nodes.entry)]
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield "|" + "---|" * len(cells)


def _inline(node: "Element") -> str:
    """Return inline elements in one line: GitHub would show a line end in a release's notes as one."""
    return " ".join("".join(map(_convert_piece, node.children)).split())


def _convert_piece(node: "Node") -> str:
    from docutils import nodes

    match node:
        case nodes.Text():
            return _MARKUP.sub(r"\\\g<0>", str(node))
        case nodes.literal():
            ticks = "``" if "`" in node.astext() else "`"
            return f"{ticks}{node.astext()}{ticks}"
        case nodes.Invisible() | nodes.image() | nodes.system_message():
            return ""
        case nodes.Element():
            return _convert_inline_element(node)
        case _:
            return ""


def _convert_inline_element(node: "Element") -> str:
    from docutils import nodes

    inner = "".join(map(_convert_piece, node.children))
    if isinstance(node, nodes.reference) and node.get("refuri"):
        return inner if node.astext() == node["refuri"] else f"[{inner}]({node['refuri']})"
    mark = {"emphasis": "*", "title_reference": "*", "strong": "**"}.get(node.tagname, "")
    return f"{mark}{inner}{mark}"
