"""Compare two releases, as far as a recipe is concerned.

Both releases are made into recipes the same way and compared line by line, so names, markers and constraints are
translated already, and a reviewer's own choices in a feedstock never enter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from release_tools.recipe.recipe_model import Line, Recipe


@dataclass(frozen=True)
class RequirementChange:
    """One requirement that is new, gone or bound differently.

    Attributes:
        section: ``host``, ``run``, or the extra of the project as ``[name]``.
        name: the conda name.
        old: the constraint before; None where the package was not required.
        new: the constraint now; None where it is no longer required.
        plain: whether it is one requirement without a condition, before and now.
        confirmed: whether the conda name is known to be right.
    """

    section: str
    name: str
    old: str | None
    new: str | None
    plain: bool = True
    confirmed: bool = True


@dataclass(frozen=True)
class Difference:
    """Describe what one release changed.

    Attributes:
        changes: of requirements.
        python_min: the oldest Python before and now, where it changed; conda-forge's own as the empty text.
        entry_points: those that are gone, and those that are new.
        others: what else changed and a person should look at, a sentence each.
        newest: what the newest Python needs now, where one line for all Pythons says less.
        required: the conda names that were required before, by section; they show whose list is whose, and are no
            difference themselves.
    """

    changes: tuple[RequirementChange, ...] = ()
    python_min: tuple[str, str] | None = None
    entry_points: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    others: tuple[str, ...] = ()
    newest: tuple[str, ...] = ()
    required: Mapping[str, frozenset[str]] = field(default_factory=dict, compare=False)


NOTHING = Difference()


def find_difference(old: Recipe, new: Recipe) -> Difference:
    """Return what changed from one release's recipe to another's."""
    return Difference(
        changes=(
            *_list_changes("host", old.host, new.host, old, new),
            *_list_changes("run", old.run, new.run, old, new),
            *_list_extra_changes(old, new),
        ),
        python_min=(old.python_min, new.python_min) if old.python_min != new.python_min else None,
        entry_points=(_subtract(old.entry_points, new.entry_points), _subtract(new.entry_points, old.entry_points)),
        others=tuple(_list_others(old, new)),
        newest=_subtract(new.newest, old.newest),
        required={"host": _collect_names(old.host), "run": _collect_names(old.run)},
    )


def _subtract(these: Sequence[str], others: Sequence[str]) -> tuple[str, ...]:
    """Return those of the first that are not among the second, in order."""
    return tuple(one for one in these if one not in others)


def _collect_names(lines: Iterable[Line]) -> frozenset[str]:
    return frozenset(line.name for line in lines)


def _list_changes(
    section: str, before: Sequence[Line], after: Sequence[Line], old: Recipe, new: Recipe
) -> Iterator[RequirementChange]:
    """Yield what changed in a section, but for what a project's own recipe decides: that is a reviewer's matter."""
    unconfirmed = {name.conda for name in new.unconfirmed}
    for name in dict.fromkeys(line.name for line in (*before, *after)):
        lines = _find_lines(before, name), _find_lines(after, name)
        if lines[0] == lines[1] or _is_no_package(name) or name in old.chosen | new.chosen:
            continue
        constraints = (_find_constraint(lines[0]), _find_constraint(lines[1]))
        is_plain = all(map(_is_plain, lines))
        yield RequirementChange(section, name, *constraints, plain=is_plain, confirmed=name not in unconfirmed)


def _find_lines(lines: Iterable[Line], name: str) -> list[Line]:
    return [line for line in lines if line.name == name]


def _is_no_package(name: str) -> bool:
    """Return whether a name is Python's, which has rules of its own, or a virtual package's."""
    return name == "python" or name.startswith("__")


def _is_plain(lines: Sequence[Line]) -> bool:
    """Return whether lines are one requirement without a condition, or none."""
    return not lines or (len(lines) == 1 and lines[0].when is None)


def _find_constraint(lines: Sequence[Line]) -> str | None:
    return " or ".join(_get_bound(line) for line in lines) if lines else None


def _get_bound(line: Line) -> str:
    return line.spec.partition(" ")[2]


def _list_extra_changes(old: Recipe, new: Recipe) -> Iterator[RequirementChange]:
    """Yield what changed in the project's own extras, for the lines of a feedstock that are about them."""
    for extra in sorted(old.extras.keys() | new.extras.keys()):
        before, after = _map_bounds(old, extra), _map_bounds(new, extra)
        for name in dict.fromkeys((*before, *after)):
            if before.get(name) != after.get(name):
                yield RequirementChange(f"[{extra}]", name, before.get(name), after.get(name))


def _map_bounds(recipe: Recipe, extra: str) -> Mapping[str, str]:
    return {line.name: _get_bound(line) for line in recipe.extras.get(extra, ())}


def _list_others(old: Recipe, new: Recipe) -> Iterator[str]:
    """Yield the changes that no line of a recipe can follow without a person."""
    yield from _describe_kind(old, new)
    if old.about.license != new.about.license:
        yield f"The license was {old.about.license or 'unknown'} and is {new.about.license or 'unknown'} now."
    before, after = old.about.license_files, new.about.license_files
    yield from (f"A license file is new: {path}." for path in _subtract(after, before))
    yield from (f"A license file is gone: {path}." for path in _subtract(before, after))
    if set(old.imports) != set(new.imports):
        yield f"The top-level modules were {', '.join(old.imports)} and are {', '.join(new.imports)} now."
    if old.build != new.build:
        yield "The tools of the build changed."
    yield from _describe_chosen(old, new)


def _describe_kind(old: Recipe, new: Recipe) -> Iterator[str]:
    """Yield how the kind of package changed: noarch, compiled, or neither."""
    if old.is_compiled != new.is_compiled:
        yield "The package has no compiled code any more." if old.is_compiled else "The package has compiled code now."
    elif old.noarch and not new.noarch:
        yield "Machines differ in what they need now, so the package cannot be noarch."
    elif new.noarch and not old.noarch:
        yield "Machines no longer differ in what they need, so the package can be noarch."


def _describe_chosen(old: Recipe, new: Recipe) -> Iterator[str]:
    """Yield how the project's own recipe changed."""
    yield from (f"The project's own recipe asks for {name} now." for name in sorted(new.chosen - old.chosen))
    yield from (f"The project's own recipe no longer asks for {name}." for name in sorted(old.chosen - new.chosen))
