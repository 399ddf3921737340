"""From what changed to the version that should follow: PEP 440, by SemVer 2.0.0 or by a calendar (calver.org)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum
from typing import Final

from packaging.version import Version

from release_tools.errors import VersionError
from release_tools.history.tagged_releases import PastRelease, last_final, newest

FIRST: Final = Version("0.1.0")
_FOLLOWING_PHASE: Final = {"a": "b", "b": "rc"}
_LOOKED_BACK: Final = 5
_FULL_YEAR: Final = 1000


class Level(IntEnum):
    """How much a change asks of those who use the project."""

    NOTHING = 0  # there is no change
    METADATA = 1  # what is installed stays the same: documentation, tests, tools
    PATCH = 2  # mended, nothing new
    MINOR = 3  # something new, and everything works as before
    MAJOR = 4  # something no longer works as before


class Bump(StrEnum):
    """Which part of a version is raised."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    PRE = "pre"
    FINAL = "final"
    POST = "post"


class VersionScheme(StrEnum):
    """How a project counts its versions."""

    SEMVER = "semver"
    CALVER = "calver"


@dataclass(frozen=True)
class BumpEvidence:
    """One reason for a version.

    Attributes:
        source: where it was found, such as the changelog.
        level: what it asks for.
        text: what was found, in one line.
        details: the single findings.
    """

    source: str
    level: Level
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Past:
    """What is known before a version is recommended.

    Attributes:
        releases: every version that was tagged in the history of the commit.
        since_final: evidence since the last final release, or since the beginning.
        since_newest: evidence since the newest release of any kind; the same, where that is final.
        planned: the version that the project itself gives to what is unreleased.
        planned_by: what of the project says so: "the changelog".
    """

    releases: Sequence[PastRelease]
    since_final: tuple[BumpEvidence, ...] = ()
    since_newest: tuple[BumpEvidence, ...] = ()
    planned: Version | None = None
    planned_by: str = ""


_Answer = tuple[Version | None, str]
"""A version and the rule that led to it."""


@dataclass(frozen=True)
class Recommendation:
    """The version that should come next.

    Attributes:
        version: None where there is nothing to release.
        by_evidence: the same, but where the project itself names another.
        rule: what led from the evidence to its version, in one line.
    """

    version: Version | None
    by_evidence: Version | None
    rule: str


def scheme_of(releases: Sequence[PastRelease]) -> VersionScheme:
    """By a calendar, if the last finals all begin with the year in which they were tagged."""
    finals = _recent(releases)
    dated = [final.version.release[0] in (final.day.year, final.day.year % 100) for final in finals]
    return VersionScheme.CALVER if dated and all(dated) else VersionScheme.SEMVER


def recommend(past: Past, scheme: VersionScheme, today: date) -> Recommendation:
    """The version that should come next, by the evidence and the project's scheme.

    A version that the project itself names for what is unreleased goes before the evidence.
    """
    (asked, rule), before, planned = _by_evidence(past, scheme, today), newest(past.releases), past.planned
    says_nothing = asked is None or planned is None or (before is not None and planned <= before.version)
    return Recommendation(asked if says_nothing else planned, asked, rule)


def bumped(version: Version, bump: Bump, *, width: int = 0) -> Version:
    """A version with one part raised.

    A pre-release of 2.0.0 is raised to 2.0.0 by a major bump, for it leads there already. A pre-release after a final
    version is the first alpha of the next minor one.

    Args:
        version: to start from.
        bump: the part.
        width: how many numbers are written at least; as many as there are if 0.

    Raises:
        VersionError: the version has no such part to raise.
    """
    if bump is Bump.FINAL:
        if version.pre is None:
            raise VersionError(f"{version} is final already", "Raise another part of it.")
        return _written(version, version.release, width)
    if bump is Bump.POST:
        if version.pre is not None:
            raise VersionError(f"{version}: a pre-release gets no post-release", "Raise its number instead: pre.")
        return _written(version, version.release, width, f".post{(version.post or 0) + 1}")
    if bump is Bump.PRE:
        letter, number = version.pre or ("a", 0)
        numbers = version.release if version.pre else bumped(version, Bump.MINOR).release
        return _written(version, numbers, width, f"{letter}{number + 1}")
    at = (Bump.MAJOR, Bump.MINOR, Bump.PATCH).index(bump)
    numbers = (*version.release, 0, 0)[: max(at + 1, len(version.release))]
    if version.pre is None or any(numbers[at + 1 :]):
        numbers = (*numbers[:at], numbers[at] + 1, *(0 for _ in numbers[at + 1 :]))
    return _written(version, numbers, width)


def is_patch(before: Version, after: Version) -> bool:
    """Whether a version promises, by SemVer, that whatever worked with an earlier final one still works."""
    return before.epoch == after.epoch and (*before.release, 0)[:2] == (*after.release, 0)[:2]


def demanded(evidence: Sequence[BumpEvidence]) -> Level:
    """The most that any of the evidence asks for."""
    return max((item.level for item in evidence), default=Level.NOTHING)


def _by_evidence(past: Past, scheme: VersionScheme, today: date) -> _Answer:
    final, latest = last_final(past.releases), newest(past.releases)
    if latest is None:
        return past.planned or FIRST, "nothing was released yet"
    if final is None or latest.version > final.version:
        return _after_pre(past, latest.version, final, scheme)
    level = demanded(past.since_final)
    if level is Level.NOTHING:
        return None, f"nothing changed since {final.tag}"
    if level is Level.METADATA:
        post = bumped(final.version, Bump.POST)
        return post, "what is installed did not change: a post-release, if the change is to be seen at all"
    if scheme is VersionScheme.CALVER:
        return _by_calendar(past.releases, level, today)
    bump, rule = _by_semver(final.version, level)
    return bumped(final.version, bump, width=_width(past.releases)), rule


def _by_semver(version: Version, level: Level) -> tuple[Bump, str]:
    if level is Level.PATCH:
        return Bump.PATCH, "nothing new, nothing broken: the patch number (SemVer)"
    if level is Level.MINOR:
        return Bump.MINOR, "something new, nothing broken: the minor number (SemVer)"
    if version.release[0] == 0:
        return Bump.MINOR, "something broken before 1.0: the minor number (SemVer's rule for 0.x)"
    return Bump.MAJOR, "something broken: the major number (SemVer)"


def _after_pre(past: Past, version: Version, final: PastRelease | None, scheme: VersionScheme) -> _Answer:
    """What follows a pre-release: its next number, the next phase, or the final version."""
    letter = version.pre[0] if version.pre else "rc"
    asked = demanded(past.since_final)
    if final is not None and scheme is VersionScheme.SEMVER and asked >= Level.PATCH:
        bump, rule = _by_semver(final.version, asked)
        needed = bumped(final.version, bump, width=len(version.release))
        if needed.release > version.release:
            return Version(f"{needed}{letter}1"), f"since {final.tag} there is {rule}"
    level, again = demanded(past.since_newest), bumped(version, Bump.PRE)
    if letter in _FOLLOWING_PHASE:
        if level >= Level.MINOR:
            return again, f"the public API still moves: phase {letter} goes on"
        following = _FOLLOWING_PHASE[letter]
        background = Version(f"{bumped(version, Bump.FINAL)}{following}1")
        return background, f"the public API stands still: phase {following} begins"
    if level >= Level.PATCH:
        return again, "something changed since the release candidate: another one"
    return bumped(version, Bump.FINAL), "the release candidate held: it becomes final"


def _by_calendar(releases: Sequence[PastRelease], level: Level, today: date) -> _Answer:
    """The next version of a year; the project's past tells what its second and third number count."""
    last = max(release for release in releases if release.is_final).version
    dated, rule = _calendar_numbers(releases, level, today)
    if last.release[: len(dated)] < dated:
        return _written(last, dated, _width(releases)), rule
    dated = (*last.release, 0)[: len(dated)]
    again = (*last.release, 0, 0)[len(dated)] + 1
    return _written(last, (*dated, again), _width(releases)), f"{rule}; once more"


def _calendar_numbers(releases: Sequence[PastRelease], level: Level, today: date) -> tuple[tuple[int, ...], str]:
    """The numbers that the calendar and the counter decide, and by which rule."""
    finals, recent = [release for release in releases if release.is_final], _recent(releases)
    numbers = (*max(finals).version.release, 0)
    year = max(numbers[0], today.year if numbers[0] >= _FULL_YEAR else today.year % 100)
    regular = [final for final in recent if not any(final.version.release[2:])] or recent
    if all(final.version.release[1:3] == (final.day.month, final.day.day) for final in recent):
        return (year, today.month, today.day), "by the calendar: year, month and day"
    if all(final.version.release[1:2] == (final.day.month,) for final in regular):
        return (year, today.month), "by the calendar: year and month"
    if numbers[0] != year:
        counted = [(*final.version.release, 0)[1] for final in finals if final.version.release[0] == numbers[0]]
        return (year, min(counted)), f"by the calendar: the first release of {today.year}"
    if level is Level.PATCH and any(any(final.version.release[2:]) for final in recent):
        return numbers[:2], "by the calendar: nothing new since the last release of the year"
    return (year, numbers[1] + 1), f"by the calendar: the next release of {today.year}"


def _recent(releases: Sequence[PastRelease]) -> list[PastRelease]:
    return sorted(release for release in releases if release.is_final)[-_LOOKED_BACK:]


def _width(releases: Sequence[PastRelease]) -> int:
    """How many numbers the project writes where the last one would be 0."""
    regular = [final for final in _recent(releases) if not any(final.version.release[2:])]
    return len((regular or _recent(releases))[-1].version.release)


def _written(version: Version, numbers: tuple[int, ...], width: int, suffix: str = "") -> Version:
    shortest = width or len(version.release)
    while len(numbers) > shortest and numbers[-1] == 0:
        numbers = numbers[:-1]
    numbers = (*numbers, *(0 for _ in range(shortest - len(numbers))))
    epoch = f"{version.epoch}!" if version.epoch else ""
    return Version(f"{epoch}{'.'.join(map(str, numbers))}{suffix}")
