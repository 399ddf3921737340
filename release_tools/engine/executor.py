"""Acts through the gate, one after the other, each with its line in the report; also when one of them fails."""

from collections.abc import Iterable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace
from threading import Event

from release_tools.engine.context import Context
from release_tools.engine.gate import Act
from release_tools.errors import ReleaseToolsError, RemoteError
from release_tools.model.action import Receipt
from release_tools.model.note import Note, State
from release_tools.model.release import Release

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


def let_through(context: Context, release: Release, acts: Iterable[Act], *, beside: int = 1) -> Release:
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
    if not context.gate.dry:
        return _in_turn(context, release, acts, beside)
    rehearsed = tuple(acts)
    try:
        return _in_turn(context, release, rehearsed, beside)
    except StoppedError as stopped:
        if not isinstance(stopped.error, RemoteError):
            raise
        return _unseen(stopped.release, stopped.error, rehearsed)


def _in_turn(context: Context, release: Release, acts: Iterable[Act], beside: int) -> Release:
    turns = iter(acts)
    for act in turns:
        release = _side_by_side(context, release, [act], 1)
        if beside > 1:
            return _side_by_side(context, release, tuple(turns), beside)
    return release


def _unseen(release: Release, error: RemoteError, acts: Iterable[Act]) -> Release:
    """The release with what would be done of acts that could not be looked for."""
    seen = {receipt.key for receipt in release.receipts}
    acts = [act for act in acts if act.expects.key not in seen]
    would = tuple(replace(act.expects, state=State.WOULD) for act in acts)
    return replace(release, receipts=(*release.receipts, *would)).telling(
        could_not_look(error),
        *(Note(State.WOULD, f"would {act.says}, unless that is done already") for act in acts),
    )


def could_not_look(error: ReleaseToolsError) -> Note:
    """What a rehearsal says where a release would stop: whatever it could not see may be as it should be."""
    return Note(State.WARNING, "could not look", error.message)


def _side_by_side(context: Context, release: Release, acts: Sequence[Act], beside: int) -> Release:
    stop = Event()

    def let(act: Act) -> Receipt:
        if stop.is_set():
            raise CancelledError
        context.console.doing(act.says)
        try:
            return context.gate.let(act)
        except BaseException:
            stop.set()
            raise

    error: ReleaseToolsError | None = None
    with ThreadPoolExecutor(max_workers=beside) as pool:
        answers = {act.expects.key: pool.submit(let, act) for act in acts}
        context.begun.meanwhile(lambda: all(answer.done() for answer in answers.values()))
        for act in acts:
            try:
                receipt = answers[act.expects.key].result()
            except CancelledError:
                continue
            except ReleaseToolsError as raised:
                error = error or raised
                continue
            release = replace(release, receipts=(*release.receipts, receipt)).telling(told(act, receipt))
    if error:
        raise StoppedError(release, error) from error
    return release


def told(act: Act, receipt: Receipt) -> Note:
    """The report's line about an act."""
    words = {State.WOULD: f"would {act.says}", State.ALREADY: f"{act.says}: done already"}
    return Note(receipt.state, words.get(receipt.state, act.says), receipt.url)
