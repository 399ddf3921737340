"""What a project released so far, as its tags tell it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from packaging.version import Version

from release_tools.model.release import Kind
from release_tools.model.versions import kind_of


@dataclass(frozen=True, order=True)
class PastRelease:
    """A version that was tagged.

    Attributes:
        version: that the tag carries.
        tag: its name.
        commit: that the tag peels to.
        day: when it was tagged, in UTC.
    """

    version: Version
    tag: str
    commit: str
    day: date

    @property
    def is_final(self) -> bool:
        """Whether it is a final or post-release."""
        return kind_of(self.version) in (Kind.FINAL, Kind.POST)


def aim(version: Version) -> Version:
    """The version that a development version leads to: ``1.4.0`` of ``1.4.0.dev3``, ``2.0rc1`` of ``2.0rc1.dev3``."""
    return Version(version.public.partition(".dev")[0])


def last_final(releases: Iterable[PastRelease]) -> PastRelease | None:
    """The highest version that is no pre-release."""
    return max((release for release in releases if release.is_final), default=None)


def newest(releases: Iterable[PastRelease]) -> PastRelease | None:
    """The highest version that was released.

    That is none of the pre-releases that were given up, older than a lower final one; and no development version, whose
    tag only says what is being worked on.
    """
    known = [release for release in releases if not release.version.is_devrelease]
    final = last_final(known)
    return max((release for release in known if final is None or release.day >= final.day), default=None)


def previous(releases: Sequence[PastRelease], version: Version) -> PastRelease | None:
    """What a version's notes run from: the final before a final, and before a pre-release the last of any kind."""
    before = [release for release in releases if release.version < version]
    return last_final(before) if kind_of(version) in (Kind.FINAL, Kind.POST) else max(before, default=None)
