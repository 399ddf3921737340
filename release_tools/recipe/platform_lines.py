"""Lines and conditions in a recipe of a package that is built for each platform."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from release_tools.recipe.conditions import make_python_condition
from release_tools.recipe.constraints import Flavour
from release_tools.recipe.dependencies import Collected, Dependency
from release_tools.recipe.machine_conditions import make_conditions
from release_tools.recipe.markers import CONDA_FORGE_PYTHON, PYTHONS, Cells, Platform
from release_tools.recipe.recipe_model import Condition, Line

CROSS: Final = Condition("build_platform != target_platform", "build_platform != target_platform")
CROSS_PYTHON: Final = (Line("python", CROSS), Line("cross-python_${{ target_platform }}", CROSS))
IS_LATER_ABI3: Final = Condition("is_abi3 and not is_python_min", "is_abi3 and not is_python_min")


def write_lines(collected: Collected) -> list[Line]:
    """Return a line for each constraint of each dependency, with its condition."""
    return list(chain.from_iterable(_write_conditional(one, collected.grid) for one in collected.dependencies))


def _write_conditional(dependency: Dependency, grid: Cells) -> Iterator[Line]:
    """Yield the lines of a dependency; one that depends on nothing has one line without a condition."""
    cells_of: dict[str, set[Platform]] = defaultdict(set)
    for cell in sorted(dependency.cells):
        cells_of[dependency.spec(Flavour.RECIPE, frozenset({cell}))].add(cell)
    for spec, cells in cells_of.items():
        for condition in make_conditions(frozenset(cells), grid):
            yield Line(spec, condition)


def choose_skip(pythons: Sequence[str], abi: str) -> Condition | None:
    """Return when a compiled package is not built: on conda-forge's Pythons that the project does not support.

    One for the stable ABI is built for the oldest Python alone, as it serves the later ones.
    """
    conditions = _skip_unsupported(pythons)
    if abi == CONDA_FORGE_PYTHON:
        conditions.append(IS_LATER_ABI3)
    elif abi:
        v0 = f"is_abi3 and py != {abi.replace('.', '')}"
        conditions.append(Condition(f'is_abi3 and not match(python, "{abi}.*")', v0))
    if not conditions:
        return None
    return Condition(" or ".join(each.v1 for each in conditions), " or ".join(each.v0 for each in conditions))


def _skip_unsupported(pythons: Sequence[str]) -> list[Condition]:
    every = set(PYTHONS[PYTHONS.index(CONDA_FORGE_PYTHON) :])
    too_old = every.intersection(PYTHONS[: PYTHONS.index(pythons[0])])
    too_new = every - too_old - set(pythons)
    return [make_python_condition(skipped, every) for skipped in (too_old, too_new) if skipped]
