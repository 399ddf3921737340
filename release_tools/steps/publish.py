"""Publish a release: every phase in order, each over all publishers of the route."""

from dataclasses import replace

from release_tools.engine.context import Context
from release_tools.engine.executor import PartialFailureError, lookup_failed_note, run_actions
from release_tools.errors import ReleaseToolsError, RemoteError
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.publishers.base import Phase, Publisher


def publish(context: Context, release: Release, publisher: Publisher, phase: Phase) -> Release | Skip:
    """Apply what is missing at one publisher in one phase, wait until it is served, and compare digests.

    Raises:
        PartialFailureError: an action failed; with what was done before.
    """
    skip = publisher.skip(release)
    if skip is not None:
        return skip
    count = len(release.receipts)
    try:
        with publisher.connection():
            release = run_actions(context, release, publisher.actions(release, phase), workers=publisher.workers)
        new = release.receipts[count:]
        if not context.gate.is_dry_run:
            is_changed = any(receipt.state is State.DONE for receipt in new)
            context.report.add(*publisher.confirm(release, phase, is_changed=is_changed))
        is_pushed = phase is Phase.TAG and not context.gate.is_dry_run
        return replace(release, tagged=release.tagged or is_pushed)
    except PartialFailureError as failure:
        return _recover(context, failure.release, failure.error, publisher)
    except ReleaseToolsError as error:
        return _recover(context, release, error, publisher)


def _recover(context: Context, release: Release, error: ReleaseToolsError, publisher: Publisher) -> Release:
    notes = publisher.recover(release, error)
    if notes is not None:
        context.report.add(*notes)
        return release
    if context.gate.is_dry_run and isinstance(error, RemoteError):
        planned = Note(State.PLANNED, f"would publish to {publisher.title} (skipped if already there)")
        context.report.add(lookup_failed_note(error), planned)
        return release
    raise PartialFailureError(release, error) from error
