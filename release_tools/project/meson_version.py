"""The version in a ``meson.build``, from its text: a literal, a file, or a command that prints it.

https://mesonbuild.com/Reference-manual_functions.html#project
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from release_tools.project.version_field import Found

_TOKEN: Final = re.compile(
    r"#[^\n]*+|'''(?P<long>(?:[^']|'(?!''))*+)(?:'''|\Z)|'(?P<text>(?:\\.|[^'\\\n]){0,2000}+)'?"
    r"|(?P<word>\w++)|(?P<mark>[^\s\w])",
    re.DOTALL,
)
_OPENING: Final = frozenset("([{")
_CLOSING: Final = frozenset(")]}")


@dataclass(frozen=True)
class _Token:
    """A word, a string or a mark of a ``meson.build``.

    Attributes:
        text: the token; of a string, what is between its quotes.
        is_string: whether it is a string.
        start: of the text in the file, in characters.
    """

    text: str
    is_string: bool
    start: int

    @property
    def nesting(self) -> int:
        """Return 1 for an opening bracket, -1 for a closing one, 0 for everything else."""
        if self.is_string:
            return 0
        return (self.text in _OPENING) - (self.text in _CLOSING)

    def is_mark(self, text: str) -> bool:
        """Tell whether it is this mark or word, and not a string."""
        return not self.is_string and self.text == text


def find_meson_literal(text: str) -> Iterator[Found]:
    """Find the version that ``project()`` is given as a string."""
    tokens = _find_version_tokens(text)
    if len(tokens) == 1 and tokens[0].is_string:
        [token] = tokens
        yield Found("project.version", token.text, token.start, token.start + len(token.text))


def find_meson_version_file(text: str) -> str:
    """Return the path of the file that has only the version, as ``files('VERSION')`` names it; empty without one."""
    call = _read_call(_find_version_tokens(text))
    return call.strings[0] if call.function == "files" and len(call.strings) == 1 and not call.rest else ""


def find_meson_command(text: str) -> tuple[str, ...]:
    """Return the command whose output is the version; empty without one, or where only Meson can tell it.

    A program that ``find_program()`` finds is given by its first name.
    """
    call = _read_call(_find_version_tokens(text))
    is_output = call.rest in {".stdout()", ".stdout().strip()"}
    return call.strings if call.function == "run_command" and is_output else ()


@dataclass(frozen=True)
class _Call:
    """A call as a value.

    Attributes:
        function: that is called; empty where the value is something else.
        strings: its positional arguments; none where one of them is not a string.
        rest: the methods that are called on its result, ``.stdout().strip()``.
    """

    function: str = ""
    strings: tuple[str, ...] = ()
    rest: str = ""


def _find_version_tokens(text: str) -> Sequence[_Token]:
    """Return the tokens of the value that the first call of ``project()`` has for ``version``."""
    tokens = list(_split_tokens(text))
    starts = (at + 2 for at in range(len(tokens) - 1) if tokens[at].is_mark("project") and tokens[at + 1].is_mark("("))
    start = next(starts, len(tokens))
    for argument in _split_arguments(_take_inside(tokens[start:])):
        if _find_key(argument) == "version":
            return argument[2:]
    return ()


def _read_call(tokens: Sequence[_Token]) -> _Call:
    """Read a value that is a call, and the methods that are called on its result."""
    if len(tokens) < 3 or tokens[0].is_string or not tokens[1].is_mark("("):  # noqa: PLR2004 - a name and two brackets
        return _Call()
    inside = _take_inside(tokens[2:])
    rest = "".join(token.text for token in tokens[len(inside) + 3 :])
    return _Call(tokens[0].text, tuple(_read_strings(inside)), rest)


def _read_strings(tokens: Sequence[_Token]) -> list[str]:
    """Return the positional arguments of a call; none where one of them is not known."""
    strings: list[str] = []
    for argument in _split_arguments(tokens):
        if _find_key(argument):
            continue
        found = _read_string(argument)
        if not found:
            return []
        strings += found
    return strings


def _read_string(argument: Sequence[_Token]) -> list[str]:
    """Return an argument as strings: itself, the items of a list, or the first name of a program or file."""
    first = argument[0]
    if first.is_string:
        return [first.text] if len(argument) == 1 else []
    if first.is_mark("["):
        return _read_strings(_take_inside(argument[1:]))
    if first.text in {"files", "find_program"}:
        return list(_read_call(argument).strings[:1])
    return []


def _find_key(argument: Sequence[_Token]) -> str:
    """Return the name of a keyword argument; empty for a positional one."""
    is_keyword = len(argument) > 2 and not argument[0].is_string and argument[1].is_mark(":")  # noqa: PLR2004
    return argument[0].text if is_keyword else ""


def _take_inside(tokens: Sequence[_Token]) -> Sequence[_Token]:
    """Return the tokens before the bracket that closes the one before them; all where none does."""
    depth = 1
    for at, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0:
            return tokens[:at]
    return tokens


def _split_arguments(tokens: Sequence[_Token]) -> Iterator[Sequence[_Token]]:
    """Split tokens at the commas that are in no bracket."""
    depth = start = 0
    for at, token in enumerate(tokens):
        depth += token.nesting
        if depth == 0 and token.is_mark(","):
            yield tokens[start:at]
            start = at + 1
    if tokens[start:]:
        yield tokens[start:]


def _split_tokens(text: str) -> Iterator[_Token]:
    """Split a text, without its comments."""
    for found in _TOKEN.finditer(text):
        group = found.lastgroup
        if group is not None:
            yield _Token(found[group], group in {"long", "text"}, found.start(group))
