"""Turn the changes since a release into evidence for the next version, one function a source."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final

from packaging.version import Version

from release_tools.history.api import ApiChanges
from release_tools.history.bump import BumpEvidence, Level
from release_tools.history.changelog import Changelog, Part
from release_tools.history.commits import Change, is_conventional
from release_tools.wording import count

_BREAKING: Final = re.compile(r"\b(?:breaking|expired|incompatib\w+|remov(?:ed|als?))\b", re.IGNORECASE)
_MENDING: Final = re.compile(
    r"\b(?:fix\w*|bug\w*|security|docs?|documentation|internal|misc\w*|maintenance|performance|packaging|dependencies"
    r"|other|test\w*|trivial|contributors?)\b",
    re.IGNORECASE,
)
_NEW: Final = re.compile(
    r"\b(?:add\w*|features?|new|enhance\w*|improve\w*|change[ds]?|deprecat\w*|behaviou?r\w*|support\w*)\b",
    re.IGNORECASE,
)
_ABOUT_API: Final = re.compile(r"\bAPI\b|\binterfaces?\b", re.IGNORECASE)
_BEGINS_REMOVAL: Final = re.compile(
    r"\W*(?:remov(?:e[sd]?|als?|ing)|delet(?:e[sd]?|ions?|ing)|drop(?:s|ped)?(?! (?:python|support for python)))\b",
    re.IGNORECASE,
)
_LOUD: Final = re.compile(r"\bBREAKING\b|\b[Bb]ackwards?[- ]incompatible\b")
_ENTRY: Final = re.compile(r"^[*+-][ \t]+(?P<text>\S.*(?:\n[ \t]+(?![*+-][ \t])\S.*)*)", re.MULTILINE)
_BEGINS_NEW: Final = re.compile(
    r"\W*(?:add|allow|deprecate|drop|enable|implement|introduce|new|provide|support|pep \d+)(?:s|d|p?ed)?\b",
    re.IGNORECASE,
)
_ABOUT_ITSELF: Final = re.compile(r"\b(?:tests?|docs|documentation|typing|type hints?|annotations?)\b", re.IGNORECASE)
_FRAGMENT: Final = re.compile(r"(?:.*/)?[^/.]+\.(?P<type>[A-Za-z_-]+)(?:\.\d+)?\.(?:rst|md|txt)")
_LOWEST_PYTHON: Final = re.compile(r"(?:>=?|~=|\^|==)\s*(\d+(?:\.\d+)*)")


def from_api(changes: ApiChanges) -> BumpEvidence:
    """Return evidence from the names that the public API lost or gained."""
    if changes.broken:
        return BumpEvidence("public API", Level.MAJOR, f"{count(len(changes.broken), 'thing')} broken", changes.broken)
    if changes.added:
        return BumpEvidence(
            "public API", Level.MINOR, f"{count(len(changes.added), 'name')} new, nothing broken", changes.added
        )
    return BumpEvidence("public API", Level.NOTHING, "nothing new, nothing broken")


def from_commits(changes: Collection[Change]) -> Iterator[BumpEvidence]:
    """Yield evidence from the types of Conventional Commits; none where the project does not use them."""
    if not is_conventional(changes):
        return
    broken = [change.breaking for change in changes if change.breaking]
    features = [change.text for change in changes if change.type == "feat"]
    fixes = [change.text for change in changes if change.type in ("fix", "perf")]
    for level, texts, kind in (
        (Level.MAJOR, broken, ("breaking change", "breaking changes")),
        (Level.MINOR, features, ("feature", "features")),
        (Level.PATCH, fixes, ("fix", "fixes")),
    ):
        if texts:
            yield BumpEvidence("commits", level, count(len(texts), *kind), tuple(texts))


def from_changelog(changelog: Changelog, part: Part) -> Iterator[BumpEvidence]:
    """Yield evidence from the headings of a section, and from its entries where it has no such headings.

    The innermost heading that names a kind of change decides; a project may write the kind above its modules, or below.
    """
    for titles, text in changelog.list_nested_categories(part):
        entries = [" ".join(found["text"].split()) for found in _ENTRY.finditer(text)]
        if entries:
            under = f" under {titles[-1]}" if titles else ""
            level = _find_level(titles, text, entries)
            yield BumpEvidence("changelog", level, f"{count(len(entries), 'entry', 'entries')}{under}", tuple(entries))


def _find_level(titles: Sequence[str], text: str, entries: Sequence[str]) -> Level:
    if _LOUD.search(text):
        return Level.MAJOR
    if not titles:
        return max(map(_judge_entry, entries))
    kind = next((title for title in reversed(titles) if _names_kind(title)), "")
    if _ABOUT_API.search(kind) and any(_BEGINS_REMOVAL.match(entry) for entry in entries):
        return Level.MAJOR
    return _judge_title(kind)


def _names_kind(title: str) -> bool:
    return any(pattern.search(title) for pattern in (_BREAKING, _MENDING, _NEW, _ABOUT_API))


def from_fragments(paths: Iterable[str]) -> Iterator[BumpEvidence]:
    """Yield evidence from towncrier's news fragments, by the types in their names: ``1386.bugfix.rst``."""
    found: dict[str, list[str]] = {}
    for path in paths:
        if fragment := _FRAGMENT.fullmatch(path):
            found.setdefault(fragment["type"], []).append(path)
    for kind, names in found.items():
        text = f"{count(len(names), 'fragment')} of type {kind}"
        yield BumpEvidence("changelog", _judge_title(kind.replace("_", " ")), text, tuple(names))


def from_python(before: str, after: str) -> Iterator[BumpEvidence]:
    """Yield evidence where a version of Python that was supported no longer is.

    Args:
        before: ``requires-python`` at the earlier commit; empty where ``pyproject.toml`` does not say it.
        after: the same at the later one.
    """
    old, new = _find_lowest(before), _find_lowest(after)
    if old is not None and new is not None and new > old:
        text = f"Python {new} or later is needed; before, {old} was enough"
        yield BumpEvidence("requires-python", Level.MINOR, text)


def from_files(changed: Collection[str], installed: Sequence[str], describing: Sequence[str] = ()) -> BumpEvidence:
    """Return evidence from the files that changed.

    Args:
        changed: every file that differs.
        installed: those of them that make up the installed package.
        describing: those that become its description on an index.
    """
    if installed:
        text = f"{count(len(installed), 'file')} of what is installed changed"
        return BumpEvidence("files", Level.PATCH, text, tuple(installed))
    if describing:
        return BumpEvidence("files", Level.METADATA, "only the description changed", tuple(describing))
    if changed:
        return BumpEvidence("files", Level.NOTHING, "nothing that is installed changed", tuple(changed))
    return BumpEvidence("files", Level.NOTHING, "no file changed")


def _judge_title(title: str) -> Level:
    if _BREAKING.search(title):
        return Level.MAJOR
    if _MENDING.search(title):
        return Level.PATCH
    return Level.MINOR if _NEW.search(title) else Level.PATCH


def _judge_entry(entry: str) -> Level:
    return Level.MINOR if _BEGINS_NEW.match(entry) and not _ABOUT_ITSELF.search(entry) else Level.PATCH


def _find_lowest(requirement: str) -> Version | None:
    return max((Version(found) for found in _LOWEST_PYTHON.findall(requirement)), default=None)
