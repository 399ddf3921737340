"""Define the lines and texts of a report."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from release_tools.errors import ReleaseToolsError


class State(StrEnum):
    """The state of a line of the report."""

    INFO = "info"  # something learned
    DONE = "done"  # a check that passed, or an action applied by this run
    UNCHANGED = "unchanged"  # an action that was done before, with our digest
    PLANNED = "planned"  # an action that a dry run would apply
    SKIPPED = "skipped"  # does not apply, or is not configured
    WARNING = "warning"  # does not stop the release, but a person should check it
    FAILED = "failed"  # forbids the release
    NOT_RUN = "not_run"  # a step that did not run because an earlier one failed


@dataclass(frozen=True)
class Note:
    """One line of the report, rendered alike in the terminal, the step summary, the JSON and the page.

    Attributes:
        state: of the line.
        text: one line, without markup.
        detail: digests, paths or names, shown dimmed.
        advice: what to do, for warnings, skips and failures.
    """

    state: State
    text: str
    detail: str = ""
    advice: str = ""

    @classmethod
    def of_error(cls, error: ReleaseToolsError, state: State = State.FAILED) -> Self:
        """Return the line about an error, with its faults and its advice."""
        return cls(state, error.message, "; ".join(error.faults), error.advice)


@dataclass(frozen=True)
class Section:
    """The notes of one step, in order.

    Attributes:
        title: the step's headline.
        notes: its lines.
        seconds: how long it took.
        group: the destination that reports show it under (``PyPI``); empty for a step that publishes nothing.
        outcome: what it did if it succeeds: ``published to PyPI``; empty for a step that publishes nothing.
    """

    title: str
    notes: tuple[Note, ...]
    seconds: float = 0.0
    group: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class Document:
    """A text that a report shows in full: the release notes, a recipe, its diff.

    Attributes:
        title: its headline.
        text: its full text.
        language: ``markdown``, ``yaml``, ``diff`` or another language that GitHub highlights.
    """

    title: str
    text: str
    language: str = ""


@dataclass(frozen=True)
class Report:
    """Describe what a run reports; every rendering is made from it and from the facts of the release.

    Attributes:
        sections: of the steps, in order.
        documents: texts that are shown in full.
    """

    sections: tuple[Section, ...] = ()
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True)
class Skip:
    """The result of a step that does not apply.

    Attributes:
        reason: why, in one line.
        advice: what to set so that it applies; empty where there is nothing to set.
    """

    reason: str
    advice: str = ""
