"""Metadata that every index accepts (core metadata specification), and a description that it can show."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

from packaging.metadata import Metadata
from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.checks.artifacts import ReleaseFiles
from release_tools.model.note import Note, State
from release_tools.model.release import Release


def check_metadata(release: Release, subject: ReleaseFiles) -> tuple[Note, ...]:
    """Name and version as they are to be released, every field valid, and twine's own strict check."""
    notes = (*_disagreements(release, subject), *_invalid_fields(subject), *_twine(subject))
    return notes or (Note(State.DONE, "metadata valid, description renders", "twine check --strict"),)


def _disagreements(release: Release, subject: ReleaseFiles) -> Iterator[Note]:
    for dist in subject.dists:
        found = f"{dist.metadata.name} {dist.metadata.version}"
        if canonicalize_name(dist.metadata.name) != canonicalize_name(release.name):
            yield Note(
                State.FAILED, f"{dist.path.name}: its metadata says {found}", f"to be released is {release.name}"
            )
        if dist.metadata.version != Version(release.version):
            yield Note(
                State.FAILED, f"{dist.path.name}: its metadata says {found}", f"to be released is {release.version}"
            )


def _invalid_fields(subject: ReleaseFiles) -> Iterator[Note]:
    for dist in subject.dists:
        try:
            Metadata.from_email(dist.metadata.content, validate=True)
        except ExceptionGroup as group:
            for error in group.exceptions:
                yield Note(State.FAILED, f"{dist.path.name}: {error}", advice="Correct it in pyproject.toml.")


def _twine(subject: ReleaseFiles) -> Iterator[Note]:
    refusals = dict[str, None]()
    for dist in subject.dists:
        said = _said_by_twine(dist.path)
        refusals |= {} if said is None else {said: None}
    if refusals:
        advice = 'Set readme = "README.md" (or .rst) in pyproject.toml, and correct what does not render.'
        yield Note(State.FAILED, "twine check --strict refuses the description", " ".join(refusals), advice)


def _said_by_twine(path: Path) -> str | None:
    """Why ``twine check --strict`` refuses a file; None where it does not."""
    import rich
    from twine.commands import check

    said = _Said()
    check.logger.addHandler(said)
    rich.reconfigure(file=io.StringIO())  # twine prints by rich's own console, and nothing else here does
    try:
        refused = check.check([str(path)], strict=True)
    except Exception as error:  # noqa: BLE001 - twine and its renderers at work on text of others
        return f"{type(error).__name__}: {error}"
    finally:
        check.logger.removeHandler(said)
    return " ".join(dict.fromkeys(said.lines)) if refused else None


class _Said(logging.Handler):
    """Each fault that twine logs, in one line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(" ".join(record.getMessage().split()))
