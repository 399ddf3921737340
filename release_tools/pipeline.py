"""The whole product: which steps there are, and in which order."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any, Final

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
from release_tools.model.note import Note, Section, Skip, State
from release_tools.model.release import Release


@dataclass(frozen=True)
class Step:
    """One step of a release.

    Steps are named and not imported here, as all of them at once would hold up the first: ``module`` or
    ``module.function`` in `release_tools.steps`.

    Attributes:
        title: what it does, as the report's headline.
        does: answers a fuller release, or why the step does not apply; a FAILED note in it stops the pipeline.
        failure: the error that this is.
        place: where it publishes, as a person calls it; empty for a step that publishes nothing.
    """

    title: str
    does: Callable[[Context, Release], Release | Skip] | str
    failure: type[ReleaseToolsError] = VerifyError
    place: str = ""

    def run(self, context: Context, release: Release) -> Release | Skip:
        """Do it."""
        does = named(self.does) if isinstance(self.does, str) else self.does
        return does(context, release)


@dataclass(frozen=True)
class BackgroundTask:
    """Work that starts as soon as a step has found out what it needs, and before the step that asks for its result.

    Attributes:
        start: the function that starts it: ``module.function`` in `release_tools`.
        after: the step that it follows.
        serves: the step that will ask for the result; without that step it is not started.
    """

    start: str
    after: Step
    serves: Step


_LITTLE_ROOM: Final = 1 << 20
"""Bytes."""


def named(name: str) -> Callable[[Context, Release], Any]:
    """A function of `release_tools.steps`."""
    module, _, function = name.partition(".")
    return load_function(f"steps.{module}.{function or module}")


NOTES: Final = Step("Release notes", "write_notes")  # of the changelog, or of commits

VERSION: Final = Step("Version", "identify")
DISTS: Final = Step("Build sdist and wheel", "build_dists")
VERIFY: Final = Step("Verify", "verify")
STORE: Final = Step("Store", "store")  # the artifacts and release.json in the output folder
BUILD: Final = (
    VERSION,  # the commit, its tag, the version and its kind
    Step("Preflight", "preflight"),  # what would make it fail later, before anything is built
    DISTS,  # in a clean clone with exactly the tag
    NOTES,
    Step("Build conda package", "build_conda"),  # from the wheel's members
    VERIFY,  # metadata, contents, installation, and that wheel and conda package are equal
    STORE,
)

BUILD_JOB: Final = (  # instead of BUILD, in the job of one runner
    Step("Build plan", "load_plan", PreflightError),  # and the sdist, as the source job made them
    BUILD[1],
    Step("Build wheels", "build_wheels"),  # by cibuildwheel
    VERIFY,
    STORE,
)

GO_BACK: Final = Step("Earlier draft", "draft_release.resume_draft")  # the files of a run that did not come to its end

READY: Final = Step(  # and what is in the way there; its name is known to some projects' backends alone
    "Places", "check_publishers", PreflightError
)

TAGGING: Final = (
    Step("Tag checks", "check_tag", PreflightError),  # what the tag must satisfy, before it can be seen by anybody
    Step("Tag", "push_tag", place="git"),  # annotated, where everybody sees it
)

DRAFT: Final = Step("GitHub draft", "draft_release", place="GitHub")  # all files; what a rerun goes back to

UPLOAD: Final = (
    Step("Upload sdist and wheel", "upload_index", place="PyPI"),  # to the indexes of the route
    Step("Upload conda packages", "upload_channel", place="Anaconda.org"),  # to the channels of the route
)

SHOW: Final = Step("GitHub release", "publish_release", place="GitHub")  # the draft, for everybody to see

FORGE: Final = (
    Step("Recipe for conda-forge", "make_recipe"),  # new, or a change
    Step("Pull request", "conda_forge", PreflightError, "conda-forge"),  # once PyPI serves the sdist that it names
)

PUBLISH: Final = (GO_BACK, READY, *TAGGING, DRAFT, *UPLOAD, SHOW, *FORGE)

TRIAL: Final = Step("Trial of the recipe", "test_recipe")  # built and tested by rattler-build, in rehearsals only

BUILT: Final = Step("Files", "load_build", PreflightError)  # instead of BUILD, in another job

RELEASED_TAG: Final = Step("Released tag", "check_released_tag", PreflightError)  # whether it is still where it was

NOTES_AGAIN: Final = Step("Release notes", "write_notes.rewrite_notes")  # for the GitHub release, in another job

TAG: Final = (VERSION, NOTES, *TAGGING)

PREPARE: Final = (
    Step("Version", "choose_version"),  # the one that is named, or raised
    Step("Version fields", "edit_version_fields"),  # in every file that holds it
    Step("Changelog", "update_changelog"),  # by towncrier or scriv, or "Unreleased" becomes the version
    Step("Commit", "commit_preparation"),  # one, on the branch that is checked out; nothing is pushed
)

PROPOSE: Final = (
    PREPARE[0],
    Step("Patch", "apply_preparation"),  # what another job prepared; nothing of the project is run
    Step("Pull request", "propose_preparation", PreflightError, "GitHub"),  # on a branch of its own
)

DOCTOR: Final = (
    (Step("Repository", "check_repository.check_repository", PreflightError),),  # history, remote, tags, changelog
    (Step("Workflows", "check_repository.check_workflow_files", PreflightError),),  # triggers, rights, secrets, pins
    (Step("Trusted publishers", "check_trusted_publishers", PreflightError),),  # by the newest release's attestations
    (VERSION, READY, Step("Logins", "check_credentials", CredentialError), TAGGING[0]),  # the release that it would be
)

TASKS: Final = (  # the environments of build and test start even earlier: see `cli.session.Session.start_environments`
    BackgroundTask("git.clone.start_clone", after=VERSION, serves=DISTS),
    BackgroundTask("project.project_history.start_history", after=VERSION, serves=NOTES),
    BackgroundTask("steps.check_publishers.start_index_queries", after=VERSION, serves=READY),
    BackgroundTask("steps.check_publishers.start_index_queries", after=DISTS, serves=READY),  # only now named by some
    BackgroundTask("steps.verify.start_installations", after=DISTS, serves=VERIFY),
    BackgroundTask("steps.make_recipe.start_recipe", after=DISTS, serves=FORGE[0]),
)


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        release: all that became known, even if a step failed.
        error: what stopped it; None when every step passed.
    """

    release: Release
    error: ReleaseToolsError | None = None


def run(steps: Sequence[Step], context: Context, release: Release | None = None) -> Outcome:
    """Run steps in order, say each one's section as it finishes, and stop at the first that fails."""
    known = release or Release()
    for index, step in enumerate(steps):
        started = perf_counter()
        error = None
        try:
            with context.console.working(step.title):
                answer = _answer(step, context, known)
        except PartialFailureError as stopped:
            error = stopped.error
            answer = stopped.release.with_notes(Note(State.FAILED, error.message, advice=error.advice or RERUN_ADVICE))
        except ReleaseToolsError as raised:
            if context.gate.is_dry_run and known.artifacts and isinstance(raised, RemoteError):
                answer = known.with_notes(lookup_failed_note(raised))
            else:
                error = raised
                answer = known.with_notes(Note(State.FAILED, raised.message, advice=raised.advice))
        if isinstance(answer, Skip):
            answer = known.with_notes(Note(State.SKIPPED, answer.reason, advice=answer.advice))
        error = error or _failed(step, answer)
        section = Section(step.title, answer.notes, perf_counter() - started, step.place)
        context.console.section(section)
        for document in answer.documents[len(known.documents) :]:
            context.console.document(document)
        known = replace(answer, notes=(), sections=(*known.sections, section))
        if error is not None:
            _name_full_disk(error)
            return Outcome(replace(known, sections=(*known.sections, *_unreached(steps[index + 1 :]))), error)
        _start_tasks(step, steps[index + 1 :], context, known)
    return Outcome(known)


def dists(context: Context, files: Sequence[Path] = ()) -> Release:
    """Sdist and wheel of this commit: those that are named, those that ``build`` left, or else a build in scratch.

    Raises:
        ReleaseToolsError: what stopped a step.
    """
    if files:
        from release_tools.steps.load_files import load_files

        outcome = run((Step("Files", load_files(files)),), context)
    else:
        outcome = run((VERSION, Step("Files", "load_current")), context)
        if outcome.error is None and not outcome.release.artifacts:
            context.console.remark(Note(State.INFO, f"building {outcome.release.name} {outcome.release.version}…"))
            outcome = run(BUILD[1:3], context, outcome.release)
    if outcome.error is not None:
        raise outcome.error
    return outcome.release


def run_each(groups: Sequence[Sequence[Step]], context: Context) -> Outcome:
    """Run groups of steps that do not need one another: each runs even if another failed; the first error counts."""
    release, error = Release(), None
    for steps in groups:
        outcome = run(steps, context, release)
        release, error = outcome.release, error or outcome.error
    return Outcome(release, error)


def _start_tasks(step: Step, later: Sequence[Step], context: Context, release: Release) -> None:
    for task in TASKS:
        if task.after == step and task.serves in later:
            load_function(task.start)(context, release)


def load_function(name: str) -> Callable[[Context, Release], Any]:
    """Return a function of this package: ``room.module.function``."""
    module, _, function = name.rpartition(".")
    found: Callable[[Context, Release], Any] = getattr(import_module(f"release_tools.{module}"), function)
    return found


def _answer(step: Step, context: Context, known: Release) -> Release | Skip:
    try:
        return step.run(context, known)
    except BrokenPipeError:
        raise
    except OSError as raised:
        raise from_os_error(raised) from raised


def _name_full_disk(error: ReleaseToolsError) -> None:
    """Say that there is no room for scratch files, as a program that could not write them may not have managed to."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_ROOM:
        room = f"Only {free // 1024} kB are left in {folder}: make room there, or set TMPDIR."
        error.advice = " ".join(filter(None, (error.advice, room)))


def _unreached(steps: Sequence[Step]) -> tuple[Section, ...]:
    """Sections for the steps that a failure kept from running, so that every report shows the whole pipeline."""
    note = Note(State.NOT_RUN, "not reached")
    return tuple(Section(step.title, (note,), 0.0, step.place) for step in steps)


def _failed(step: Step, answer: Release) -> ReleaseToolsError | None:
    """One error for all the faults that a step found and told side by side."""
    faults = [note for note in answer.notes if note.state is State.FAILED]
    if not faults:
        return None
    return step.failure(
        f"{step.title}: {len(faults)} fault{'s' if len(faults) > 1 else ''}",
        "Nothing was published. Mend them, then run again.",
        faults=[": ".join(filter(None, (note.text, note.detail))) for note in faults],
    )
