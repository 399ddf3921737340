"""Metadata that every index accepts (core metadata specification), and a description that it can show."""

import sys
from collections.abc import Iterator
from typing import Final

from packaging.metadata import Metadata
from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.checks.subject import Subject
from release_tools.context import Context
from release_tools.credentials import without_credentials
from release_tools.model import Note, Release, State
from release_tools.process import ProcessError, run

_LEVELS: Final = ("WARNING ", "ERROR ")
"""What twine puts before each fault."""


def check_metadata(context: Context, release: Release, subject: Subject) -> tuple[Note, ...]:
    """Name and version as they are to be released, every field valid, and twine's own strict check."""
    notes = (*_disagreements(release, subject), *_invalid_fields(subject), *_twine(context, subject))
    return notes or (Note(State.DONE, "metadata valid, description renders", "twine check --strict"),)


def _disagreements(release: Release, subject: Subject) -> Iterator[Note]:
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


def _invalid_fields(subject: Subject) -> Iterator[Note]:
    for dist in subject.dists:
        try:
            Metadata.from_email(dist.metadata.content, validate=True)
        except ExceptionGroup as group:
            for error in group.exceptions:
                yield Note(State.FAILED, f"{dist.path.name}: {error}", advice="Correct it in pyproject.toml.")


def _twine(context: Context, subject: Subject) -> Iterator[Note]:
    paths = [str(dist.path) for dist in subject.dists]
    env = without_credentials(context.env) | {"NO_COLOR": "1", "COLUMNS": "1000", "PYTHONIOENCODING": "utf-8"}
    try:
        if paths:
            run([sys.executable, "-I", "-m", "twine", "check", "--strict", *paths], env=env)
    except ProcessError as error:
        lines = (line.strip() for line in error.output.splitlines())
        said = dict.fromkeys(line.split(maxsplit=1)[1] for line in lines if line.startswith(_LEVELS))
        advice = 'Set readme = "README.md" (or .rst) in pyproject.toml, and correct what does not render.'
        yield Note(
            State.FAILED, "twine check --strict refuses the description", " ".join(said) or error.message, advice
        )
