"""The requirements of a recipe, changed as the project changed its own, one line at a time."""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from packaging.utils import canonicalize_name

from release_tools.recipe.difference import Difference, RequirementChange
from release_tools.recipe.document import INSIDE, Format, RecipeDocument
from release_tools.recipe.edit_plan import Plan
from release_tools.recipe.markers import CONDA_FORGE_PYTHON
from release_tools.recipe.matchspec_compare import is_same_constraint, is_same_name
from release_tools.recipe.source_address import AddressReader
from release_tools.recipe.spans import Edit, Item, Listed, Span

VERSION: Final = re.compile(r"[0-9][0-9A-Za-z.!+_]*")
_NOWHERE: Final = Span("", -1, -1, "", 0)
FIRST: Final = frozenset({"python", "pip"})  # are first or last in lists that are otherwise sorted


def plan_difference(plan: Plan, document: RecipeDocument, changed: Difference) -> None:
    """Plan the edits for what a project changed; what is not certain is left to a person."""
    for change in changed.changes:
        if change.section.startswith("["):
            _plan_extra(plan, document, change, changed.required.get("run", frozenset()))
        else:
            _plan_change(plan, document, change, changed.required.get(change.section, frozenset()))
    plan.check(*(f"run: the newest Python needs {spec}; the recipe has one line for all." for spec in changed.newest))
    if changed.python_min is not None:
        _plan_python(plan, document, *changed.python_min)
    _plan_entry_points(plan, document, *changed.entry_points)
    plan.check(*changed.others)


def _plan_change(plan: Plan, document: RecipeDocument, change: RequirementChange, required: AbstractSet[str]) -> None:
    lists = document.requirements(change.section)
    items = _find_items(lists, change.name)
    if not change.plain:
        plan.check(f"{_find_requirement(change)}, under a condition.")
    elif change.new is None:
        _plan_gone(plan, document, change, lists, items)
    elif items:
        _plan_bound(plan, document, change, items)
    elif not change.confirmed:
        plan.check(f"{_find_requirement(change)}; is it on conda-forge, and by that name?")
    else:
        _plan_new(plan, document, change, _find_home(lists, required))


def _find_items(lists: Iterable[Listed], name: str) -> list[Item]:
    """Return the lines of lists that require a package."""
    return [item for listed in lists for item in listed.items if is_same_name(item.name, name)]


def _plan_new(plan: Plan, document: RecipeDocument, change: RequirementChange, home: Listed | None) -> None:
    """Add a requirement that the project did not have before to the list of its requirements."""
    if change.old is None and home and _is_extendable(document, home):
        plan.edit(_make_insertion(document, home, _format_spec(change)), _find_requirement(change))
    else:
        plan.check(f"{_find_requirement(change)}; the recipe has no such line.")


def _find_home(lists: Sequence[Listed], required: AbstractSet[str]) -> Listed | None:
    """Return the list of the project's requirements: the only one, or the only output's that has all of them.

    One requirement alone proves nothing: any output may have it.
    """
    if len(lists) == 1:
        return lists[0]
    names = {canonicalize_name(name) for name in required} - FIRST
    every = names & {name for listed in lists for name in _list_names(listed)}
    complete = [listed for listed in lists if every <= _list_names(listed)]
    return complete[0] if len(complete) == 1 and len(every) > 1 else None


def _list_names(listed: Listed) -> set[str]:
    return {str(canonicalize_name(item.name)) for item in listed.items}


def _plan_gone(
    plan: Plan, document: RecipeDocument, change: RequirementChange, lists: Sequence[Listed], items: Sequence[Item]
) -> None:
    """Remove a requirement that the project dropped, if its lines are the project's and not a reviewer's."""
    if items and _all_have(items, change.old) and all(_is_alone(document, item, lists) for item in items):
        for item in items:
            plan.edit(_make_removal(document, item.place), _find_requirement(change))
    elif items:
        plan.check(f"{_find_requirement(change)}; {_has(items)}.")


def _plan_extra(plan: Plan, document: RecipeDocument, change: RequirementChange, required: AbstractSet[str]) -> None:
    """Change the lines that are about one of the project's extras: constraints, and outputs that bring an extra.

    A requirement of the project itself is not one of them, and what the recipe does not have is a reviewer's choice.
    """
    lists = document.run_constraints()
    if not any(is_same_name(change.name, name) for name in required):
        lists = [*lists, *document.requirements("run")]
    items = _find_items(lists, change.name)
    if not items:
        return
    if change.old is None or change.new is None:
        plan.check(f"{_find_requirement(change)}; {_has(items)}.")
    else:
        _plan_bound(plan, document, change, items)


def _plan_bound(plan: Plan, document: RecipeDocument, change: RequirementChange, items: Sequence[Item]) -> None:
    """Change a constraint where the recipe has what the project said before."""
    if all(item.computed for item in items):
        _plan_variable(plan, document, change, items)
    elif _all_have(items, change.new):
        return
    elif change.old is not None and _all_have(items, change.old):
        for item in items:
            plan.edit(item.place.make_replacement(_format_spec(change, item)), _find_requirement(change))
    else:
        plan.check(f"{_find_requirement(change)}; {_has(items)}.")


def _all_have(items: Iterable[Item], constraint: str | None) -> bool:
    return all(is_same_constraint(item.constraint, constraint or "") for item in items)


def _plan_variable(plan: Plan, document: RecipeDocument, change: RequirementChange, items: Sequence[Item]) -> None:
    """Change the variable that holds a bound, where all lines with it are this requirement's."""
    constraints = _read_constraints(document, items)
    if _all_mean(constraints, change.new or ""):
        return
    variable = _find_variable(document, items)
    value = _find_value(items, change.new or "")
    if variable and value and change.old is not None and _all_mean(constraints, change.old):
        plan.edit(variable.make_replacement(value), _find_requirement(change))
    else:
        plan.check(f"{_find_requirement(change)}; {_has(items)}.")


def _read_constraints(document: RecipeDocument, items: Iterable[Item]) -> list[str | None]:
    """Return the constraints of lines, the values of variables put in; None for what is not understood."""
    reader = AddressReader(document, _NOWHERE, "")
    read = [(item, reader.read(item.place.value)) for item in items]
    return [None if text is None else text[len(item.name) :].strip() for item, text in read]


def _all_mean(constraints: Iterable[str | None], wanted: str) -> bool:
    return all(text is not None and is_same_constraint(text, wanted) for text in constraints)


def _find_variable(document: RecipeDocument, items: Sequence[Item]) -> Span | None:
    """Return where the one variable that these lines name is defined; None where other lines name it too."""
    names = {code.strip() for item in items for code in INSIDE.findall(item.place.value)}
    if len(names) != 1:
        return None
    name = names.pop()
    places = document.variables.get(name, ())
    is_shared = document.text.count("{{ " + name + " }}") != len(items)
    return None if is_shared or len(places) != 1 else places[0]


def _find_value(items: Sequence[Item], constraint: str) -> str:
    """Return the version that gives each line this constraint, in place of its variable; empty for none."""
    for value in VERSION.findall(constraint):
        if _all_mean([_put_in(item, value) for item in items], constraint):
            return str(value)
    return ""


def _put_in(item: Item, value: str) -> str:
    """Return the constraint of a line with a value in place of its variable."""
    return INSIDE.sub(value, item.place.value.replace("${{", "{{"))[len(item.name) :]


def _find_requirement(change: RequirementChange) -> str:
    old, new = (f"{change.name} {constraint or ''}".strip() for constraint in (change.old, change.new))
    if change.old is None:
        return f"{change.section}: {new} is new"
    if change.new is None:
        return f"{change.section}: {old} is no longer required"
    return f"{change.section}: {old} → {new}"


def _has(items: Sequence[Item]) -> str:
    return "the recipe has " + ", ".join(f"{item.place.value!r} in line {item.place.line}" for item in items)


def _format_spec(change: RequirementChange, item: Item | None = None) -> str:
    """Return the requirement as it is to be written, with the name spelled as in the recipe."""
    name = item.place.value[: len(item.name)] if item else change.name
    return f"{name} {change.new or ''}".strip()


def _is_alone(document: RecipeDocument, item: Item, lists: Iterable[Listed]) -> bool:
    """Return whether an item's line can go: it holds nothing else, has no comment, and the list keeps an item."""
    start, end = document.line_of(item.place)
    above = document.text[:start].rstrip("\r\n").rpartition("\n")[2].lstrip()
    bare = document.text[start:end].strip() == f"- {item.place.text}" and not above.startswith("#")
    return bare and not item.nested and all(len(listed.items) > 1 for listed in lists if item in listed.items)


def _make_removal(document: RecipeDocument, place: Span) -> Edit:
    start, end = document.line_of(place)
    return Edit(start, end, "", removed=(place.path, place.text))


def _is_extendable(document: RecipeDocument, listed: Listed) -> bool:
    """Return whether a list can take another line: it has one line an item, and not all below conditions."""
    own = [item for item in listed.items if not item.nested]
    return listed.block and bool(own) and document.text[: own[-1].place.start].rpartition("\n")[2].strip() == "-"


def _make_insertion(document: RecipeDocument, listed: Listed, text: str) -> Edit:
    """Return the edit that adds an item, in its place where the list is sorted, else below the last one."""
    start, end = document.line_of(_find_item_above(listed, text).place)
    line = document.text[start:end]
    ending = "\r\n" if line.endswith("\r\n") else "\n"
    indent = line[: len(line) - len(line.lstrip())]
    missing = "" if line.endswith("\n") else ending
    return Edit(end, end, f"{missing}{indent}- {text}{ending}", added=(listed.path, text))


def _find_item_above(listed: Listed, text: str) -> Item:
    """Return the item below which a new one goes."""
    own = [item for item in listed.items if not item.nested]
    ordered = {item.name: item for item in own if item.name not in FIRST}
    smaller = [name for name in ordered if name < text.lower()]
    if not smaller or list(ordered) != sorted(ordered):
        return own[-1]
    return ordered[smaller[-1]]


def _plan_python(plan: Plan, document: RecipeDocument, old: str, new: str) -> None:
    """Set the oldest Python: in the variable ``python_min`` where there is one, else in python's bounds."""
    old, new = old or CONDA_FORGE_PYTHON, new or CONDA_FORGE_PYTHON
    said = f"Python >={old} → >={new}"
    places = document.variables.get("python_min", ())
    has_default = not places and "python_min" in document.text
    if has_default and _parse_minor(new) > _parse_minor(old):
        _plan_new_python_min(plan, document, new, said)
    elif len(places) != 1:
        plan.check(f"{said}: set the bound of python.")
    elif places[0].value == old:
        plan.edit(places[0].make_replacement(new), said)
    elif _parse_minor(places[0].value) < _parse_minor(new):
        plan.check(f"{said}: set the bound of python.")


def _plan_new_python_min(plan: Plan, document: RecipeDocument, new: str, said: str) -> None:
    """Define ``python_min`` in a line of its own below the version's."""
    versions = document.variables.get("version", ())
    if len(versions) != 1:
        plan.check(f"{said}: set python_min.")
        return
    start, end = document.line_of(versions[0])
    line = document.text[start:end]
    ending = "\r\n" if line.endswith("\r\n") else "\n"
    if document.form is Format.V0:
        text, path = f'{{% set python_min = "{new}" %}}', "python_min"
    else:
        text, path = f'{line[: len(line) - len(line.lstrip())]}python_min: "{new}"', "context.python_min"
    plan.edit(Edit(end, end, text + ending, added=(path, f'"{new}"')), said)


def _parse_minor(python: str) -> tuple[int, ...]:
    return tuple(int(part) for part in python.split(".") if part.isdecimal())


def _plan_entry_points(plan: Plan, document: RecipeDocument, gone: Sequence[str], come: Sequence[str]) -> None:
    lists = document.entry_points()
    if not lists:
        return  # compiled packages have none, nor have those whose build makes the commands
    new = {_format_command(point): point for point in come}
    for point in gone:
        _plan_gone_command(plan, document, point, new.pop(_format_command(point), None))
    for point in new.values():
        if not _list_commands(lists, point):
            _plan_new_command(plan, document, point)


def _plan_gone_command(plan: Plan, document: RecipeDocument, point: str, successor: str | None) -> None:
    """Plan what becomes of a command: it is another one now, or there is none of its name."""
    lists = document.entry_points()
    items = _list_commands(lists, point)
    if successor is None and len(items) == 1 and _is_alone(document, items[0], lists):
        plan.edit(_make_removal(document, items[0].place), f"entry point {point!r} is gone")
    elif successor is None:
        plan.check(f"The command {point!r} is gone.")
    elif len(items) == 1:
        plan.edit(items[0].place.make_replacement(successor), f"entry point {successor!r}")
    else:
        plan.check(f"The command {point!r} is {successor!r} now.")


def _plan_new_command(plan: Plan, document: RecipeDocument, point: str) -> None:
    lists = document.entry_points()
    if len(lists) == 1 and _is_extendable(document, lists[0]):
        plan.edit(_make_insertion(document, lists[0], point), f"entry point {point!r} is new")
    else:
        plan.check(f"The command {point!r} is new.")


def _list_commands(lists: Iterable[Listed], point: str) -> list[Item]:
    """Return the lines that define just this command."""
    wanted = _strip_spaces(point)
    return [item for listed in lists for item in listed.items if _strip_spaces(item.place.value) == wanted]


def _strip_spaces(point: str) -> str:
    return "".join(point.split())


def _format_command(point: str) -> str:
    return point.partition("=")[0].strip()
