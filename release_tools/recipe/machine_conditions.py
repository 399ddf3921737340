"""Conditions that distinguish machines, in the words of recipes: ``aarch64``, ``linux and x86_64``.

Both formats have the same words for platforms. `OTHER_MACHINE` is never mentioned: conda-forge does not build for it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain, combinations, product
from typing import Final

from release_tools.recipe.conditions import make_condition, make_python_condition
from release_tools.recipe.markers import MACHINES, OTHER_MACHINE, PYTHONS, Cells, System
from release_tools.recipe.recipe_model import Condition

_Platforms = frozenset[tuple[System, str]]
_ALL: Final[_Platforms] = frozenset(
    (system, machine) for system in System for machine in MACHINES[system] if machine != OTHER_MACHINE
)
_SYSTEMS: Final[Mapping[str, frozenset[System]]] = {
    "linux": frozenset({System.LINUX}),
    "osx": frozenset({System.OSX}),
    "win": frozenset({System.WIN}),
    "unix": frozenset({System.LINUX, System.OSX}),
}
_MACHINES: Final[Mapping[str, frozenset[str]]] = {
    "x86_64": frozenset({"x86_64", "AMD64"}),
    "aarch64": frozenset({"aarch64"}),
    "arm64": frozenset({"arm64", "ARM64"}),
    "ppc64le": frozenset({"ppc64le"}),
}


def make_conditions(held: Cells, cells: Cells) -> tuple[Condition | None, ...]:
    """Return the conditions of which one holds in each of these cells, and none in any other; None for all cells."""
    cells, held = _drop_other(cells), _drop_other(held)
    if not held:
        return ()
    try:
        return (make_condition(held, cells),)
    except ValueError:
        return tuple(_list_conditions(held, cells))


def _drop_other(cells: Cells) -> Cells:
    return frozenset(cell for cell in cells if cell.machine != OTHER_MACHINE)


def _list_conditions(held: Cells, cells: Cells) -> Iterator[Condition]:
    """Yield the conditions of each group of platforms that agree on the Pythons: one for each run of these."""
    every = {cell.python for cell in cells}
    pythons: dict[tuple[System, str], set[str]] = {}
    for cell in sorted(held):
        pythons.setdefault((cell.system, cell.machine), set()).add(cell.python)
    for wanted in dict.fromkeys(map(frozenset, pythons.values())):
        platforms = frozenset(platform for platform, found in pythons.items() if found == wanted)
        for run in _list_runs(wanted, every):
            yield _join(_describe(platforms), run, every)


def _list_runs(wanted: Iterable[str], every: Collection[str]) -> list[set[str]]:
    """Return the longest unbroken runs of Pythons."""
    runs: list[set[str]] = [set()]
    for python in PYTHONS:
        if python in wanted:
            runs[-1].add(python)
        elif python in every:
            runs.append(set())
    return [run for run in runs if run]


def _join(where: str, pythons: set[str], every: set[str]) -> Condition:
    """Return the condition for these Pythons where another condition holds; an empty one always does."""
    if pythons == every:
        return Condition(where, where)
    python = make_python_condition(pythons, every)
    if not where:
        return python
    shown = f"({where})" if " or " in where else where
    return Condition(f"{shown} and {python.v1}", f"{shown} and {python.v0}")


def _describe(platforms: _Platforms) -> str:
    """Return a short condition that holds on exactly these platforms; an empty one for all of them."""
    if platforms == _ALL:
        return ""
    words = _load_words()
    if platforms in words:
        return words[platforms]
    return " or ".join(_bracket(words[part]) for part in _choose_parts([part for part in words if part < platforms]))


def _choose_parts(parts: Sequence[_Platforms]) -> tuple[_Platforms, ...]:
    """Return the fewest of these parts that make up all of them together."""
    whole = frozenset().union(*parts)
    choices = chain.from_iterable(combinations(parts, size) for size in range(2, len(parts) + 1))
    return next(chosen for chosen in choices if frozenset().union(*chosen) == whole)


def _bracket(text: str) -> str:
    return f"({text})" if " and " in text and not text.startswith("not ") else text


@cache
def _load_words() -> Mapping[_Platforms, str]:
    """Return a condition without ``or`` for each group of platforms that has one, the shortest ones first."""
    words: dict[_Platforms, str] = {}
    for text, platforms in (*_list_words(), *_list_pairs()):
        words.setdefault(platforms, text)
        words.setdefault(_ALL - platforms, f"not ({text})" if " " in text else f"not {text}")
    words.pop(frozenset(), None)
    words.pop(_ALL, None)
    return words


def _list_words() -> Iterator[tuple[str, _Platforms]]:
    """Yield each word for systems or machines, with the platforms that it is for."""
    for word, systems in _SYSTEMS.items():
        yield word, frozenset(platform for platform in _ALL if platform[0] in systems)
    for word, machines in _MACHINES.items():
        yield word, frozenset(platform for platform in _ALL if platform[1] in machines)


def _list_pairs() -> Iterator[tuple[str, _Platforms]]:
    """Yield each word for systems together with each word for machines."""
    words = dict(_list_words())
    for system, machine in product(_SYSTEMS, _MACHINES):
        yield f"{system} and {machine}", words[system] & words[machine]
