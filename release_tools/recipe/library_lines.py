"""The libraries that compiled code links to, as requirements of ``host``."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from release_tools.recipe.conditions import SYSTEM_WORDS
from release_tools.recipe.evidence import Built
from release_tools.recipe.host_libraries import find_host_packages
from release_tools.recipe.markers import System
from release_tools.recipe.recipe_model import Condition, Line
from release_tools.recipe.toolchain import list_bundled


def write_library_lines(built: Built | None) -> tuple[list[Line], list[str]]:
    """Return the packages of the libraries that compiled code links to, and a note on those that are not known.

    What only some of the systems with wheels need has a condition.
    """
    if built is None or not any(built.libraries.values()):
        return [], [_note_unread(list_bundled(built))]
    systems: dict[str, set[System]] = defaultdict(set)
    unknown: list[str] = []
    for system, libraries in built.libraries.items():
        packages, others = find_host_packages(libraries)
        unknown += _name_with_system(others, system, built.libraries)
        for package in packages:
            systems[package].add(System(system))
    every = set(map(System, built.libraries))
    lines = [Line(package, _make_system_condition(own, every)) for package, own in sorted(systems.items())]
    return lines, _note_unknown(unknown)


def _name_with_system(libraries: Sequence[str], system: str, systems: Mapping[str, object]) -> list[str]:
    """Return the libraries with the system that has them, where there are several systems."""
    if len(systems) == 1:
        return list(libraries)
    return [f"{library} ({system})" for library in libraries]


def _make_system_condition(own: set[System], every: set[System]) -> Condition | None:
    if own == every:
        return None
    word = SYSTEM_WORDS[frozenset(own)]
    return Condition(word, word)


def _note_unknown(libraries: Sequence[str]) -> list[str]:
    if not libraries:
        return []
    return [f"The wheel links to {', '.join(libraries)}: add the packages that have them to host."]


def _note_unread(bundled: Sequence[str]) -> str:
    """Return a note for compiled code of which it is not known what it links to."""
    if bundled:
        return f"The wheel brings {', '.join(bundled)} along: add the packages that have them to host."
    return "Libraries that the compiled code links to are not known here: add them to host."
