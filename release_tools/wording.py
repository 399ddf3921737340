"""Word lists and numbers for people."""

from collections.abc import Sequence


def list_some(items: Sequence[str], most: int = 5, separator: str = ", ") -> str:
    """Return the first items of a list, and how many more there are: ``a, b and 3 more``."""
    text = separator.join(items[:most])
    return f"{text} and {len(items) - most} more" if len(items) > most else text


def count(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: ``1 file``, ``2 files``, ``3 matches`` with the plural given."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
