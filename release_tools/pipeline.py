"""Define the whole product: the steps of a release, and their order.

`BUILD` makes the files and needs no secret; `PUBLISH` publishes them and needs no build tool. A phase is one
step a publisher of the route.
"""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Final, TypeAlias

from release_tools.engine.context import Context
from release_tools.engine.executor import RERUN_ADVICE, PartialFailureError, lookup_failed_note
from release_tools.errors import (
    CredentialError,
    PreflightError,
    ReleaseToolsError,
    RemoteError,
    VerifyError,
    from_os_error,
)
from release_tools.model.note import Note, Report, Section, Skip, State
from release_tools.model.release import Release
from release_tools.project.clone import start_clone
from release_tools.publishers.base import Phase
from release_tools.publishers.conda_forge.conda_forge_publisher import NAME as CONDA_FORGE
from release_tools.publishers.github_release import NAME as GITHUB
from release_tools.publishers.routes import Publishers
from release_tools.steps.announce import announce
from release_tools.steps.apply_preparation import apply_preparation
from release_tools.steps.build_conda import build_conda
from release_tools.steps.build_dists import build_dists
from release_tools.steps.build_wheels import build_wheels
from release_tools.steps.check_credentials import check_credentials
from release_tools.steps.check_publishers import check_publishers, start_queries
from release_tools.steps.check_released_tag import check_released_tag
from release_tools.steps.check_repository import check_repository, check_workflow_files
from release_tools.steps.check_tag import check_tag
from release_tools.steps.check_trusted_publishers import check_trusted_publishers
from release_tools.steps.choose_version import choose_version
from release_tools.steps.commit_preparation import commit_preparation
from release_tools.steps.compare_wheel_channel import compare_wheel_channel
from release_tools.steps.edit_version_fields import edit_version_fields
from release_tools.steps.identify import identify
from release_tools.steps.load_build import load_build
from release_tools.steps.load_current import load_current
from release_tools.steps.load_files import load_files
from release_tools.steps.load_plan import load_plan
from release_tools.steps.make_recipe import make_recipe, start_recipe
from release_tools.steps.preflight import preflight
from release_tools.steps.propose_preparation import propose_preparation
from release_tools.steps.publish import publish
from release_tools.steps.resume_draft import resume_draft
from release_tools.steps.show_plan import show_plan
from release_tools.steps.store import store
from release_tools.steps.test_recipe import test_recipe
from release_tools.steps.update_changelog import update_changelog
from release_tools.steps.verify import start_installations, verify
from release_tools.steps.write_notes import rewrite_notes, start_notes, write_notes
from release_tools.wording import count


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
    """

    title: str
    run: Callable[[Context, Release], Release | Skip]
    failure: type[ReleaseToolsError] = VerifyError
    group: str = ""
    publisher: str = ""
    outcome: str = ""


Item: TypeAlias = Step | Phase

VERSION: Final = Step("Version", identify)  # the commit, its tag, the version and its kind
ROUTE: Final = Step("Plan", show_plan)  # the destinations of this kind of version
PREFLIGHT: Final = Step("Preflight", preflight)  # what would make it fail later, before anything is built
DISTS: Final = Step("Build sdist and wheel", build_dists)  # in a clean clone with exactly the tag
NOTES: Final = Step("Release notes", write_notes)  # from the changelog, or from commits
CONDA: Final = Step("Build conda package", build_conda)  # from the wheel's members, or by a recipe
VERIFY: Final = Step("Verify", verify)  # metadata, contents, installation, and that wheel and conda package are equal
STORE: Final = Step("Store", store)  # the artifacts and release.json in the output folder

RESUME: Final = Step("Existing draft release", resume_draft, publisher=GITHUB)  # the files of an unfinished run
DESTINATIONS: Final = Step("Destinations", check_publishers, PreflightError)  # conflicts, credentials, older versions
CHECK_TAG: Final = Step("Tag checks", check_tag, PreflightError)  # what the tag must satisfy before it is pushed
ANNOUNCEMENT: Final = Step("Announcement", announce, publisher=GITHUB)  # a text to post, with the notes
RECIPE: Final = Step("conda-forge recipe", make_recipe, publisher=CONDA_FORGE)  # a new one, or a feedstock's update

BUILD: Final = (VERSION, ROUTE, PREFLIGHT, DISTS, NOTES, CONDA, VERIFY, STORE)
PUBLISH: Final[tuple[Item, ...]] = (
    RESUME,
    DESTINATIONS,
    CHECK_TAG,
    Phase.TAG,
    Phase.STAGE,
    Phase.UPLOAD,
    Phase.REVEAL,
    RECIPE,
    Phase.PROPOSE,
    ANNOUNCEMENT,
)

PLAN: Final = Step("Build plan", load_plan, PreflightError)  # and the sdist, as the source job made them
BUILD_JOB: Final = (  # instead of BUILD, in the job of one runner
    PLAN,
    PREFLIGHT,
    Step("Build wheels", build_wheels),  # by cibuildwheel
    CONDA,
    VERIFY,
    STORE,
)

LOAD: Final = Step("Files", load_build, PreflightError)  # instead of BUILD, in another job
RELEASED_TAG: Final = Step("Released tag", check_released_tag, PreflightError)  # whether it is still where it was
NOTES_AGAIN: Final = Step("Release notes", rewrite_notes, publisher=GITHUB)  # for the GitHub release, in another job
PUBLISH_FILES: Final[tuple[Item, ...]] = (
    LOAD,
    ROUTE,
    RELEASED_TAG,
    RESUME,
    DESTINATIONS,
    NOTES_AGAIN,
    Phase.STAGE,
    Phase.UPLOAD,
    Phase.REVEAL,
    RECIPE,
    Phase.PROPOSE,
    ANNOUNCEMENT,
)

WHEEL_CHANNEL: Final = Step("conda-pypi channel", compare_wheel_channel)  # what conda users get, in dry runs only

RECIPE_TEST: Final = Step("Recipe test build", test_recipe)  # by rattler-build, in dry runs only

TAG: Final[tuple[Item, ...]] = (
    VERSION,
    NOTES,
    CHECK_TAG,
    Phase.TAG,
)

PREPARE: Final = (
    Step("Version", choose_version),  # the one that is named, or raised
    Step("Version fields", edit_version_fields),  # in every file that holds it
    Step("Changelog", update_changelog),  # by towncrier or scriv, or "Unreleased" becomes the version
    Step("Commit", commit_preparation),  # one, on the branch that is checked out; nothing is pushed
)

PROPOSE_PREPARATION: Final = (
    PREPARE[0],
    Step("Patch", apply_preparation),  # what another job prepared; nothing of the project is run
    Step("Pull request", propose_preparation, PreflightError, "GitHub"),  # on a branch of its own
)

DOCTOR: Final[tuple[tuple[Item, ...], ...]] = (
    (Step("Repository", check_repository, PreflightError),),  # history, remote, tags, changelog
    (Step("Workflows", check_workflow_files, PreflightError),),  # triggers, permissions, secrets, pins
    (Step("Trusted publishers", check_trusted_publishers, PreflightError),),  # by the newest release's attestations
    (
        VERSION,
        ROUTE,
        DESTINATIONS,
        Step("Credentials", check_credentials, CredentialError),
        CHECK_TAG,
    ),  # the next release
)


@dataclass(frozen=True)
class BackgroundTask:
    """Work that starts as soon as a step has found out what it needs, and before the step that asks for its result.

    Attributes:
        start: starts it.
        after: the step that it follows.
        serves: the step that will ask for the result; without that step it is not started.
    """

    start: Callable[[Context, Release], None]
    after: Step
    serves: Step


TASKS: Final = (  # the environments of build and test start even earlier: see `cli.session.Session.start_environments`
    BackgroundTask(start_clone, after=VERSION, serves=DISTS),
    BackgroundTask(start_notes, after=VERSION, serves=NOTES),
    BackgroundTask(start_queries, after=VERSION, serves=DESTINATIONS),
    BackgroundTask(start_queries, after=DISTS, serves=DESTINATIONS),  # some projects are named only by their build
    BackgroundTask(start_installations, after=DISTS, serves=VERIFY),
    BackgroundTask(start_recipe, after=NOTES, serves=RECIPE),  # the notes may have loaded PyGithub in a thread
)

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
        for task in TASKS:
            if task.after is step and task.serves in queue:
                task.start(context, known)
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


def build_or_load_dists(context: Context, files: Sequence[Path] = ()) -> Release:
    """Return sdist and wheel of this commit: those given, those that ``build`` left, or else built in scratch.

    Raises:
        ReleaseToolsError: what stopped a step.
    """
    if files:
        outcome = run((Step("Files", load_files(files)),), context)
    else:
        outcome = run((VERSION, Step("Files", load_current)), context)
        if outcome.error is None and not outcome.release.artifacts:
            context.console.remark(Note(State.INFO, f"building {outcome.release.name} {outcome.release.version}…"))
            outcome = run((PREFLIGHT, DISTS), context, outcome.release)
    if outcome.error is not None:
        raise outcome.error
    return outcome.release


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
