"""Refuse answers that send us elsewhere: a write is not repeated there, and a token does not travel along."""

from typing import Final

from release_tools.errors import RemoteError
from release_tools.system.http import Response, strip_address

_REDIRECTION: Final = 3


def refuse_moved(url: str, answer: Response) -> None:
    """Refuse a redirection.

    Raises:
        RemoteError: the answer is one; it names the new address.
    """
    if answer.status // 100 == _REDIRECTION:
        raise RemoteError(
            f"{strip_address(url)} has moved to {strip_address(answer.headers.get('location', ''))}",
            "If the repository was renamed, type: git remote set-url origin NEW-ADDRESS",
        )
