"""Compare the run requirements of the recipe that we propose with those of the conda package that we build."""

from collections.abc import Collection, Iterator, Mapping, Sequence

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
    for where, specs in (*package.by_system.items(), *package.by_subdir.items()):
        for name, bounds in _group([Line(spec) for spec in specs], where).items():
            ours.setdefault(name, {}).update(bounds)
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


def compare_run_by_subdir(rendered: Mapping[str, Collection[str]], package: Translated) -> tuple[str, ...]:
    """Return each difference between a recipe that is not noarch and our packages for single platforms, a line each.

    Args:
        rendered: what the recipe requires on each platform, on any of its Pythons, by subdir.
        package: the requirements of our conda packages.
    """
    differences: dict[str, list[str]] = {}
    for subdir, proposed in rendered.items():
        for text in _compare_platform(package.list_specs(subdir)[1:], proposed):
            differences.setdefault(text, []).append(subdir)
    return tuple(f"{text} ({', '.join(subdirs)})" for text, subdirs in differences.items())


def _compare_platform(ours: Collection[str], theirs: Collection[str]) -> Iterator[str]:
    """Yield how the requirements on one platform differ; each Python of the recipe may have a bound of its own."""
    mine = {name: bound for name, _, bound in (spec.partition(" ") for spec in ours)}
    proposed: dict[str, list[str]] = {}
    for name, _, bound in (spec.partition(" ") for spec in theirs):
        if name != "python":
            proposed.setdefault(name, []).append(bound)
    for name in dict.fromkeys((*mine, *proposed)):
        if name not in proposed:
            yield f"{name}: only our package requires it; conda-forge builds no Python that needs it"
        elif name not in mine:
            yield f"{name}: only the recipe requires it, because the project's own recipe in the sdist does"
        elif not any(is_same_constraint(mine[name], bound) for bound in proposed[name]):
            had = mine[name] or "any version"
            yield f"{name}: our package has {had} and the recipe {' or '.join(proposed[name])}, depending on the Python"
