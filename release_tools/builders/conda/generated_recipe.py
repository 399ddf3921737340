"""The recipe of a project that keeps none, generated from its sdist and a wheel, for the packages of this platform."""

from dataclasses import replace
from platform import python_version_tuple
from typing import Final

from release_tools.builders.conda.base import CondaProject
from release_tools.builders.conda.build_from_clone import RecipeSource, compute_git_variables
from release_tools.builders.conda.own_recipe import OwnRecipe, find_variant_files, prepare_recipe
from release_tools.builders.conda.rattler import find_this_subdir
from release_tools.builders.conda.variants import PYTHONS
from release_tools.engine.archives import open_sdist, open_wheel
from release_tools.errors import CondaError
from release_tools.model.note import Note, State
from release_tools.recipe.document import Format
from release_tools.recipe.evidence import gather
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from release_tools.recipe.write_v1 import write_v1

_BUILD: Final = "\nbuild:\n  number: 0\n"


def write_generated_recipe(project: CondaProject) -> RecipeSource:
    """Write the recipe whose source is the sdist of this release.

    What the wheel's extension modules link to goes into ``host``, and a library that is in none of the requirements
    stops the build.

    Raises:
        CondaError: there is no sdist, or a requirement that conda cannot express.
        RecipeError: a name or file name that has no place in a recipe.
    """
    context, release = project.context, project.release
    conda = context.config.conda
    sdist = project.sdist
    if sdist is None:
        raise CondaError("There is no sdist to build a conda package from.", "Build one, or set conda.recipe.")
    wheels = [open_wheel(context.background, artifact) for artifact in project.wheels]
    evidence = gather(open_sdist(context.background, sdist), sdist.sha256, wheels[0] if wheels else None)
    recipe = make_recipe(evidence, Names(overrides=conda.names), ())
    recipe = replace(recipe, name=conda.name or release.name.lower(), maintainers=())
    strict = f"\nbuild:\n  number: {conda.build_number}\n  dynamic_linking:\n    overlinking_behavior: error\n"
    text = write_v1(recipe).replace(_BUILD, strict, 1)
    prepared = prepare_recipe(OwnRecipe(Format.V1, Format.V1, text), release, sdist)
    folder = context.scratch / "generated-recipe"
    folder.mkdir()
    path = folder / Format.V1
    path.write_text(prepared.text, encoding="utf-8", newline="\n")
    notes = tuple(Note(State.INFO, note) for note in recipe.notes)
    variant_files = find_variant_files(context, release, folder)
    return RecipeSource(folder, path, variant_files, compute_git_variables(release), notes, _list_pythons(project))


def _list_pythons(project: CondaProject) -> tuple[str, ...]:
    """Return the minor versions to build for: those of the job, or the one that runs where it is only a trial."""
    release = project.release
    if release.plan is None or not release.job:
        running = ".".join(python_version_tuple()[:2])
        return (running,) if running in PYTHONS else ()
    prefix = f"{find_this_subdir()}/py3"
    planned = (target.removeprefix(prefix) for target in release.plan.job(release.job).conda if prefix in target)
    return tuple(f"3.{minor}" for minor in planned)
