"""The one place that knows whether an irreversible deed is done or only said.

| found on the other side | dry run                                   | real run                    |
|-------------------------|-------------------------------------------|-----------------------------|
| nothing                 | say what would be done: expected receipt  | perform, answer the receipt |
| the same digest         | done already                              | done already                |
| another digest          | ConflictError                             | ConflictError               |

A deed whose answer was lost may be done all the same, so it is never simply repeated: the gate looks again first.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from release_tools.errors import ConflictError, RemoteError, UnreachableError
from release_tools.model.action import Receipt
from release_tools.model.note import State

_LONGEST_WAIT: Final = 60.0
"""Seconds: the cap on what a server may ask us to wait."""


@dataclass(frozen=True)
class Action:
    """One irreversible deed.

    Attributes:
        description: the deed in words, beginning with a verb: "upload demo-1.0.tar.gz to PyPI".
        expected: the receipt that stands on the other side once it is done.
        find: looks, read-only, whether it is done already; None where nothing is there.
        apply: does it, and answers what then stands there.
    """

    description: str
    expected: Receipt
    find: Callable[[], Receipt | None]
    apply: Callable[[], Receipt]


@dataclass(frozen=True)
class Gate:
    """Lets acts through, or only says what they would do.

    Attributes:
        is_dry_run: True in a dry run: everything is executed but `Action.apply`.
        tries: how often a deed is tried whose server fails; each time after looking again.
        pause: seconds before the second try; doubled before each further one.
        sleep: waits that many seconds.
    """

    is_dry_run: bool
    tries: int = 3
    pause: float = 2.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def find_existing(self, act: Action) -> Receipt | None:
        """What of this act is done already.

        Raises:
            ConflictError: other bytes (or another commit) stand in its place.
        """
        found = act.find()
        if found is None:
            return None
        if found.digest != act.expected.digest:
            raise ConflictError(
                f"{act.expected.key}: other content is there already: {found.digest or 'of unknown digest'}"
                f" at {found.url}, ours is {act.expected.digest}",
                "What is published is never replaced: release under a new version.",
            )
        return replace(found, state=State.UNCHANGED)

    def run(self, act: Action) -> Receipt:
        """Do it, unless it is done already or this is a dry run; answer the receipt.

        Raises:
            ConflictError: other bytes (or another commit) stand in its place.
            ReleaseToolsError: whatever the deed itself raises.
        """
        found = self.find_existing(act)
        if found is not None:
            return found
        if self.is_dry_run:
            return replace(act.expected, state=State.PLANNED)
        return replace(self._apply(act), state=State.DONE)

    def _apply(self, act: Action) -> Receipt:
        for again in range(1, self.tries + 1):
            try:
                return act.apply()
            except RemoteError as error:
                found = self.find_existing(act)
                if found is not None:
                    return found
                if again == self.tries or not isinstance(error, UnreachableError):
                    raise
                self.sleep(max(self.pause * 2.0 ** (again - 1), min(error.wait, _LONGEST_WAIT)))
        raise AssertionError("a gate tries at least once")
