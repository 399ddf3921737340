"""Read the beginning of a README as plain text, Markdown and reStructuredText alike.

https://packaging.python.org/specifications/core-metadata/#description
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

LOOKED_AT: Final = 20_000  # characters; READMEs begin with what the project is
FEWEST, MOST = 5, 40  # words of a sentence that says what a project is
TAG: Final = re.compile(r"</?[A-Za-z][^<>]*+>")
IMAGE: Final = re.compile(r"!\[[^\[\]]*+\]\([^()]*+\)")
LINK: Final = re.compile(r"\[([^\[\]]*+)\](?:\([^()]*+\)|\[[^\[\]]*+\])?")
RST_LINK: Final = re.compile(r"`([^`<>]*+)(?:<[^`<>]*+>)?`__?")
EMPHASIS: Final = re.compile(r"(?<![A-Za-z0-9*_`])[*_`]++|(?<![*_`])[*_`]++(?![A-Za-z0-9])")
UNDERLINE: Final = re.compile(r"([=~^\-#*+\"'])\1{2,}+")
SENTENCE_END: Final = re.compile(r"(?<=[.!?])\s")
IS: Final = re.compile(r"\b(?:is|are)\b")
NOT_PROSE: Final = ("..", ":", ">", "-", "+", "*", "$", "|", "```", "~~~")


class _Paragraph(NamedTuple):
    """A paragraph as plain text in one line."""

    text: str
    is_heading: bool


def find_first_sentence(readme: str, name: str) -> str:
    """Return the sentence with which a README begins; empty where it begins with something else.

    "Demo is a tool that …" is a definition, which says the name again and is no summary.

    Args:
        readme: the whole text.
        name: of the project; a heading without it begins a section that is about something else.
    """
    for paragraph in _read_paragraphs(readme):
        if not paragraph.is_heading:
            sentence = SENTENCE_END.split(paragraph.text, maxsplit=1)[0]
            return sentence if _is_summary(sentence, name) else ""
        if not contains_words(paragraph.text, name):
            return ""
    return ""


def _is_summary(sentence: str, name: str) -> bool:
    """Return whether a sentence is whole, neither short nor long, and no definition of the project's name."""
    if not sentence.endswith(".") or not FEWEST <= len(sentence.split()) <= MOST:
        return False
    begins_with_name = keep_letters(sentence).startswith(keep_letters(name))
    return not (begins_with_name and IS.search(sentence))


def find_headings(readme: str) -> tuple[str, ...]:
    """Return the headings of a README's beginning, as plain text."""
    return tuple(paragraph.text for paragraph in _read_paragraphs(readme) if paragraph.is_heading)


def _read_paragraphs(readme: str) -> Iterator[_Paragraph]:
    """Yield the headings and the prose of a README's beginning; tables, code, lists and the like are left out."""
    text = IMAGE.sub("", TAG.sub("", _drop_comments(readme[:LOOKED_AT])))
    for block in re.split(r"\n[ \t]*\n", text):
        paragraph = _read_paragraph(block)
        if paragraph is not None:
            yield paragraph


def _drop_comments(readme: str) -> str:
    shown, *commented = readme.split("<!--")
    return shown + "".join(after.partition("-->")[2] for after in commented)


def _read_paragraph(block: str) -> _Paragraph | None:
    """Return the lines between two empty ones as plain text; None where they are neither a heading nor prose."""
    lines = [line.strip() for line in block.strip().splitlines()]
    written = [line for line in lines if not UNDERLINE.fullmatch(line)]
    text = _drop_markup(" ".join(written))
    if not re.search(r"\w", text) or "|" in text:
        return None
    is_underlined = len(written) < len(lines)
    if is_underlined or written[0].startswith("#"):
        return _Paragraph(text, is_heading=True)
    if not _is_prose(written[0], text):
        return None
    return _Paragraph(text, is_heading=False)


def _is_prose(line: str, text: str) -> bool:
    """Return whether a paragraph with this first line and plain text is no list, code, quotation or the like."""
    begins_with_emphasis = line.startswith(("**", "*" + text[:1]))
    return begins_with_emphasis or not line.startswith(NOT_PROSE)


def _drop_markup(text: str) -> str:
    plain = EMPHASIS.sub("", LINK.sub(r"\1", RST_LINK.sub(r"\1", text)))
    return " ".join(plain.split()).strip("# ")


def contains_words(text: str, words: str) -> bool:
    """Return whether a text has these words, case, spaces and punctuation aside."""
    return keep_letters(words) in keep_letters(text)


def is_same_word(one: str, other: str) -> bool:
    """Return whether two texts are equal, case, spaces and punctuation aside."""
    return keep_letters(one) == keep_letters(other)


def keep_letters(text: str) -> str:
    """Return the letters and digits only, in lower case, for comparison."""
    return re.sub(r"[\W_]", "", text).lower()
