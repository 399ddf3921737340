"""Compare the feedstock's recipe with this commit."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from release_tools.cli.commands.recipe import add_files
from release_tools.cli.options import add_project, add_settings, add_version
from release_tools.cli.session import Session
from release_tools.errors import DriftError
from release_tools.report.json_data import SCHEMA

if TYPE_CHECKING:
    from release_tools.recipe.drift import Drift

_ADVICE = "The next update carries what this project changes; accept the rest with conda-forge.accepted."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_files(parser)
    parser.add_argument(
        "--feedstock",
        type=Path,
        metavar="PATH",
        help="a local checkout of the feedstock, or a local recipe (default: the feedstock on conda-forge)",
    )
    add_project(parser)
    add_version(parser)
    add_settings(parser, "conda-forge.feedstock", "conda-forge.accepted")


def run(invocation: Session) -> int:
    """Compare the feedstock's recipe with this commit; drift is an error with an exit code of its own."""
    from release_tools.pipeline import build_or_load_dists
    from release_tools.publishers.conda_forge.recipe_inputs import RecipeInputs
    from release_tools.publishers.conda_forge.rendering import compare_recipe, look_up, read_present

    options, console = invocation.options, invocation.console
    console.quiet = True
    context = invocation.context(anywhere=bool(options.files))
    local = read_present(options.feedstock) if options.feedstock else None
    try:
        subject = RecipeInputs(context, build_or_load_dists(context, options.files))
        present = local or look_up(subject)
        found = compare_recipe(subject, present) if present else None
    finally:
        context.close()
    where = str(options.feedstock or (present and present.repository) or "")
    if options.json:
        console.data(json.dumps(_make_data(where, found), indent=2))
    if found:
        faults = [f"{word}: {line}" for word, lines in _describe_words(found).items() for line in lines]
        raise DriftError(f"{where} does not agree with {subject.recipe.name} as it is now:", _ADVICE, faults=faults)
    if not options.json:
        agrees = f"{where} agrees with {subject.recipe.name} {subject.recipe.version}"
        console.data(agrees if present else f"conda-forge has no feedstock of {subject.recipe.name}")
    return 0


def _describe_words(drift: "Drift") -> dict[str, tuple[str, ...]]:
    return {"lacks": drift.lacking, "has in excess": drift.excess, "differs": drift.differing}


def _make_data(where: str, found: "Drift | None") -> dict[str, object]:
    kinds = ("lacking", "excess", "differing")
    return {"schema": SCHEMA, "feedstock": where, **{kind: list(getattr(found, kind, ())) for kind in kinds}}
