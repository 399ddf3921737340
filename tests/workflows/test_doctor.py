"""``release-tools doctor``: each thing that would make a release fail, found before, with its cure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from release_tools.cli.main import main
from release_tools.errors import PreflightError
from release_tools.model.note import State
from release_tools.workflows.render import CHECK, RELEASE
from tests.servers.package_index import File, PackageIndex, Publisher
from tests.servers.proxy import proxying
from tests.support.repositories import Checkout

ACTION = f"python-release-tools/python-release-tools@{'a' * 40} # v1.0.0"


@pytest.fixture
def index() -> PackageIndex:
    return PackageIndex.pypi()


@pytest.fixture
def checkout(tmp_path: Path, index: PackageIndex) -> Iterator[Checkout]:
    """A project that is well set up, but whose remote answers from this machine."""
    with proxying(index.routes) as proxy:
        yield well_set_up(tmp_path, proxy.environment)


def well_set_up(folder: Path, env: Mapping[str, str]) -> Checkout:
    bare = folder / "remote.git"
    made = Checkout.create(folder, bare.as_uri(), env)
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    assert init(made) == 0
    made.git("add", ".")
    made.git("commit", "--quiet", "--message=Workflows")
    made.git("push", "--quiet", "origin", "main")
    return made


def init(checkout: Checkout) -> int:
    options = ("--yes", "--action", ACTION, "--anaconda-owner", "octo", "--github-repository", "octo/demo")
    return main(["init", "-C", str(checkout.root), *options], checkout.env)


def doctor(checkout: Checkout, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(
        ["doctor", "-C", str(checkout.root), "--json", "--github-repository", "octo/demo", *options], checkout.env
    )
    return code, json.loads(capsys.readouterr().out)


def notes(told: dict[str, Any], *states: State) -> list[str]:
    found = [note for section in told["sections"] for note in section["notes"]]
    return [" ".join((note["text"], note["advice"])) for note in found if note["state"] in states]


def test_a_project_that_is_well_set_up_passes(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    code, told = doctor(checkout, capsys, "--version", "1.0")
    assert code == 0, told
    assert notes(told, State.FAILED, State.WARNING) == []
    assert [section["title"] for section in told["sections"]] == [
        "Repository", "Workflows", "Trusted publishers", "Version", "Plan", "Destinations", "Credentials", "Tag checks",
    ]  # fmt: skip
    assert not (checkout.root / "dist").exists()


TAGS = """tags:
      - "v[0-9]*"
      - "[0-9]*"
"""
READING = """permissions:
      contents: read # to check out
    outputs"""
ENVIRONMENT = """    environment:
      name: pypi
      url: ${{ steps.publish.outputs.pypi-url }}
"""
FAULTS = {
    "does not run for tags like v1.2.3": (RELEASE, TAGS, "tags: [release-*]\n"),
    "does not run when a tag is pushed": (RELEASE, TAGS, "branches: [main]\n"),
    "job pypi: lacks the permission id-token: write": (RELEASE, "id-token: write # to publish", "actions: read # to"),
    "job github-draft: lacks the permission contents: write": (
        RELEASE,
        "contents: write # to create",
        "contents: read # to",
    ),
    "job anaconda: does not get ANACONDA_API_TOKEN": (RELEASE, "${{ secrets.ANACONDA_API_TOKEN }}", "x"),
    "job pypi: names no environment": (RELEASE, ENVIRONMENT, ""),
    "its owner can move it": (RELEASE, f"@{'a' * 40} # v1.0.0", "@v1"),
    "could get a token for PyPI": (RELEASE, READING, READING.replace("contents: read", "id-token: write")),
    "no job publishes to PyPI": (RELEASE, "only: pypi", "only: elsewhere"),
    "not valid YAML": (RELEASE, "jobs:\n", "jobs: [\n"),
    "is out of date": (CHECK, "arguments: --check", "arguments: --yes"),
}


@pytest.mark.parametrize("said", FAULTS)
def test_what_is_wrong_in_a_workflow_is_found(
    said: str, checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    path, old, new = FAULTS[said]
    file = checkout.root / path
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    _, told = doctor(checkout, capsys)
    found = [note for section in told["sections"] for note in section["notes"] if said in note["text"]]
    assert found
    assert all(note["advice"] for note in found)


BY_HAND = """
on: {push: {tags: ["v*"]}}
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
      - uses: python-release-tools/python-release-tools@v1
"""


def test_a_workflow_by_hand_is_judged_as_well(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout.root / RELEASE).write_text(BY_HAND, encoding="utf-8")
    code, told = doctor(checkout, capsys)
    assert code == PreflightError.exit_code
    text = "\n".join(notes(told, State.FAILED, State.WARNING))
    for said in ("its permissions are not given", "checks nothing out", "does not get ANACONDA_API_TOKEN"):
        assert f"{RELEASE}, job release: {said}" in text


def test_without_a_workflow_it_says_how_to_get_one(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout.root / RELEASE).unlink()
    code, told = doctor(checkout, capsys)
    assert code == 0
    assert "no workflow publishes with release-tools To have them written: release-tools init" in notes(
        told, State.WARNING
    )


def test_a_shallow_clone_is_a_fault_and_the_rest_is_looked_at(
    checkout: Checkout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.git("clone", "--quiet", "--depth=1", (tmp_path / "remote.git").as_uri(), str(tmp_path / "shallow"))
    code, told = doctor(replace(checkout, root=tmp_path / "shallow"), capsys)
    assert code == PreflightError.exit_code
    assert any("git fetch --unshallow --tags" in note for note in notes(told, State.FAILED))
    assert "Workflows" in [section["title"] for section in told["sections"]]


def test_tags_that_carry_no_version_are_noticed(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.git("tag", "release-1-0")
    _, told = doctor(checkout, capsys)
    assert any("Set tag-format" in note for note in notes(told, State.WARNING))


OURS = Publisher("demo", "octo/demo", "release.yml", "pypi")
STATEMENT: dict[str, object] = {"version": 1, "verification_material": {}, "envelope": {}}
BEFORE = {
    "not on PyPI yet": (None, State.INFO),
    "its newest files have no attestation": ((), State.INFO),
    "knows this publisher from the newest release": ((OURS,), State.DONE),
    "knows another publisher from the newest release: octo/old, workflow release.yml, environment pypi": (
        (OURS, replace(OURS, repository="octo/old")),
        State.WARNING,
    ),
}


@pytest.mark.parametrize("said", BEFORE)
def test_the_publisher_of_the_newest_release_is_compared(
    said: str, checkout: Checkout, index: PackageIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    published, state = BEFORE[said]
    if published is not None:
        index.owned.add("demo")
        old = File("demo-0.1.tar.gz", "demo", "0.1", "sdist", b"")
        signed = [
            File(name, "demo", version, "sdist", b"", [STATEMENT], publisher)
            for publisher, version in zip(published, ("0.9", "0.10"), strict=False)
            for name in (f"demo-{version}.tar.gz",)
        ]
        index.files = {file.name: file for file in (old, *signed)}
    _, told = doctor(checkout, capsys)
    [note] = [note for section in told["sections"] for note in section["notes"] if said in note["text"]]
    assert note["state"] == state
    assert "octo/demo, workflow release.yml, environment pypi" in " ".join((note["detail"], note["advice"]))
    assert state is State.DONE or "https://pypi.org/manage/" in note["advice"]
