"""Whether the recipe for conda-forge builds, and its tests pass."""

from pathlib import PurePosixPath

from release_tools.conda_forge.trying import is_noarch, try_out
from release_tools.context import Context
from release_tools.model import ArtifactKind, Release, Skip
from release_tools.recipe.document import Format
from release_tools.services import channel


def try_recipe(context: Context, release: Release) -> Release | Skip:
    """Build and test it with rattler-build, where a channel is at hand.

    Raises:
        RecipeError: it is no YAML.
    """
    if not context.config.verify.recipe:
        return Skip("verify.recipe is false")
    path, text = next(iter(release.recipe.files.items()), ("", "")) if release.recipe else ("", "")
    sdist = next(iter(release.of_kind(ArtifactKind.SDIST)), None)
    if not text or sdist is None:
        return Skip("there is no new recipe")
    if PurePosixPath(path).name != Format.V1:
        return Skip(f"rattler-build knows no {PurePosixPath(path).name}; conda-forge's own machines build it")
    if not is_noarch(text):
        return Skip("it has compiled code, for which conda-forge's own machines have the tools")
    if reason := context.cut_off or channel.why_not(context.config.conda.channels):
        return Skip(f"no channel with Python at hand: {' '.join(reason.split())}")
    return release.telling(*try_out(context, text, sdist))
