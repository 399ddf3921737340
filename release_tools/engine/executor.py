"""Run actions through the gate, and record each in the report, also when one of them fails."""

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
    """A step failed after part of it was done.

    Attributes:
        release: with the receipts of what was done before.
        error: the error that stopped it.
    """

    def __init__(self, release: Release, error: ReleaseToolsError) -> None:
        super().__init__(str(error))
        self.release = release
        self.error = error


def run_actions(context: Context, release: Release, items: Iterable[Action | Note], *, workers: int = 1) -> Release:
    """Run actions through the gate, report them, and return the release with their receipts.

    In a dry run, a destination that cannot be queried is a warning, and what would be done there is still shown.

    Args:
        context: the run's context.
        release: that the actions are for.
        items: actions in order, with notes between them. An action may depend on what the one before it did, so they
            are requested one by one.
        workers: how many actions run at the same time. The first one runs alone, as it may create the project, and so
            does the last one: the sdist follows when every wheel is there.

    Raises:
        PartialFailureError: an action failed; those that had not started were not tried.
    """
    if context.gate.is_dry_run:
        return _plan(context, release, tuple(items))
    iterator = iter(items)
    for item in iterator:
        if isinstance(item, Note):
            context.report.add(item)
            continue
        release = _run(context, release, [item], 1)
        if workers > 1:
            release = _run_together(context, release, tuple(iterator), workers)
    return release


def _run_together(context: Context, release: Release, items: Sequence[Action | Note], workers: int) -> Release:
    actions = [one for one in items if isinstance(one, Action)]
    for together in (actions[:-1], actions[-1:]):
        release = _run(context, release, together, workers)
    context.report.add(*(one for one in items if isinstance(one, Note)))
    return release


def _plan(context: Context, release: Release, items: Sequence[Action | Note]) -> Release:
    for number, item in enumerate(items):
        if isinstance(item, Note):
            context.report.add(item)
            continue
        try:
            release = _run(context, release, [item], 1)
        except PartialFailureError as failure:
            if not isinstance(failure.error, RemoteError):
                raise
            return _plan_unchecked(context, failure.release, failure.error, items[number:])
    return release


def _plan_unchecked(context: Context, release: Release, error: RemoteError, items: Iterable[Action | Note]) -> Release:
    """Return the release with what would be done by actions that could not be checked."""
    context.report.add(lookup_failed_note(error))
    for item in items:
        if isinstance(item, Note):
            context.report.add(item)
        else:
            planned = replace(item.expected, state=State.PLANNED)
            note = Note(State.PLANNED, f"would {item.description} (skipped if already there)")
            context.report.add(note)
            release = replace(release, receipts=(*release.receipts, planned))
    return release


def lookup_failed_note(error: ReleaseToolsError) -> Note:
    """Return the warning of a dry run that could not check a destination; a real run would stop there."""
    return Note(State.WARNING, "could not check whether this is already done", error.message, error.advice)


def _run(context: Context, release: Release, actions: Sequence[Action], workers: int) -> Release:
    """Run actions, and return the release with the receipts of those that were done.

    Raises:
        PartialFailureError: one failed; those that had not started were not tried.
    """
    run_one = _UntilFailure(context)
    errors = list[ReleaseToolsError]()
    with ThreadPoolExecutor(max_workers=workers) as pool:
        futures = [pool.submit(run_one, action) for action in actions]
        for action, future in zip(actions, futures, strict=True):
            try:
                receipt = future.result()
            except CancelledError:
                continue
            except ReleaseToolsError as raised:
                errors.append(raised)
                continue
            context.report.add(describe_action(action, receipt))
            release = replace(release, receipts=(*release.receipts, receipt))
    if errors:
        raise PartialFailureError(release, errors[0]) from errors[0]
    return release


class _UntilFailure:
    """Runs actions through the gate until one fails; then it starts no further one."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._has_failed = Event()

    def __call__(self, action: Action) -> Receipt:
        """Run an action.

        Raises:
            CancelledError: another one failed before it started.
        """
        if self._has_failed.is_set():
            raise CancelledError
        self._context.console.show_detail(action.description)
        try:
            return self._context.gate.run(action)
        except BaseException:
            self._has_failed.set()
            raise


def describe_action(action: Action, receipt: Receipt) -> Note:
    """Return the report's line about an action."""
    texts = {
        State.PLANNED: f"would {action.description}",
        State.UNCHANGED: f"{action.description}: already done",
    }
    return Note(receipt.state, texts.get(receipt.state, action.description), receipt.url)
