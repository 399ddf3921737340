"""Build and test a recipe with rattler-build, from the sdist on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from release_tools.builders.conda import rattler
from release_tools.builders.conda.rattler_build import build_recipe, run_tests
from release_tools.engine.context import Context
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.recipe.document import Format, RecipeDocument
from release_tools.recipe.update_source import PENDING, Target, is_ours
from release_tools.system.credentials import refuse_credentials
from release_tools.system.process import ProcessError

_SHOWN: Final = 3
_PIP_GAVE_UP: Final = "error: subprocess-exited-with-error"


@dataclass(frozen=True)
class TestBuild:
    """The result of building and testing a recipe.

    Attributes:
        notes: whether it builds, and its tests pass; warnings where not.
        packages: that were built.
    """

    notes: tuple[Note, ...]
    packages: tuple[Path, ...] = ()


def explain_not_built(context: Context, form: Format, text: str) -> str:
    """Return why a recipe cannot be built here; empty where it can.

    Raises:
        RecipeError: it is no YAML.
    """
    if PENDING in text:
        return "the digest of its source is pending until GitHub serves the tag"
    if form is not Format.V1:
        return f"rattler-build knows no {form}; conda-forge's own machines build it"
    if "compiler(" in text or "stdlib(" in text:
        return "the recipe is of compiled code, for which conda-forge's own machines have the tools"
    if _needs_other_files(RecipeDocument(text, form)) or "script:" not in text:
        return "the recipe needs other files next to it"
    return _explain_without_python(context)


def _explain_without_python(context: Context) -> str:
    """Return why Python cannot be installed from the channels; empty where it can."""
    reason = context.unreachable_channel or rattler.explain_unavailable(context.config.conda.channels)
    return f"no reachable conda channel provides Python: {' '.join(reason.split())}" if reason else ""


def _needs_other_files(document: RecipeDocument) -> bool:
    """Return whether a source is a local folder, or is patched by files next to the recipe."""
    return any(source.get("patches") or not source.get("url") for source in document.sources())


def run_test_build(context: Context, text: str, sdist: Artifact) -> TestBuild:
    """Build a ``recipe.yaml``, and run its tests.

    Whatever goes wrong is a warning: it forbids no release, and conda-forge tries again.

    Args:
        context: the run's context.
        text: the recipe.
        sdist: that it is of.

    Raises:
        CredentialError: credentials for publishing are in the environment, where the build could read them.
        RecipeError: it is no YAML.
    """
    refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
    channels = context.config.conda.channels
    folder = context.scratch / "recipe"
    folder.mkdir(exist_ok=True)
    recipe = folder / Format.V1
    recipe.write_text(from_here(text, sdist), encoding="utf-8", newline="\n")
    try:
        built = build_recipe(recipe, folder / "channel", channels, context.env)
        if built.fault:
            # Without a log it is about the requirements, and rattler-build does not say which.
            lacking = "" if built.log else rattler.explain_unavailable(channels, specs=built.requires)
            why = lacking or _explain((built.fault, *_take_last_words(built.log)))
            return TestBuild((Note(State.WARNING, "the recipe does not build", why),))
        notes = tuple(_test_recipe(package, channels, context) for package in built.paths)
        return TestBuild(notes, built.paths)
    except ProcessError as error:
        return TestBuild((Note(State.WARNING, "the recipe was not built", error.message),))


def from_here(text: str, sdist: Artifact) -> str:
    """Return the recipe with the sdist as a file of this machine, as PyPI may not have it yet.

    Raises:
        RecipeError: it is no YAML.
    """
    document = RecipeDocument(text, Format.V1)
    target = Target("", sdist.sha256, sdist.filename, previous_sha256=sdist.sha256)
    sources = [source for source in document.sources() if is_ours(document, source, target)]
    address = sdist.path.absolute().as_uri()
    return document.apply_edits(place.make_replacement(address) for source in sources for place in source.get("url"))


def _test_recipe(package: Path, channels: Sequence[str], context: Context) -> Note:
    failed = next((one for one in run_tests(package, channels, context.env) if not one.passed), None)
    if failed:
        return Note(State.WARNING, f"{package.name} of the recipe fails its tests", _explain(failed.output[-_SHOWN:]))
    return Note(State.DONE, f"the recipe builds {package.name}, and its tests pass", "by rattler-build")


def _take_last_words(log: Sequence[str]) -> Sequence[str]:
    """Return the most useful lines of a build's log: the backend's last ones, before pip's own explanation."""
    end = next((number for number, line in enumerate(log) if _PIP_GAVE_UP in line), len(log))
    said = [line for line in log[:end] if line.strip()]
    return said[-_SHOWN:]


def _explain(lines: Sequence[str]) -> str:
    return " ".join(line.strip() for line in lines)
