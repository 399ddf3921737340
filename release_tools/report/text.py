"""Small texts that every rendering of a report shares."""

from typing import Final

from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, Report, State
from release_tools.model.release import Release
from release_tools.report.verdicts import list_notes
from release_tools.wording import count

_UNITS: Final = ("B", "kB", "MB", "GB")
_STEP: Final = 1000


def format_size(size: int) -> str:
    """Return a number of bytes for people: ``812 B``, ``3.4 kB``, ``31 MB``."""
    value, unit = float(size), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 10 else f"{value:.1f} {_UNITS[unit]}"  # noqa: PLR2004 - two digits


def describe_artifact_note(artifact: Artifact) -> Note:
    """Return the report's line about a file that was built."""
    return Note(State.DONE, artifact.key, f"{format_size(artifact.size)}, sha256 {artifact.sha256}")


def write_closing_line(release: Release, report: Report, verdict: str, seconds: float) -> str:
    """Return the last line of a run that succeeded.

    Args:
        release: that the run was about.
        report: of the run.
        verdict: how it ended, in a word or two; empty for a dry run.
        seconds: that it took.
    """
    warnings = len(set(list_notes(report.sections, State.WARNING)))  # a warning that repeats counts once
    counted = f", {count(warnings, 'warning')}" if warnings else ""
    subject = f"{release.name} {release.version}".strip()
    if verdict:
        return f"{': '.join(filter(None, (subject, verdict)))}{counted} ({seconds:.1f} s)"
    planned = count(len(list(list_notes(report.sections, State.PLANNED))), "action")
    of_subject = f" of {subject}" if subject else ""
    return f"Dry run{of_subject} complete: {planned} planned{counted}. Nothing was published. ({seconds:.1f} s)"
