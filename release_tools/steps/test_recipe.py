"""Build the recipe for conda-forge and run its tests."""

from pathlib import PurePosixPath

from release_tools.engine.context import Context
from release_tools.model.artifact import ArtifactKind
from release_tools.model.note import Skip
from release_tools.model.release import Release
from release_tools.publishers.conda_forge.test_build import explain_not_built, run_test_build
from release_tools.recipe.document import Format
from release_tools.system.process import watch_programs


def test_recipe(context: Context, release: Release) -> Release | Skip:
    """Build and test it with rattler-build, where a channel can be reached.

    Raises:
        RecipeError: it is no YAML.
    """
    if not context.config.verify.recipe:
        return Skip("verify.recipe is false")
    sdists = release.artifacts_of_kind(ArtifactKind.SDIST)
    if release.recipe is None or not release.recipe.files or not sdists:
        return Skip("there is no new recipe")
    path, text = next(iter(release.recipe.files.items()))
    if reason := explain_not_built(context, Format(PurePosixPath(path).name), text):
        return Skip(reason)
    with watch_programs(context.console.watch_build):
        context.report.add(*run_test_build(context, text, sdists[0]).notes)
    return release
