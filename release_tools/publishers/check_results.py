"""What is found out about a place before anything is published there."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from release_tools.errors import ReleaseToolsError
from release_tools.model.note import Note

CheckResult: TypeAlias = Note | ReleaseToolsError
"""A line of the report, or an error that forbids the release; errors are handed on so that all are told together."""


def collect_errors(check: Callable[[], Iterable[CheckResult]]) -> Iterator[CheckResult]:
    """What a check finds, the error that ends it included."""
    try:
        yield from check()
    except ReleaseToolsError as error:
        yield error
