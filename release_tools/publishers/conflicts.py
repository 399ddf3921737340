"""Compare a release's files with what a destination has under their names, and wait until it serves them."""

from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import Final

from release_tools.engine.context import Context
from release_tools.errors import ConflictError, UnreachableError
from release_tools.model.action import Receipt
from release_tools.model.artifact import Artifact

_LONGEST_PAUSE: Final = 15.0
"""Seconds."""


def find_conflicts(title: str, found: Mapping[Artifact, Receipt | None], advice: str) -> Iterator[ConflictError]:
    """Yield an error for each file under whose name a destination has other bytes."""
    for artifact, receipt in found.items():
        if receipt is not None and receipt.digest != artifact.sha256:
            yield ConflictError(
                f"{title} has a different {artifact.filename}"
                f" (sha256 {receipt.digest or 'unknown'}, ours {artifact.sha256})",
                advice,
            )


def find_missing(title: str, found: Mapping[Artifact, Receipt | None]) -> list[str]:
    """Return the names of the files that a destination does not serve yet.

    Raises:
        ConflictError: it serves other bytes than were uploaded.
    """
    conflict = next(find_conflicts(title, found, f"Do not announce this release; contact {title}."), None)
    if conflict is not None:
        raise conflict
    return [artifact.filename for artifact, receipt in found.items() if receipt is None]


def wait_until_served(
    context: Context, title: str, missing: Callable[[], list[str]], forget: Callable[[], None]
) -> None:
    """Wait, with growing pauses, until a destination serves everything.

    Args:
        context: the run's context; `network.wait` limits the wait.
        title: of the destination.
        missing: returns the names of the files that are not served yet.
        forget: makes the next call of ``missing`` query again.

    Raises:
        UnreachableError: it took longer.
        ReleaseToolsError: raised by ``missing``.
    """
    network = context.config.network
    end, pause = monotonic() + network.wait, network.pause / 1000
    forget()
    while names := missing():
        if monotonic() >= end:
            raise UnreachableError(
                f"{title} accepted the files, but after {network.wait} s it does not serve {', '.join(names)} yet",
                "Nothing is lost: run the same command again in a few minutes.",
            )
        context.console.doing(f"waiting until {title} serves {', '.join(names)}")
        context.http.retry_policy.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
        forget()
