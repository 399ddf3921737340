"""Acts through the gate, one after the other, each with its line in the report; also when one of them fails."""

from collections.abc import Iterable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace
from threading import Event

from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import ReleaseToolsError, RemoteError
from release_tools.model.action import Receipt
from release_tools.model.note import Note, State
from release_tools.model.release import Release

RERUN_ADVICE = "Run the same command again: it does only what is missing."


class PartialFailureError(Exception):
    """A step failed midway.

    Attributes:
        release: with the receipts and notes of what was done before.
        error: what stopped it.
    """

    def __init__(self, release: Release, error: ReleaseToolsError) -> None:
        super().__init__(str(error))
        self.release = release
        self.error = error


def run_actions(context: Context, release: Release, acts: Iterable[Action], *, beside: int = 1) -> Release:
    """Let acts through the gate; answers the release with their receipts and notes.

    In a dry run a place that cannot be looked at is a warning; what would be done there is told all the same.

    Args:
        context: the run's surroundings.
        release: that the acts are about.
        acts: in order; one that depends on the deed before it may be made when its turn comes.
        beside: how many go side by side, once the first has gone alone: it may bring a project into being.

    Raises:
        StoppedError: one failed; those that had not begun were not tried.
    """
    if not context.gate.is_dry_run:
        return _in_turn(context, release, acts, beside)
    rehearsed = tuple(acts)
    try:
        return _in_turn(context, release, rehearsed, beside)
    except PartialFailureError as stopped:
        if not isinstance(stopped.error, RemoteError):
            raise
        return _unseen(stopped.release, stopped.error, rehearsed)


def _in_turn(context: Context, release: Release, acts: Iterable[Action], beside: int) -> Release:
    turns = iter(acts)
    for act in turns:
        release = _side_by_side(context, release, [act], 1)
        if beside > 1:
            return _side_by_side(context, release, tuple(turns), beside)
    return release


def _unseen(release: Release, error: RemoteError, acts: Iterable[Action]) -> Release:
    """The release with what would be done of acts that could not be looked for."""
    seen = {receipt.key for receipt in release.receipts}
    acts = [act for act in acts if act.expected.key not in seen]
    would = tuple(replace(act.expected, state=State.PLANNED) for act in acts)
    return replace(release, receipts=(*release.receipts, *would)).with_notes(
        lookup_failed_note(error),
        *(Note(State.PLANNED, f"would {act.description}, unless that is done already") for act in acts),
    )


def lookup_failed_note(error: ReleaseToolsError) -> Note:
    """What a rehearsal says where a release would stop: whatever it could not see may be as it should be."""
    return Note(State.WARNING, "could not look", error.message)


def _side_by_side(context: Context, release: Release, acts: Sequence[Action], beside: int) -> Release:
    stop = Event()

    def run_one(act: Action) -> Receipt:
        if stop.is_set():
            raise CancelledError
        context.console.doing(act.description)
        try:
            return context.gate.run(act)
        except BaseException:
            stop.set()
            raise

    error: ReleaseToolsError | None = None
    with ThreadPoolExecutor(max_workers=beside) as pool:
        answers = {act.expected.key: pool.submit(run_one, act) for act in acts}
        for act in acts:
            try:
                receipt = answers[act.expected.key].result()
            except CancelledError:
                continue
            except ReleaseToolsError as raised:
                error = error or raised
                continue
            release = replace(release, receipts=(*release.receipts, receipt)).with_notes(action_note(act, receipt))
    if error:
        raise PartialFailureError(release, error) from error
    return release


def action_note(act: Action, receipt: Receipt) -> Note:
    """The report's line about an act."""
    words = {State.PLANNED: f"would {act.description}", State.UNCHANGED: f"{act.description}: done already"}
    return Note(receipt.state, words.get(receipt.state, act.description), receipt.url)
