"""A recipe built and tested by rattler-build, from the sdist as it lies here."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from release_tools.context import Context
from release_tools.model import Artifact, Note, State
from release_tools.process import ProcessError
from release_tools.recipe.document import Document, Format
from release_tools.recipe.markers import CONDA_FORGE_PYTHON
from release_tools.recipe.update_source import Target, is_ours
from release_tools.services import channel
from release_tools.services.conda_build import build_recipe, run_tests

_VARIANTS: Final = {"python_min": [CONDA_FORGE_PYTHON]}
"""What conda-forge pins for all its recipes, as far as a noarch one asks for it."""


def try_out(context: Context, text: str, sdist: Artifact) -> Iterator[Note]:
    """Build a ``recipe.yaml``, and run its tests.

    Whatever goes wrong is a warning: it forbids no release, and conda-forge tries again.

    Raises:
        RecipeError: it is no YAML.
    """
    channels = context.config.conda.channels
    folder = context.scratch / "recipe"
    folder.mkdir(exist_ok=True)
    recipe = folder / Format.V1
    recipe.write_text(from_here(text, sdist), encoding="utf-8", newline="\n")
    try:
        built = build_recipe(recipe, folder / "channel", _VARIANTS, channels, context.env)
        if built.fault:
            # Without a log it is about the requirements, and rattler-build does not say which.
            lacking = "" if built.log else channel.why_not(channels, specs=built.requires)
            yield Note(State.WARNING, "the recipe does not build", lacking or _why(built.fault, built.log))
            return
        for package in built.paths:
            yield from _tested(package, channels, context)
    except ProcessError as error:
        yield Note(State.WARNING, "the recipe was not built", error.message)


def is_noarch(text: str) -> bool:
    """Whether a ``recipe.yaml`` makes ``noarch: python`` packages.

    Raises:
        RecipeError: it is no YAML.
    """
    return any(place.value == "python" for place in Document(text, Format.V1).in_outputs("build", "noarch"))


def from_here(text: str, sdist: Artifact) -> str:
    """The recipe with the sdist as a file of this machine, for PyPI may not have it yet.

    Raises:
        RecipeError: it is no YAML.
    """
    document = Document(text, Format.V1)
    target = Target("", sdist.sha256, sdist.filename, previous_sha256=sdist.sha256)
    sources = [source for source in document.sources() if is_ours(document, source, target)]
    address = sdist.path.absolute().as_uri()
    return document.edited(place.replaced(address) for source in sources for place in source.get("url"))


def _tested(package: Path, channels: Sequence[str], context: Context) -> Iterator[Note]:
    for tested in run_tests(package, channels, context.env):
        if not tested.passed:
            yield Note(State.WARNING, f"{package.name} of the recipe fails its tests", _why("", tested.output))
            return
    yield Note(State.DONE, f"the recipe builds {package.name}, and its tests pass", "by rattler-build")


def _why(fault: str, log: Sequence[str]) -> str:
    return " ".join(filter(None, (fault, *(line.strip() for line in log[-3:]))))
