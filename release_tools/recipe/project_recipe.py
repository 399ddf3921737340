"""Take from a conda recipe in the sdist what the metadata does not have.

Projects that keep a recipe of their own list there what no PyPI requirement can say: libraries, and packages that are
split differently on conda. Only names that the metadata does not have are used; constraints come from the metadata.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from release_tools.errors import RecipeError
from release_tools.recipe.document import Format, RecipeDocument
from release_tools.recipe.evidence import RECIPES, Sources
from release_tools.recipe.matchspec_compare import is_same_name
from release_tools.recipe.names import CONDA_NAME, Names
from release_tools.recipe.recipe_model import Line, Recipe
from release_tools.recipe.spans import Item, Span

MANY: Final = 5  # recipes that are read at most; a tool for recipes has hundreds among its tests
CONSTRAINT: Final = re.compile(r"[0-9A-Za-z.*<>=!,|+_ ]{0,100}")
PYTHON_V0: Final = re.compile(r"py\s*(<=|>=|==|!=|<|>)\s*3([0-9]{1,2})")
PYTHON_V1: Final = re.compile(r"match\(python,\s*[\"']([<>=!~.,* 0-9]{1,40})[\"']\)")
# Names that every recipe writes in its own way; in host also what old habit lists whatever the backend is.
LEFT_OUT: Final = {"host": ("pip", "python", "setuptools", "wheel"), "run": ("python",)}


def with_kept(recipe: Recipe, sources: Sources, pythons: Sequence[str], names: Names) -> Recipe:
    """Return a recipe with what the project's own recipe lists in addition, and a note for each.

    Args:
        recipe: made from the metadata.
        sources: the sdist, the texts of its recipes among them.
        pythons: the minor versions that the package is for, the oldest first.
        names: knows whether a channel has a package.
    """
    kept = next(_find_recipes(recipe.name, sources), None)
    if kept is None:
        return recipe
    path, document = kept
    built_on = pythons[:1] if recipe.noarch else pythons
    host = _find_added_requirements(document, "host", recipe.host, built_on, names)
    run = _find_added_requirements(document, "run", recipe.run, pythons, names)
    notes = [f"{line.name}: only {path}, the project's own recipe, asks for it." for line in (*host, *run)]
    return replace(
        recipe,
        host=(*recipe.host[:-1], *host, *recipe.host[-1:]),
        run=(*recipe.run, *run),
        chosen=frozenset(line.name for line in (*host, *run)),
        notes=(*recipe.notes, *notes),
    )


def _find_recipes(name: str, sources: Sources) -> Iterator[tuple[str, RecipeDocument]]:
    """Yield the sdist's recipes of this package that say how it is built, those nearest to its root first."""
    paths = [path for path in sources.texts if _find_file_name(path) in RECIPES]
    nearest = sorted(paths, key=lambda path: (path.count("/"), path))
    for path in nearest[:MANY]:
        try:
            document = RecipeDocument(sources.texts[path], Format(_find_file_name(path)))
        except RecipeError:
            continue
        if _builds_package(document, name):
            yield path, document


def _find_file_name(path: str) -> str:
    return path.rpartition("/")[2]


def _builds_package(document: RecipeDocument, name: str) -> bool:
    """Return whether a recipe says how this package is built, and no other one."""
    called = [*document.in_outputs("package", "name"), *document.in_outputs("name")]
    if len(called) != 1 or not document.requirements("host"):
        return False
    return is_same_name(_resolve_variable(document, called[0]), name)


def _resolve_variable(document: RecipeDocument, place: Span) -> str:
    """Return a value, or the value of the variable that it names."""
    return next((root.value for root in document.roots(place)), place.value)


def _find_added_requirements(
    document: RecipeDocument, section: str, lines: Iterable[Line], pythons: Sequence[str], names: Names
) -> list[Line]:
    """Return what a section has and our lines have not, as far as it counts on some of these Pythons."""
    ours = {*LEFT_OUT[section], *(line.name for line in lines)}
    found: dict[str, Line] = {}
    for item in _list_items(document, section):
        if _is_readable(item) and _is_needed_on(pythons, item) and not _has_name(item, ours) and names.has(item.name):
            found.setdefault(item.name, Line(f"{item.name} {item.constraint}".strip()))
    return list(found.values())


def _list_items(document: RecipeDocument, section: str) -> list[Item]:
    return [item for listed in document.requirements(section) for item in listed.items]


def _has_name(item: Item, names: Iterable[str]) -> bool:
    return any(is_same_name(item.name, name) for name in names)


def _is_readable(item: Item) -> bool:
    """Return whether a requirement is a name and a constraint without any template."""
    if item.computed:
        return False
    return bool(CONDA_NAME.fullmatch(item.name) and CONSTRAINT.fullmatch(item.constraint))


def _is_needed_on(pythons: Iterable[str], item: Item) -> bool:
    """Return whether a requirement is for all systems and for some of these Pythons."""
    if not item.when:
        return True
    try:
        wanted = SpecifierSet(_read_python_condition(item.when.strip()))
    except InvalidSpecifier:
        return False
    return bool(wanted) and any(wanted.contains(python) for python in pythons)


def _read_python_condition(condition: str) -> str:
    """Return the Pythons that a condition of either format asks for, as PEP 440 writes it; empty for another one."""
    selector = PYTHON_V0.fullmatch(condition)
    if selector:
        return f"{selector[1]}3.{selector[2]}"
    expression = PYTHON_V1.fullmatch(condition)
    if not expression:
        return ""
    version = expression[1].strip()
    return f"=={version}" if version[:1].isdigit() else version
