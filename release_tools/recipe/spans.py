"""Pieces of a recipe's text, with their offsets."""

import re
from dataclasses import dataclass
from typing import Final

Entry = tuple[str, str]
"""One scalar of a recipe: the keys that lead to it, and its text."""


NAME_END: Final = re.compile(r"[\s<>=!~]")
QUOTED_NAME: Final = re.compile(r"(?<![(\w])[\"']([A-Za-z0-9][A-Za-z0-9_.-]*)")  # not an argument: compiler('c')


@dataclass(frozen=True)
class Span:
    """A piece of the text.

    Attributes:
        path: the keys that lead to it, or the name of a v0 variable.
        start: offset of its first character.
        end: offset behind its last one.
        text: the piece itself.
        line: number of its line, from 1.
    """

    path: str
    start: int
    end: int
    text: str
    line: int

    @property
    def quote(self) -> str:
        """Return the quotation mark around the text; empty for none."""
        return self.text[0] if len(self.text) > 1 and self.text[0] in "\"'" and self.text[0] == self.text[-1] else ""

    @property
    def value(self) -> str:
        """Return the text without quotation marks."""
        return self.text[1:-1] if self.quote else self.text

    def make_replacement(self, value: str) -> "Edit":
        """Return the edit that puts another value here, within the same quotation marks."""
        text = f"{self.quote}{value}{self.quote}"
        return Edit(self.start, self.end, text, removed=(self.path, self.text), added=(self.path, text))


@dataclass(frozen=True)
class Item:
    """One entry of a list.

    Attributes:
        place: of the scalar, without the dash.
        when: what it is conditional on: a v1 expression or a v0 selector; empty for always.
        nested: whether it is below an ``if``.
    """

    place: Span
    when: str = ""
    nested: bool = False

    @property
    def name(self) -> str:
        """Return the package that a requirement names, in lower case; of ``${{ "numpy" if linux }}`` the quoted one."""
        value = self.place.value
        if value.lstrip("$").startswith("{{"):
            quoted = QUOTED_NAME.search(value)
            return quoted[1].lower() if quoted else value
        return NAME_END.split(value, maxsplit=1)[0].lower()

    @property
    def constraint(self) -> str:
        """Return the part of a requirement after the name."""
        return self.place.value if self.computed else self.place.value[len(self.name) :].strip()

    @property
    def computed(self) -> bool:
        """Return whether it holds an expression, so that only a rendered recipe has its value."""
        return "{{" in self.place.text


@dataclass(frozen=True)
class Listed:
    """A list.

    Attributes:
        items: its scalars in order, those below conditions included.
        path: where it is.
        line: number of its first line.
        block: whether it has one line an item.
    """

    items: tuple[Item, ...]
    path: str
    line: int
    block: bool


@dataclass(frozen=True)
class SourceSpans:
    """One source of a recipe.

    Attributes:
        fields: each plain field; a list's items one by one under the same key.
        line: number of its first line.
    """

    fields: tuple[tuple[str, Span], ...]
    line: int

    def get(self, key: str) -> list[Span]:
        """Return the values of one field; several in a list, or where each system has its own."""
        return [place for name, place in self.fields if name == key]


@dataclass(frozen=True)
class Edit:
    """A change of the text.

    Attributes:
        start: offset of the first character that is replaced.
        end: offset behind the last one.
        text: what is there afterwards.
        removed: the entry of the document that disappears, if any.
        added: the one that appears, if any.
    """

    start: int
    end: int
    text: str
    removed: Entry | None = None
    added: Entry | None = None

    def replaces_same(self, other: "Edit") -> bool:
        """Return whether two edits replace the same characters; insertions replace none."""
        return self.end > self.start and (self.start, self.end) == (other.start, other.end)
