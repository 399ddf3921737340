"""Run the steps of a release in order, report each as it finishes, and stop at the first that fails.

The lists of steps are in `release_tools.pipeline`. A command with few steps of its own imports them alone.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
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
from release_tools.publishers.routes import Publishers
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
            continue
        if not _is_wanted(step, context):
            continue
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
        errors += [outcome.error] if outcome.error else []
    error = _combine(errors, context.report.report) if len(groups) > 1 and errors else next(iter(errors), None)
    return Outcome(release, context.report.report, error)


def _combine(errors: Sequence[ReleaseToolsError], report: Report) -> ReleaseToolsError:
    """Return one error for several groups, with the class of the first and every fault."""
    notes = [note for section in report.sections for note in section.notes if note.state is State.FAILED]
    faults = [
        ". ".join(filter(None, (": ".join(filter(None, (note.text, note.detail))), note.advice))) for note in notes
    ]
    count = "1 thing is" if len(faults) == 1 else f"{len(faults)} things are"
    if not faults:
        return errors[0]
    combined = copy(errors[0])
    combined.message, combined.advice = f"{count} missing or wrong:", "Fix this and run the same command again."
    combined.faults = tuple(faults)
    return combined


def _start_tasks(step: Step, queue: Sequence[Item], context: Context, known: Release) -> None:
    """Start the background tasks of a step whose results a later step will ask for."""
    wanted = [later.run for later in queue if isinstance(later, Step)]
    for task in step.tasks:
        if task.serves in wanted:
            task.start(context, known)


def _publisher_steps(phase: Phase, context: Context, release: Release) -> list[Item]:
    """Return one step for each publisher of the route that has this phase."""
    publishers = context.reuse(Publishers)
    steps: list[Item] = []
    for publisher in publishers.route(release.kind):
        phases = publishers.phases(publisher)
        is_repeated = phase in phases and phase is not phases[0] and publisher.skip(release) is not None
        if phase in phases and not is_repeated:
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
    error: ReleaseToolsError | None = None
    try:
        with context.console.show_progress(step.title):
            result = _call(step, context, known)
    except PartialFailureError as failure:
        error = failure.error
        context.report.add(Note(State.FAILED, error.message, advice=error.advice or RERUN_ADVICE))
        result = failure.release
    except ReleaseToolsError as raised:
        if context.gate.is_dry_run and known.artifacts and isinstance(raised, RemoteError):
            context.report.add(lookup_failed_note(raised))
            result = known
        else:
            error = raised
            context.report.add(Note(State.FAILED, raised.message, advice=raised.advice))
            result = known
    if isinstance(result, Skip):
        context.report.add(Note(State.SKIPPED, result.reason, advice=result.advice))
        result = known
    error = error or _find_failure(step, context.report.notes)
    context.console.section(context.report.end_section(step.title, perf_counter() - started, step.group, step.outcome))
    for document in context.report.report.documents[documents:]:
        context.console.document(document)
    return result, error


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


def _list_not_run(queue: Sequence[Item], context: Context, release: Release) -> tuple[Section, ...]:
    """Return sections for the steps that a failure kept from running, so that reports show the whole pipeline."""
    note = Note(State.NOT_RUN, "not run")
    sections: list[Section] = []
    for item in queue:
        steps = _publisher_steps(item, context, release) if isinstance(item, Phase) else [item]
        sections += [
            Section(step.title, (note,), 0.0, step.group)
            for step in steps
            if isinstance(step, Step) and _is_wanted(step, context)
        ]
    return tuple(sections)


def _find_failure(step: Step, notes: Sequence[Note]) -> ReleaseToolsError | None:
    """Return one error for all the faults that a step found."""
    faults = [note for note in notes if note.state is State.FAILED]
    if not faults:
        return None
    return step.failure(
        f"{step.title}: {count(len(faults), 'fault')}",
        "Nothing was published. Fix this and run the same command again."
        if len(faults) == 1
        else "Nothing was published. Fix these and run the same command again.",
        faults=[": ".join(filter(None, (note.text, note.detail))) for note in faults],
    )
