"""The files of a release and one place: compared, delivered, and waited for until they are served."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Final, Protocol

from release_tools.engine.context import Context
from release_tools.engine.executor import PartialFailureError, run_actions
from release_tools.engine.gate import Action
from release_tools.errors import ConflictError, ReleaseToolsError, UnreachableError
from release_tools.model.action import Receipt
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.model.release import Release

_LONGEST_PAUSE: Final = 15.0


class UploadTarget(Protocol):
    """What `OnIndex` and `OnChannel` have in common."""

    @property
    def title(self) -> str:
        """For a person."""

    @property
    def beside(self) -> int:
        """How many files go side by side."""

    def wait_until_served(self) -> Note:
        """Wait until the place serves what was delivered, and compare."""


def upload_and_confirm(context: Context, release: Release, place: UploadTarget, acts: Sequence[Action]) -> Release:
    """Let the acts through the gate; if one was really done, wait until the place serves it.

    Raises:
        StoppedError: with what was done before.
    """
    done = run_actions(context, release, acts, beside=place.beside)
    if all(receipt.state is not State.DONE for receipt in done.receipts[len(release.receipts) :]):
        return done
    try:
        return done.with_notes(place.wait_until_served())
    except ReleaseToolsError as error:
        raise PartialFailureError(done, error) from error


def conflicts(title: str, found: Mapping[Artifact, Receipt | None], advice: str) -> Iterator[ConflictError]:
    """An error for each file under whose name a place has other bytes."""
    for artifact, receipt in found.items():
        if receipt is not None and receipt.digest != artifact.sha256:
            yield ConflictError(
                f"{title} has other bytes under the name {artifact.filename}"
                f" (sha256 {receipt.digest or 'unknown'}, ours {artifact.sha256})",
                advice,
            )


def not_served(title: str, found: Mapping[Artifact, Receipt | None]) -> list[str]:
    """The files that a place does not serve yet.

    Raises:
        ConflictError: it serves other bytes than were uploaded.
    """
    for error in conflicts(title, found, "Do not announce this release; ask those who run the place."):
        raise error
    return [artifact.filename for artifact, receipt in found.items() if receipt is None]


def wait_until(context: Context, title: str, missing: Callable[[], list[str]], again: Callable[[], None]) -> None:
    """Wait, with ever longer pauses, until a place serves everything.

    Args:
        context: the run's surroundings; `network.wait` is how long at most.
        title: of the place.
        missing: names of the files that are not served yet.
        again: makes the next call of ``missing`` look again.

    Raises:
        UnreachableError: it took longer.
        ReleaseToolsError: whatever ``missing`` raises.
    """
    network = context.config.network
    end, pause = monotonic() + network.wait, network.pause / 1000
    again()
    while names := missing():
        if monotonic() >= end:
            raise UnreachableError(
                f"{title} took the files, but after {network.wait} s does not serve {', '.join(names)} yet",
                "Nothing is lost: run the same command again in a few minutes.",
            )
        context.console.doing(f"waiting until {title} serves {', '.join(names)}")
        context.http.patience.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)
        again()
