"""Compare a new version with those that are tagged: it must be free, and come after them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.version import Version

from release_tools.config.schema import Config
from release_tools.git.repository import Repository

_SHORT = 12


@dataclass(frozen=True)
class VersionFault:
    """One reason why a version cannot be released.

    Attributes:
        text: the reason.
        advice: a sentence on what to do about it.
    """

    text: str
    advice: str


def find_newest_final(versions: Iterable[Version]) -> Version | None:
    """Return the highest version that is no pre-release; None without one."""
    return max((version for version in versions if not version.is_prerelease), default=None)


def find_version_faults(
    config: Config, repository: Repository, versions: Mapping[str, Version], version: Version, commit: str
) -> Iterator[VersionFault]:
    """Yield what forbids a version: a local part, a tag of it on another commit, or its order among the others.

    Args:
        config: what the user allows.
        repository: that has the tags.
        versions: every version that is tagged, by its tag.
        version: the new one.
        commit: that is to be tagged.
    """
    if version.local:
        yield VersionFault(f"{version} has a local part, which no index accepts", f"Write {version.public}.")
    for tag in sorted(tag for tag, other in versions.items() if other == version):
        where = repository.commit_of_tag(tag)
        if where != commit:
            text = f"{version} is tagged already: {tag} is on {where[:_SHORT]}"
            yield VersionFault(text, "A released version never changes: choose the next one.")
    yield from _find_order_faults(config, version, find_newest_final(versions.values()))


def _find_order_faults(config: Config, version: Version, newest: Version | None) -> Iterator[VersionFault]:
    epoch = newest.epoch if newest else 0
    if version.epoch != epoch and not config.allow_epoch:
        yield VersionFault(
            f"{version} has another epoch than {newest or 'the versions of a new project'}",
            "An epoch cannot be undone. If it is intended, add --allow-epoch.",
        )
    elif newest and version < newest and not config.allow_older:
        yield VersionFault(
            f"{version} is older than {newest}, which is tagged", "For a release of an older line, add --allow-older."
        )
