"""Test what commits say of themselves."""

import pytest
from packaging.version import Version

from release_tools.history.commits import (
    Author,
    Commit,
    follow_main_line,
    is_conventional,
    list_changes,
    list_co_authors,
    list_first_time_authors,
    unify_authors,
)
from release_tools.history.preparation import is_preparation

ANA, BEN, EVE = Author("Ana", "ana@example.org"), Author("Ben", "ben@example.org"), Author("Eve", "eve@example.org")
BOT = Author("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com")


def commit(subject: str, body: str = "", *authors: Author, id: str = "c", parents: str = "") -> Commit:  # noqa: A002 - as the field
    return Commit(id, tuple(parents.split()), authors or (ANA,), subject, body)


@pytest.mark.parametrize(
    ("subject", "body", "expected"),
    [
        ("Add a loader", "", ("", "", "Add a loader", 0)),
        ("feat: add a loader", "", ("feat", "", "add a loader", 0)),
        ("Fix(io): a crash (#12)", "", ("fix", "", "a crash", 12)),
        ("feat(io)!: drop the old loader", "", ("feat", "drop the old loader", "drop the old loader", 0)),
        ("feat: a loader", "More.\n\nBREAKING CHANGE: load() is gone\n", ("feat", "load() is gone", "a loader", 0)),
        ("feat: a loader", "BREAKING-CHANGE: load() is gone", ("feat", "load() is gone", "a loader", 0)),
        ("Add a loader (#12)", "", ("", "", "Add a loader", 12)),
        ("Merge pull request #12 from ben/loader", "Add a loader\n\nMore.", ("", "", "Add a loader", 12)),
        ("Merge pull request #12 from ben/loader", "fix: a crash", ("fix", "", "a crash", 12)),
        ("Merge pull request #12 from ben/loader", "", ("", "", "Merge pull request #12 from ben/loader", 12)),
        ("Note: this is no type", "", ("note", "", "this is no type", 0)),
        ("https://example.org: an address", "", ("", "", "https://example.org: an address", 0)),
        ("", "", ("", "", "", 0)),
    ],
)
def test_a_commit_is_read_as_a_change(subject: str, body: str, expected: tuple[str, str, str, int]) -> None:
    [change] = list_changes([commit(subject, body)])
    assert (change.type, change.breaking, change.text, change.pull) == expected


@pytest.mark.parametrize(
    "subject", ["Merge branch 'main' into loader", "Merge remote-tracking branch 'x/y'", "fixup! Add", "squash! Add"]
)
def test_merges_of_branches_are_left_out(subject: str) -> None:
    assert list_changes([commit(subject)]) == []


@pytest.mark.parametrize(
    ("subjects", "expected"),
    [
        (["feat: a", "fix: b", "chore: c"], True),
        (["feat: a", "Fix b"], True),
        (["feat: a", "Fix b", "Add c"], False),
        (["Note: a", "Warning: b"], False),
        ([], False),
    ],
)
def test_a_project_is_conventional_when_half_of_its_commits_are(subjects: list[str], expected: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_conventional(list_changes(map(commit, subjects))) is expected


def test_a_merge_is_listed_once_with_those_who_wrote_what_it_brought() -> None:
    history = [
        commit("Merge pull request #2 from ben/loader", "Add a loader", ANA, id="m2", parents="a1 e2"),
        commit("Test it", "", EVE, id="e2", parents="m0"),
        commit("Merge branch 'main' into loader", "", ANA, id="m0", parents="b1 a1"),
        commit("Draft it", "", BEN, id="b1", parents="a0"),
        commit("Fix a crash", "", ANA, id="a1", parents="a0"),
        commit("Older", "", ANA, id="a0", parents="gone"),
    ]
    line = follow_main_line(history)
    assert [item.id for item in line] == ["m2", "a1", "a0"]
    assert [item.authors for item in line] == [(BEN, EVE), (ANA,), (ANA,)]


def test_no_history_has_no_main_line() -> None:
    assert follow_main_line([]) == []


def test_first_contributions_are_listed_once_and_not_of_bots() -> None:
    newest_first = [
        commit("d", "", Author("Ben B.", "ben@example.org")),
        commit("c", "", BOT),
        commit("b", "", EVE, BEN),
        commit("a", "", Author("ANA", "ana@elsewhere.example")),
    ]
    assert list_first_time_authors(newest_first, {"ana", "ana@example.org"}) == [EVE, BEN]


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com"),
        ("pre-commit-ci[bot]", ""),
        ("github-actions", "actions@github.com"),
        ("Code Assistant 4.5", "noreply@assistant.example"),
        ("Some Model", "noreply@vendor.example"),
        ("Copilot", "198982749+Copilot@users.noreply.github.com"),
        ("Claude Opus 4.6", "x@y.example"),
        ("demo-bot", "demo-bot@demo.example"),
        ("ChatGPT", "a@b.example"),
        ("Weblate (bot)", "hosted@weblate.example"),
        ("Cursor Agent", "cursoragent@cursor.example"),
        ("renovate", "renovate@whitesource.example"),
    ],
)
def test_bots_and_assistants_are_nobodys_names(name: str, email: str) -> None:
    [change] = list_changes([commit("Fix", "", ANA, Author(name, email))])
    assert change.authors == (ANA,)


@pytest.mark.parametrize(
    ("name", "email"),
    [
        ("Claude Martin", "claude@example.org"),
        ("Devin Talbot", "1+devin@users.noreply.github.com"),
        ("Abbot", "abbot@example.org"),
        ("Robot Heart", "heart@example.org"),
        ("Ana", "root@localhost"),
        ("gemini", "gemini@example.org"),
    ],
)
def test_people_with_such_names_are_people(name: str, email: str) -> None:
    assert not Author(name, email).is_bot


def test_one_person_has_one_name() -> None:
    one = commit("a", "", Author("ana", "1+ana@users.noreply.github.com"), Author("Ana Author", "ana@example.org"))
    two = commit("b", "", Author("Ana Author", "ana@users.noreply.github.com"), Author("ANA", "Ana@example.org"))
    other = commit("c", "", Author("Ana", "other@example.org"))
    names = [[author.name for author in item.authors] for item in unify_authors([one, two, other])]
    assert names == [["Ana Author"], ["Ana Author"], ["Ana"]]


def test_addresses_that_many_use_join_nobody() -> None:
    commits = [commit("a", "", Author("Ana A", "root@localhost"), Author("Ben B", "root@localhost"), Author("C", ""))]
    assert [len(item.authors) for item in unify_authors(commits)] == [3]


def test_co_authors_are_named_wherever_the_lines_are() -> None:
    body = "Text.\n\nCo-authored-by: Ben <ben@example.org>\n\nMore.\n  CO-AUTHORED-BY:Eve <eve@example.org>\n"
    assert list_co_authors(body) == [BEN, EVE]


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("Release demo-lib version 1.2.0", True),
        ("Release 1.2.0", True),
        ("1.2.0", True),
        ("v1.2.0", True),
        ("v1.2.0 release!", True),
        ("Bump version from 1.1.0 to 1.2.0", True),
        ("Bump version: 1.1.0 → 1.2.0", True),
        (":bookmark: Prepare the changelog for 1.2.0", True),
        ("Begin 1.3.0.dev0", True),
        ("demo_lib 1.2.0rc1", True),
        ("Update numpy to 1.2.0", False),
        ("Support 1.2.0 of the format", False),
        ("Bump version", False),
        ("Release the lock", False),
        ("Release 7.0", False),
        ("", False),
    ],
)
def test_a_commit_that_only_names_the_version_is_no_news(subject: str, expected: bool) -> None:  # noqa: FBT001 - a column
    assert is_preparation(subject, "Demo.Lib", [Version("1.2.0"), Version("1.1.0")]) is expected


def test_hostile_subjects_take_no_longer() -> None:
    hostile = [
        "a" * 100_000,
        "a(" * 50_000,
        "x " * 50_000 + "(#",
        "Merge pull request #" + "1" * 100_000,
        " " * 100_000,
    ]
    assert len(list_changes(map(commit, hostile))) == len(hostile)
    for text in ("Co-authored-by: " * 10_000, "a-" * 50_000, "bot " * 30_000, "a" * 100_000):
        assert list_co_authors(f"{text}\n" * 2) == []
        assert Author(text, text).is_bot in (True, False)
