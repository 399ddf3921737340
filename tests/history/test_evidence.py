"""Test what each source asks the next version for."""

import pytest

from release_tools.history.api import ApiChanges
from release_tools.history.bump import BumpEvidence, Level, find_demanded
from release_tools.history.bump_evidence import (
    from_api,
    from_changelog,
    from_commits,
    from_files,
    from_fragments,
    from_python,
)
from release_tools.history.changelog import Changelog
from release_tools.history.commits import Author, Commit, list_changes

NOTHING, METADATA, PATCH, MINOR, MAJOR = Level


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("### Added\n\n- a", [MINOR]),
        ("### Fixed\n\n- a\n- b", [PATCH]),
        ("### Removed\n\n- a\n\n### Fixed\n\n- b", [MAJOR, PATCH]),
        ("### Backwards-incompatible Changes\n\n- a", [MAJOR]),
        ("### Behavior adaptations\n\n- a", [MINOR]),
        ("### Bug Fixes and new tests\n\n- a", [PATCH]),
        ("### Whatever\n\n- a", [PATCH]),
        ("### Deprecated\n\n- a", [MINOR]),
        ("**Bugfixes**\n\n- a", [PATCH]),
        ("Features:\n\n- a", [MINOR]),
        ("- Fix a\n- Fix b", [PATCH]),
        ("- Fix a\n- Add b", [MINOR]),
        ("- PEP 751: support `extras`", [MINOR]),
        ("- Drop support for Python 3.9", [MINOR]),
        ("- Dropped Python 3.9", [MINOR]),
        ("- Add tests for a", [PATCH]),
        ("- Deprecated options are shown without a space", [MINOR]),
        ("- Additional case", [PATCH]),
        ("### Fixed\n\n- BREAKING: make a None", [MAJOR]),
        ("- This is backwards incompatible.", [MAJOR]),
        ("### Added\n\nNothing yet.", []),
        ("No unreleased changes.", []),
    ],
)
def test_a_changelog_asks_by_its_titles_and_entries(text: str, levels: list[Level]) -> None:
    changelog = Changelog.parse(
        "CHANGELOG.md", f"# Changelog\n\n## Unreleased\n\n{text}\n\n## 1.0\n\n### Removed\n\n- x\n"
    )
    assert changelog.unreleased is not None
    assert [item.level for item in from_changelog(changelog, changelog.unreleased)] == levels


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("### API changes\n\n#### io\n\n- Removal of ``read``.\n\n#### fit\n\n- Faster.", [MAJOR, MINOR]),
        ("### API changes\n\n#### io\n\n- ``read`` takes a path.", [MINOR]),
        ("### Bug fixes\n\n#### io\n\n- Removed a leak.", [PATCH]),
        ("### New features\n\n#### io.removed\n\n- A thing.", [MAJOR]),
        ("### io\n\n#### Added\n\n- a\n\n#### Fixed\n\n- b", [MINOR, PATCH]),
        ("### Removed\n\n#### io\n\n- a\n\n### Fixed\n\n#### io\n\n- b", [MAJOR, PATCH]),
        ("### API changes\n\n- Drop support for Python 3.9.", [MINOR]),
    ],
)
def test_the_kind_of_change_may_be_above_the_modules(text: str, levels: list[Level]) -> None:
    changelog = Changelog.parse("CHANGELOG.md", f"## Unreleased\n\n{text}\n\n## 1.0\n\n- x\n")
    assert changelog.unreleased is not None
    assert [item.level for item in from_changelog(changelog, changelog.unreleased)] == levels


def test_an_entry_is_shown_whole() -> None:
    changelog = Changelog.parse(
        "CHANGES.rst", "Unreleased\n==========\n\n* Fix a\n  long\n  thing.\n\n  * inner\n* Add b\n"
    )
    [item] = from_changelog(changelog, changelog.parts[0])
    assert item == BumpEvidence("changelog", MINOR, "2 entries", ("Fix a long thing.", "Add b"))


def test_news_fragments_ask_by_their_types() -> None:
    names = [
        "1.bugfix.rst",
        "io/2.feature.rst",
        "+new.feature.2.md",
        "3.removal.md",
        "4.c_api.txt",
        "README.rst",
        "x.py",
    ]
    assert [(item.level, item.text) for item in from_fragments(f"changes/{name}" for name in names)] == [
        (PATCH, "1 fragment of type bugfix"),
        (MINOR, "2 fragments of type feature"),
        (MAJOR, "1 fragment of type removal"),
        (PATCH, "1 fragment of type c_api"),
    ]


@pytest.mark.parametrize(
    ("subjects", "levels"),
    [
        (["feat: a", "fix: b", "feat!: c"], [MAJOR, MINOR, PATCH]),
        (["fix: a", "perf: b", "docs: c"], [PATCH]),
        (["docs: a", "chore: b"], []),
        (["Add a", "Fix b", "feat: c"], []),
    ],
)
def test_conventional_commits_ask_by_their_types(subjects: list[str], levels: list[Level]) -> None:
    commits = [Commit("c", (), (Author("Ana", ""),), subject, "") for subject in subjects]
    assert [item.level for item in from_commits(list_changes(commits))] == levels


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (">=3.9", ">=3.11", "Python 3.11 or later is needed; before, 3.9 was enough"),
        ("^3.9", ">=3.10,<4", "Python 3.10 or later is needed; before, 3.9 was enough"),
        (">=3.9", ">=3.9.1", "Python 3.9.1 or later is needed; before, 3.9 was enough"),
        (">=3.11", ">=3.9", ""),
        (">=3.9", ">=3.9,!=3.9.1", ""),
        ("", ">=3.9", ""),
        (">=3.9", "", ""),
    ],
)
def test_a_python_that_is_dropped_asks_for_a_minor_release(before: str, after: str, text: str) -> None:
    assert [(item.level, item.text) for item in from_python(before, after)] == ([(MINOR, text)] if text else [])


@pytest.mark.parametrize(
    ("changed", "installed", "level"),
    [
        (["a.py", "README.md"], ["a.py"], PATCH),
        (["README.md", "ci.yml"], [], METADATA),
        (["ci.yml"], [], NOTHING),
        ([], [], NOTHING),
    ],
)
def test_files_ask_by_whether_they_are_installed(changed: list[str], installed: list[str], level: Level) -> None:
    describing = [path for path in changed if path == "README.md"]
    assert from_files(changed, installed, describing).level is level


@pytest.mark.parametrize(
    ("api", "level", "text"),
    [
        (ApiChanges(("demo.a: Public object was removed",), ("demo.b",)), MAJOR, "1 thing broken"),
        (ApiChanges((), ("demo.b", "demo.c")), MINOR, "2 names new, nothing broken"),
        (ApiChanges(), NOTHING, "nothing new, nothing broken"),
    ],
)
def test_the_public_api_asks_by_what_its_users_meet(api: ApiChanges, level: Level, text: str) -> None:
    assert (from_api(api).level, from_api(api).text) == (level, text)


def test_without_evidence_nothing_is_demanded() -> None:
    assert find_demanded(()) is NOTHING
