"""A look at the other side that is made once, until there is reason to look again."""

from collections.abc import Callable
from typing import Generic, TypeVar

Seen = TypeVar("Seen")


class CachedQuery(Generic[Seen]):
    """What a look showed; one request serves all files of a release."""

    def __init__(self, look: Callable[[], Seen]) -> None:
        self._look = look
        self._seen: list[Seen] = []

    def __call__(self) -> Seen:
        """What was seen, or a first look."""
        if not self._seen:
            self._seen.append(self._look())
        return self._seen[0]

    def forget(self) -> None:
        """Have the next call look again: something may have changed."""
        self._seen.clear()
