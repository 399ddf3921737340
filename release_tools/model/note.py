"""Define the lines and texts of a report."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a line of the report stands."""

    INFO = "info"  # something learned
    DONE = "done"  # a check that passed, or a deed done by this run
    UNCHANGED = "unchanged"  # found done on the other side, with our digest
    PLANNED = "planned"  # a deed that a real run would do
    SKIPPED = "skipped"  # does not apply, or is not configured
    WARNING = "warning"  # goes on, but a person should look
    FAILED = "failed"  # forbids the release
    NOT_RUN = "not_run"  # a step that an earlier failure kept from running


@dataclass(frozen=True)
class Note:
    """One line of the report, rendered alike in the terminal, the step summary, the JSON and the page.

    Attributes:
        state: how it stands.
        text: what is said, in one line, without markup.
        detail: more about it: digests, paths, names. Shown dim.
        advice: what to do, for warnings, skips and failures.
    """

    state: State
    text: str
    detail: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Section:
    """What one step had to say, in the order in which it said it.

    Attributes:
        title: the step's headline.
        notes: its lines.
        seconds: how long it took.
        group: the destination that reports show it under (``PyPI``); empty for a step that publishes nothing.
    """

    title: str
    notes: tuple[Note, ...]
    seconds: float = 0.0
    group: str = ""


@dataclass(frozen=True)
class Document:
    """A text that a report shows in full: the release notes, a recipe, its diff.

    Attributes:
        title: its headline.
        text: the whole of it.
        language: ``markdown``, ``yaml``, ``diff`` or another name that GitHub colours a fence by.
    """

    title: str
    text: str
    language: str = ""


@dataclass(frozen=True)
class Skip:
    """A step's answer when it does not apply.

    Attributes:
        reason: why, in one line.
        advice: what to set so that it applies; empty where nothing is to be done.
    """

    reason: str
    advice: str = ""
