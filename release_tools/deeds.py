"""Acts through the gate, one after the other, each with its line in the report; also when one of them fails."""

from collections.abc import Iterable
from dataclasses import replace

from release_tools.context import Context
from release_tools.errors import ReleaseToolsError
from release_tools.gate import Act
from release_tools.model import Note, Receipt, Release, State

GO_ON = "Run the same command again: it does only what is missing."


class StoppedError(Exception):
    """A step failed midway.

    Attributes:
        release: with the receipts and notes of what was done before.
        error: what stopped it.
    """

    def __init__(self, release: Release, error: ReleaseToolsError) -> None:
        super().__init__(str(error))
        self.release = release
        self.error = error


def let_through(context: Context, release: Release, acts: Iterable[Act]) -> Release:
    """Let acts through the gate; answers the release with their receipts and notes.

    Raises:
        StoppedError: one failed; the others after it were not tried.
    """
    for act in acts:
        context.console.doing(act.says)
        try:
            receipt = context.gate.let(act)
        except ReleaseToolsError as error:
            raise StoppedError(release, error) from error
        release = replace(release, receipts=(*release.receipts, receipt)).telling(told(act, receipt))
    return release


def told(act: Act, receipt: Receipt) -> Note:
    """The report's line about an act."""
    words = {State.WOULD: f"would {act.says}", State.ALREADY: f"{act.says}: done already"}
    return Note(receipt.state, words.get(receipt.state, act.says), receipt.url)
