"""Compare names and constraints in recipes by what they mean."""

import re
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

CLAUSE: Final = re.compile(r"(>=|<=|==|!=|~=|<|>|=|)\s*([^\s<>=!~*]+?)(\.\*|\*|)")

Bounds = frozenset[tuple[str, Version]]


def is_same_name(one: str, other: str) -> bool:
    """Return whether two conda names differ in nothing but case, ``-``, ``_`` and ``.``."""
    return canonicalize_name(one) == canonicalize_name(other)


def is_same_constraint(one: str, other: str) -> bool:
    """Return whether two constraints admit the same versions; False where one is unknown to us (jinja, builds)."""
    mine, yours = _parse_alternatives(one), _parse_alternatives(other)
    return mine is not None and mine == yours


def _parse_alternatives(text: str) -> frozenset[Bounds] | None:
    found = [_parse_bounds(part) for part in text.split("|")]
    known = frozenset(bounds for bounds in found if bounds is not None)
    return known if None not in found else None


def _parse_bounds(text: str) -> Bounds | None:
    """Reduce a constraint to its highest lower bound, its lowest upper bound and its exclusions."""
    lower: list[tuple[Version, str]] = []
    upper: list[tuple[Version, str]] = []
    rest: set[tuple[str, Version]] = set()
    for part in [part.strip() for part in text.split(",") if part.strip() not in ("", "*")]:
        clause = CLAUSE.fullmatch(part)
        try:
            version = Version(clause[2]) if clause else None
        except InvalidVersion:
            return None
        if clause is None or version is None:
            return None
        operator, starred = clause[1], bool(clause[3])
        if operator == "!=":
            rest.add((f"!={clause[3]}", version))
        elif operator == "~=" or starred or operator == "=":
            series = version.release[:-1] if operator == "~=" else version.release
            if operator in {">", "<", "<="} or not series:
                return None
            lower.append((version, ">="))
            if operator != ">=":
                upper.append((_find_next(version.epoch, series), "<"))
        elif operator in {">=", ">"}:
            lower.append((version, operator))
        elif operator in {"<", "<="}:
            upper.append((_pad_version(version) if operator == "<" else version, operator))
        else:
            rest.add(("==", version))
    bounds = {(max(lower)[1], max(lower)[0])} if lower else set()
    bounds |= {(min(upper)[1], min(upper)[0])} if upper else set()
    return frozenset(bounds | rest)


def _find_next(epoch: int, series: tuple[int, ...]) -> Version:
    return Version(f"{epoch}!" + ".".join(map(str, (*series[:-1], series[-1] + 1))))


def _pad_version(version: Version) -> Version:
    """Return ``2.0`` for ``2.0a0`` and ``2.0.dev0``, which people write to exclude the pre-releases of 2.0."""
    return Version(version.base_version) if version.pre == ("a", 0) or version.dev == 0 else version
