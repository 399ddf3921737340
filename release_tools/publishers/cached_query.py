"""Query a destination once, until something may have changed there."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Result = TypeVar("Result")


class CachedQuery(Generic[Result]):
    """A read-only query whose result is kept; one request serves all files of a release."""

    def __init__(self, query: Callable[[], Result]) -> None:
        self._query = query
        self._results: list[Result] = []
        self._lock = Lock()

    def __call__(self) -> Result:
        """Return the kept result, or query; who asks while another thread queries waits for its result."""
        with self._lock:
            if not self._results:
                self._results.append(self._query())
            return self._results[0]

    def forget(self) -> None:
        """Let the next call query again."""
        self._results.clear()
