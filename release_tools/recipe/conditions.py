"""Conditions of a compiled recipe: from cells of the grid to the words of the two formats."""

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
    pythons = {cell.python for cell in held}
    systems = frozenset(cell.system for cell in held)
    if held != frozenset(cell for cell in cells if cell.python in pythons and cell.system in systems):
        raise ValueError("not every combination of these Pythons and systems")
    words = []
    if systems != frozenset(System):
        words.append(Condition(SYSTEM_WORDS[systems], SYSTEM_WORDS[systems]))
    if pythons != (every := {cell.python for cell in cells}):
        words.append(make_python_condition(pythons, every))
    return Condition(" and ".join(word.v1 for word in words), " and ".join(word.v0 for word in words))


def make_python_condition(pythons: set[str], every: set[str]) -> Condition:
    """Return the condition for an unbroken run of minor Python versions.

    Raises:
        ValueError: the run is broken, or there is nothing to distinguish.
    """
    order = [python for python in PYTHONS if python in every]
    wanted = [python in pythons for python in order]
    first, count = wanted.index(True), sum(wanted)
    if not all(wanted[first : first + count]) or count == len(order):
        raise ValueError("not an unbroken run of Pythons")
    bounds = [(">=", order[first])] if first else []
    bounds += [("<", order[first + count])] if first + count < len(order) else []
    return Condition(
        f'match(python, "{",".join(operator + python for operator, python in bounds)}")',
        " and ".join(f"py{operator}{python.replace('.', '')}" for operator, python in bounds),
    )
