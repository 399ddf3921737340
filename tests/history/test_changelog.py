"""Ten kinds of changelogs, read and released."""

import difflib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from release_tools.errors import HistoryError
from release_tools.history.changelog import Changelog
from release_tools.history.changelog_edit import release_unreleased
from release_tools.history.dates import format_date_like, with_date
from tests.history.shapes import DAY, RELEASED, SHAPES, Shape

EACH_SHAPE = pytest.mark.parametrize("shape", [pytest.param(shape, id=shape.name) for shape in SHAPES])
VERSION, TODAY = Version(RELEASED), date.fromisoformat(DAY)


def parse(shape: Shape) -> Changelog:
    return Changelog.parse(shape.path, shape.text, shape.project)


def difference(before: str, after: str) -> tuple[list[str], list[str]]:
    lines = [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]
    return [line[2:] for line in lines if line[0] == "-"], [line[2:] for line in lines if line[0] == "+"]


@EACH_SHAPE
def test_every_part_is_found(shape: Shape) -> None:
    assert tuple(part.spelled + "*" * part.unreleased for part in parse(shape).parts) == shape.parts


@EACH_SHAPE
def test_the_titles_within_a_part_are_found(shape: Shape) -> None:
    changelog = parse(shape)
    newest = next((part for part in changelog.parts if not part.unreleased), None)
    titles = [title for title, _ in changelog.list_categories(newest)] if newest else []
    assert tuple(titles) == shape.categories


@EACH_SHAPE
def test_a_part_is_found_by_its_version_however_that_is_spelled(shape: Shape) -> None:
    changelog = parse(shape)
    for part in changelog.parts:
        if part.version is not None:
            assert changelog.find_part(Version(f"{part.version.public}")) is part
    assert changelog.find_part(Version("77.7")) is None


@EACH_SHAPE
def test_releasing_changes_only_the_lines_that_must(shape: Shape) -> None:
    removed, added = difference(shape.text, release_unreleased(parse(shape), VERSION, TODAY))
    assert (tuple(removed), tuple(added)) == (shape.removed, shape.added)


@EACH_SHAPE
def test_what_was_unreleased_belongs_to_the_version_then(shape: Shape) -> None:
    before = parse(shape)
    assert before.unreleased is not None
    after = Changelog.parse(shape.path, release_unreleased(before, VERSION, TODAY), shape.project)
    part = after.find_part(VERSION)
    assert part is not None
    assert not part.unreleased
    assert part.text.split("\n")[-2:] == before.unreleased.text.split("\n")[-2:]
    assert after.unreleased is None or not after.unreleased.text.strip()
    with pytest.raises(HistoryError, match="is listed as released"):
        release_unreleased(after, VERSION, TODAY)


@EACH_SHAPE
def test_line_ends_stay_as_they_were(shape: Shape) -> None:
    text = shape.text.replace("\n", "\r\n")
    changelog = Changelog.parse(shape.path, text, shape.project)
    assert [part.text for part in changelog.parts] == [part.text for part in parse(shape).parts]
    assert release_unreleased(changelog, VERSION, TODAY) == release_unreleased(parse(shape), VERSION, TODAY).replace(
        "\n", "\r\n"
    )


@pytest.mark.parametrize(
    ("headings", "unreleased"),
    [
        ("Unreleased 1.1 1.0", 0),
        ("1.1 Master 1.0", None),
        ("1.1 1.0 Unreleased", None),
        ("1.0 1.1 Unreleased", 2),
        ("1.0 1.1", None),
        ("Unreleased", 0),
    ],
)
def test_only_what_stands_at_the_new_end_is_unreleased(headings: str, unreleased: int | None) -> None:
    changelog = Changelog.parse("NEWS.md", "".join(f"## {heading}\n\n- x\n\n" for heading in headings.split()))
    assert changelog.unreleased is (None if unreleased is None else changelog.parts[unreleased])


def test_a_changelog_without_unreleased_is_not_edited() -> None:
    with pytest.raises(HistoryError, match=r"NEWS\.md: no section is called Unreleased"):
        release_unreleased(Changelog.parse("NEWS.md", "# News\n\n## 1.0\n\n- x\n"), VERSION, TODAY)


def test_a_file_that_ends_without_a_line_end_gets_one() -> None:
    text = release_unreleased(Changelog.parse("NEWS.md", "## Unreleased"), VERSION, TODAY)
    assert text == "## Unreleased\n\n## 1.1.0 - 2026-03-02\n"


@pytest.mark.parametrize(
    "heading",
    [
        "Python 3.13 support",
        "Migrating from 1.0",
        "2026-03-02",
        "Changes in the 1.x series",
        "3 things to know",
        "2. Tell everybody about the upcoming release",
        "Notes",
    ],
)
def test_what_only_looks_like_a_version_is_no_part(heading: str) -> None:
    text = f"# Changelog\n\n## 1.0\n\n### {heading}\n\n- x\n"
    assert [part.spelled for part in Changelog.parse("CHANGELOG.md", text, "demo").parts] == ["1.0"]


@pytest.mark.parametrize(
    ("sample", "written"),
    [
        ("2025-11-30", "2026-03-02"),
        ("2025/11/30", "2026/03/02"),
        ("30th November, 2025", "2nd March, 2026"),
        ("1 June 2025", "2 March 2026"),
        ("Nov 30, 2025", "Mar 2, 2026"),
        ("Sept. 3rd, 2025", "Mar. 2nd, 2026"),
        ("May 5, 2025", "March 2, 2026"),
        ("no date", "2026-03-02"),
    ],
)
def test_a_date_is_written_as_the_project_writes_it(sample: str, written: str) -> None:
    assert format_date_like(sample, TODAY) == written
    assert with_date(f"1.0 ({sample})", TODAY) == f"1.0 ({written if sample != 'no date' else sample})"


@pytest.mark.slow
@pytest.mark.parametrize(
    "hostile", ["/compare/a", "/compare/a.", "[", "](", "<", "1.", "x-", "# ", "\n[1.0]: /compare/a"]
)
def test_hostile_changelogs_take_no_longer(hostile: str) -> None:
    long = hostile * (100_000 // len(hostile))
    for line in (f"[unreleased]: {long}", f"## 0.9 {long}", long):
        text = f"## Unreleased\n\n- x\n\n## 1.0\n\n{line}\n"
        assert "## 1.1.0" in release_unreleased(Changelog.parse("NEWS.md", text), VERSION, TODAY)


BLOCKS = st.sampled_from(
    [
        "## 1.0.0 - 2025-01-01",
        "## [0.9]",
        "### Added",
        "- an entry",
        "",
        "```",
        "text",
        "[1.0.0]: /compare/v0.9...v1.0.0",
    ]
)


@pytest.mark.slow
@given(st.lists(BLOCKS, max_size=12), st.lists(BLOCKS, max_size=12), st.booleans())
def test_no_line_of_others_is_ever_touched(before: list[str], after: list[str], last_line_ends: bool) -> None:  # noqa: FBT001 - given by hypothesis
    text = "\n".join(["# Changelog", "", *before, "## [Unreleased]", *after]) + "\n" * last_line_ends
    changelog = Changelog.parse("CHANGELOG.md", text)
    if changelog.unreleased is None:
        return
    removed, added = difference(text, release_unreleased(changelog, VERSION, TODAY))
    assert removed == []
    assert set(added) <= {"", *(line for line in added if "1.1.0" in line)}
    assert len(added) <= 2 + sum(line.startswith("[1.0.0]:") for line in [*before, *after])
