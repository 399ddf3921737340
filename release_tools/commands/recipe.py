"""``release-tools recipe``: the conda-forge recipe of this commit, from what was built of it."""

import argparse
import json
from pathlib import Path
from typing import Any, Final

from release_tools.conda_forge.output import store_recipe
from release_tools.conda_forge.project import Subject, Written
from release_tools.invocation import Invocation, add_project, add_settings, add_version
from release_tools.model import Note, State
from release_tools.pipeline import dists
from release_tools.recipe.document import Format
from release_tools.recipe.names import Name

_FORMATS: Final = {"v1": Format.V1, "v0": Format.V0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_files(parser)
    parser.add_argument(
        "--format",
        choices=_FORMATS,
        help="v1 is recipe.yaml, v0 is meta.yaml (default: that of the project's own recipe, or v1)",
    )
    add_project(parser)
    add_version(parser)
    add_settings(parser)


def add_files(parser: argparse.ArgumentParser) -> None:
    """The files that a recipe is made from, for every command that needs one."""
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="sdist and wheel, or a folder that holds them (default: what was built of this commit, else a build)",
    )


def run(invocation: Invocation) -> int:
    """Print the recipe, alone on standard output, and put it into the output folder."""
    options, console = invocation.options, invocation.console
    console.quiet = True
    context = invocation.context(anywhere=bool(options.files))
    try:
        subject = Subject(context, dists(context, options.files))
        written = subject.written(_FORMATS.get(options.format))
    finally:
        context.close()
    path = store_recipe(context.output, written.form, written.text)
    if options.json:
        console.data(json.dumps(_data(subject, written, path), indent=2))
        return 0
    console.data(written.text.rstrip("\n"))
    for note in (Note(State.DONE, f"written to {path}"), *_remarks(subject, written)):
        console.remark(note)
    return 0


def _remarks(subject: Subject, written: Written) -> list[Note]:
    """What a person should know of the recipe; names only where they are ours."""
    made = f"made of {written.own}: {'; '.join(written.changes) or 'nothing to fill in'}" if written.own else ""
    said = [Note(State.FACT, line) for line in (made, *written.notes) if line]
    if written.own:
        return said
    if subject.unasked:
        said.append(Note(State.SKIPPED, f"names not confirmed: {subject.unasked}"))
    return [*said, *(Note(State.WARNING, line) for line in _doubts(subject.recipe.unconfirmed))]


def _doubts(names: tuple[Name, ...]) -> list[str]:
    advice = 'Where conda calls it otherwise: [tool.release-tools.conda.names] {} = "its conda name"'
    return [
        f"{name.pypi} is taken for {name.conda}, which nothing confirms (tried: {'; '.join(name.tried)}). "
        + advice.format(name.pypi)
        for name in names
    ]


def _data(subject: Subject, written: Written, path: Path) -> dict[str, Any]:
    recipe = subject.recipe
    return {
        "name": recipe.name,
        "version": recipe.version,
        "file": str(path),
        "text": written.text,
        "own": written.own,
        "notes": [*written.changes, *written.notes],
        "unconfirmed": [
            {"pypi": name.pypi, "conda": name.conda, "tried": list(name.tried)} for name in recipe.unconfirmed
        ],
        "not-asked": subject.unasked,
    }
