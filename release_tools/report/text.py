"""Small texts that every rendering of a report shares."""

from typing import Final

from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.model.release import Release

_UNITS: Final = ("B", "kB", "MB", "GB")
_STEP: Final = 1000


def size_text(size: int) -> str:
    """A number of bytes for a person: ``812 B``, ``3.4 kB``, ``31 MB``."""
    value, unit = float(size), 0
    while value >= _STEP and unit < len(_UNITS) - 1:
        value, unit = value / _STEP, unit + 1
    return f"{value:.0f} {_UNITS[unit]}" if unit == 0 or value >= 10 else f"{value:.1f} {_UNITS[unit]}"  # noqa: PLR2004 - two digits


def artifact_note(artifact: Artifact) -> Note:
    """The report's line about a file that was made."""
    return Note(State.DONE, artifact.filename, f"{size_text(artifact.size)}, sha256 {artifact.sha256}")


def closing_line(release: Release, *, is_dry_run: bool) -> str:
    """The last line of a run that went well."""
    states = [note.state for section in release.sections for note in section.notes]
    seconds = sum(section.seconds for section in release.sections)
    warnings = states.count(State.WARNING)
    look = f", {warnings} warning{'s' if warnings > 1 else ''} above" if warnings else ""
    deeds = states.count(State.PLANNED)
    left = (
        f"nothing was published; a release would do {deeds} thing{'s' if deeds != 1 else ''}"
        if is_dry_run
        else "all done"
    )
    return f"{release.name} {release.version}: {left}{look} ({seconds:.1f} s)"
