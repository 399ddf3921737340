"""A patch release that breaks the public API is warned of, and the release notes are shown, by a build."""

import json
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from release_tools.history.bump import is_patch
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

QUICK = ("--no-conda", "--no-verify-install", "--json")
BEFORE = "def load(path): ...\n"
BROKEN = "def dump(path): ...\n"


def built(run: Run, folder: Path, release: str, code: str, *options: str) -> dict[str, Any]:
    """Return what a build says of a release whose one module changed since the tag."""
    checkout = make_repository(folder / "ours", {**in_tree_project(), "demo/api.py": BEFORE}, ". v1.0.0")
    files = in_tree_project(version=release)
    checkout.commit({**files, "demo/api.py": code, "CHANGELOG.md": f"## {release}\n\n- by @ben\n"})
    said = run("build", "-C", checkout.root, "--packages-dir", folder / "dist", *QUICK, *options)
    assert said.code == 0, said.err
    data: dict[str, Any] = json.loads(said.out)
    return data


def compared(data: dict[str, Any]) -> list[tuple[str, str]]:
    notes = next(section["notes"] for section in data["sections"] if section["title"] == "Verify")
    return [(note["state"], note["text"]) for note in notes if "public API" in note["text"]]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "options", "said"),
    [
        (BROKEN, (), [("warning", "1.0.1 is a patch release, but breaks the public API of v1.0.0")]),
        (BEFORE + BROKEN, (), [("done", "the public API of v1.0.0 is kept")]),
        (BROKEN, ("--scheme", "calver"), []),
    ],
)
def test_a_patch_release_that_breaks_the_api_is_warned_of(
    run: Run, tmp_path: Path, code: str, options: tuple[str, ...], said: list[tuple[str, str]]
) -> None:
    data = built(run, tmp_path, "1.0.1", code, *options)
    assert compared(data) == said
    reported = next(section for section in data["sections"] if section["title"] == "Release notes")
    assert [note["text"] for note in reported["notes"]] == ["release notes from CHANGELOG.md"]
    page = next((tmp_path / "dist").glob("*.html")).read_text(encoding="utf-8")
    assert "by @\u200bben" in page


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1.0.0", "1.0.1", True),
        ("1.0", "1.0.1", True),
        ("1.0.0", "1.0.1rc1", True),
        ("1.0.0", "1.0.0.post1", True),
        ("0.3.0", "0.3.1", True),
        ("1.0.0", "1.1.0", False),
        ("0.3.0", "0.4.0", False),
        ("1.9", "2.0", False),
        ("1.0.0", "1!1.0.1", False),
    ],
)
def test_what_raises_only_the_patch_number_promises_that_nothing_breaks(
    before: str,
    after: str,
    expected: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert is_patch(Version(before), Version(after)) is expected
