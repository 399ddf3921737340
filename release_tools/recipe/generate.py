"""The recipe that a reviewer of conda-forge would write, from what was built.

https://conda-forge.org/docs/maintainer/adding_pkgs/ and https://conda-forge.org/docs/how-to/advanced/
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.addresses import PYPI_SITE
from release_tools.errors import RecipeError
from release_tools.model.versions import format_conda_version
from release_tools.recipe.about import write_about
from release_tools.recipe.compiled_recipe import complete_compiled
from release_tools.recipe.entry_points import add_entry_points
from release_tools.recipe.evidence import Evidence
from release_tools.recipe.markers import CONDA_FORGE_PYTHON, list_supported_pythons
from release_tools.recipe.modules import choose_modules_to_test
from release_tools.recipe.names import CONDA_NAME, Names
from release_tools.recipe.own_extras import list_extras
from release_tools.recipe.project_recipe import with_kept
from release_tools.recipe.pure_recipe import complete_pure
from release_tools.recipe.recipe_model import Recipe
from release_tools.recipe.toolchain import find_toolchain
from release_tools.recipe.unbuilt_metadata import complete_evidence

PIP_INSTALL: Final = "${{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation"
NOT_BUILT: Final = "The requirements were read from the sources without a build: compare them."
FILENAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,199}")
MAINTAINER: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38}|[A-Za-z0-9-]{0,38}/[A-Za-z0-9_.-]{1,60})")


def make_recipe(evidence: Evidence, names: Names, maintainers: Sequence[str], homepage: str = "") -> Recipe:
    """Make the recipe of a project, as complete as its artifacts allow; the notes list what they do not say.

    Args:
        evidence: what the artifacts say.
        names: looks conda names up.
        maintainers: GitHub names.
        homepage: for a project whose metadata has no address.

    Raises:
        CondaError: requirements that conda cannot express, one fault each.
        RecipeError: a name, file name or maintainer that has no place in a recipe.
    """
    completed = complete_evidence(evidence)
    metadata, sources = completed.metadata, completed.sources
    pythons = list_supported_pythons(metadata.get("requires_python", ""), CONDA_FORGE_PYTHON)
    toolchain = find_toolchain(completed)
    version = format_conda_version(Version(metadata.get("version", "")))
    recipe = Recipe(
        name=_choose_own_name(names, metadata.get("name", "")),
        version=version,
        url=_choose_url(metadata.get("name", ""), version, sources.filename),
        sha256=sources.sha256,
        noarch=toolchain is None,
        script=(PIP_INSTALL,),
        imports=choose_modules_to_test(completed),
        about=write_about(completed, homepage),
        maintainers=_list_maintainers(maintainers),
        extras=list_extras(metadata, names),
        notes=() if completed is evidence else (NOT_BUILT,),
    )
    recipe = add_entry_points(recipe, completed)
    if toolchain is None:
        recipe = complete_pure(recipe, completed, pythons, names)
    else:
        recipe = complete_compiled(recipe, completed, pythons, toolchain, names)
    recipe = with_kept(recipe, sources, pythons, names)
    return replace(recipe, notes=(*recipe.notes, *_find_missing(recipe)))


def _choose_own_name(names: Names, pypi: str) -> str:
    name = names.conda_name(pypi)
    conda = name.conda if name.confirmed else pypi.lower().replace("_", "-")
    if not CONDA_NAME.fullmatch(conda):
        raise RecipeError(f"{conda!r} cannot be the name of a conda package (CEP 26).", "Set conda.name.")
    return conda


def _choose_url(name: str, version: str, filename: str) -> str:
    """Return the sdist's address on PyPI that is known before the upload."""
    if not FILENAME.fullmatch(filename):
        raise RecipeError(
            f"The sdist's name {filename!r} has no place in a recipe.", "Build it with a current backend."
        )
    stem, found, tail = filename.rpartition(version)
    templated = f"{stem}${{{{ version }}}}{tail}" if found else filename
    project = canonicalize_name(name)
    return f"{PYPI_SITE}/packages/source/{project[0]}/{project}/{templated}"


def _list_maintainers(maintainers: Sequence[str]) -> tuple[str, ...]:
    wrong = [name for name in maintainers if not MAINTAINER.fullmatch(name)]
    if wrong:
        raise RecipeError("These maintainers are not GitHub names.", "Correct the configuration.", faults=wrong)
    return tuple(dict.fromkeys(maintainers))


def _find_missing(recipe: Recipe) -> Iterable[str]:
    """Yield what conda-forge's linter demands and the artifacts do not say."""
    wanted = {
        "about.homepage": recipe.about.homepage,
        "about.summary": recipe.about.summary,
        "about.license (SPDX)": recipe.about.license,
        "about.license_file": recipe.about.license_files,
        "tests": recipe.imports,
        "extra.recipe-maintainers": recipe.maintainers,
    }
    return [f"{field} is not known: fill it in." for field, value in wanted.items() if not value]
