r"""Text that others wrote, made inert for the place where it is shown.

A commit's subject, a contributor's name, a build's output: their authors must not be able to call people, close
issues, embed pictures, move the cursor or command the runner. Each function is total: any text in, inert text out,
in time linear in its length.

A character that is unsafe everywhere becomes its visible escape (``\x1b``, ``\u202e``); a construct that is unsafe only
in Markdown is broken by a zero-width space, which reads alike.
"""

import re
from collections.abc import Callable

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # what turns the reading direction, or ends a line, unseen
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"  # byte order mark, annotations, invisible tags
    "\ud800-\udfff]"  # halves of characters, which no file or terminal takes
)
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
# At any word's start and not only at a line's: a console may wrap the line just there.
_COMMAND_LINE = re.compile(r"^([^\S\n]*)::", re.MULTILINE)
_COMMAND = re.compile(r"(?:^|(?<=\s))::", re.MULTILINE)


def make_visible(text: str) -> str:
    r"""Return the text with ``\n`` as its only line end, and every control or direction character as its escape."""
    if text.isprintable():  # all that is replaced here is not, and almost every text is
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def sanitize_for_terminal(text: str) -> str:
    """Return text for a terminal: well-formed colour and title sequences are dropped, any other control is visible."""
    return make_visible(_ANSI.sub("", text))


def sanitize_for_log(text: str) -> str:
    """Return text for the log of a GitHub job: as for a terminal, and no line of it is a workflow command.

    The runner takes ``::name::`` after white space at the start of a line, and the older ``##[name]`` anywhere in one
    (actions/runner, ``ActionCommand.cs``); both get a backslash.
    """
    return _COMMAND.sub(r"\\::", sanitize_for_terminal(text)).replace("##[", "##\\[")


def escape_words(text: str, room: int, *, last: bool = False) -> str:
    """Return as many words as fit into so many characters, the first ones or the last, on one line.

    A word is shown whole or not at all: half of a secret is recognised by nobody who hides secrets.
    """
    words, left = [], room
    for word in reversed(text.split()) if last else text.split():
        left -= len(word)
        if left < 0:
            break
        words.append(word)
        left -= 1
    return " ".join(reversed(words) if last else words)


def escape_workflow_data(text: str) -> str:
    """Encode the message of a workflow command of our own as actions/toolkit does; no older command is in it."""
    return sanitize_for_terminal(text).replace("##[", "##\\[").replace("%", "%25").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """Encode a property of a workflow command, such as ``title``, as actions/toolkit does."""
    return escape_workflow_data(text).replace(":", "%3A").replace(",", "%2C")


_GAP = "\u200b"

# GitHub (CommonMark and GFM) reads code first, and in code nothing is live. A fence that starts its line belongs to no
# list or quotation, so it is code for certain. A span is trusted only where every line of its paragraph closes the
# spans that it opens: then the paragraph reads alike however GitHub cuts it into items and table cells.
_FENCE = re.compile(
    r"^(?P<ticks>`{3,}+)[^`\n]*+(?:\n.*)*?(?:(?P<ticks_end>\n {0,3}(?P=ticks)`*[ \t]*$)|\Z)"
    r"|^(?P<tildes>~{3,}+).*+(?:\n.*)*?(?:(?P<tildes_end>\n {0,3}(?P=tildes)~*[ \t]*$)|\Z)",
    re.MULTILINE,
)
_SPAN = re.compile(r"(?<![`\\])(?:`(?!`)[^`|\n]+`|``(?!`)(?:[^`|\n]|`(?!`))+``)(?!`)")
_CODE_OR_COMMENT = re.compile(rf"{_FENCE.pattern}|{_SPAN.pattern}|<!--(?s:.*?)(?:-->|\Z)", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n(?=[ \t]*\n)")

_HTML = re.compile(r"<(?=[A-Za-z/!?])(?!https?://[^\s<>`]*>)")
_IMAGE = re.compile(r"(?<!!)!+\[")
_URL = re.compile(r"https?://[^\s<>()\[\]`\"']+")
_MENTION = re.compile(r"@(?!\u200b)")
_ENTITY = re.compile(r"&(?=#?\w{1,32};)(?!(?:amp|lt|gt|quot|nbsp|copy|hellip|mdash|ndash);)")
_CLOSING = re.compile(
    r"(?<![A-Za-z0-9])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)(?!\u200b)(?=[\W_]{1,16}?(?:[\w./:-]{0,200}?(?:#|GH-|/issues/|/pull/)\d))",
    re.IGNORECASE,
)

_PUNCTUATION = re.compile(r"[\\`*_\[\]<>|~$]|&(?=#?\w{1,32};)")
_BLOCK_START = re.compile(r"^(\d{0,9})([-+=.)#])")
_LIVE = re.compile(r"@|#(?=\d)|GH-(?=\d)|:(?=//)|www(?=\.)", re.IGNORECASE)


def escape_markdown(text: str) -> str:
    """Return the project's own Markdown (a changelog's section), able to call, close and embed nothing on GitHub.

    Headings, lists, links and code stay. ``@name`` is no mention, ``fixes #1`` closes nothing, an image becomes a link,
    HTML shows as text and comments are dropped. A fence left open is closed, so that it hides nothing that follows.
    """
    text = _CODE_OR_COMMENT.sub(lambda found: "" if _is_comment(found[0]) else found[0], make_visible(text))
    return _neutralise_commands(_wrap_around(_FENCE, text, _escape_paragraphs, _close))


def escape_markdown_line(text: str) -> str:
    """Return one line of Markdown that shows the text as it is: a commit's subject, a person's name, a title.

    Only code spans keep their meaning. Mentions, references, links, HTML, emphasis and whatever begins a list, heading
    or table are text; white space and line ends become single spaces.
    """
    line = " ".join(make_visible(text).split())
    return _neutralise_commands(_BLOCK_START.sub(r"\1\\\2", _escape_around_spans(line, _escape_literal)))


def fence_markdown(text: str, language: str = "") -> str:
    """Return the text as a fenced code block that it cannot leave, with the language to colour it by."""
    text = make_visible(text)
    ticks = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{ticks}{language}\n{text}\n{ticks}"


def _neutralise_commands(markdown: str) -> str:
    """Markdown that commands no runner when it is printed to a log; outside code, the backslash is not shown."""
    return _COMMAND_LINE.sub(r"\1\\::", markdown).replace("##[", "##\\[")


def _is_comment(text: str) -> bool:
    return text.startswith("<!--") and text.endswith("-->")


def _wrap_around(
    code: re.Pattern[str], text: str, prose: Callable[[str], str], keep: Callable[[re.Match[str]], str]
) -> str:
    """Return the text with ``prose`` applied between the matches of ``code``, and ``keep`` to each of them."""
    parts, end = [], 0
    for found in code.finditer(text):
        parts += [prose(text[end : found.start()]), keep(found)]
        end = found.end()
    return "".join([*parts, prose(text[end:])])


def _close(fence: re.Match[str]) -> str:
    return fence[0] if fence["ticks_end"] or fence["tildes_end"] else f"{fence[0]}\n{fence['ticks'] or fence['tildes']}"


def _escape_paragraphs(text: str) -> str:
    return "\n".join(_escape_around_spans(paragraph, _deaden) for paragraph in _BLANK_LINE.split(text))


def _escape_around_spans(paragraph: str, prose: Callable[[str], str]) -> str:
    trusted = "`" not in _SPAN.sub("", paragraph)
    return _wrap_around(_SPAN, paragraph, prose, lambda span: span[0]) if trusted else prose(paragraph)


def _deaden(text: str) -> str:
    """Markdown without code, its live constructs broken and the rest as it was."""
    text = _HTML.sub("&lt;", _ENTITY.sub("&amp;", text))
    text = _URL.sub(lambda url: url[0].replace("@", "%40"), _IMAGE.sub("[", text))
    return _CLOSING.sub(rf"\g<0>{_GAP}", _MENTION.sub(f"@{_GAP}", text))


def _escape_literal(text: str) -> str:
    """Return text without code as Markdown that shows just this text."""
    return _LIVE.sub(rf"\g<0>{_GAP}", _PUNCTUATION.sub(r"\\\g<0>", text))
