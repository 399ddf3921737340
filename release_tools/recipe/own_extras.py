"""Read what the extras of a project require, as if they needed no extra."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from packaging.metadata import RawMetadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from release_tools.errors import CondaError
from release_tools.recipe.constraints import Flavour
from release_tools.recipe.dependencies import collect
from release_tools.recipe.markers import CONDA_FORGE_PYTHON, list_platforms, list_supported_pythons
from release_tools.recipe.names import Names
from release_tools.recipe.recipe_model import Line

_EXTRA: Final = re.compile(r"""\bextra\s{0,9}==\s{0,9}(?P<quote>['"])(?P<name>[^'"]{0,99})(?P=quote)""")
_ALWAYS, _NEVER = 'python_version >= "0"', 'python_version < "0"'


def list_extra_requirements(requires_dist: tuple[str, ...], extra: str) -> tuple[str, ...]:
    """Return those of a project's requirements that one extra adds, as if they needed no extra."""

    def decide_release(found: re.Match[str]) -> str:
        return _ALWAYS if canonicalize_name(found["name"]) == canonicalize_name(extra) else _NEVER

    held = []
    for line in requires_dist:
        name, _, marker = line.partition(";")
        if not _EXTRA.search(marker):
            continue
        try:
            requirement = Requirement(f"{name}; {_EXTRA.sub(decide_release, marker)}")
        except InvalidRequirement:
            continue
        held.append(str(requirement))
    return tuple(held)


def list_extras(metadata: RawMetadata, names: Names) -> Mapping[str, tuple[Line, ...]]:
    """Return what each extra of a project requires on conda, without what cannot be expressed there."""
    requires = tuple(metadata.get("requires_dist", []))
    found = {canonicalize_name(extra["name"]) for text in requires for extra in _EXTRA.finditer(text)}
    try:
        cells = list_platforms(list_supported_pythons(metadata.get("requires_python", ""), CONDA_FORGE_PYTHON))
    except CondaError:
        return {}
    extras: dict[str, tuple[Line, ...]] = {}
    for extra in sorted(found):
        with suppress(CondaError):
            collected = collect(_list_plain(requires, extra), cells, names)
            extras[extra] = tuple(Line(one.spec(Flavour.RECIPE, cells)) for one in collected.dependencies)
    return extras


def _list_plain(requires: tuple[str, ...], extra: str) -> Sequence[str]:
    """Return an extra's requirements without those on extras of others, which need a network to be read."""
    texts = []
    for text in list_extra_requirements(requires, extra):
        requirement = Requirement(text)
        requirement.extras = set()
        if not requirement.url:
            texts.append(str(requirement))
    return texts
