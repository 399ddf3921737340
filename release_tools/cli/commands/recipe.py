"""Make the conda-forge recipe of this commit from what was built of it."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from release_tools.cli.options import add_project, add_settings, add_version
from release_tools.cli.session import Session
from release_tools.errors import VerifyError
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Note, State
from release_tools.report.json_data import SCHEMA, note_data

if TYPE_CHECKING:
    from release_tools.publishers.conda_forge.recipe_inputs import RecipeInputs, Written


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_files(parser)
    parser.add_argument(
        "--format",
        choices=("v1", "v0"),
        help="v1 is recipe.yaml, v0 is meta.yaml (default: the format of the project's own recipe, or else v1)",
    )
    parser.add_argument(
        "--build",
        action="store_true",
        help="also build the recipe with rattler-build, using conda.channels, and run its tests",
    )
    add_project(parser)
    add_version(parser)
    add_settings(parser, "conda-forge.feedstock", "conda-forge.maintainers")


def add_files(parser: argparse.ArgumentParser) -> None:
    """Declare the files that a recipe is made from, for each command that needs one."""
    parser.add_argument(
        "files",
        nargs="*",
        type=Path,
        metavar="FILE",
        help="sdist and wheel, or a folder with both (default: the last build of this commit, or else a new build)",
    )


def run(invocation: Session) -> int:
    """Print the recipe, alone on standard output, and put it into the output folder."""
    from release_tools.pipeline import build_or_load_dists
    from release_tools.publishers.conda_forge.recipe_files import store_recipe
    from release_tools.publishers.conda_forge.recipe_inputs import RecipeInputs
    from release_tools.recipe.document import Format

    options, console = invocation.options, invocation.console
    console.quiet = True
    context = invocation.context(anywhere=bool(options.files))
    try:
        subject = RecipeInputs(context, build_or_load_dists(context, options.files))
        written = subject.write(Format[options.format.upper()] if options.format else None)
        settings = "" if written.own else subject.recipe.conda_forge_yml
        path = store_recipe(context.output, written.form, written.text, conda_forge_yml=settings)
        test_build = _test_build(subject, written, path.parent) if options.build else ()
    finally:
        context.close()
    if options.json:
        console.data(json.dumps(_make_data(subject, written, path, test_build), indent=2))
    else:
        console.data(written.text.rstrip("\n"))
        for note in (Note(State.DONE, f"written to {path}"), *_list_remarks(subject, written), *test_build):
            console.remark(note)
    _refuse_failed(test_build, path)
    return 0


def _refuse_failed(test_build: tuple[Note, ...], path: Path) -> None:
    """Refuse a recipe whose test build failed.

    Raises:
        VerifyError: it did.
    """
    if any(note.state is not State.DONE for note in test_build):
        raise VerifyError(
            f"{path} was written, but it does not work here", f"See all of it: rattler-build build --recipe {path}"
        )


def _test_build(subject: "RecipeInputs", recipe: "Written", folder: Path) -> tuple[Note, ...]:
    """Build and test the recipe, and put the packages next to it, as in a channel.

    Raises:
        VerifyError: it cannot be built here.
    """
    from release_tools.publishers.conda_forge.test_build import explain_not_built, run_test_build
    from release_tools.system.written_files import WrittenFiles

    if reason := explain_not_built(subject.context, recipe.form, recipe.text):
        raise VerifyError(f"{folder / recipe.form} was written, but not built: {reason}")
    sdist = subject.release.artifacts_of_kind(ArtifactKind.SDIST)[0]
    test_build = run_test_build(subject.context, recipe.text, sdist)
    written = WrittenFiles(folder)
    for package in test_build.packages:
        written.add(f"{package.parent.name}/{package.name}", package.read_bytes())
    return test_build.notes


def _list_remarks(subject: "RecipeInputs", written: "Written") -> Iterator[Note]:
    """Yield what a person should know of the recipe; names only where they are ours."""
    if written.own:
        yield Note(State.INFO, f"made of {written.own}: {'; '.join(written.changes) or 'nothing to fill in'}")
    for line in filter(None, written.notes):
        yield Note(State.INFO, line)
    for line in subject.list_broken_rules(written):
        yield Note(State.WARNING, f"conda-forge's linter: {line}")
    if not written.own:
        yield from _list_doubts(subject)


def _list_doubts(subject: "RecipeInputs") -> Iterator[Note]:
    """Yield the conda names that nobody confirmed, and what no channel has yet."""
    if subject.unasked:
        yield Note(State.SKIPPED, f"names not confirmed: {subject.unasked}")
    for name in subject.recipe.unconfirmed:
        yield Note(
            State.WARNING,
            f"assuming that {name.pypi} is {name.conda}, unconfirmed (tried: {'; '.join(name.tried)})."
            f' Where conda calls it otherwise: [tool.release-tools.conda.names] {name.pypi} = "its conda name"',
        )
    channels = ", ".join(subject.context.config.conda.channels)
    for spec in subject.unmet:
        yield Note(State.WARNING, f"not on {channels} yet: {spec}")


def _make_data(subject: "RecipeInputs", written: "Written", path: Path, test_build: tuple[Note, ...]) -> dict[str, Any]:
    recipe = subject.recipe
    return {
        "schema": SCHEMA,
        "name": recipe.name,
        "version": recipe.version,
        "file": str(path),
        "text": written.text,
        "own": written.own,
        "notes": [*written.changes, *written.notes],
        "unconfirmed": [
            {"pypi": name.pypi, "conda": name.conda, "tried": list(name.tried)} for name in recipe.unconfirmed
        ],
        "unmet": list(subject.unmet),
        "linter": list(subject.list_broken_rules(written)),
        "not-asked": subject.unasked,
        "test-build": [note_data(note) for note in test_build],
    }
