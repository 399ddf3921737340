"""Sum up a step, a destination and the whole run, for the step summary and the page alike."""

from collections.abc import Mapping, Sequence
from typing import Final

from release_tools.errors import ReleaseToolsError
from release_tools.model.note import Report, Section, State
from release_tools.model.release import Release

WORDS: Final[Mapping[State, str]] = {
    State.INFO: "information",
    State.DONE: "done",
    State.UNCHANGED: "already there",
    State.PLANNED: "planned",
    State.SKIPPED: "skipped",
    State.WARNING: "warning",
    State.FAILED: "failed",
    State.NOT_RUN: "not run",
}

_STRONGEST: Final = (State.FAILED, State.NOT_RUN, State.PLANNED, State.DONE, State.UNCHANGED, State.SKIPPED)


def find_section_state(section: Section) -> State:
    """Return one state for all notes of a step: the strongest that decides; DONE where all are facts."""
    states = {note.state for note in section.notes}
    return next((state for state in _STRONGEST if state in states), State.DONE)


def find_outcome_state(report: Report, error: ReleaseToolsError | None, *, is_dry_run: bool) -> State:
    """Return FAILED, PLANNED for a dry run, or DONE; a build plans nothing and is DONE."""
    if error is not None:
        return State.FAILED
    return State.PLANNED if is_dry_run and list_published_sections(report) else State.DONE


def write_verdict(release: Release, report: Report, error: ReleaseToolsError | None, *, is_dry_run: bool) -> str:
    """Return how the run ended, in a few words."""
    if error is not None:
        failed = next((item.title for item in report.sections if find_section_state(item) is State.FAILED), "")
        return f"failed at: {failed}" if failed else "failed"
    if release.is_prepared is not None:
        return "nothing changed" if is_dry_run else "prepared, not released yet"
    published = list_published_sections(report)
    if not published:
        return "ready, nothing published"
    if is_dry_run:
        return "dry run complete"
    return "released" if len(published) > 1 else _outcome(report)


def _outcome(report: Report) -> str:
    """Return what a run did at its one destination, by the last step that did something."""
    sections = [section for section in report.sections if section.group]
    done = [one.outcome for one in sections if find_section_state(one) is State.DONE and one.outcome]
    there = [f"{one.outcome} already" for one in sections if find_section_state(one) is State.UNCHANGED and one.outcome]
    return next(reversed(done or there), "nothing to publish")


def write_headline(release: Release, report: Report, error: ReleaseToolsError | None, *, is_dry_run: bool) -> str:
    """Return the release and how the run ended, in one line."""
    what = f"{release.name} {release.version}".strip() or "The release"
    return f"{what}: {write_verdict(release, report, error, is_dry_run=is_dry_run)}"


def list_published_sections(report: Report) -> tuple[Section, ...]:
    """Return one section a destination, in their order, for all the steps that publish there."""
    names = dict.fromkeys(section.group for section in report.sections if section.group)
    return tuple(_merge_sections(name, [one for one in report.sections if one.group == name]) for name in names)


def list_preparations(report: Report) -> tuple[Section, ...]:
    """Return the sections of the steps that publish nothing."""
    return tuple(section for section in report.sections if not section.group)


def find_worst(sections: tuple[Section, ...]) -> State:
    """Return one state for several sections."""
    states = {find_section_state(section) for section in sections}
    return next((state for state in _STRONGEST if state in states and state is not State.SKIPPED), State.DONE)


def _merge_sections(name: str, sections: Sequence[Section]) -> Section:
    notes = tuple(note for section in sections for note in section.notes)
    done = tuple(note for note in notes if note.state is not State.NOT_RUN)
    return Section(name, done or notes[:1], sum(section.seconds for section in sections), name)
