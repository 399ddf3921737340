"""Evaluate the conditions of workflows as far as their values are known.

https://docs.github.com/actions/reference/evaluate-expressions-in-workflows-and-actions
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

_TOKEN: Final = re.compile(r"\s*('(?:[^']|'')*'|[A-Za-z_][\w.-]*|\d+(?:\.\d+)?|&&|\|\||[=!<>]=|[!<>(),])")
_WRAPPED: Final = re.compile(r"\$\{\{(.*)\}\}", re.DOTALL)
_LARGEST: Final = 2_000
_COMPARISONS: Final = ("==", "!=", "<=", ">=", "<", ">")
_FUNCTIONS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "startswith": str.startswith,
    "endswith": str.endswith,
    "contains": str.__contains__,
}

Value = str | bool | None
"""A value; None where it is not known."""


def is_never_true(condition: str, values: Mapping[str, str]) -> bool:
    """Return whether a condition is false, whatever the values are that are not known.

    Args:
        condition: of a job or a step; empty is true.
        values: the known ones, such as ``github.ref``.
    """
    text = _unwrap(condition.strip())
    if not text or "${{" in text or len(text) > _LARGEST:
        return False
    return _is_false(_evaluate(text, values))


def _evaluate(text: str, values: Mapping[str, str]) -> Value:
    """Return the value of a condition; None where it is not known, or the text is no condition."""
    try:
        parser = _Parser(_split_tokens(text), values)
        value = parser.read_or()
    except (IndexError, ValueError, RecursionError):
        return None
    return value if parser.is_at_end else None


def _unwrap(text: str) -> str:
    """Return a condition without the braces around the whole of it."""
    wrapped = _WRAPPED.fullmatch(text)
    return wrapped[1].strip() if wrapped and "${{" not in wrapped[1] else text


def _split_tokens(text: str) -> list[str]:
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ValueError(text)
        tokens.append(match[1])
        position = match.end()
    return tokens


class _Parser:
    """A reader of tokens from left to right, with a method for each level of precedence."""

    def __init__(self, tokens: Sequence[str], values: Mapping[str, str]) -> None:
        self._tokens = tokens
        self._values = values
        self._position = 0

    @property
    def is_at_end(self) -> bool:
        return self._position == len(self._tokens)

    def read_or(self) -> Value:
        value = self._read_and()
        while self._accept("||"):
            value = _either(value, self._read_and())
        return value

    def _read_and(self) -> Value:
        value = self._read_comparison()
        while self._accept("&&"):
            value = _both(value, self._read_comparison())
        return value

    def _read_comparison(self) -> Value:
        value = self._read_not()
        operator = next(filter(self._accept, _COMPARISONS), "")
        return _compare(value, operator, self._read_not()) if operator else value

    def _read_not(self) -> Value:
        if self._accept("!"):
            value = self._read_not()
            return None if value is None else not value
        return self._read_value()

    def _read_value(self) -> Value:
        token = self._tokens[self._position]
        self._position += 1
        if token == "(":  # noqa: S105 - a parenthesis
            return self._read_group()
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if self._accept("("):
            return self._call(token.lower())
        if token in ("true", "false"):
            return token == "true"  # noqa: S105 - a truth value
        return self._values.get(token.lower())

    def _read_group(self) -> Value:
        """Return the value of what follows an opening parenthesis, up to the closing one."""
        value = self.read_or()
        if not self._accept(")"):
            raise ValueError(self._tokens)
        return value

    def _call(self, name: str) -> Value:
        arguments = self._read_arguments()
        return True if name == "always" else _apply(name, arguments)

    def _read_arguments(self) -> list[Value]:
        arguments: list[Value] = []
        while not self._accept(")"):
            arguments.append(self.read_or())
            self._accept(",")
        return arguments

    def _accept(self, token: str) -> bool:
        if not self.is_at_end and self._tokens[self._position] == token:
            self._position += 1
            return True
        return False


def _is_false(value: Value) -> bool:
    """Return whether a value is known, and false."""
    return value is not None and not value


def _either(left: Value, right: Value) -> Value:
    """Return the value of ``left || right``; a true one decides, whatever the other is."""
    if left is None:
        return right or None
    return left or right


def _both(left: Value, right: Value) -> Value:
    """Return the value of ``left && right``; a false one decides, whatever the other is."""
    if left is None:
        return False if _is_false(right) else None
    return left and right


def _apply(name: str, arguments: Sequence[Value]) -> Value:
    """Return the value of a function of a text and a part; None where it, or an argument, is not known."""
    known = [_lower(argument) for argument in arguments if argument is not None]
    if name not in _FUNCTIONS or not len(arguments) == len(known) == 2:  # noqa: PLR2004 - text and part
        return None
    return _FUNCTIONS[name](*known)


def _compare(left: Value, operator: str, right: Value) -> Value:
    if left is None or right is None or operator not in {"==", "!="}:
        return None
    return (_lower(left) == _lower(right)) == (operator == "==")


def _lower(value: str | bool) -> str:  # noqa: FBT001 - a value
    return str(value).lower()
