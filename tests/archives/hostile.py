"""The archives that must be refused, each for one reason."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from tests.archives.raw import Part, wheel_bytes


class Hostile(NamedTuple):
    """One archive, and what the error has to say about it."""

    id: str
    description: str
    make: Callable[[], bytes]
    filename: str = "demo-1.0-py3-none-any.whl"


def wheel_with(*parts: Part) -> Callable[[], bytes]:
    return partial(wheel_bytes, *parts)


def named(name: str, **facts: object) -> Callable[[], bytes]:
    return wheel_with(Part(name, b"x", **facts))  # type: ignore[arg-type]  # the table's own keywords
