"""Try again what a server failed, and wait for what has yet to appear; urllib3's `Retry` counts tries and pauses."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_LONGEST_CHECK_PAUSE: Final = 15.0
"""Seconds between two checks of `wait_until`."""


@dataclass(frozen=True)
class RetryPolicy:
    """The time and the tries that a server is given.

    Attributes:
        timeout: seconds until a connection is made, and between two pieces of an answer.
        tries: how often a read is tried; a write is tried once.
        pause: seconds before the second try; doubled before each further one.
        longest_pause: seconds; caps the doubling and a server's ``Retry-After``.
        longest_answer: seconds until a whole answer is read, however often a piece of it comes.
        sleep: waits that many seconds.
    """

    timeout: float = 30.0
    tries: int = 4
    pause: float = 0.5
    longest_pause: float = 30.0
    longest_answer: float = 1800.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)


class Retries:
    """The tries that are left of one request, or of one action."""

    def __init__(self, policy: RetryPolicy) -> None:
        from urllib3.util.retry import RequestHistory, Retry

        self._policy = policy
        # urllib3 pauses only from the second failure on, so the request itself is counted like one.
        first = (RequestHistory(None, None, None, None, None),)
        self._retry = Retry(
            policy.tries - 1, backoff_factor=policy.pause / 2, backoff_max=policy.longest_pause, history=first
        )

    def wait(self, retry_after: float = 0.0) -> bool:
        """Wait before the next try, and return True; return False at once where no try is left.

        Args:
            retry_after: seconds that the server asked to wait for.
        """
        from urllib3.exceptions import MaxRetryError

        try:
            self._retry = self._retry.increment()
        except MaxRetryError:
            return False
        pause = max(retry_after, self._retry.get_backoff_time())
        self._policy.sleep(min(pause, self._policy.longest_pause))
        return True


def parse_retry_after(header: str) -> float:
    """Return the seconds that a ``Retry-After`` header asks for (RFC 9110); 0 where it cannot be read."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util.retry import Retry

    try:
        return Retry().parse_retry_after(header)
    except (InvalidHeader, ValueError, OverflowError):
        return 0.0


def wait_until(is_done: Callable[[], bool], limit: float, policy: RetryPolicy) -> bool:
    """Check again and again, with growing pauses, until something is done; return False where it took too long.

    Args:
        is_done: checks it.
        limit: seconds.
        policy: with the first pause.
    """
    end, pause = time.monotonic() + limit, policy.pause
    while not is_done():
        if time.monotonic() >= end:
            return False
        policy.sleep(pause)
        pause = min(pause * 2, _LONGEST_CHECK_PAUSE)
    return True
