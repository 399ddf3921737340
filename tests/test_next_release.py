"""``release-tools dry-run --bump``, which pull requests use: the next release, of versions in files and from tags."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.projects import in_tree_project, project
from tests.support.repositories import Checkout, make_repository

pytestmark = pytest.mark.slow

FEATURE = {"demo/added.py": '"""Added."""\n\n\ndef added() -> None:\n    """Do nothing."""\n'}
TEST_ONLY = {"tests/test_demo.py": "def test_nothing():\n    pass\n"}


FROM_TAGS = project("setuptools", "", '[tool.versioningit.next-version]\nmethod = "minor"\n', "versioningit")
BOTH = pytest.mark.parametrize(
    "checkout",
    [
        pytest.param(in_tree_project(), id="in a file"),
        pytest.param(FROM_TAGS, id="from tags", marks=pytest.mark.registry),
    ],
    indirect=True,
)


@pytest.fixture
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Checkout:
    """A project that was released as 1.0, with the version in a file unless the test has both."""
    return make_repository(tmp_path / "demo", getattr(request, "param", in_tree_project()), ". v1.0")


def dry_run(run: Run, checkout: Checkout, *options: str, code: int = 0) -> dict[str, object]:
    before = checkout.git("for-each-ref"), checkout.git("rev-parse", "HEAD"), checkout.git("count-objects")
    said = run("dry-run", "-C", checkout.root, "--json", *options, "--no-verify-install", "--network-tries", "1")
    assert said.code == code, said.err
    assert (checkout.git("for-each-ref"), checkout.git("rev-parse", "HEAD"), checkout.git("count-objects")) == before
    data: dict[str, object] = json.loads(said.out)
    return data


@BOTH
def test_it_is_that_of_the_version_that_is_recommended(run: Run, checkout: Checkout) -> None:
    checkout.commit(FEATURE)
    data = dry_run(run, checkout, "--bump", "auto")
    assert (data["version"], data["tag"], data["tagged"]) == ("1.1", "v1.1", False)
    names = {path.name for path in (checkout.root / "dist").iterdir()}
    assert {"demo-1.1.tar.gz", "demo-1.1-py3-none-any.whl", "release.json", "report.html"} <= names
    assert checkout.git("status", "--porcelain", "--", "demo", "pyproject.toml") == ""


@BOTH
def test_it_goes_on_with_a_development_version_where_nothing_is_to_be_released(run: Run, checkout: Checkout) -> None:
    checkout.commit(TEST_ONLY)
    data = dry_run(run, checkout, "--bump", "auto")
    assert ".dev" in str(data["version"])
    assert "nothing to release" in str(data["sections"])


def test_it_is_that_of_the_tag_where_the_commit_has_one(run: Run, checkout: Checkout) -> None:
    assert dry_run(run, checkout, "--bump", "auto")["tagged"] is True


def test_a_named_part_is_raised(run: Run, checkout: Checkout) -> None:
    checkout.commit(TEST_ONLY)
    assert dry_run(run, checkout, "--bump", "major")["version"] == "2.0"


def test_a_version_that_cannot_be_raised_is_an_error_in_the_report(run: Run, checkout: Checkout) -> None:
    checkout.commit(FEATURE)
    data = dry_run(run, checkout, "--bump", "final", code=5)
    assert data["ok"] is False
