"""Compare the feedstock's recipe with this commit."""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from release_tools.cli.commands.recipe import add_files
from release_tools.cli.options import add_project, add_settings, add_version
from release_tools.cli.session import Session
from release_tools.engine.context import Context
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
    options, console = invocation.options, invocation.console
    console.quiet = True
    context = invocation.context(anywhere=bool(options.files))
    try:
        compared = _compare(context, options)
    finally:
        context.close()
    if options.json:
        console.data(json.dumps(_make_data(compared), indent=2))
    if compared.drift:
        words = _describe_words(compared.drift)
        faults = [f"{word}: {line}" for word, lines in words.items() for line in lines]
        raise DriftError(f"{compared.where} does not agree with {compared.name} as it is now:", _ADVICE, faults=faults)
    if not options.json:
        console.data(_describe_agreement(compared))
    return 0


@dataclass(frozen=True)
class _Comparison:
    """The comparison of a feedstock's recipe with this commit.

    Attributes:
        name: of the package.
        version: of this commit.
        where: the recipe that was compared; empty where conda-forge has no feedstock.
        drift: the differences; None where there is nothing to compare with.
    """

    name: str
    version: str
    where: str
    drift: "Drift | None"


def _compare(context: Context, options: argparse.Namespace) -> _Comparison:
    from release_tools.pipeline import build_or_load_dists
    from release_tools.publishers.conda_forge.recipe_inputs import RecipeInputs
    from release_tools.publishers.conda_forge.rendering import compare_recipe, look_up, read_present

    local = read_present(options.feedstock) if options.feedstock else None
    subject = RecipeInputs(context, build_or_load_dists(context, options.files))
    name, version = subject.recipe.name, subject.recipe.version
    present = local or look_up(subject)
    if present is None:
        return _Comparison(name, version, "", None)
    where = str(options.feedstock or present.repository)
    return _Comparison(name, version, where, compare_recipe(subject, present))


def _describe_agreement(compared: _Comparison) -> str:
    if compared.drift is None:
        return f"conda-forge has no feedstock of {compared.name}"
    return f"{compared.where} agrees with {compared.name} {compared.version}"


def _describe_words(drift: "Drift") -> dict[str, tuple[str, ...]]:
    return {"lacks": drift.lacking, "has in excess": drift.excess, "differs": drift.differing}


def _make_data(compared: _Comparison) -> dict[str, object]:
    kinds = ("lacking", "excess", "differing")
    lists = {kind: list(getattr(compared.drift, kind, ())) for kind in kinds}
    return {"schema": SCHEMA, "feedstock": compared.where, **lists}
