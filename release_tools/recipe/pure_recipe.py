"""The requirements in a recipe of a package without compiled code, which is noarch unless machines differ."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from release_tools.recipe.constraints import Flavour
from release_tools.recipe.dependencies import collect
from release_tools.recipe.evidence import Evidence
from release_tools.recipe.host_lines import list_last_host_lines
from release_tools.recipe.markers import CONDA_FORGE_PYTHON, Platform, System, list_platforms
from release_tools.recipe.names import Names, merge_names
from release_tools.recipe.platform_lines import CROSS_PYTHON, choose_skip, write_lines
from release_tools.recipe.recipe_model import Condition, Line, Recipe
from release_tools.recipe.requirements import Translated, translate
from release_tools.recipe.toolchain import list_host_requires

TWO_BUILDS: Final = (
    "Systems differ in what they need: conda-forge.yml needs noarch_platforms: [{}], as in the file that was written."
)
BY_PLATFORM: Final = (
    "Machines differ in what they need, so the package is not noarch: conda-forge.yml needs build_platform, as in the"
    " file that was written."
)
CROSS_PLATFORMS: Final = {"linux_aarch64": "linux_64", "osx_arm64": "osx_64"}
PLATFORM_OF: Final = {"__unix": "linux_64", "__linux": "linux_64", "__osx": "osx_64", "__win": "win_64"}


def complete_pure(recipe: Recipe, evidence: Evidence, pythons: Sequence[str], names: Names) -> Recipe:
    """Return a recipe with the requirements of a package without compiled code.

    Args:
        recipe: the rest of it.
        evidence: what the artifacts say.
        pythons: the minor versions that the package is for, the oldest first.
        names: looks conda names up.

    Raises:
        CondaError: requirements that conda cannot express, one fault each.
    """
    requires_dist = evidence.metadata.get("requires_dist", [])
    requires_python = evidence.metadata.get("requires_python", "")
    run = translate(requires_dist, requires_python, names, flavour=Flavour.RECIPE)
    if run.by_subdir:
        return _complete_by_platform(recipe, evidence, pythons, names)
    return _complete_noarch(recipe, evidence, pythons[0], run, names)


def _complete_noarch(recipe: Recipe, evidence: Evidence, oldest: str, run: Translated, names: Names) -> Recipe:
    """Return the recipe of a package that is built once for all systems and Pythons."""
    requires_python = SpecifierSet(evidence.metadata.get("requires_python", ""))
    built_on = frozenset({Platform(oldest, System.LINUX, "x86_64")})
    host = collect(list_host_requires(evidence), built_on, names)
    platforms = tuple(sorted({PLATFORM_OF[virtual] for virtual in run.by_system}))
    return replace(
        recipe,
        python_min="" if oldest == CONDA_FORGE_PYTHON else oldest,
        host=(
            Line("python ${{ python_min }}.*"),
            *(Line(dependency.spec(Flavour.RECIPE, built_on)) for dependency in host.dependencies),
            *list_last_host_lines(host, evidence),
        ),
        run=(
            Line(f"python >=${{{{ python_min }}}}{_limit_python(requires_python, Version(oldest))}"),
            *map(Line, run.depends[1:]),
            *_list_lines_by_system(run),
        ),
        unconfirmed=merge_names(host.unconfirmed, run.unconfirmed),
        notes=(*recipe.notes, *host.notes, *run.notes, *_note_platforms(platforms)),
        noarch_platforms=platforms,
        newest=run.newest,
    )


def _limit_python(requires_python: SpecifierSet, oldest: Version) -> str:
    """Return what Requires-Python says beyond its lower bound, as far as supported Pythons are concerned."""
    clauses = [_limit_by_clause(one, oldest) for one in sorted(requires_python, key=str)]
    return "".join(f",{clause}" for clause in clauses if clause)


def _limit_by_clause(specifier: Specifier, oldest: Version) -> str:
    version = Version(specifier.version.removesuffix(".*"))
    if specifier.operator in {"<", "<="}:
        return str(specifier)
    if specifier.operator == "!=" and version >= oldest:
        return str(specifier)
    if specifier.operator == "~=":
        return _end_series(version.release[:-1])
    if specifier.operator == "==":
        return _end_series(version.release)
    return ""


def _end_series(series: Sequence[int]) -> str:
    """Return the upper bound of a series: ``<3.12`` of 3.11."""
    following = (*series[:-1], series[-1] + 1)
    return f"<{'.'.join(map(str, following))}"


def _list_lines_by_system(run: Translated) -> Iterable[Line]:
    """Yield what each kind of system needs in addition."""
    for virtual, added in run.by_system.items():
        word = virtual.removeprefix("__")
        for spec in (virtual, *added):
            yield Line(spec, Condition(word, word))


def _note_platforms(platforms: Sequence[str]) -> list[str]:
    return [TWO_BUILDS.format(", ".join(platforms))] if platforms else []


def _complete_by_platform(recipe: Recipe, evidence: Evidence, pythons: Sequence[str], names: Names) -> Recipe:
    """Return the recipe of a package whose requirements differ between machines, so that each platform has its own."""
    cells = list_platforms(pythons)
    host = collect(list_host_requires(evidence), cells, names)
    run = collect(evidence.metadata.get("requires_dist", []), cells, names)
    return replace(
        recipe,
        noarch=False,
        skip=choose_skip(pythons, abi=""),
        build=CROSS_PYTHON,
        host=(Line("python"), *write_lines(host), *list_last_host_lines(host, evidence)),
        run=(Line("python"), *write_lines(run)),
        unconfirmed=merge_names(host.unconfirmed, run.unconfirmed),
        notes=(*recipe.notes, *host.notes, *run.notes, BY_PLATFORM),
        cross_platforms=CROSS_PLATFORMS,
    )
