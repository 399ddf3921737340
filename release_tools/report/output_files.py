"""Write the reports: the page next to the artifacts, and summary and outputs to the files that GitHub names."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final

from release_tools.engine.tasks import BackgroundTasks
from release_tools.errors import OutputError, ReleaseToolsError
from release_tools.model.note import Report, Section
from release_tools.model.release import Release
from release_tools.report.action_outputs import format_output_lines
from release_tools.report.step_summary import LARGEST, status_summary, write_step_summary
from release_tools.system.whole_files import write_whole

PAGE_MARK: Final = '<meta name="generator" content="release-tools">'
"""The mark in the head of every report page, by which a page of ours is recognised."""
_HEAD: Final = 4096
_SUMMARY: Final = "GITHUB_STEP_SUMMARY"
_OUTPUT: Final = "GITHUB_OUTPUT"


def redact_release(
    release: Release, report: Report, error: ReleaseToolsError | None, redact: Callable[[str], str]
) -> tuple[Release, Report, ReleaseToolsError | None]:
    """Return release and error with every text passed through ``redact``, which escaping could hide a secret from."""
    clean = error and ReleaseToolsError(
        redact(error.message), redact(error.advice), faults=[redact(fault) for fault in error.faults]
    )
    return _redact(release, redact), _redact(report, redact), clean


def write_page(  # noqa: PLR0913 - the parts of an outcome
    folder: Path,
    release: Release,
    report: Report,
    error: ReleaseToolsError | None = None,
    *,
    is_dry_run: bool,
    background: BackgroundTasks | None = None,
) -> Path | None:
    """Write the report page to the output folder; return None where there is no such folder.

    A run may fail before the folder is created, and does not create it for its report alone. A file of that name that
    is not our page is left alone.

    Raises:
        OutputError: it cannot be written; the page of an earlier run is then as it was.
    """
    if not folder.is_dir():
        return None
    from release_tools.artifacts.manifest import REPORT_PAGE
    from release_tools.report.page import report_page

    path = folder / REPORT_PAGE
    page = report_page(release, report, error, is_dry_run=is_dry_run, background=background)
    if os.path.lexists(path) and not is_page(path):
        return None
    try:
        write_whole(path, page)
    except OutputError as raised:
        raise OutputError(raised.message, "The rest of the command has been done.") from raised
    return path


def is_page(path: Path) -> bool:
    """Return whether a file is the report page of an earlier run."""
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return PAGE_MARK.encode() in file.read(_HEAD)


def write_summary(
    env: Mapping[str, str],
    release: Release,
    report: Report,
    error: ReleaseToolsError | None = None,
    *,
    is_dry_run: bool,
) -> None:
    """Append the step summary to what a job's step has written before; do nothing elsewhere."""
    if env.get(_SUMMARY):
        path = Path(env[_SUMMARY])
        _append(path, write_step_summary(release, report, error, is_dry_run=is_dry_run, room=_room(path)))


def write_status_summary(env: Mapping[str, str], release: Release, sections: Sequence[Section]) -> None:
    """Append where a version is published to the step summary; do nothing outside a job."""
    if env.get(_SUMMARY):
        path = Path(env[_SUMMARY])
        _append(path, status_summary(release, sections, _room(path)))


def _room(path: Path) -> int:
    """Return how many bytes the summary of a step may still get."""
    return LARGEST - (path.stat().st_size if path.exists() else 0)


def has_outputs(env: Mapping[str, str]) -> bool:
    """Return whether a job's step reads the outputs of this run."""
    return bool(env.get(_OUTPUT))


def write_outputs(env: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Write the outputs of a job's step; do nothing elsewhere.

    Raises:
        OutputError: an output has a line end.
    """
    if has_outputs(env):
        _append(Path(env[_OUTPUT]), format_output_lines(outputs))


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8", errors="replace", newline="\n") as file:
        file.write(text)


def _redact(value: Any, redact: Callable[[str], str]) -> Any:  # noqa: ANN401 - the same type as it came
    if type(value) is str:
        return redact(value)
    if isinstance(value, tuple):
        return tuple(_redact(item, redact) for item in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{item.name: _redact(getattr(value, item.name), redact) for item in fields(value)})
    return value
