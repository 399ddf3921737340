"""The releases of a project, as its tags record them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from packaging.version import Version

from release_tools.model.release import Kind
from release_tools.model.versions import find_kind

_FULL_LENGTH: Final = 3


@dataclass(frozen=True, order=True)
class PastRelease:
    """A version that was tagged.

    Attributes:
        version: that the tag carries.
        tag: its name.
        commit: that the tag peels to.
        day: of the tag, in UTC.
        time: of the tag, in seconds since the epoch.
    """

    version: Version
    tag: str
    commit: str
    day: date
    time: int = 0

    @property
    def is_final(self) -> bool:
        """Tell whether it is a final or post-release."""
        return find_kind(self.version) in (Kind.FINAL, Kind.POST)


def aim(version: Version) -> Version:
    """Return the version that a development version leads to, as ``2.0rc1`` of ``2.0rc1.dev3``."""
    return Version(version.public.partition(".dev")[0])


def select_floating_tags(releases: Iterable[PastRelease]) -> set[str]:
    """Return the tags that only follow the newest release of a series, as a ``v1`` that is moved to each ``v1.x.y``.

    A version of one or two numbers floats where a longer version of its series is tagged on the same commit, or was
    tagged earlier: a release comes before those that continue its series.
    """
    known = list(releases)
    series: dict[tuple[int, ...], list[PastRelease]] = {}
    for release in known:
        for name in _list_series(release.version):
            series.setdefault(name, []).append(release)
    return {release.tag for release in known if _is_floating(release, series)}


def _list_series(version: Version) -> Iterator[tuple[int, ...]]:
    """Yield the series that a version continues, each as its epoch and first numbers: ``1`` and ``1.2`` for 1.2.3."""
    numbers = version.release
    for length in range(1, min(len(numbers), _FULL_LENGTH)):
        if any(numbers[length:]):
            yield (version.epoch, *numbers[:length])


def _is_floating(short: PastRelease, series: dict[tuple[int, ...], list[PastRelease]]) -> bool:
    version = short.version
    if str(version) != version.base_version:
        return False
    longer = series.get((version.epoch, *version.release), ())
    return any(other.commit == short.commit or other.time < short.time for other in longer)


def find_last_final(releases: Iterable[PastRelease]) -> PastRelease | None:
    """Return the highest version that is no pre-release."""
    return max((release for release in releases if release.is_final), default=None)


def find_newest(releases: Iterable[PastRelease]) -> PastRelease | None:
    """Return the highest version that was released.

    Pre-releases that were given up, older than a lower final one, do not count; nor do development versions, whose tags
    only name the work in progress.
    """
    known = [release for release in releases if not release.version.is_devrelease]
    final = find_last_final(known)
    return max((release for release in known if final is None or release.day >= final.day), default=None)


def find_previous(releases: Sequence[PastRelease], version: Version) -> PastRelease | None:
    """Return the release after which a version's notes begin: before a final the last final, else the last of all."""
    before = [release for release in releases if release.version < version]
    return find_last_final(before) if find_kind(version) in (Kind.FINAL, Kind.POST) else max(before, default=None)
