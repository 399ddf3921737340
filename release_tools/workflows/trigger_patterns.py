"""Match the patterns of GitHub's workflow triggers.

https://docs.github.com/actions/reference/workflow-syntax-for-github-actions#filter-pattern-cheat-sheet
"""

import re
from collections.abc import Iterable
from typing import Final

_TOKEN: Final = re.compile(r"\*\*|\*|\?|\+|\[[^\[\]]+\]|\\.|.", re.DOTALL)
_OPERATORS: Final = {"**": ".*", "*": "[^/]*", "?": "?", "+": "+"}


def matches_patterns(patterns: Iterable[str], name: str) -> bool:
    """Check whether a list of patterns takes a tag or branch; the last pattern that fits decides.

    ``*`` matches any characters but ``/``, ``**`` any characters, ``?`` zero or one and ``+`` one or more of the
    preceding character, ``[]`` one character of a set; a pattern that begins with ``!`` takes the name out again.

    Args:
        patterns: as the workflow has them, in its order.
        name: of the tag or branch.
    """
    is_taken = False
    for pattern in patterns:
        if _fits(pattern.removeprefix("!"), name):
            is_taken = not pattern.startswith("!")
    return is_taken


def _fits(pattern: str, name: str) -> bool:
    try:
        return re.fullmatch(_translate_pattern(pattern), name, re.DOTALL) is not None
    except re.error:
        return False


def _translate_pattern(pattern: str) -> str:
    """Return the regular expression of a pattern; ``?`` and ``+`` at its start are plain characters."""
    expression = ""
    for token in _TOKEN.findall(pattern):
        is_operator = token in _OPERATORS and (expression or token.startswith("*"))
        expression += _OPERATORS[token] if is_operator else _translate(token)
    return expression


def _translate(token: str) -> str:
    """Return the regular expression of a character, an escaped one, or a set."""
    if len(token) == 1:
        return re.escape(token)
    if token.startswith("["):
        return f"[{re.escape(token[1:-1]).replace(re.escape('-'), '-')}]"
    return re.escape(token.removeprefix("\\"))
