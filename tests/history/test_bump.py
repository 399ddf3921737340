"""Histories of versions as data, and what should follow each."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from release_tools.errors import VersionError
from release_tools.history.bump import (
    Bump,
    BumpEvidence,
    Level,
    Past,
    VersionScheme,
    bump_version,
    recognise_scheme,
    recommend,
)
from release_tools.history.tagged_releases import (
    PastRelease,
    find_last_final,
    find_newest,
    find_previous,
    select_floating_tags,
)

NOTHING, METADATA, PATCH, MINOR, MAJOR = Level
TODAY = date(2026, 3, 2)


def released(history: str) -> list[PastRelease]:
    """``1.0 1.1@2025-11-01``: each version, with its day if that matters; one after the other otherwise."""
    found = []
    for index, item in enumerate(history.split()):
        version, _, day = item.partition("@")
        found.append(PastRelease(Version(version), version, f"c{index}", date.fromisoformat(day or "2016-07-01")))
    return [
        item if "@" in text else PastRelease(item.version, item.tag, item.commit, item.day + timedelta(days=index))
        for index, (item, text) in enumerate(zip(found, history.split(), strict=True))
    ]


def following(history: str, level: Level, since_newest: Level | None = None, planned: str = "") -> str:
    since = Level(level if since_newest is None else since_newest)
    releases = released(history)
    past = Past(
        releases,
        (BumpEvidence("test", Level(level), ""),),
        (BumpEvidence("test", since, ""),),
        Version(planned) if planned else None,
    )
    return str(recommend(past, recognise_scheme(releases), TODAY).version)


@pytest.mark.parametrize(
    ("history", "level", "version"),
    [
        # SemVer
        ("1.2.3", PATCH, "1.2.4"),
        ("1.2.3", MINOR, "1.3.0"),
        ("1.2.3", MAJOR, "2.0.0"),
        ("1.0.0 1.2.3 1.1.9", MINOR, "1.3.0"),
        ("1.2.3", NOTHING, "None"),
        ("1.2.3", METADATA, "1.2.3.post1"),
        ("1.2.3 1.2.3.post1", METADATA, "1.2.3.post2"),
        ("1.2.3 1.2.3.post1", PATCH, "1.2.4"),
        ("1!1.2.3", MINOR, "1!1.3.0"),
        # before 1.0
        ("0.3.1", PATCH, "0.3.2"),
        ("0.3.1", MINOR, "0.4.0"),
        ("0.3.1", MAJOR, "0.4.0"),
        # as many numbers as the project writes
        ("1.1 1.2", MINOR, "1.3"),
        ("1.1 1.2", PATCH, "1.2.1"),
        ("1.2 1.2.1", MINOR, "1.3"),
        ("1.2", MAJOR, "2.0"),
        ("1.2.3.4", MINOR, "1.3.0.0"),
        # nothing yet
        ("", PATCH, "0.1.0"),
    ],
)
def test_what_follows_a_final_release(history: str, level: Level, version: str) -> None:
    assert following(history, level) == version


@pytest.mark.parametrize(
    ("history", "since_final", "since_newest", "version"),
    [
        ("1.0.0 2.0.0a1", MAJOR, MAJOR, "2.0.0a2"),
        ("1.0.0 2.0.0a1", MAJOR, MINOR, "2.0.0a2"),
        ("1.0.0 2.0.0a2", MAJOR, PATCH, "2.0.0b1"),
        ("1.0.0 2.0.0b1", MAJOR, MINOR, "2.0.0b2"),
        ("1.0.0 2.0.0b1", MAJOR, PATCH, "2.0.0rc1"),
        ("1.0.0 2.0.0rc1", MAJOR, MINOR, "2.0.0rc2"),
        ("1.0.0 2.0.0rc1", MAJOR, PATCH, "2.0.0rc2"),
        ("1.0.0 2.0.0rc1", MAJOR, METADATA, "2.0.0"),
        ("1.0.0 2.0.0rc1", MAJOR, NOTHING, "2.0.0"),
        ("1.0 1.1rc1", MINOR, NOTHING, "1.1"),
        ("1.0.0 1.0.1rc1", MINOR, MINOR, "1.0.1rc2"),
        ("1.0.0 1.1.0rc1", MAJOR, METADATA, "1.1.0"),
        ("1.0.0 1.1.0rc1", MAJOR, MAJOR, "1.1.0rc2"),
        ("1.0.0 1.1.0b2", MAJOR, PATCH, "1.1.0rc1"),
        ("1.0.0 1.1.0b2", MAJOR, MAJOR, "2.0.0b1"),
        ("0.9.0 1.0.0a1", MAJOR, PATCH, "1.0.0b1"),
        ("1.0.0a1", MAJOR, PATCH, "1.0.0b1"),
        ("1.0.0 1.0.1a1", METADATA, METADATA, "1.0.1b1"),
        ("1.0.0 1.0.1rc1", NOTHING, NOTHING, "1.0.1"),
        # a series of pre-releases that was given up
        ("0.13.0 1.0.0b0 0.27.0 0.28.0", PATCH, PATCH, "0.28.1"),
        # a calendar
        ("25.1@2025-02-01 26.1@2026-02-02 26.2rc1@2026-02-20", MAJOR, NOTHING, "26.2"),
        ("25.1@2025-02-01 26.1@2026-02-02 26.2rc1@2026-02-20", MAJOR, PATCH, "26.2rc2"),
    ],
)
def test_what_follows_a_pre_release(history: str, since_final: Level, since_newest: Level, version: str) -> None:
    assert following(history, since_final, since_newest) == version


@pytest.mark.parametrize(
    ("history", "level", "version"),
    [
        # year and a counter, which begins at 0 or at 1
        ("24.0@2024-03-10 24.1@2024-06-10 25.0@2025-04-19 25.1@2025-09-01", MAJOR, "26.0"),
        ("24.2.0@2024-08-06 25.1.0@2025-01-25 25.2.0@2025-03-12", PATCH, "26.1.0"),
        ("25.1.0@2025-03-25 26.1.0@2026-01-25", MAJOR, "26.2.0"),
        ("25.1.0@2025-03-25 26.1.0@2026-01-25", PATCH, "26.2.0"),
        ("25.0@2025-01-26 25.0.1@2025-02-09 26.0@2026-01-30", PATCH, "26.0.1"),
        ("25.0@2025-01-26 25.0.1@2025-02-09 26.0@2026-01-30", MINOR, "26.1"),
        # year and month
        ("24.10.0@2024-10-07 25.1.0@2025-01-29 25.11.0@2025-11-10", MINOR, "26.3.0"),
        ("24.10.0@2024-10-07 25.11.0@2025-11-10 26.3.0@2026-03-01", MINOR, "26.3.1"),
        ("2025.10@2025-10-01 2026.1@2026-01-01", PATCH, "2026.3"),
        ("2025.10@2025-10-01 2026.3@2026-03-01", PATCH, "2026.3.1"),
        # year, month and day
        ("2025.8.3@2025-08-03 2026.1.14@2026-01-14", PATCH, "2026.3.2"),
        ("2025.8.3@2025-08-03 2026.3.2@2026-03-02", PATCH, "2026.3.2.1"),
        # the date in one number, or in two
        ("20260102@2026-01-02 20260115@2026-01-15", PATCH, "20260302"),
        ("20260115@2026-01-15 20260302@2026-03-02", PATCH, "20260302.1"),
        ("20260301@2026-03-02 20260302.1@2026-03-02", MAJOR, "20260302.2"),
        ("260115@2026-01-15", PATCH, "260302"),
        ("202512@2025-12-03 202601@2026-01-15", MINOR, "202603"),
        ("2025.1203@2025-12-03 2026.115@2026-01-15", MINOR, "2026.302"),
        # the year alone, and an epoch
        ("2025@2025-01-01 2026@2026-02-01", MINOR, "2026.1"),
        ("2024@2024-01-01 2025@2025-02-01", MINOR, "2026"),
        ("1!24.2.0@2024-08-06 1!25.1.0@2025-02-25", MINOR, "1!26.1.0"),
        # a clock that is behind
        ("26.11.0@2026-11-10", MINOR, "26.11.1"),
        ("27.1.0@2027-01-10 27.2.0@2027-02-10", MINOR, "27.3.0"),
        ("2026.1.14@2026-01-14", METADATA, "2026.1.14.post1"),
    ],
)
def test_what_follows_by_the_calendar(history: str, level: Level, version: str) -> None:
    assert recognise_scheme(released(history)) is VersionScheme.CALVER
    assert following(history, level) == version


@pytest.mark.parametrize(
    ("history", "planned", "version"),
    [
        ("8.1.7", "8.1.8", "8.1.8"),
        ("8.1.7", "9.0.0", "9.0.0"),
        ("8.1.7", "8.1.7", "8.2.0"),
        ("", "3.0", "3.0"),
        ("8.1.7 9.0.0.dev0", "", "8.2.0"),
    ],
)
def test_the_version_that_the_project_names_goes_before_the_evidence(history: str, planned: str, version: str) -> None:
    assert following(history, MINOR, planned=planned) == version


def test_the_evidence_is_shown_where_the_project_says_otherwise() -> None:
    past = Past(released("8.1.7"), (BumpEvidence("public API", MAJOR, "1 thing broken"),), planned=Version("8.1.8"))
    advice = recommend(past, VersionScheme.SEMVER, TODAY)
    assert (str(advice.version), str(advice.by_evidence)) == ("8.1.8", "9.0.0")
    assert advice.rule == "something broken: the major number (SemVer)"


@pytest.mark.parametrize(
    ("history", "taken", "level", "version"),
    [
        ("1.0.0", "1.0.1", PATCH, "1.0.2"),
        ("1.0.0", "1.0.1 1.0.2", PATCH, "1.0.3"),
        ("1.0.0", "1.1.0 1.1.1", MINOR, "1.2.0"),
        ("1.0.0", "1.1.0", PATCH, "1.0.1"),
        ("1.0.0", "2.0.0", MAJOR, "3.0.0"),
        ("1.0.0 1.1.0rc1", "1.1.0rc2", PATCH, "1.1.0rc3"),
        ("1.2", "1.3", MINOR, "1.4"),
        ("2026.1.14@2026-01-14", "2026.3.2", PATCH, "2026.3.2.1"),
        ("25.1@2025-02-01 26.1@2026-02-02", "26.2", MINOR, "26.2.1"),
    ],
)
def test_a_version_that_is_tagged_elsewhere_is_not_recommended(
    history: str, taken: str, level: Level, version: str
) -> None:
    releases, evidence = released(history), (BumpEvidence("test", Level(level), ""),)
    past = Past(releases, evidence, evidence, taken=frozenset(map(Version, taken.split())))
    assert str(recommend(past, recognise_scheme(releases), TODAY).version) == version
    if "26" not in history:
        planned = Past(releases, evidence, evidence, Version(taken.split(maxsplit=1)[0]), taken=past.taken)
        assert str(recommend(planned, recognise_scheme(releases), TODAY).version) == version


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ("v1@c3@9 v1.2@c3@9 v1.2.3@c3@3 v1.2.2@c2@2", "v1.2.3 v1.2.2"),
        ("v1@c4@9 v1.2.3@c3@3", "v1.2.3"),
        ("v1@c1@1 v1.0.1@c2@2", "v1 v1.0.1"),
        ("v1@c1@1 v1.0@c1@1", "v1 v1.0"),
        ("v1.2@c1@2 v1.2.0.post1@c1@1", "v1.2 v1.2.0.post1"),
        ("v1.2@c2@1 v1.2.1@c1@1", "v1.2 v1.2.1"),
        ("v1.2@c1@1 v1.2.1@c2@2", "v1.2 v1.2.1"),
        ("v2@c4@9 v1.2.3@c3@3", "v2 v1.2.3"),
        ("v2.0@c1@2 v2.0.0rc1@c1@1", "v2.0 v2.0.0rc1"),
    ],
)
def test_a_tag_that_follows_a_series_is_no_release(tags: str, kept: str) -> None:
    releases = []
    for item in tags.split():
        tag, commit, time = item.split("@")
        releases.append(PastRelease(Version(tag), tag, commit, TODAY, int(time)))
    floating = select_floating_tags(releases)
    assert " ".join(release.tag for release in releases if release.tag not in floating) == kept


@pytest.mark.parametrize(
    ("version", "bump", "result"),
    [
        ("1.2.3", Bump.MAJOR, "2.0.0"),
        ("1.2.3", Bump.MINOR, "1.3.0"),
        ("1.2.3", Bump.PATCH, "1.2.4"),
        ("1.2", Bump.PATCH, "1.2.1"),
        ("1.2.3.post1", Bump.PATCH, "1.2.4"),
        ("1.2.3", Bump.PRE, "1.3.0a1"),
        ("1.3.0a1", Bump.PRE, "1.3.0a2"),
        ("1.3.0rc1.dev4", Bump.PRE, "1.3.0rc2"),
        ("1.3.0rc2", Bump.FINAL, "1.3.0"),
        ("2.0.0rc1", Bump.MAJOR, "2.0.0"),
        ("2.1.0rc1", Bump.MAJOR, "3.0.0"),
        ("1.3.0rc1", Bump.MINOR, "1.3.0"),
        ("1.3.1rc1", Bump.PATCH, "1.3.1"),
        ("1.2.3", Bump.POST, "1.2.3.post1"),
        ("1.2.3.post1", Bump.POST, "1.2.3.post2"),
        ("1!2.0", Bump.PRE, "1!2.1a1"),
    ],
)
def test_a_part_is_raised(version: str, bump: Bump, result: str) -> None:
    assert str(bump_version(Version(version), bump)) == result


@pytest.mark.parametrize(("version", "bump"), [("1.2.3", Bump.FINAL), ("1.3.0rc1", Bump.POST)])
def test_what_cannot_be_raised_is_refused(version: str, bump: Bump) -> None:
    with pytest.raises(VersionError):
        bump_version(Version(version), bump)


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 12), st.integers(0, 5)), min_size=1, max_size=8),
    st.sampled_from([PATCH, MINOR, MAJOR]),
    st.sampled_from(["", "a1", "b2", "rc1"]),
    st.sampled_from(list(VersionScheme)),
)
def test_what_is_recommended_is_always_newer(
    numbers: list[tuple[int, int, int]], level: Level, suffix: str, scheme: VersionScheme
) -> None:
    texts = [".".join(map(str, item)) for item in numbers]
    releases = released(" ".join([*texts, f"{max(map(Version, texts))}.1{suffix}"]))
    latest = find_newest(releases)
    past = Past(releases, (BumpEvidence("test", level, ""),), (BumpEvidence("test", level, ""),))
    version = recommend(past, scheme, TODAY).version
    assert latest is not None
    assert version is not None
    assert version > latest.version


def test_the_notes_of_a_final_run_from_the_last_final_and_those_of_a_pre_release_from_any() -> None:
    releases = released("1.0 1.1a1 1.1rc1 1.1 1.1.post1 1.2rc1")
    found = {
        text: find_previous(releases, Version(text)) for text in ("1.0", "1.1a1", "1.1rc1", "1.1", "1.2rc1", "1.2")
    }
    assert {text: item.tag if item else "" for text, item in found.items()} == {
        "1.0": "",
        "1.1a1": "1.0",
        "1.1rc1": "1.1a1",
        "1.1": "1.0",
        "1.2rc1": "1.1.post1",
        "1.2": "1.1.post1",
    }
    assert find_last_final(releases) == releases[4]
