"""Version constraints: from PEP 440 specifiers to what conda's MatchSpec understands (CEP 29).

Two constraints are compared by what they admit, never by how they are written.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import lru_cache
from itertools import chain, combinations
from typing import Final

from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from release_tools.errors import CondaError
from release_tools.model.versions import format_conda_version


class Flavour(StrEnum):
    """For whom a requirement is spelled."""

    PACKAGE = "package"  # for a solver: exactly what PEP 440 says, pre-releases included
    RECIPE = "recipe"  # for a reviewer: as people write it


UPPER: Final = ("<", "<=")
READING_ORDER: Final = (">=", ">", "~=", "===", "==", "!=", "<", "<=")


def translate_constraint(specifiers: SpecifierSet, flavour: Flavour) -> str:
    """Return the conda constraint that admits the same versions; empty where all are admitted.

    Raises:
        CondaError: ``===`` with something that is not a PEP 440 version, for which conda has no word.
    """
    said = [
        one for one in sorted(specifiers, key=_rank_specifiers) if flavour is Flavour.PACKAGE or not _is_needless(one)
    ]
    return ",".join(dict.fromkeys(_format_clause(one, flavour) for one in said))


def find_weakest(alternatives: Iterable[SpecifierSet]) -> tuple[SpecifierSet, ...]:
    """Return the fewest specifier sets that together admit what any of the alternatives admits."""
    kept = drop_duplicates(alternatives)
    return tuple(kept) if len(kept) == 1 else _merge(tuple(kept))


@lru_cache(maxsize=256)
def _merge(alternatives: tuple[SpecifierSet, ...]) -> tuple[SpecifierSet, ...]:
    """Return the alternatives, two joined at a time for as long as one specifier set can say both."""
    probes = _list_probes(alternatives)
    for one, other in combinations(alternatives, 2):
        if (union := _unite(one, other, probes)) is not None:
            rest = (each for each in alternatives if each not in (one, other))
            return _merge((*rest, union))
    return alternatives


def drop_duplicates(alternatives: Iterable[SpecifierSet]) -> list[SpecifierSet]:
    """Return those that differ, in their order; most are one object, which needs no comparison with itself."""
    return list(dict.fromkeys({id(one): one for one in alternatives}.values()))


def _rank_specifiers(specifier: Specifier) -> tuple[int, str]:
    """Rank lower bounds first, then exclusions, then upper bounds, as people read a range."""
    return READING_ORDER.index(specifier.operator), specifier.version


def _is_needless(specifier: Specifier) -> bool:
    """Return whether it excludes one pre-release, which conda-forge's main channel never has (CFEP-05)."""
    return specifier.operator == "!=" and Version(specifier.version.removesuffix(".*")).is_prerelease


def _format_clause(specifier: Specifier, flavour: Flavour) -> str:
    operator, text = specifier.operator, specifier.version
    if operator != "===" and text.endswith(".*"):
        return f"{'' if operator == '==' else operator}{format_conda_version(Version(text[:-2]))}.*"
    try:
        version = Version(text)
    except InvalidVersion as fault:
        raise CondaError(f"'{specifier}' compares with something that is not a PEP 440 version.") from fault
    if operator == "~=":
        series = ".".join(map(str, version.release[:-1]))
        return f">={format_conda_version(version)},{_format_epoch(version)}{series}.*"
    if operator == "<" and flavour is Flavour.PACKAGE and _is_final(version):
        return f"<{_format_epoch(version)}{_choose_shortest(version)}a0"
    return f"{'==' if operator == '===' else operator}{format_conda_version(version)}"


def _is_final(version: Version) -> bool:
    return not (version.is_prerelease or version.is_postrelease)


def _format_epoch(version: Version) -> str:
    return f"{version.epoch}!" if version.epoch else ""


def _choose_shortest(version: Version) -> str:
    """Drop trailing zeros: for conda ``2a0`` is below ``2.0a1``, but ``2.0a0`` is not below ``2a1``."""
    release = list(version.release)
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    return ".".join(map(str, release))


def _unite(one: SpecifierSet, other: SpecifierSet, probes: Sequence[Version]) -> SpecifierSet | None:
    """Return one specifier set for both, where there is one that admits neither less nor more."""
    wanted = {probe for probe in probes if _admits(one, probe) or _admits(other, probe)}
    candidates = (one, other, _find_hull(one, other), _find_hull(other, one))
    return next((union for union in candidates if wanted == {probe for probe in probes if _admits(union, probe)}), None)


def _find_hull(low: SpecifierSet, high: SpecifierSet) -> SpecifierSet:
    """Return all of ``low`` but its upper bounds, with the upper bounds of ``high``."""
    return SpecifierSet(
        ",".join(
            [str(one) for one in low if one.operator not in UPPER] + [str(one) for one in high if one.operator in UPPER]
        )
    )


def _admits(specifiers: SpecifierSet, version: Version) -> bool:
    return specifiers.contains(version, prereleases=True)


def _list_probes(alternatives: Iterable[SpecifierSet]) -> tuple[Version, ...]:
    """Return versions at, just below, just above and between all bounds, enough to distinguish the alternatives."""
    probes = {Version("0.dev0"), Version("999999!0")}
    for specifier in chain.from_iterable(alternatives):
        with suppress(InvalidVersion):
            probes |= _list_nearby(Version(specifier.version.removesuffix(".*")))
    return tuple(probes)


def _list_nearby(version: Version) -> set[Version]:
    """Return a bound, and versions just below and above it, and above its series."""
    epoch, release = _format_epoch(version), version.release
    base = ".".join(map(str, release))
    raised = ".".join(map(str, (*release[:-1], release[-1] + 1)))
    series = ".".join(map(str, (*release[:-2], release[-2] + 1) if len(release) > 1 else (release[0] + 1,)))
    stems = (base, raised, series, f"{base}.0.1")
    tails = ("", ".dev0", "a0", "rc999", ".post999")
    return {version, *(Version(f"{epoch}{stem}{tail}") for stem in stems for tail in tails)}
