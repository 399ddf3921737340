"""Compare names and constraints in recipes by what they mean."""

import re
from dataclasses import dataclass, field
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


@dataclass
class _Collected:
    """The clauses of one constraint, by the side that they bound."""

    lower: list[tuple[Version, str]] = field(default_factory=list)
    upper: list[tuple[Version, str]] = field(default_factory=list)
    rest: set[tuple[str, Version]] = field(default_factory=set)

    def add(self, operator: str, version: Version, star: str) -> bool:
        """Add a clause; return False where it is none that we know."""
        if operator == "!=":
            self.rest.add((f"!={star}", version))
        elif star or operator in {"~=", "="}:
            return self._add_series(operator, version)
        elif operator in {">=", ">"}:
            self.lower.append((version, operator))
        elif operator == "<":
            self.upper.append((_pad_version(version), operator))
        elif operator == "<=":
            self.upper.append((version, operator))
        else:
            self.rest.add(("==", version))
        return True

    def _add_series(self, operator: str, version: Version) -> bool:
        series = version.release[:-1] if operator == "~=" else version.release
        if operator in {">", "<", "<="} or not series:
            return False
        self.lower.append((version, ">="))
        if operator != ">=":
            self.upper.append((_find_next(version.epoch, series), "<"))
        return True

    def bounds(self) -> Bounds:
        """Return the highest lower bound, the lowest upper bound, and the exclusions."""
        bounds = set(self.rest)
        if self.lower:
            version, operator = max(self.lower)
            bounds.add((operator, version))
        if self.upper:
            version, operator = min(self.upper)
            bounds.add((operator, version))
        return frozenset(bounds)


def _parse_bounds(text: str) -> Bounds | None:
    """Reduce a constraint to its highest lower bound, its lowest upper bound and its exclusions."""
    collected = _Collected()
    for part in map(str.strip, text.split(",")):
        if part in ("", "*"):
            continue
        clause = _parse_clause(part)
        if clause is None or not collected.add(*clause):
            return None
    return collected.bounds()


def _parse_clause(text: str) -> tuple[str, Version, str] | None:
    """Return operator, version and star of a clause; None where it is none that we know."""
    clause = CLAUSE.fullmatch(text)
    try:
        return (clause[1], Version(clause[2]), clause[3]) if clause else None
    except InvalidVersion:
        return None


def _find_next(epoch: int, series: tuple[int, ...]) -> Version:
    return Version(f"{epoch}!" + ".".join(map(str, (*series[:-1], series[-1] + 1))))


def _pad_version(version: Version) -> Version:
    """Return ``2.0`` for ``2.0a0`` and ``2.0.dev0``, which people write to exclude the pre-releases of 2.0."""
    return Version(version.base_version) if version.pre == ("a", 0) or version.dev == 0 else version
