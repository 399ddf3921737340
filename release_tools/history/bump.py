"""Recommend the version that follows from the changes: PEP 440, by SemVer 2.0.0 or by a calendar (calver.org)."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum, StrEnum
from itertools import count
from typing import Final

from packaging.version import Version

from release_tools.errors import VersionError
from release_tools.history.tagged_releases import PastRelease, find_last_final, find_newest

FIRST: Final = Version("0.1.0")
_FOLLOWING_PHASE: Final = {"a": "b", "b": "rc"}
_LOOKED_BACK: Final = 5
_FULL_YEAR: Final = 1000


class Level(IntEnum):
    """The size of a change for those who use the project."""

    NOTHING = 0  # there is no change
    METADATA = 1  # only the text that an index shows changed: README, LICENSE
    PATCH = 2  # fixes, nothing new
    MINOR = 3  # something new, and everything works as before
    MAJOR = 4  # something no longer works as before


class Bump(StrEnum):
    """The part of a version that is raised."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"
    PRE = "pre"
    FINAL = "final"
    POST = "post"


class VersionScheme(StrEnum):
    """The way in which a project counts its versions."""

    SEMVER = "semver"
    CALVER = "calver"


@dataclass(frozen=True)
class BumpEvidence:
    """One reason for a version.

    Attributes:
        source: where it was found, such as the changelog.
        level: that it asks for.
        text: the finding, in one line.
        details: the single findings.
    """

    source: str
    level: Level
    text: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Past:
    """The facts from which a version is recommended.

    Attributes:
        releases: every version that was tagged in the history of the commit.
        since_final: evidence since the last final release, or since the beginning.
        since_newest: evidence since the newest release of any kind; the same, where that is final.
        planned: the version that the project itself gives to what is unreleased.
        planned_by: the file or tag that says so.
        taken: the versions that are tagged on other commits; none of them is recommended.
        doubted: a version that the changelog names, though its own entries ask for a higher one.
    """

    releases: Sequence[PastRelease]
    since_final: tuple[BumpEvidence, ...] = ()
    since_newest: tuple[BumpEvidence, ...] = ()
    planned: Version | None = None
    planned_by: str = ""
    taken: frozenset[Version] = frozenset()
    doubted: Version | None = None


_Answer = tuple[Version | None, str]
"""A version and the rule that led to it."""


@dataclass(frozen=True)
class Recommendation:
    """The version that should come next.

    Attributes:
        version: None where there is nothing to release.
        by_evidence: the version by the evidence alone, where the project itself names another.
        rule: the reason for the version by evidence, in one line.
    """

    version: Version | None
    by_evidence: Version | None
    rule: str


def recognise_scheme(releases: Sequence[PastRelease]) -> VersionScheme:
    """Return CALVER if the last finals all begin with the date, or the year, in which they were tagged."""
    finals = _list_recent(releases)
    if not finals:
        return VersionScheme.SEMVER
    is_dated = _match_calendar(finals) is not None or all(
        final.version.release[0] in (final.day.year, final.day.year % 100) for final in finals
    )
    return VersionScheme.CALVER if is_dated else VersionScheme.SEMVER


def recommend(past: Past, scheme: VersionScheme, today: date) -> Recommendation:
    """Return the version that should come next, by the evidence and the project's scheme.

    A version that the project itself names for what is unreleased goes before the evidence.
    """
    asked, rule = _decide_by_evidence(past, scheme, today)
    if asked is None:
        return Recommendation(None, None, rule)
    before = find_newest(past.releases)
    if asked in past.taken:
        asked, rule = _free(asked, before, past.taken), f"{rule}; {asked} is tagged on another commit"
    return Recommendation(_find_planned(past, before) or asked, asked, rule)


def _find_planned(past: Past, before: PastRelease | None) -> Version | None:
    """Return the version that the project itself names, unless it was released already."""
    if past.planned is None or past.planned in past.taken:
        return None
    return past.planned if before is None or past.planned > before.version else None


def find_raised_part(before: Version | None, after: Version) -> Bump:
    """Return the part in which a version differs from an earlier one."""
    if after.pre is not None:
        return Bump.PRE
    if after.post is not None:
        return Bump.POST
    old = before.release if before else ()
    for at, bump in enumerate((Bump.MAJOR, Bump.MINOR)):
        if (*old, 0, 0)[at] != (*after.release, 0, 0)[at]:
            return bump
    return Bump.PATCH


def free_version(version: Version, bump: Bump, taken: Collection[Version]) -> Version:
    """Raise a part of a version until no commit is tagged with it."""
    while version in taken:
        version = bump_version(version, bump)
    return version


def _free(version: Version, before: PastRelease | None, taken: Collection[Version]) -> Version:
    return free_version(version, find_raised_part(before.version if before else None, version), taken)


def bump_version(version: Version, bump: Bump, *, width: int = 0) -> Version:
    """Return a version with one part raised.

    A pre-release of 2.0.0 is raised to 2.0.0 by a major bump, for it leads there already. A pre-release after a final
    version is the first alpha of the next minor one.

    Args:
        version: to start from.
        bump: the part.
        width: how many numbers are written at least; as many as there are if 0.

    Raises:
        VersionError: the version has no such part to raise.
    """
    match bump:
        case Bump.FINAL:
            return _bump_to_final(version, width)
        case Bump.POST:
            return _bump_post(version, width)
        case Bump.PRE:
            return _bump_pre(version, width)
        case _:
            return _bump_number(version, bump, width)


def _bump_to_final(version: Version, width: int) -> Version:
    if version.pre is None:
        raise VersionError(f"{version} is final already", "Choose another part to raise.")
    return _make_version(version, version.release, width)


def _bump_post(version: Version, width: int) -> Version:
    if version.pre is not None:
        raise VersionError(f"{version}: a pre-release gets no post-release", "Use --bump pre instead.")
    return _make_version(version, version.release, width, f".post{(version.post or 0) + 1}")


def _bump_pre(version: Version, width: int) -> Version:
    letter, number = version.pre or ("a", 0)
    numbers = version.release if version.pre else bump_version(version, Bump.MINOR).release
    return _make_version(version, numbers, width, f"{letter}{number + 1}")


def _bump_number(version: Version, bump: Bump, width: int) -> Version:
    at = (Bump.MAJOR, Bump.MINOR, Bump.PATCH).index(bump)
    numbers = (*version.release, 0, 0)[: max(at + 1, len(version.release))]
    if version.pre is None or any(numbers[at + 1 :]):
        numbers = (*numbers[:at], numbers[at] + 1, *(0 for _ in numbers[at + 1 :]))
    return _make_version(version, numbers, width)


def is_patch(before: Version, after: Version) -> bool:
    """Tell whether a version promises, by SemVer, that everything still works as with an earlier final one."""
    return before.epoch == after.epoch and (*before.release, 0)[:2] == (*after.release, 0)[:2]


def bump_least(version: Version, level: Level) -> Version:
    """Return the lowest version after a final one that SemVer allows for changes of a level."""
    return bump_version(version, _decide_by_semver(version, level)[0])


def find_demanded(evidence: Sequence[BumpEvidence]) -> Level:
    """Return the highest level that any of the evidence asks for."""
    return max((item.level for item in evidence), default=Level.NOTHING)


def _decide_by_evidence(past: Past, scheme: VersionScheme, today: date) -> _Answer:
    final, latest = find_last_final(past.releases), find_newest(past.releases)
    if latest is None:
        return past.planned or FIRST, "nothing was released yet"
    if final is None or latest.version > final.version:
        return _decide_after_pre(past, latest.version, final, scheme)
    return _decide_after_final(past, final, scheme, today)


def _decide_after_final(past: Past, final: PastRelease, scheme: VersionScheme, today: date) -> _Answer:
    level = find_demanded(past.since_final)
    if level is Level.NOTHING:
        return None, f"nothing that is installed changed since {final.tag}"
    if level is Level.METADATA:
        post = bump_version(final.version, Bump.POST)
        return post, "only the description changed: a post-release, if the change should be visible on the index"
    if scheme is VersionScheme.CALVER:
        return _decide_by_calendar(past, level, today)
    bump, rule = _decide_by_semver(final.version, level)
    return bump_version(final.version, bump, width=_measure_width(past.releases)), rule


def _decide_by_semver(version: Version, level: Level) -> tuple[Bump, str]:
    if level is Level.PATCH:
        return Bump.PATCH, "nothing new, nothing broken: the patch number (SemVer)"
    if level is Level.MINOR:
        return Bump.MINOR, "something new, nothing broken: the minor number (SemVer)"
    if version.release[0] == 0:
        return Bump.MINOR, "something broken before 1.0: the minor number (SemVer's rule for 0.x)"
    return Bump.MAJOR, "something broken: the major number (SemVer)"


def _decide_after_pre(past: Past, version: Version, final: PastRelease | None, scheme: VersionScheme) -> _Answer:
    """Return the version that follows a pre-release: its next number, the next phase, or the final version.

    A release candidate's own number decides the final's. Before that, only changes since the last pre-release can ask
    for a higher one: those who chose the number knew the others.
    """
    letter = version.pre[0] if version.pre else "rc"
    level = find_demanded(past.since_newest)
    if letter not in _FOLLOWING_PHASE:
        return _decide_after_candidate(version, level)
    if final is not None and scheme is VersionScheme.SEMVER and level >= Level.PATCH:
        bump, rule = _decide_by_semver(final.version, level)
        needed = bump_version(final.version, bump, width=len(version.release))
        if needed.release > version.release:
            return Version(f"{needed}{letter}1"), f"since {final.tag} there is {rule}"
    return _decide_phase(version, letter, level)


def _decide_after_candidate(version: Version, level: Level) -> _Answer:
    if level >= Level.PATCH:
        return bump_version(version, Bump.PRE), "something changed since the release candidate: another one"
    return bump_version(version, Bump.FINAL), "nothing changed since the release candidate: it becomes final"


def _decide_phase(version: Version, letter: str, level: Level) -> _Answer:
    """Return the next pre-release of the same final version."""
    again = bump_version(version, Bump.PRE)
    if level >= Level.MINOR:
        return again, f"the public API still changes: phase {letter} goes on"
    following = _FOLLOWING_PHASE[letter]
    phase = Version(f"{bump_version(version, Bump.FINAL)}{following}1")
    return phase, f"the public API did not change: phase {following} follows"


_Dated = Callable[[date], tuple[int, ...]]

_CALENDARS: Final[tuple[tuple[str, _Dated], ...]] = (
    ("year, month and day", lambda day: (day.year, day.month, day.day)),
    ("year, month and day", lambda day: (day.year % 100, day.month, day.day)),
    ("date", lambda day: (day.year * 10_000 + day.month * 100 + day.day,)),
    ("date", lambda day: (day.year % 100 * 10_000 + day.month * 100 + day.day,)),
    ("year, and month with day", lambda day: (day.year, day.month * 100 + day.day)),
    ("year and month", lambda day: (day.year * 100 + day.month,)),
)
"""The calendars that write a day or a month so that it is not mistaken for a counter: their names and numbers."""


def _match_calendar(finals: Sequence[PastRelease]) -> tuple[str, _Dated] | None:
    """Return the calendar by which all of these versions were counted; None where they follow none.

    A tag may be a day older or younger than the date in its version: people live in other time zones than UTC.
    """
    for name, numbers in _CALENDARS:
        if all(_is_dated(final, numbers) for final in finals):
            return name, numbers
    return None


def _is_dated(final: PastRelease, numbers: _Dated) -> bool:
    around = (final.day + timedelta(days=days) for days in (-1, 0, 1) if date.min < final.day < date.max)
    return any(final.version.release[: len(dated)] == dated for dated in map(numbers, around))


def _decide_by_calendar(past: Past, level: Level, today: date) -> _Answer:
    """Return the next version of a year; the project's past tells what its second and third number count."""
    last = _list_recent(past.releases)[-1].version
    dated, rule = _compute_calendar_numbers(past.releases, level, today)
    if last.release[: len(dated)] >= dated:
        dated = (*last.release, 0)[: len(dated)]
        again = (*last.release, 0, 0)[len(dated)] + 1
        return _find_free_counter(past, last, dated, again), f"{rule}; once more"
    first = _make_version(last, dated, _measure_width(past.releases))
    if first not in past.taken:
        return first, rule
    return _find_free_counter(past, last, dated, 1), f"{rule}; once more"


def _find_free_counter(past: Past, last: Version, dated: tuple[int, ...], counter: int) -> Version:
    """Return the version with the lowest counter after the date, from this one on, that no commit is tagged with."""
    width = _measure_width(past.releases)
    numbered = (_make_version(last, (*dated, number), width) for number in count(counter))
    return next(version for version in numbered if version not in past.taken)


def _compute_calendar_numbers(
    releases: Sequence[PastRelease], level: Level, today: date
) -> tuple[tuple[int, ...], str]:
    """Return the numbers that the calendar and the counter decide, and the rule that they follow."""
    recent = _list_recent(releases)
    if calendar := _match_calendar(recent):
        name, of_day = calendar
        return of_day(today), f"by the calendar: {name}"
    newest = (*recent[-1].version.release, 0)
    year = max(newest[0], today.year if newest[0] >= _FULL_YEAR else today.year % 100)
    if _counts_months(recent):
        return (year, today.month), "by the calendar: year and month"
    if newest[0] != year:
        first = _find_first_counter(releases, newest[0])
        return (year, first), f"by the calendar: the first release of {today.year}"
    if level is Level.PATCH and any(map(_has_third_number, recent)):
        return newest[:2], "by the calendar: nothing new since the last release of the year"
    return (year, newest[1] + 1), f"by the calendar: the next release of {today.year}"


def _counts_months(recent: Sequence[PastRelease]) -> bool:
    """Tell whether the second number of all these versions is the month of their release."""
    regular = [final for final in recent if not _has_third_number(final)] or recent
    return all(final.version.release[1:2] == (final.day.month,) for final in regular)


def _find_first_counter(releases: Sequence[PastRelease], year: int) -> int:
    """Return the number with which the project began to count the releases of a year."""
    finals = [release.version.release for release in releases if release.is_final]
    return min((*numbers, 0)[1] for numbers in finals if numbers[0] == year)


def _has_third_number(final: PastRelease) -> bool:
    return any(final.version.release[2:])


def _list_recent(releases: Sequence[PastRelease]) -> list[PastRelease]:
    return sorted(release for release in releases if release.is_final)[-_LOOKED_BACK:]


def _measure_width(releases: Sequence[PastRelease]) -> int:
    """Return how many numbers the project writes where the last one would be 0."""
    recent = _list_recent(releases)
    regular = [final for final in recent if not _has_third_number(final)]
    return len((regular or recent)[-1].version.release)


def _make_version(version: Version, numbers: tuple[int, ...], width: int, suffix: str = "") -> Version:
    shortest = width or len(version.release)
    while len(numbers) > shortest and numbers[-1] == 0:
        numbers = numbers[:-1]
    numbers = (*numbers, *(0 for _ in range(shortest - len(numbers))))
    epoch = f"{version.epoch}!" if version.epoch else ""
    return Version(f"{epoch}{'.'.join(map(str, numbers))}{suffix}")
