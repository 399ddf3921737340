"""Packages of one repository are released each by itself, by tags of their own."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.monorepo import packages
from tests.support.repositories import Checkout

QUICK = ("--no-verify-install", "--no-conda-forge", "--json")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return packages(tmp_path / "many", 3)


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


def test_the_next_version_of_a_package_counts_its_own_changes(run: Run, checkout: Checkout) -> None:
    checkout.git("tag", "--annotate", "--message", "Tag", "part2-v1.1")
    checkout.commit({"packages/part1/part1/most.py": "def most(): ...\n"})
    expected = {"part0": ["part0/more.py"], "part1": ["part1/more.py", "part1/most.py"], "part2": list[str]()}
    for name, changed in expected.items():
        data = json.loads(run("next", "-C", checkout.root / "packages" / name, "--json").out)
        assert data["version"] == ("1.1" if changed else None)
        assert [one["details"] for one in data["evidence"] if one["source"] == "files"] == [changed]
