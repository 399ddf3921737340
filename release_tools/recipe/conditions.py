"""Conditions of a compiled recipe: from cells of the grid to the words of the two formats."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from release_tools.recipe.markers import PYTHONS, Cells, System
from release_tools.recipe.recipe_model import Condition

SYSTEM_WORDS: Final = {
    frozenset({System.LINUX}): "linux",
    frozenset({System.OSX}): "osx",
    frozenset({System.WIN}): "win",
    frozenset({System.LINUX, System.OSX}): "unix",
    frozenset({System.LINUX, System.WIN}): "not osx",
    frozenset({System.OSX, System.WIN}): "not linux",
}


def make_condition(held: Cells, cells: Cells) -> Condition | None:
    """Return the condition that holds in exactly these cells; None where it always does.

    Raises:
        ValueError: it depends on the machine, or on Pythons and systems and one expression cannot say how.
    """
    if held == cells:
        return None
    pythons, systems = _list_pythons(held), frozenset(cell.system for cell in held)
    if held != _combine(cells, pythons, systems):
        raise ValueError("not every combination of these Pythons and systems")
    words = []
    if systems != frozenset(System):
        words.append(Condition(SYSTEM_WORDS[systems], SYSTEM_WORDS[systems]))
    if pythons != _list_pythons(cells):
        words.append(make_python_condition(pythons, _list_pythons(cells)))
    return _join_conditions(words)


def _combine(cells: Cells, pythons: AbstractSet[str], systems: AbstractSet[System]) -> Cells:
    """Return the cells of every combination of these Pythons and systems."""
    return frozenset(cell for cell in cells if cell.python in pythons and cell.system in systems)


def _list_pythons(cells: Cells) -> set[str]:
    return {cell.python for cell in cells}


def _join_conditions(words: Sequence[Condition]) -> Condition:
    return Condition(" and ".join(word.v1 for word in words), " and ".join(word.v0 for word in words))


def make_python_condition(pythons: set[str], every: set[str]) -> Condition:
    """Return the condition for an unbroken run of minor Python versions.

    Raises:
        ValueError: the run is broken, or there is nothing to distinguish.
    """
    order = [python for python in PYTHONS if python in every]
    wanted = [python in pythons for python in order]
    first = wanted.index(True)
    last = first + sum(wanted)
    if not all(wanted[first:last]) or last - first == len(order):
        raise ValueError("not an unbroken run of Pythons")
    bounds = _list_bounds(order, first, last)
    return Condition(
        f'match(python, "{",".join(operator + python for operator, python in bounds)}")',
        " and ".join(f"py{operator}{python.replace('.', '')}" for operator, python in bounds),
    )


def _list_bounds(order: Sequence[str], first: int, last: int) -> list[tuple[str, str]]:
    """Return the bounds of a run of Pythons, where others are before and behind it."""
    bounds = []
    if first:
        bounds.append((">=", order[first]))
    if last < len(order):
        bounds.append(("<", order[last]))
    return bounds
