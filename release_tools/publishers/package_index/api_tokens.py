"""Read what an API token of PyPI says about itself: the projects that it is valid for, and until when.

The token is a macaroon (version 2 of its binary form) that anyone can read and only PyPI can verify. Its caveats are
JSON; those that are unknown here only restrict it further, so the result is the most that it can do.
https://github.com/pypi/warehouse/blob/main/warehouse/macaroons/caveats/__init__.py
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf
from typing import Any, Final

_PREFIX: Final = "pypi-"
_VERSION: Final = 2
_END, _IDENTIFIER, _SIGNATURE = 0, 2, 6
_EXPIRATION, _PROJECT_NAMES = 0, 1


@dataclass(frozen=True)
class Rights:
    """The most that a token can do.

    Attributes:
        projects: normalized names that it is valid for; None for all projects of its account.
        begins: when it becomes valid, in seconds since 1970.
        expires: when it becomes invalid, in seconds since 1970.
    """

    projects: frozenset[str] | None = None
    begins: float = 0.0
    expires: float = inf

    def restrict(self, caveat: object) -> "Rights":
        """Return the rights, restricted by one more caveat."""
        match caveat:
            case [tag, int(expires), int(begins)] if tag == _EXPIRATION:
                return replace(self, begins=max(self.begins, begins), expires=min(self.expires, expires))
            case [tag, list(names)] if tag == _PROJECT_NAMES:
                return self._only(names)
            case {"version": 1, "permissions": {"projects": list(names)}}:
                return self._only(names)
        return self

    def _only(self, names: list[Any]) -> "Rights":
        named = frozenset(map(str, names))
        return replace(self, projects=named if self.projects is None else self.projects & named)


def read_rights(token: str) -> Rights | None:
    """Return what a token says; None where it cannot be read, as it is another kind or no token at all."""
    if not token.startswith(_PREFIX):
        return None
    text = token.removeprefix(_PREFIX)
    rights = Rights()
    try:
        for caveat in _parse_caveats(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))):
            rights = rights.restrict(json.loads(caveat))
    except (ValueError, IndexError, RecursionError):
        return None
    return rights


def _parse_caveats(data: bytes) -> Iterator[bytes]:
    """Yield the identifiers of all sections but the first, which is the macaroon's own."""
    if data[0] != _VERSION:
        raise ValueError("not a macaroon")
    position, sections = 1, 0
    while True:
        kind, position = _parse_number(data, position)
        if kind == _END:
            sections += 1
            continue
        if kind == _SIGNATURE:
            return
        length, position = _parse_number(data, position)
        if kind == _IDENTIFIER and sections > 0:
            yield data[position : position + length]
        position += length


def _parse_number(data: bytes, position: int) -> tuple[int, int]:
    """Return an unsigned LEB128 number, and the position after it."""
    value = shift = 0
    while True:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004 - the highest bit says that more follow
            return value, position
        if shift > 28:  # noqa: PLR2004 - longer than any token
            raise ValueError("the length is too large for a token")
