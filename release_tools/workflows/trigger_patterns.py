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
    expression = ""
    for token in _TOKEN.findall(pattern):
        if token in _OPERATORS and (expression or token.startswith("*")):
            expression += _OPERATORS[token]
        elif token.startswith("[") and token.endswith("]") and len(token) > 1:
            expression += f"[{re.escape(token[1:-1]).replace(re.escape('-'), '-')}]"
        else:
            expression += re.escape(token.removeprefix("\\") if len(token) > 1 else token)
    try:
        return re.fullmatch(expression, name, re.DOTALL) is not None
    except re.error:
        return False
