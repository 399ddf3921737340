"""Compare a feedstock's recipe with the project as it is now."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name

from release_tools.recipe.document import Format, RecipeDocument
from release_tools.recipe.markers import CONDA_FORGE_PYTHON
from release_tools.recipe.matchspec_compare import is_same_constraint, is_same_name
from release_tools.recipe.recipe_model import Line, Recipe
from release_tools.recipe.spans import Item

NOT_COMPARED: Final = frozenset({"pip", "python"})


@dataclass(frozen=True)
class Drift:
    """Describe where a recipe and the project disagree.

    Attributes:
        lacking: what the project needs and the recipe does not have, a line each.
        excess: what the recipe has and the project does not ask for; often a reviewer's good reason.
        differing: what both have, but not alike.
    """

    lacking: tuple[str, ...] = ()
    excess: tuple[str, ...] = ()
    differing: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Return whether there is any drift."""
        return bool(self.lacking or self.excess or self.differing)


AGREED: Final = Drift()


def find_drift(text: str, form: Format, project: Recipe, accepted: Iterable[str] = ()) -> Drift:
    """Compare a feedstock's recipe with the one that we would make of the project now; versions and digests aside.

    Args:
        text: the feedstock's recipe.
        form: its format.
        project: our recipe for the commit in question.
        accepted: conda names whose lines may differ.

    Raises:
        RecipeError: the feedstock's recipe is no YAML (with jinja, for v0).
    """
    document = RecipeDocument(text, form)
    left_out = [*NOT_COMPARED, *accepted]
    host = _compare_section(document, "host", project.host, left_out)
    run = _compare_section(document, "run", project.run, left_out)
    commands = _compare_commands(document, project)
    differing = (*_check_python(document, project), *_check_about(document, project))
    return Drift(
        _drop_repeated(host.lacking, run.lacking, commands.lacking),
        _drop_repeated(host.excess, run.excess, commands.excess),
        _drop_repeated(differing, host.differing, run.differing),
    )


def _drop_repeated(*groups: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for group in groups for text in group))


def _compare_section(document: RecipeDocument, section: str, lines: Iterable[Line], left_out: Iterable[str]) -> Drift:
    """Compare the requirements of one section, in all outputs of the recipe."""
    items = _list_items(document, section, left_out)
    compared = [line for line in lines if _says_something(line.name, left_out)]
    lacking = [f"{section}: {line.spec}" for line in compared if not _find_matching(line.name, items)]
    differing = [f"{section}: {text}" for line in compared for text in _check_bound(line, compared, items)]
    excess = [f"{section}: {item.place.value} (line {item.place.line})" for item in _list_excess(items, compared)]
    return Drift(tuple(lacking), tuple(excess), tuple(differing))


def _list_excess(items: Iterable[Item], lines: Iterable[Line]) -> list[Item]:
    """Return the requirements of a recipe whose packages the project does not need."""
    known = {canonicalize_name(line.name) for line in lines}
    return [item for item in items if canonicalize_name(item.name) not in known]


def _list_items(document: RecipeDocument, section: str, left_out: Iterable[str]) -> list[Item]:
    """Return the requirements of a section that say something about the project."""
    return [item for item in document.list_requirements(section) if _says_something(item.name, left_out)]


def _compare_commands(document: RecipeDocument, project: Recipe) -> Drift:
    """Compare the commands, where the recipe lists any: those that the build makes are in no recipe."""
    points = [item.place.value for listed in document.entry_points() for item in listed.items]
    if not points:
        return AGREED
    lacking = _list_other_commands(project.entry_points, points)
    return Drift(lacking, _list_other_commands(points, project.entry_points))


def _list_other_commands(these: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """Return those of the first that are not among the second, spaces aside."""
    known = set(map(_strip_spaces, others))
    return tuple(f"entry point: {point}" for point in these if _strip_spaces(point) not in known)


def _says_something(name: str, left_out: Iterable[str]) -> bool:
    """Return whether a name is plain text and its package says something about the project."""
    return not ("{" in name or name.startswith("__") or any(is_same_name(name, other) for other in left_out))


def _find_matching(name: str, items: Iterable[Item]) -> list[Item]:
    return [item for item in items if is_same_name(item.name, name)]


def _check_bound(line: Line, lines: Iterable[Line], items: Iterable[Item]) -> Iterator[str]:
    """Yield the difference between two constraints of a package; with conditions, a person compares."""
    found = _find_matching(line.name, items)
    ours = [other for other in lines if other.name == line.name]
    if len(found) != 1 or len(ours) != 1:
        return
    item, constraint = found[0], line.spec.partition(" ")[2]
    if not item.computed and not is_same_constraint(item.constraint, constraint):
        yield f"{line.name}: {_describe_bounds(item, constraint)}"


def _describe_bounds(item: Item, constraint: str) -> str:
    has = item.constraint or "no bound"
    return f"the project asks for {constraint or 'any'}, line {item.place.line} has {has}"


def _check_python(document: RecipeDocument, project: Recipe) -> Iterator[str]:
    if not project.noarch:
        return
    wanted = project.python_min or CONDA_FORGE_PYTHON
    places = document.variables.get("python_min", ())
    if len(places) == 1 and places[0].value != wanted:
        yield f"python_min: the project needs {wanted}, line {places[0].line} has {places[0].value}"
    elif not places and project.python_min and "python_min" in document.text:
        yield f"python_min: the project needs {wanted}, the recipe has conda-forge's own, {CONDA_FORGE_PYTHON}"


def _check_about(document: RecipeDocument, project: Recipe) -> Iterator[str]:
    license_ = project.about.license
    for place in document.in_outputs("about", "license")[:1]:
        if license_ and place.value.lower() != license_.lower():
            yield f"license: the project says {license_}, line {place.line} has {place.value}"
    yield from _check_kind(document, project)


def _check_kind(document: RecipeDocument, project: Recipe) -> Iterator[str]:
    """Yield the difference in whether the package is noarch."""
    noarch = any(place.value == "python" for place in document.in_outputs("build", "noarch"))
    if noarch and not project.noarch:
        why = "the project has compiled code" if project.is_compiled else "machines differ in what the project needs"
        yield f"noarch: {why}"
    elif project.noarch and not noarch:
        yield "noarch: the project has no compiled code"


def _strip_spaces(point: str) -> str:
    return "".join(point.split())
