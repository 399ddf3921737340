"""Sum up a step, a destination and the whole run, for the step summary and the page alike."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from release_tools.errors import ReleaseToolsError
from release_tools.model.note import Note, Report, Section, State
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

_STRONGEST: Final = (
    State.FAILED,
    State.NOT_RUN,
    State.PLANNED,
    State.DONE,
    State.UNCHANGED,
    State.SKIPPED,
    State.WARNING,
)


def find_section_state(section: Section) -> State:
    """Return one state for all notes of a step: the strongest that decides; DONE where all are facts.

    A warning decides where nothing else does: such a step has done nothing.
    """
    return _choose_strongest({note.state for note in section.notes})


def _choose_strongest(states: AbstractSet[State]) -> State:
    return next((state for state in _STRONGEST if state in states), State.DONE)


def list_notes(sections: Sequence[Section], *states: State) -> Iterator[Note]:
    """Yield the notes in some states."""
    for section in sections:
        yield from (note for note in section.notes if note.state in states)


def find_outcome_state(report: Report, error: ReleaseToolsError | None, *, is_dry_run: bool) -> State:
    """Return FAILED, WARNING where all is left to a person, PLANNED for a dry run, or DONE; a build plans nothing."""
    if error is not None:
        return State.FAILED
    if not is_dry_run and _is_left_to_a_person(report):
        return State.WARNING
    return State.PLANNED if is_dry_run and list_published_sections(report) else State.DONE


def write_verdict(release: Release, report: Report, error: ReleaseToolsError | None, *, is_dry_run: bool) -> str:
    """Return how the run ended, in a few words."""
    if error is not None:
        return _write_failure(report)
    if release.is_prepared is not None:
        return "nothing changed" if is_dry_run else "prepared, not released yet"
    return _write_success(report, is_dry_run=is_dry_run)


def _write_failure(report: Report) -> str:
    """Return the step at which a run failed, if it failed in one."""
    failed = next((item.title for item in report.sections if find_section_state(item) is State.FAILED), "")
    return f"failed at: {failed}" if failed else "failed"


def _write_success(report: Report, *, is_dry_run: bool) -> str:
    """Return what a run published."""
    published = list_published_sections(report)
    if not published:
        return "ready, nothing published"
    if is_dry_run:
        return "dry run complete"
    return "released" if len(published) > 1 else _outcome(report)


def _outcome(report: Report) -> str:
    """Return what a run did at its one destination, by the last step that did something."""
    done = _list_outcomes(report, State.DONE)
    there = [f"{outcome} already" for outcome in _list_outcomes(report, State.UNCHANGED)]
    nothing = "not published, see the warnings" if _is_left_to_a_person(report) else "nothing to publish"
    return next(reversed(done or there), nothing)


def _is_left_to_a_person(report: Report) -> bool:
    """Return whether nothing was published and a destination says why."""
    states = {find_section_state(section) for section in list_published_sections(report)}
    return State.WARNING in states and states <= {State.WARNING, State.SKIPPED}


def _list_outcomes(report: Report, state: State) -> list[str]:
    """Return what the steps in a state did at their destinations."""
    published = [section for section in report.sections if section.group and section.outcome]
    return [section.outcome for section in published if find_section_state(section) is state]


def write_headline(release: Release, report: Report, error: ReleaseToolsError | None, *, is_dry_run: bool) -> str:
    """Return the release and how the run ended, in one line."""
    what = f"{release.name} {release.version}".strip() or "The release"
    return f"{what}: {write_verdict(release, report, error, is_dry_run=is_dry_run)}"


def list_published_sections(report: Report) -> tuple[Section, ...]:
    """Return one section a destination, in their order, for all the steps that publish there."""
    names = dict.fromkeys(section.group for section in report.sections if section.group)
    return tuple(_merge_sections(name, report.sections) for name in names)


def list_preparations(report: Report) -> tuple[Section, ...]:
    """Return the sections of the steps that publish nothing."""
    return tuple(section for section in report.sections if not section.group)


def find_worst(sections: tuple[Section, ...]) -> State:
    """Return one state for several sections."""
    return _choose_strongest({find_section_state(section) for section in sections} - {State.SKIPPED})


def _merge_sections(name: str, sections: Sequence[Section]) -> Section:
    """Return one section for all the steps that publish to a destination."""
    merged = [section for section in sections if section.group == name]
    notes = [note for section in merged for note in section.notes]
    return Section(name, _leave_out_not_run(notes), sum(section.seconds for section in merged), name)


def _leave_out_not_run(notes: Sequence[Note]) -> tuple[Note, ...]:
    """Return the notes of the steps that ran, or the first one where none did."""
    done = tuple(note for note in notes if note.state is not State.NOT_RUN)
    return done or tuple(notes[:1])
