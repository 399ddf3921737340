"""Packages of one repository are released each by itself, by tags of their own."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.monorepo import packages
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

QUICK = ("--no-verify-install", "--no-conda-forge", "--json")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return packages(tmp_path / "many", 3)


@pytest.mark.slow
def test_each_package_has_its_own_version_and_its_own_files(run: Run, checkout: Checkout) -> None:
    for name in ("part0", "part2"):
        said = run("dry-run", "-C", checkout.root / "packages" / name, *QUICK)
        assert said.code == 0, said.err
        data = json.loads(said.out)
        assert (data["name"], data["version"], data["tag"]) == (name, "1.1", f"{name}-v1.1")
        made = sorted(path.name for path in (checkout.root / "packages" / name / "dist").rglob("part*"))
        assert [file for file in made if file.startswith("part")] == [
            *(f"{name}-1.1-py3-none-any.whl", f"{name}-1.1-py_0.conda", f"{name}-1.1.tar.gz")
        ]


@pytest.mark.slow
def test_the_next_version_of_a_package_counts_its_own_changes(run: Run, checkout: Checkout) -> None:
    checkout.git("tag", "--annotate", "--message", "Tag", "part2-v1.1")
    checkout.commit({"packages/part1/part1/most.py": "def most(): ...\n"})
    expected = {"part0": ["part0/more.py"], "part1": ["part1/more.py", "part1/most.py"], "part2": list[str]()}
    for name, changed in expected.items():
        data = json.loads(run("next", "-C", checkout.root / "packages" / name, "--json").out)
        assert data["version"] == ("1.1" if changed else None)
        assert [one["details"] for one in data["evidence"] if one["source"] == "files"] == [changed]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tag", "files", "is_found"),
    [
        ("v", {"CHANGELOG.md": "## 1.1.0\n\n- NEW\n"}, True),
        ("v", {"docs/changes.rst": "demo 1.1.0\n==========\n\n- NEW\n"}, True),
        ("v", {"CHANGELOG.md": "## 1.1.0\n\n- NEW\n", "pyproject.toml": '[project]\nname = "whole"\n'}, False),
        ("demo-v", {"CHANGELOG.md": "## 1.1.0\n\n- NEW\n"}, False),
        ("demo-v", {"CHANGELOG.md": "## other 1.1.0\n\n- OLD\n\n## demo 1.1.0\n\n- NEW\n"}, True),
        ("demo/v", {"CHANGELOG.md": "## demo@1.1.0\n\n- NEW\n\n## other@1.1.0\n\n- OLD\n"}, True),
        (
            "demo-v",
            {"docs/history/demo.md": "## 1.1.0\n\n- NEW\n", "docs/history/other.md": "## 1.1.0\n\n- OLD\n"},
            True,
        ),
        ("demo-v", {"CHANGELOG.md": "## demo-tools 1.1.0\n\n- OLD\n"}, False),
        ("v", {"CHANGELOG.md": "## 1.1.0\n\n- OLD\n", "part/CHANGES.md": "## 1.1.0\n\n- NEW\n"}, True),
        ("v", {"CHANGELOG.md": "## 1.0.0\n\n- OLD\n"}, False),
    ],
)
def test_the_changelog_of_the_repository_is_read_where_it_is_about_the_package(
    run: Run, tmp_path: Path, tag: str, files: dict[str, str], *, is_found: bool
) -> None:
    own = {f"part/{path}": text for path, text in in_tree_project(version="1.1.0").items()}
    checkout = make_repository(tmp_path / "many", {**own, **files}, f". {tag}1.0.0 . {tag}1.1.0")
    said = run("notes", "-C", checkout.root / "part", "--tag-format", f"{tag}{{version}}", "--json")
    assert said.code == 0, said.err
    notes = json.loads(said.out)["notes"]
    assert ("NEW" in notes) is is_found
    assert "OLD" not in notes
