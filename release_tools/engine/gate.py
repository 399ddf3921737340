"""Apply actions, or only plan them: nothing else knows whether this is a dry run.

| found on the remote | dry run                                  | real run                      |
|---------------------|------------------------------------------|-------------------------------|
| nothing             | return the expected receipt, as planned  | apply it, return the receipt  |
| the same digest     | unchanged                                | unchanged                     |
| another digest      | ConflictError                            | ConflictError                 |

An action whose answer was lost may have been applied, so it is never simply repeated: the gate checks again first.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from release_tools.errors import ConflictError, RemoteError, UnreachableError
from release_tools.model.action import Receipt
from release_tools.model.note import State
from release_tools.system.retries import Retries, RetryPolicy

_LONGEST_WAIT: Final = 60.0
"""Seconds: the most that a server may make us wait."""


@dataclass(frozen=True)
class Action:
    """One irreversible change on a remote.

    Attributes:
        description: what it does, beginning with a verb: "upload demo-1.0.tar.gz to PyPI".
        expected: the receipt that it will have once it is done.
        find: checks, read-only, whether it is done already; returns None where it is not.
        apply: does it, and returns the receipt.
    """

    description: str
    expected: Receipt
    find: Callable[[], Receipt | None]
    apply: Callable[[], Receipt]


@dataclass(frozen=True)
class Gate:
    """Applies actions, or only plans them.

    Attributes:
        is_dry_run: True in a dry run: everything is executed but `Action.apply`.
        tries: how often an action is tried whose server fails; each time after checking again.
        pause: seconds before the second try; doubled before each further one.
        sleep: waits that many seconds.
    """

    is_dry_run: bool
    tries: int = 3
    pause: float = 2.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def find_existing(self, action: Action) -> Receipt | None:
        """Return the receipt of an action that is done already, or None.

        Raises:
            ConflictError: other bytes (or another commit) are there.
        """
        found = action.find()
        if found is None:
            return None
        if found.digest != action.expected.digest:
            raise ConflictError(
                f"{action.expected.key}: different content already exists: {found.digest or 'of unknown digest'}"
                f" at {found.url}, ours is {action.expected.digest}",
                "Published files are never replaced: release a new version.",
            )
        return replace(found, state=State.UNCHANGED)

    def run(self, action: Action) -> Receipt:
        """Apply an action, unless it is done already or this is a dry run; return its receipt.

        Raises:
            ConflictError: other bytes (or another commit) are there.
            ReleaseToolsError: raised by the action itself.
        """
        found = self.find_existing(action)
        if found is not None:
            return found
        if self.is_dry_run:
            return replace(action.expected, state=State.PLANNED)
        return replace(self._apply(action), state=State.DONE)

    def _apply(self, action: Action) -> Receipt:
        retries = Retries(
            RetryPolicy(tries=self.tries, pause=self.pause, longest_pause=_LONGEST_WAIT, sleep=self.sleep)
        )
        while True:
            try:
                return action.apply()
            except RemoteError as error:
                found = self.find_existing(action)
                if found is not None:
                    return found
                if not isinstance(error, UnreachableError) or not retries.wait(error.wait):
                    raise
