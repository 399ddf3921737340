"""The commits that prepare a release, which are no news for those who read its notes."""

import re
from collections.abc import Collection, Iterable
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from release_tools.history.version_headings import strip_title

_WORDS: Final = frozenset(
    {
        "a",
        "begin",
        "bump",
        "bumped",
        "bumps",
        "bumping",
        "chore",
        "ci",
        "cut",
        "for",
        "from",
        "in",
        "make",
        "new",
        "number",
        "of",
        "package",
    }
    | {"prepare", "prepared", "preparing", "prep", "publish", "rel", "release", "released", "releasing", "set", "start"}
    | {"tag", "tagging", "the", "this", "to", "up", "update", "updated", "v", "ver", "version", "build", "dist", "next"}
    | {"changelog", "changes", "news", "notes"}
)
"""The words of a subject that says no more than which version is released."""
_BETWEEN: Final = re.compile(r"[\s()\[\]:,;=>\u2192/]+")


def write_preparation_message(version: Version) -> str:
    """Return the message of the commit that brings a project's files to a version."""
    return f"{'Begin' if version.is_devrelease else 'Prepare'} {version}"


def is_preparation(subject: str, name: str, released: Collection[Version]) -> bool:
    """Return whether a commit's subject says no more than a version: "Release demo 1.2.0", "Bump version to 1.2.0".

    Args:
        subject: without the number of a pull request.
        name: of the project.
        released: the versions that such a commit may name, by their final parts.
    """
    words = _split_words(subject)
    versions = {word: version for word in words if (version := _to_version(word))}
    if not _name_release(versions.values(), released):
        return False
    rest = set(map(canonicalize_name, words - versions.keys()))
    return rest <= {canonicalize_name(name)} | _WORDS


def _split_words(subject: str) -> set[str]:
    """Return the words of a subject without what is only a dash."""
    return {word for word in _BETWEEN.split(strip_title(subject).rstrip(".!")) if word.strip("-")}


def _name_release(versions: Iterable[Version], released: Iterable[Version]) -> bool:
    """Tell whether one of the versions is a development version, or leads to a released one."""
    finals = {version.base_version for version in released}
    return any(version.base_version in finals or version.is_devrelease for version in versions)


def _to_version(word: str) -> Version | None:
    try:
        return Version(word) if "." in word else None
    except InvalidVersion:
        return None
