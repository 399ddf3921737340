"""Groups of changes under headings: by the project's own categories, by usual labels, or by Conventional Commits.

https://docs.github.com/repositories/releasing-projects-on-github/automatically-generated-release-notes
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from release_tools.history.commits import KNOWN_TYPES, Change
from release_tools.history.hosted_changes import HostedChanges, MergedPull
from release_tools.parsed_values import list_tables

CATEGORY_FILES: Final = (".github/release.yml", ".github/release.yaml")
_BREAKING: Final = "Breaking changes"
_CHORE: Final = "chore"
_MAINTENANCE: Final = "Maintenance"
_OTHERS: Final = "Other changes"
_TITLES: Final = {
    "breaking": _BREAKING,
    "feat": "Features",
    "fix": "Fixes",
    "perf": "Performance",
    "security": "Security",
    "deprecated": "Deprecations",
    "docs": "Documentation",
    "revert": "Reverted",
}
_LABELS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("breaking", "breaking-change", "breaking-changes", "incompatible", "semver-major"), "breaking"),
    **dict.fromkeys(("backwards-incompatible", "backward-incompatible", "api-break"), "breaking"),
    **dict.fromkeys(("feature", "features", "new-feature", "feat", "enhancement", "improvement"), "feat"),
    **dict.fromkeys(("bug", "bugfix", "bug-fix", "fix", "regression", "defect"), "fix"),
    **dict.fromkeys(("performance", "perf", "optimization"), "perf"),
    "security": "security",
    **dict.fromkeys(("deprecation", "deprecations", "deprecated"), "deprecated"),
    **dict.fromkeys(("documentation", "docs", "doc"), "docs"),
    "revert": "revert",
    **dict.fromkeys(("maintenance", "chore", "internal", "refactor", "refactoring", "dependencies", "deps"), _CHORE),
    **dict.fromkeys(("ci", "build", "test", "tests", "testing", "infrastructure", "tooling", "style"), _CHORE),
}
"""The meaning of labels that many projects have, without a prefix such as ``type:`` or ``kind/``."""
_UNMENTIONED: Final = frozenset(
    {"ignore-for-release", "skip-changelog", "no-changelog", "skip-release-notes", "skip-news", "no-news"}
)
_PREFIX: Final = re.compile(r"^(?:[\w -]{1,20}(?::|/|\s-\s)\s*|[a-z]-)(?=\S)")


@dataclass(frozen=True)
class Selection:
    """Labels and authors by which pull requests are chosen or left out.

    Attributes:
        labels: in lower case.
        authors: accounts in lower case, without ``[bot]``.
    """

    labels: frozenset[str] = frozenset()
    authors: frozenset[str] = frozenset()

    def includes(self, pull: MergedPull | None) -> bool:
        """Return whether a pull request has one of the labels or authors."""
        if pull is None:
            return False
        author = pull.author.lower().removesuffix("[bot]")
        return author in self.authors or not self.labels.isdisjoint(map(str.lower, pull.labels))


@dataclass(frozen=True)
class Category:
    """A group of pull requests in the project's own notes.

    Attributes:
        title: of the group.
        labels: one of which a pull request needs, in lower case; ``*`` takes each that no earlier category has.
        left_out: pull requests that do not belong to it all the same.
    """

    title: str
    labels: frozenset[str]
    left_out: Selection = Selection()

    def takes(self, pull: MergedPull | None) -> bool:
        """Return whether a change that came by this pull request, or by none, belongs to the category."""
        if self.left_out.includes(pull):
            return False
        return "*" in self.labels or Selection(self.labels).includes(pull)


@dataclass(frozen=True)
class Categories:
    """Describe what a project's ``.github/release.yml`` asks for.

    Attributes:
        categories: in their order; empty where the file only leaves pull requests out.
        left_out: pull requests that the notes do not mention.
    """

    categories: tuple[Category, ...] = ()
    left_out: Selection = Selection()


def read_categories(text: str) -> Categories | None:
    """Return the categories of a ``.github/release.yml``; None where it has none, or is no such file."""
    changelog = _read_changelog_table(text)
    if changelog is None:
        return None
    categories = tuple(map(_read_category, list_tables(changelog.get("categories"))))
    return Categories(categories, _read_selection(changelog.get("exclude")))


def _read_changelog_table(text: str) -> Mapping[str, Any] | None:
    import yaml

    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    changelog = data.get("changelog") if isinstance(data, dict) else None
    return changelog if isinstance(changelog, dict) else None


def _read_category(table: Mapping[str, Any]) -> Category:
    title = str(table.get("title") or "")
    return Category(title, _read_texts(table.get("labels")), _read_selection(table.get("exclude")))


def group_changes(
    changes: Collection[Change], hosted: HostedChanges, categories: Categories | None = None
) -> list[tuple[str, list[Change]]]:
    """Return the changes below the titles of their groups; one group without a title where nothing tells them apart.

    Args:
        changes: in the order in which they are listed.
        hosted: the pull requests by which they came.
        categories: of the project; they count where the labels are known.
    """
    categories = categories or Categories()
    shown = [change for change in changes if _is_mentioned(hosted.pulls.get(change.pull), categories.left_out)]
    if categories.categories and hosted.pulls:
        return _group_by_category(shown, hosted, categories.categories)
    return _group_by_kind(shown, hosted)


def _is_mentioned(pull: MergedPull | None, left_out: Selection) -> bool:
    """Return whether notes mention a change: neither the project's categories nor a label of its own leaves it out."""
    if pull is None:
        return True
    return not left_out.includes(pull) and _UNMENTIONED.isdisjoint(map(_simplify, pull.labels))


def _group_by_kind(changes: list[Change], hosted: HostedChanges) -> list[tuple[str, list[Change]]]:
    """Return the changes below the usual titles, where the kind of at least half of them is known."""
    kinds = [_find_kind(change, hosted.pulls.get(change.pull)) for change in changes]
    if not _is_mostly_known(kinds):
        return _drop_empty([("", changes)])
    groups: dict[str, list[Change]] = {title: [] for title in (*_TITLES.values(), _MAINTENANCE)}
    for change, kind in zip(changes, kinds, strict=True):
        groups[_TITLES.get(kind, _MAINTENANCE)].append(change)
    return _drop_empty(groups.items())


def _is_mostly_known(kinds: Collection[str]) -> bool:
    """Tell whether at least half of the kinds are known, and one at all."""
    known = sum(map(bool, kinds))
    return known > 0 and 2 * known >= len(kinds)


def _drop_empty(groups: Iterable[tuple[str, list[Change]]]) -> list[tuple[str, list[Change]]]:
    """Return the groups that have changes."""
    return [(title, group) for title, group in groups if group]


def _group_by_category(
    changes: Sequence[Change], hosted: HostedChanges, categories: Sequence[Category]
) -> list[tuple[str, list[Change]]]:
    """Return the changes by the first category that takes each, and the others below a title of their own."""
    groups: dict[str, list[Change]] = {category.title: [] for category in categories}
    others: list[Change] = []
    for change in changes:
        category = _find_category(hosted.pulls.get(change.pull), categories)
        group = groups[category.title] if category else others
        group.append(change)
    return _drop_empty((*groups.items(), (_OTHERS, others)))


def _find_category(pull: MergedPull | None, categories: Iterable[Category]) -> Category | None:
    """Return the first category that takes a change; None where none does."""
    return next((category for category in categories if category.takes(pull)), None)


def _find_kind(change: Change, pull: MergedPull | None) -> str:
    """Return the kind of a change, by its author's words, its labels, or its type; empty where nothing tells it."""
    if change.breaking:
        return "breaking"
    by_label = _find_labelled_kind(pull.labels) if pull else ""
    return by_label or _find_kind_of_type(change.type)


def _find_kind_of_type(name: str) -> str:
    """Return the kind that a type of Conventional Commits has; empty for an unknown one."""
    if name in _TITLES:
        return name
    return _CHORE if name in KNOWN_TYPES else ""


def _find_labelled_kind(labels: Iterable[str]) -> str:
    """Return the most important kind among labels; empty if none is known."""
    kinds = {_LABELS.get(_simplify(label)) for label in labels}
    return next((kind for kind in (*_TITLES, _CHORE) if kind in kinds), "")


def _simplify(label: str) -> str:
    """Return a label without its prefix, its pictures and its spelling: ``Type: Bug fix`` as ``bug-fix``."""
    return re.sub(r"[\W_]+", "-", _PREFIX.sub("", label.lower())).strip("-")


def _read_selection(value: object) -> Selection:
    table: Mapping[str, Any] = value if isinstance(value, dict) else {}
    authors = frozenset(name.removesuffix("[bot]") for name in _read_texts(table.get("authors")))
    return Selection(_read_texts(table.get("labels")), authors)


def _read_texts(value: object) -> frozenset[str]:
    return frozenset(str(item).lower() for item in value) if isinstance(value, list) else frozenset()
