"""Compare the run requirements of the recipe that we propose with those of the conda package that we build."""

from collections.abc import Iterator, Mapping, Sequence

from release_tools.recipe.matchspec_compare import is_same_constraint
from release_tools.recipe.recipe_model import Line, Recipe
from release_tools.recipe.requirements import Translated


def compare_run(recipe: Recipe, package: Translated) -> tuple[str, ...]:
    """Return each difference with its reason, a line each; empty where both require the same.

    Args:
        recipe: of a noarch package, made of the same metadata.
        package: the requirements of our conda package.
    """
    ours = _group([Line(spec) for spec in package.depends[1:]])
    for virtual, specs in package.by_system.items():
        for name, where in _group([Line(spec) for spec in specs], virtual).items():
            ours.setdefault(name, {}).update(where)
    proposed = _group([line for line in recipe.run[1:] if not line.name.startswith("__")])
    return tuple(_compare(ours, proposed))


def _group(lines: Sequence[Line], system: str = "") -> dict[str, dict[str, str]]:
    """Return the constraint of each name, by the system that it is for."""
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        where = f"__{line.when.v0}" if line.when else system
        found.setdefault(line.name, {})[where] = line.spec.partition(" ")[2]
    return found


def _compare(ours: Mapping[str, Mapping[str, str]], proposed: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for name in dict.fromkeys((*ours, *proposed)):
        mine, theirs = ours.get(name), proposed.get(name)
        if theirs is None:
            yield f"{name}: only our package requires it; conda-forge builds no Python that needs it"
        elif mine is None:
            yield f"{name}: only the recipe requires it, because the project's own recipe in the sdist does"
        elif mine.keys() != theirs.keys():
            yield f"{name}: one requires it on every system, as reviewers do where it does no harm"
        else:
            for system, bound in mine.items():
                if not is_same_constraint(bound, theirs[system]):
                    asked = theirs[system] or "any version"
                    had = bound or "any version"
                    yield f"{name}: our package has {had} and the recipe {asked}, for the Pythons of conda-forge alone"
