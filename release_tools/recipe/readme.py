"""Read the beginning of a README as plain text, Markdown and reStructuredText alike.

https://packaging.python.org/specifications/core-metadata/#description
"""

import re
from collections.abc import Iterator
from typing import Final

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


def find_first_sentence(readme: str, name: str) -> str:
    """Return the sentence with which a README begins; empty where it begins with something else.

    "Demo is a tool that …" is a definition, which says the name again and is no summary.

    Args:
        readme: the whole text.
        name: of the project; a heading without it begins a section that is about something else.
    """
    for kind, text in _split_paragraphs(readme[:LOOKED_AT]):
        if kind == "heading" and strip_letters(name) not in strip_letters(text):
            return ""
        if kind == "prose":
            sentence = SENTENCE_END.split(text, maxsplit=1)[0]
            defines = strip_letters(sentence).startswith(strip_letters(name)) and IS.search(sentence)
            fits = sentence.endswith(".") and FEWEST <= len(sentence.split()) <= MOST
            return sentence if fits and not defines else ""
    return ""


def find_headings(readme: str) -> tuple[str, ...]:
    """Return the headings of a README's beginning, as plain text."""
    return tuple(text for kind, text in _split_paragraphs(readme[:LOOKED_AT]) if kind == "heading")


def _split_paragraphs(readme: str) -> Iterator[tuple[str, str]]:
    """Yield the paragraphs as plain text in one line, each as ``heading`` or ``prose``; the rest is left out."""
    shown, *commented = readme.split("<!--")
    shown += "".join(after.partition("-->")[2] for after in commented)
    for block in re.split(r"\n[ \t]*\n", IMAGE.sub("", TAG.sub("", shown))):
        lines = [line.strip() for line in block.strip().splitlines()]
        written = [line for line in lines if not UNDERLINE.fullmatch(line)]
        plain = EMPHASIS.sub("", LINK.sub(r"\1", RST_LINK.sub(r"\1", " ".join(written))))
        text = " ".join(plain.split()).strip("# ")
        if not re.search(r"\w", text) or "|" in text:
            continue
        if len(written) < len(lines) or written[0].startswith("#"):
            yield "heading", text
        elif not written[0].startswith(NOT_PROSE) or written[0].startswith(("**", "*" + text[:1])):
            yield "prose", text


def strip_letters(text: str) -> str:
    """Return the letters and digits only, in lower case, for comparison."""
    return re.sub(r"[\W_]", "", text).lower()
