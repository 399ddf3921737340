"""Run the steps of a release in order, report each as it finishes, and stop at the first that fails.

The lists of steps are in `release_tools.pipeline`. A command with few steps of its own imports them alone.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Final, TypeAlias

from release_tools.engine.context import Context
from release_tools.engine.executor import RERUN_ADVICE, PartialFailureError, lookup_failed_note
from release_tools.errors import PreflightError, ReleaseToolsError, RemoteError, VerifyError, from_os_error
from release_tools.model.note import Note, Report, Section, Skip, State
from release_tools.model.release import Release
from release_tools.publishers.base import Phase
from release_tools.steps.publish import publish
from release_tools.wording import count


@dataclass(frozen=True)
class BackgroundTask:
    """Work that starts as soon as a step has found out what it needs, and before the step that asks for its result.

    Attributes:
        start: starts it.
        serves: what the step that will ask for the result runs; without that step it is not started.
    """

    start: Callable[[Context, Release], None]
    serves: Callable[[Context, Release], Release | Skip]


@dataclass(frozen=True)
class Step:
    """One step of a release.

    Attributes:
        title: the headline of its section in the report.
        run: returns a fuller release, or why the step does not apply; a FAILED note in it stops the pipeline.
        failure: the error that a FAILED note becomes.
        group: the destination that reports show it under; empty for a step that publishes nothing.
        publisher: the name of the publisher that the step is for; ``--only`` for others leaves it out.
        outcome: what it did if it succeeds; empty for a step that publishes nothing.
        tasks: work that starts in the background once the step has succeeded.
    """

    title: str
    run: Callable[[Context, Release], Release | Skip]
    failure: type[ReleaseToolsError] = VerifyError
    group: str = ""
    publisher: str = ""
    outcome: str = ""
    tasks: tuple[BackgroundTask, ...] = ()


Item: TypeAlias = Step | Phase
_LITTLE_SPACE: Final = 1 << 20
"""Bytes."""


@dataclass(frozen=True)
class Outcome:
    """Describe how a run ended.

    Attributes:
        release: everything that became known, even if a step failed.
        report: what the steps reported.
        error: what stopped it; None when every step passed.
    """

    release: Release
    report: Report
    error: ReleaseToolsError | None = None


def run(items: Sequence[Item], context: Context, release: Release | None = None) -> Outcome:
    """Run steps in order, report each as it finishes, and stop at the first that fails."""
    known = release or Release()
    queue = list(items)
    while queue:
        step = queue.pop(0)
        if isinstance(step, Phase):
            queue[:0] = _publisher_steps(step, context, known)
        elif _is_wanted(step, context):
            known, error = _run_step(step, context, known)
            if error is not None:
                _mention_full_disk(error)
                context.report.add_sections(*_list_not_run(queue, context, known))
                return Outcome(known, context.report.report, error)
            _start_tasks(step, queue, context, known)
    return Outcome(known, context.report.report)


def run_each(groups: Sequence[Sequence[Item]], context: Context) -> Outcome:
    """Run groups of steps that do not need one another: each runs even if another failed."""
    release, errors = Release(), list[ReleaseToolsError]()
    for steps in groups:
        outcome = run(steps, context, release)
        release = outcome.release
        if outcome.error is not None:
            errors.append(outcome.error)
    report = context.report.report
    if errors and len(groups) > 1:
        return Outcome(release, report, _combine(errors, report))
    return Outcome(release, report, errors[0] if errors else None)


def _combine(errors: Sequence[ReleaseToolsError], report: Report) -> ReleaseToolsError:
    """Return one error for several groups, with the class of the first and every fault."""
    notes = [note for section in report.sections for note in section.notes if note.state is State.FAILED]
    if not notes:
        return errors[0]
    combined = copy(errors[0])
    combined.message = f"{count(len(notes), 'thing is', 'things are')} missing or wrong:"
    combined.advice = "Fix this and run the same command again."
    combined.faults = tuple(". ".join(filter(None, (_format_fault(note).rstrip("."), note.advice))) for note in notes)
    return combined


def _format_fault(note: Note) -> str:
    return f"{note.text}: {note.detail}" if note.detail else note.text


def _start_tasks(step: Step, queue: Sequence[Item], context: Context, known: Release) -> None:
    """Start the background tasks of a step whose results a later step will ask for.

    One that cannot be started is left to that step, which reports why.
    """
    wanted = [later.run for later in queue if isinstance(later, Step)]
    for task in step.tasks:
        if task.serves in wanted:
            with suppress(ReleaseToolsError):
                task.start(context, known)


def _publisher_steps(phase: Phase, context: Context, release: Release) -> list[Step]:
    """Return one step for each publisher of the route that has this phase; what it skips is said in its first one."""
    from release_tools.publishers.routes import Publishers

    publishers = context.reuse(Publishers)
    steps = []
    for publisher in publishers.route(release.kind):
        phases = publishers.phases(publisher)
        if phase in phases[:1] or (phase in phases and publisher.skip(release) is None):
            action = partial(publish, publisher=publisher, phase=phase)
            headline, outcome = publisher.headline(phase), publisher.outcome(phase)
            steps.append(Step(headline, action, PreflightError, publisher.group, outcome=outcome))
    return steps


def _is_wanted(step: Step, context: Context) -> bool:
    only = context.request.only
    return not only or not step.publisher or step.publisher in only


def _run_step(step: Step, context: Context, known: Release) -> tuple[Release, ReleaseToolsError | None]:
    """Return what a step found out, and the error that it failed with; its section is reported."""
    started = perf_counter()
    documents = len(context.report.report.documents)
    result, error = _attempt(step, context, known)
    if isinstance(result, Skip):
        context.report.add(Note(State.SKIPPED, result.reason, advice=result.advice))
        result = known
    error = error or _find_failure(step, context.report.notes)
    context.console.section(context.report.end_section(step.title, perf_counter() - started, step.group, step.outcome))
    for document in context.report.report.documents[documents:]:
        context.console.document(document)
    return result, error


def _attempt(step: Step, context: Context, known: Release) -> tuple[Release | Skip, ReleaseToolsError | None]:
    """Return the result of a step and the error that stopped it, which is reported.

    A dry run with artifacts goes on where only a server could not be asked.
    """
    try:
        with context.console.show_progress(step.title):
            return _call(step, context, known), None
    except PartialFailureError as failure:
        error = failure.error
        context.report.add(Note(State.FAILED, error.message, advice=error.advice or RERUN_ADVICE))
        return failure.release, error
    except ReleaseToolsError as raised:
        if context.gate.is_dry_run and known.artifacts and isinstance(raised, RemoteError):
            context.report.add(lookup_failed_note(raised))
            return known, None
        context.report.add(Note(State.FAILED, raised.message, advice=raised.advice))
        return known, raised


def _call(step: Step, context: Context, known: Release) -> Release | Skip:
    try:
        return step.run(context, known)
    except BrokenPipeError:
        raise
    except OSError as raised:
        raise from_os_error(raised) from raised


def _mention_full_disk(error: ReleaseToolsError) -> None:
    """Add that there is no space for scratch files, as a program that could not write them may not have said it."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_SPACE:
        advice = f"Only {free // 1024} kB are left in {folder}: free some space there, or set TMPDIR."
        error.advice = " ".join(filter(None, (error.advice, advice)))


def _list_not_run(queue: Sequence[Item], context: Context, release: Release) -> Iterator[Section]:
    """Yield sections for the steps that a failure kept from running, so that reports show the whole pipeline."""
    note = Note(State.NOT_RUN, "not run")
    for item in queue:
        steps: list[Step] = []
        with suppress(ReleaseToolsError):  # what stopped the run may keep the publishers from being known
            steps = _publisher_steps(item, context, release) if isinstance(item, Phase) else [item]
        for step in steps:
            if _is_wanted(step, context):
                yield Section(step.title, (note,), 0.0, step.group)


def _find_failure(step: Step, notes: Sequence[Note]) -> ReleaseToolsError | None:
    """Return one error for all the faults that a step found."""
    faults = [_format_fault(note) for note in notes if note.state is State.FAILED]
    if not faults:
        return None
    these = "this" if len(faults) == 1 else "these"
    return step.failure(
        f"{step.title}: {count(len(faults), 'fault')}",
        f"Nothing was published. Fix {these} and run the same command again.",
        faults=faults,
    )
