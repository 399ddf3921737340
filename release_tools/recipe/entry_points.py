"""The commands of a project in its recipe: the entry points, and a test of those that can be tested."""

import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Final

from release_tools.recipe.evidence import Evidence
from release_tools.recipe.markers import PYTHONS
from release_tools.recipe.recipe_model import Recipe
from release_tools.recipe.unbuilt_metadata import read_entry_points

COMMAND: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")


def add_entry_points(recipe: Recipe, evidence: Evidence) -> Recipe:
    """Return the recipe with its entry points and a test of each command that needs neither a display nor an extra."""
    points = _list_entry_points(evidence)
    fit = [point for point in points if point.is_fit]
    return replace(
        recipe,
        entry_points=tuple(f"{point.name} = {point.function}" for point in fit),
        commands=tuple(f"{point.name} --help" for point in fit if point.is_testable),
        notes=(*recipe.notes, *_note_unfit(points)),
    )


@dataclass(frozen=True)
class _EntryPoint:
    """One command.

    Attributes:
        name: of the command.
        function: that it calls, ``module:function``.
        is_testable: whether it runs without a display and without an extra of the project.
    """

    name: str
    function: str
    is_testable: bool

    @property
    def is_fit(self) -> bool:
        """Return whether it has a place in a recipe: a plain word, not that of one Python (``pip3.13``)."""
        module, _, function = self.function.partition(":")
        identifiers = [*module.split("."), *function.split(".")]
        if not COMMAND.fullmatch(self.name) or self.name.endswith(PYTHONS):
            return False
        return all(map(str.isidentifier, identifiers))


def _note_unfit(points: Iterable[_EntryPoint]) -> list[str]:
    unfit = [point for point in points if not point.is_fit]
    return [f"The command {point.name!r} has no place in a recipe: left out." for point in unfit]


def _list_entry_points(evidence: Evidence) -> list[_EntryPoint]:
    """Return the commands; of several with one name the last."""
    if evidence.built:
        lines, gui = evidence.built.entry_points, evidence.built.gui
    else:
        lines, gui = read_entry_points(evidence.sources)
    points = [_parse_entry_point(line, gui) for line in lines]
    return list({point.name: point for point in points}.values())


def _parse_entry_point(line: str, gui: AbstractSet[str]) -> _EntryPoint:
    name, _, value = line.partition("=")
    name = name.strip()
    # An extra after the function makes conda's installation fail.
    function, extra, _ = value.partition("[")
    return _EntryPoint(name, function.strip(), is_testable=name not in gui and not extra)
