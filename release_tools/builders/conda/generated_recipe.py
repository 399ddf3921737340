"""The recipe of a project that keeps none, generated from its sdist and a wheel; before the build, from its sources."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from platform import python_version_tuple
from typing import Final

from release_tools.artifacts import Wheel
from release_tools.builders.conda.base import CondaProject
from release_tools.builders.conda.build_from_clone import RecipeSource, compute_git_variables
from release_tools.builders.conda.own_recipe import OwnRecipe, find_variant_files, prepare_recipe, read_project_files
from release_tools.builders.conda.pinning import describe_pinning, fetch_pinning
from release_tools.builders.conda.rattler import find_this_subdir
from release_tools.builders.conda.variants import PINNED_ON, PYTHONS
from release_tools.engine.archives import open_sdist, open_wheel
from release_tools.errors import CondaError, RecipeError
from release_tools.model.note import Note, State
from release_tools.model.versions import format_conda_version, parse_version
from release_tools.planning.conda_targets import CondaTarget, list_wheel_pythons
from release_tools.recipe.document import Format
from release_tools.recipe.evidence import Evidence, Sources, find_wheel_abi, gather, says_something
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from release_tools.recipe.recipe_model import Recipe
from release_tools.recipe.stable_abi import find_stable_abi
from release_tools.recipe.write_v1 import write_v1

_BUILD: Final = "\nbuild:\n  number: 0\n"
_PYTHON: Final = re.compile(r"-py3(\d{1,3}+)[^-]*+$")


@dataclass(frozen=True)
class PlannedPackages:
    """The packages of a generated recipe, before anything is built.

    Attributes:
        targets: a package for each wheel, or one a platform for the stable ABI; without a build string.
        pythons: the minor versions to build for, by platform.
        draft: a recipe from the sources alone, for the names of the files; there is none where they do not say enough.
        is_abi3: whether one package serves all later Pythons (CEP 20).
        pinning: conda-forge's; None where it is not used.
        variant_files: of the project.
    """

    targets: tuple[CondaTarget, ...]
    pythons: Mapping[str, tuple[str, ...]]
    draft: Path
    is_abi3: bool
    pinning: Path | None
    variant_files: tuple[Path, ...]


def plan_generated_packages(project: CondaProject) -> PlannedPackages:
    """Plan the conda packages of a compiled project without a recipe.

    Args:
        project: its release has the plan of the wheels.
    """
    context, release = project.context, project.release
    paths, read = read_project_files(context, release)
    texts = {path: read(path) for path in paths if says_something(path)}
    sources = Sources(f"{release.name}-{release.version}.tar.gz", "0" * 64, tuple(sorted(paths)), texts)
    pythons = list_wheel_pythons(release.plan, PYTHONS) if release.plan else {}
    oldest = find_stable_abi(sources)
    if oldest:
        pythons = {subdir: _choose_oldest(minors, oldest) for subdir, minors in pythons.items()}
    folder = context.scratch / "planned-recipe"
    folder.mkdir(exist_ok=True)
    draft = folder / Format.V1
    _write_draft(project, sources, draft)
    pinning = fetch_pinning(context) if context.request.job else None
    return PlannedPackages(
        targets=tuple(_list_targets(project, pythons)),
        pythons=pythons,
        draft=draft,
        is_abi3=bool(oldest),
        pinning=pinning,
        variant_files=find_variant_files(context, release, folder),
    )


def _list_targets(project: CondaProject, pythons: Mapping[str, tuple[str, ...]]) -> Iterator[CondaTarget]:
    """Yield a package for each platform and Python."""
    release = project.release
    name = project.context.config.conda.name or release.name.lower()
    version = format_conda_version(parse_version(release.version, field="version"))
    for subdir, minors in pythons.items():
        for minor in minors:
            yield CondaTarget(name, version, subdir, f"py{minor.replace('.', '')}")


def _write_draft(project: CondaProject, sources: Sources, path: Path) -> None:
    """Write a recipe from the sources alone, where they say enough for one of compiled code."""
    release = project.release
    evidence = Evidence({"name": release.name, "version": release.version}, sources)
    with suppress(CondaError, RecipeError):
        recipe = make_recipe(evidence, _names(project), ())
        if not recipe.noarch:
            path.write_text(_finish(project, recipe), encoding="utf-8", newline="\n")


def _choose_oldest(minors: tuple[str, ...], oldest: str) -> tuple[str, ...]:
    """Return the first Python that a package for the stable ABI can be built with."""
    fitting = [minor for minor in PYTHONS if minor in minors and _number(minor) >= _number(oldest)]
    return tuple(fitting[:1])


def _number(minor: str) -> int:
    return int(minor.partition(".")[2] or 0)


def write_generated_recipe(project: CondaProject) -> RecipeSource:
    """Write the recipe whose source is the sdist of this release.

    What the wheel's extension modules link to goes into ``host``, and a library that is in none of the requirements
    stops the build.

    Raises:
        CondaError: there is no sdist, a requirement that conda cannot express, or a wheel that is not for the stable
            ABI although the project's settings ask for it.
        RecipeError: a name or file name that has no place in a recipe.
    """
    context, release = project.context, project.release
    sdist = project.sdist
    if sdist is None:
        raise CondaError("There is no sdist to build a conda package from.", "Build one, or set conda.recipe.")
    wheels = [open_wheel(context.background, artifact) for artifact in project.wheels]
    evidence = gather(open_sdist(context.background, sdist), sdist.sha256, next(iter(wheels), None), wheels[1:])
    oldest = find_stable_abi(evidence.sources)
    if evidence.built is not None:  # whether there is one package or several was planned before there was a wheel
        evidence = replace(evidence, built=replace(evidence.built, abi=oldest))
    notes = [*_check_abi(oldest, wheels)]
    recipe = make_recipe(evidence, _names(project), ())
    prepared = prepare_recipe(OwnRecipe(Format.V1, Format.V1, _finish(project, recipe)), release, sdist)
    folder = context.scratch / "generated-recipe"
    folder.mkdir()
    path = folder / Format.V1
    path.write_text(prepared.text, encoding="utf-8", newline="\n")
    pinning = fetch_pinning(context)
    notes += [Note(State.INFO, note) for note in (describe_pinning(pinning, PINNED_ON), *recipe.notes)]
    return RecipeSource(
        folder,
        path,
        find_variant_files(context, release, folder),
        compute_git_variables(release),
        tuple(notes),
        _list_pythons(project, oldest),
        bool(oldest),
        pinning,
    )


def _check_abi(oldest: str, wheels: list[Wheel]) -> tuple[Note, ...]:
    """Compare what the settings ask for with the wheels.

    Raises:
        CondaError: none of the wheels is for the stable ABI, although it is asked for.
    """
    stable = [wheel.path.name for wheel in wheels if find_wheel_abi(wheel)]
    if oldest and wheels and not stable:
        raise CondaError(
            f"{wheels[0].path.name} is not for the stable ABI of Python {oldest}, which the project's settings ask for",
            "Correct the settings, or what is compiled.",
        )
    if stable and not oldest:
        detail = "the project's settings do not show it, so a conda package is built for each Python"
        return (Note(State.INFO, f"{stable[0]} is for the stable ABI", detail),)
    return ()


def _names(project: CondaProject) -> Names:
    return Names(overrides=project.context.config.conda.names)


def _finish(project: CondaProject, recipe: Recipe) -> str:
    """Return the text of a recipe as it is built here: for the Pythons of the plan, with our number, and strict."""
    conda = project.context.config.conda
    name = conda.name or project.release.name.lower()
    recipe = replace(recipe, name=name, maintainers=(), skip=None, stable_modules=())
    strict = f"\nbuild:\n  number: {conda.build_number}\n  dynamic_linking:\n    overlinking_behavior: error\n"
    return write_v1(recipe).replace(_BUILD, strict, 1)


def _list_pythons(project: CondaProject, oldest: str) -> tuple[str, ...]:
    """Return the minor versions to build for: those of the job, or the one that runs where it is only a trial."""
    release = project.release
    if release.plan is None or not release.job:
        return _list_running_python(oldest)
    own = (one for one in release.plan.job(release.job).conda if one.startswith(find_this_subdir()))
    return tuple(f"3.{match[1]}" for match in map(_PYTHON.search, own) if match)


def _list_running_python(oldest: str) -> tuple[str, ...]:
    """Return the Python that runs this, if conda-forge builds for it, and the project supports it."""
    running = ".".join(python_version_tuple()[:2])
    return (running,) if running in PYTHONS and _number(running) >= _number(oldest) else ()
