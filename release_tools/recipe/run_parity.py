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
    proposed = _group([line for line in recipe.run[1:] if not line.name.startswith("__")])
    return tuple(_compare(_group_package(package), proposed))


def _group_package(package: Translated) -> dict[str, dict[str, str]]:
    """Return the constraint of each name of our package, by the system or platform that it is for."""
    found = _group([Line(spec) for spec in package.depends[1:]])
    for where, specs in (*package.by_system.items(), *package.by_subdir.items()):
        for name, bounds in _group([Line(spec) for spec in specs], where).items():
            found.setdefault(name, {}).update(bounds)
    return found


def _group(lines: Sequence[Line], system: str = "") -> dict[str, dict[str, str]]:
    """Return the constraint of each name, by the system that it is for."""
    found: dict[str, dict[str, str]] = {}
    for line in lines:
        where = f"__{line.when.v0}" if line.when else system
        found.setdefault(line.name, {})[where] = line.spec.partition(" ")[2]
    return found


def _compare(ours: Mapping[str, Mapping[str, str]], proposed: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    yield from _compare_names(ours, proposed)
    for name in (name for name in ours if name in proposed):
        mine, theirs = ours[name], proposed[name]
        if mine.keys() != theirs.keys():
            yield f"{name}: one requires it on every system, as reviewers do where it does no harm"
            continue
        for system, bound in mine.items():
            if not is_same_constraint(bound, theirs[system]):
                said = _describe_bounds(name, bound, [theirs[system]])
                yield f"{said}, for the Pythons of conda-forge alone"


def _compare_names(ours: Collection[str], proposed: Collection[str]) -> Iterator[str]:
    """Yield a line for each package that one side alone requires."""
    for name in ours:
        if name not in proposed:
            yield f"{name}: only our package requires it; conda-forge builds no Python that needs it"
    for name in proposed:
        if name not in ours:
            yield f"{name}: only the recipe requires it, because the project's own recipe in the sdist does"


def _describe_bounds(name: str, ours: str, proposed: Sequence[str]) -> str:
    asked = " or ".join(bound or "any version" for bound in proposed)
    return f"{name}: our package has {ours or 'any version'} and the recipe {asked}"


def compare_run_by_subdir(rendered: Mapping[str, Sequence[str]], package: Translated) -> tuple[str, ...]:
    """Return each difference between a recipe that is not noarch and our packages for single platforms, a line each.

    Args:
        rendered: what the recipe requires on each platform, on any of its Pythons, by subdir.
        package: the requirements of our conda packages.
    """
    differences: dict[str, list[str]] = {}
    for subdir, proposed in rendered.items():
        for text in _compare_platform(package.list_specs(subdir), proposed):
            differences.setdefault(text, []).append(subdir)
    return tuple(f"{text} ({', '.join(subdirs)})" for text, subdirs in differences.items())


def _compare_platform(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[str]:
    """Yield how the requirements on one platform differ; each Python of the recipe may have a bound of its own."""
    mine, proposed = _split_specs(ours), _split_specs(theirs)
    yield from _compare_names(mine, proposed)
    for name in (name for name in mine if name in proposed):
        (bound,) = mine[name]
        if not any(is_same_constraint(bound, other) for other in proposed[name]):
            yield f"{_describe_bounds(name, bound, proposed[name])}, depending on the Python"


def _split_specs(specs: Sequence[str]) -> dict[str, list[str]]:
    """Return the constraints of each name but Python's."""
    found: dict[str, list[str]] = {}
    for spec in specs:
        name, _, bound = spec.partition(" ")
        if name != "python":
            found.setdefault(name, []).append(bound)
    return found
