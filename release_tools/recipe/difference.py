"""Compare two releases, as far as a recipe is concerned.

Both releases are made into recipes the same way and compared line by line, so names, markers and constraints are
translated already, and a reviewer's own choices in a feedstock never enter.
"""

from collections.abc import Iterable, Mapping, Sequence
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
    gone = tuple(point for point in old.entry_points if point not in new.entry_points)
    come = tuple(point for point in new.entry_points if point not in old.entry_points)
    return Difference(
        changes=(
            *_list_changes("host", old.host, new),
            *_list_changes("run", old.run, new),
            *_list_extra_changes(old, new),
        ),
        python_min=(old.python_min, new.python_min) if old.python_min != new.python_min else None,
        entry_points=(gone, come),
        others=tuple(_list_others(old, new)),
        newest=tuple(spec for spec in new.newest if spec not in old.newest),
        required={"host": _collect_names(old.host), "run": _collect_names(old.run)},
    )


def _collect_names(lines: Iterable[Line]) -> frozenset[str]:
    return frozenset(line.name for line in lines)


def _list_changes(section: str, before: Sequence[Line], new: Recipe) -> Iterable[RequirementChange]:
    after = new.host if section == "host" else new.run
    unconfirmed = {name.conda for name in new.unconfirmed}
    for name in dict.fromkeys(line.name for line in (*before, *after)):
        old_lines = [line for line in before if line.name == name]
        new_lines = [line for line in after if line.name == name]
        if name == "python" or name.startswith("__") or old_lines == new_lines:
            continue
        plain = all(len(lines) <= 1 and not any(line.when for line in lines) for lines in (old_lines, new_lines))
        yield RequirementChange(
            section,
            name,
            _find_constraint(old_lines),
            _find_constraint(new_lines),
            plain,
            confirmed=name not in unconfirmed,
        )


def _list_extra_changes(old: Recipe, new: Recipe) -> Iterable[RequirementChange]:
    """Yield what changed in the project's own extras, for the lines of a feedstock that are about them."""
    for extra in sorted(old.extras.keys() | new.extras.keys()):
        before = {line.name: line.spec.partition(" ")[2] for line in old.extras.get(extra, ())}
        after = {line.name: line.spec.partition(" ")[2] for line in new.extras.get(extra, ())}
        for name in dict.fromkeys((*before, *after)):
            if before.get(name) != after.get(name):
                yield RequirementChange(f"[{extra}]", name, before.get(name), after.get(name))


def _find_constraint(lines: Sequence[Line]) -> str | None:
    return " or ".join(line.spec.partition(" ")[2] for line in lines) if lines else None


def _list_others(old: Recipe, new: Recipe) -> Iterable[str]:
    """Return the changes that no line of a recipe can follow without a person."""
    if old.is_compiled != new.is_compiled:
        yield "The package has no compiled code any more." if old.is_compiled else "The package has compiled code now."
    elif old.noarch != new.noarch:
        yield (
            "Machines differ in what they need now, so the package cannot be noarch."
            if old.noarch
            else "Machines no longer differ in what they need, so the package can be noarch."
        )
    if old.about.license != new.about.license:
        yield f"The license was {old.about.license or 'unknown'} and is {new.about.license or 'unknown'} now."
    for path in new.about.license_files:
        if path not in old.about.license_files:
            yield f"A license file is new: {path}."
    for path in old.about.license_files:
        if path not in new.about.license_files:
            yield f"A license file is gone: {path}."
    if set(old.imports) != set(new.imports):
        yield f"The top-level modules were {', '.join(old.imports)} and are {', '.join(new.imports)} now."
    if old.build != new.build:
        yield "The tools of the build changed."
