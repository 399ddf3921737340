"""``release-tools doctor``: each thing that would make a release fail, found before, with its cure."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from release_tools.cli.main import main
from release_tools.errors import PreflightError
from release_tools.model.note import State
from release_tools.publishers.package_index.index import PYPI
from release_tools.publishers.package_index.origin import find_other_origin
from release_tools.publishers.package_index.simple_api import list_project
from release_tools.system.http import Http
from release_tools.workflows.render import CHECK, RELEASE
from tests.servers.package_index import File, PackageIndex, Publisher
from tests.servers.proxy import proxying
from tests.support.artifacts import make_sdist
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout

ACTION = f"python-release-tools/python-release-tools@{'a' * 40} # v1.0.0"


@pytest.fixture
def index() -> PackageIndex:
    return PackageIndex.pypi()


@pytest.fixture(scope="module")
def well_set_up(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A project with the workflows of init, pushed to a remote that answers from this machine; nobody changes it."""
    folder = tmp_path_factory.mktemp("well-set-up")
    bare = folder / "remote.git"
    with proxying(PackageIndex.pypi().routes) as proxy:
        made = Checkout.create(folder, bare.as_uri(), proxy.environment)
        made.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
        assert init(made) == 0
        made.commit()
        made.git("push", "--quiet", "origin", "main")
    return made


@pytest.fixture
def checkout(well_set_up: Checkout, tmp_path: Path, index: PackageIndex) -> Iterator[Checkout]:
    """A copy of that project, which a test may change."""
    copy = Path(
        shutil.copytree(well_set_up.root.parent, tmp_path / "copy", ignore=shutil.ignore_patterns("remote.git"))
    )
    with proxying(index.routes) as proxy:
        yield Checkout(copy / "demo", copy / "home", dict(proxy.environment))


def init(checkout: Checkout) -> int:
    options = ("--yes", "--action", ACTION, "--anaconda-owner", "octo", "--github-repository", "octo/demo")
    return main(["init", "-C", str(checkout.root), *options], checkout.env)


def doctor(checkout: Checkout, capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    capsys.readouterr()
    code = main(
        ["doctor", "-C", str(checkout.root), "--json", "--github-repository", "octo/demo", *options], checkout.env
    )
    return code, json.loads(capsys.readouterr().out)


def notes(reported: dict[str, Any], *states: State) -> list[str]:
    found = [note for section in reported["sections"] for note in section["notes"]]
    return [" ".join((note["text"], note["advice"])) for note in found if note["state"] in states]


@pytest.mark.slow
def test_a_project_that_is_well_set_up_passes(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    code, reported = doctor(checkout, capsys, "--version", "1.0")
    assert code == 0, reported
    assert notes(reported, State.FAILED, State.WARNING) == []
    assert [section["title"] for section in reported["sections"]] == [
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
    "several": {
        "does not run for tags like v1.2.3": (RELEASE, TAGS, "tags: [release-*]\n"),
        "job pypi: lacks the permission id-token: write": (
            RELEASE,
            "id-token: write # to publish",
            "actions: read # to",
        ),
        "job github-draft: lacks the permission contents: write": (
            RELEASE,
            "contents: write # to create",
            "contents: read # to",
        ),
        "job anaconda: does not get ANACONDA_API_TOKEN": (RELEASE, "${{ secrets.ANACONDA_API_TOKEN }}", "x"),
        "job pypi: names no environment": (RELEASE, ENVIRONMENT, ""),
        "its owner can move it": (RELEASE, f"@{'a' * 40} # v1.0.0", "@v1"),
        "could get a token for PyPI": (RELEASE, READING, READING.replace("contents: read", "id-token: write")),
        "is out of date": (CHECK, "arguments: --check", "arguments: --yes"),
    },
    "others": {
        "does not run when a tag is pushed": (RELEASE, TAGS, "branches: [main]\n"),
        "no job publishes to PyPI": (RELEASE, "only: pypi", "only: elsewhere"),
        "not valid YAML": (CHECK, "jobs:\n", "jobs: [\n"),
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("several", FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_in_a_workflow_is_found(
    several: dict[str, tuple[str, str, str]], checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    for path, old, new in several.values():
        file = checkout.root / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")
    _, reported = doctor(checkout, capsys)
    found = [note for section in reported["sections"] for note in section["notes"]]
    advice = {said: [note["advice"] for note in found if said in note["text"]] for said in several}
    assert [said for said, each in advice.items() if not each or not all(each)] == []


BY_HAND = """
on: {push: {tags: ["v*"]}}
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
      - uses: python-release-tools/python-release-tools@v1
"""


@pytest.mark.slow
def test_a_workflow_by_hand_is_judged_as_well(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout.root / RELEASE).write_text(BY_HAND, encoding="utf-8")
    code, reported = doctor(checkout, capsys)
    assert code == PreflightError.exit_code
    text = "\n".join(notes(reported, State.FAILED, State.WARNING))
    for said in ("its permissions are not given", "checks nothing out", "does not get ANACONDA_API_TOKEN"):
        assert f"{RELEASE}, job release: {said}" in text


@pytest.mark.slow
def test_without_a_workflow_it_says_how_to_get_one(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout.root / RELEASE).unlink()
    code, reported = doctor(checkout, capsys)
    assert code == 0
    assert "no workflow publishes with release-tools To have them written: release-tools init" in notes(
        reported, State.WARNING
    )


@pytest.mark.slow
def test_a_shallow_clone_is_a_fault_and_the_rest_is_looked_at(
    checkout: Checkout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.git(
        "clone", "--quiet", "--depth=1", checkout.git("remote", "get-url", "origin"), str(tmp_path / "shallow")
    )
    code, reported = doctor(replace(checkout, root=tmp_path / "shallow"), capsys)
    assert code == PreflightError.exit_code
    assert any("git fetch --unshallow --tags" in note for note in notes(reported, State.FAILED))
    assert "Workflows" in [section["title"] for section in reported["sections"]]


@pytest.mark.slow
def test_tags_that_carry_no_version_are_noticed(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.git("tag", "release-1-0")
    _, reported = doctor(checkout, capsys)
    assert any("Set tag-format" in note for note in notes(reported, State.WARNING))


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


@pytest.mark.slow
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
    _, reported = doctor(checkout, capsys)
    [note] = [note for section in reported["sections"] for note in section["notes"] if said in note["text"]]
    assert note["state"] == state
    assert "octo/demo, workflow release.yml, environment pypi" in " ".join((note["detail"], note["advice"]))
    assert state is State.DONE or "https://pypi.org/manage/" in note["advice"]


def wheel_of(version: str, *fields: str) -> bytes:
    """A wheel whose metadata has these fields as well."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        text = "\n".join(("Metadata-Version: 2.4", "Name: demo", f"Version: {version}", *fields, ""))
        wheel.writestr(f"demo-{version}.dist-info/METADATA", text)
    return content.getvalue()


FOREIGN = {
    "a project address": (("Project-URL: Source, https://github.com/else/demo",), True),
    "a homepage": (("Home-page: https://github.com/else/demo.git",), True),
    "another host": (("Project-URL: Source, https://gitlab.com/octo/demo",), True),
    "its own address": (("Project-URL: S, https://github.com/Octo/Demo", "Home-page: https://github.com/a/b"), False),
    "nothing": ((), False),
    "no repository": (("Home-page: https://demo.example.org", "Project-URL: F, https://github.com/sponsors/x"), False),
}


@pytest.mark.slow
def test_a_project_comes_from_the_repository_that_its_newest_release_names(index: PackageIndex) -> None:
    for number, (fields, _) in enumerate(FOREIGN.values()):
        name, ours = f"demo{number}", "Home-page: https://github.com/octo/demo"
        index.put(f"{name}-0.5-py3-none-any.whl", wheel_of("0.5", ours), name, "0.5")
        index.put(f"{name}-0.6-py3-none-any.whl", wheel_of("0.6", *fields), name, "0.6")
    with proxying(index.routes) as proxy:
        http = Http.to(
            ("https://pypi.org", "https://files.pythonhosted.org", "https://api.github.com"), proxy.environment
        )
        others = [
            find_other_origin(http, list_project(http, PYPI, f"demo{number}"), "octo/demo")
            for number in range(len(FOREIGN))
        ]
    assert dict(zip(FOREIGN, map(bool, others), strict=True)) == {name: other for name, (_, other) in FOREIGN.items()}


def test_an_sdist_alone_says_where_it_comes_from(index: PackageIndex, tmp_path: Path) -> None:
    there = make_sdist(tmp_path, headers="Home-page: https://github.com/else/demo\n")
    index.put(there.name, there.read_bytes(), "demo", "1.0")
    with proxying(index.routes) as proxy:
        hosts = ("https://pypi.org", "https://files.pythonhosted.org", "https://api.github.com")
        http = Http.to(hosts, proxy.environment)
        assert find_other_origin(http, list_project(http, PYPI, "demo"), "octo/demo") == "else/demo"
        assert find_other_origin(http, list_project(http, PYPI, "demo"), "else/demo") == ""


@pytest.mark.slow
def test_a_project_of_somebody_else_on_the_index_is_reported(
    checkout: Checkout, index: PackageIndex, capsys: pytest.CaptureFixture[str]
) -> None:
    index.put("demo-0.6-py3-none-any.whl", wheel_of("0.6", *FOREIGN["a homepage"][0]), version="0.6")
    _, reported = doctor(checkout, capsys, "--version", "1.0")
    assert [text for text in notes(reported, State.WARNING) if "somebody else" in text and "else/demo" in text]
    assert init(checkout) == 0
    assert "somebody else" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("allowed", [False, True])
def test_a_dry_run_says_so_instead_of_older(
    allowed: bool,  # noqa: FBT001 - a column
    tmp_path: Path,
    index: PackageIndex,
    capsys: pytest.CaptureFixture[str],
) -> None:
    index.put("demo-9.0-py3-none-any.whl", wheel_of("9.0", *FOREIGN["a homepage"][0]), version="9.0")
    with proxying(index.routes) as proxy:
        made = Checkout.create(tmp_path, "https://github.com/octo/demo.git", proxy.environment)
        made.commit(in_tree_project(version="1.0"))
        options = ("--no-verify-install", "--json", *(["--allow-older"] if allowed else []))
        code = main(["dry-run", "-C", str(made.root), *options], made.env)
    reported = json.loads(capsys.readouterr().out)
    assert code == (0 if allowed else PreflightError.exit_code)
    [text] = [text for text in notes(reported, State.WARNING, State.FAILED) if "somebody else" in text]
    assert "else/demo" in text
    assert not [text for text in notes(reported, State.WARNING, State.FAILED) if "newer than" in text]


PYPI_ACTION = "{uses: pypa/gh-action-pypi-publish@v1}"
TAGS_ONLY = "on: {push: {tags: ['v*']}}\n"
DISPATCHED = "on: workflow_dispatch\n"


def job_of(*steps: str, rights: str = "id-token: write, contents: read", more: str = "") -> str:
    """Jobs with one job that publishes."""
    listed = ", ".join(steps or (PYPI_ACTION,))
    return f"jobs: {{x: {{runs-on: u, environment: pypi, permissions: {{{rights}}}, {more}steps: [{listed}]}}}}\n"


HEAD = "{uses: actions/checkout@v6, with: {ref: '${{ github.event.pull_request.head.sha }}'}}"
PLAIN = "{uses: actions/checkout@v6}"
EXTRA = {
    "pull requests with rights": (
        f"on: pull_request_target\n{job_of(HEAD, rights='contents: write')}",
        "checks out the code of the pull request",
    ),
    "a condition that is never true": (
        TAGS_ONLY + job_of(more="if: \"github.ref == 'refs/heads/main'\", "),
        "never true on a tag",
    ),
    "cancelled uploads": (
        f"{TAGS_ONLY}concurrency: {{group: x, cancel-in-progress: true}}\n{job_of()}",
        "cancel-in-progress",
    ),
    "another workflow on the same tag": (TAGS_ONLY + job_of(), "both publish to PyPI"),
    "tags that start nothing": (
        "on: {push: {branches: [main]}}\n" + job_of(PLAIN, "{run: git push origin --tags}", rights="contents: write"),
        "GITHUB_TOKEN",
    ),
    "a build with an identity": (
        DISPATCHED + job_of(PLAIN, "{run: python -m build}", PYPI_ACTION),
        "builds with id-token: write",
    ),
    "a tag pattern": ("on: {push: {tags: ['release-*']}}\n" + job_of(), "does not run for tags like"),
    "no identity": (DISPATCHED + job_of(rights="contents: read"), "lacks the permission id-token: write"),
    "nothing checked out": (
        DISPATCHED + job_of(f"{{uses: {ACTION[:-9]}, with: {{command: build}}}}", rights="contents: read"),
        "checks nothing out",
    ),
}


def put(checkout: Checkout, **texts: str) -> None:
    for name, text in texts.items():
        (checkout.root / ".github/workflows" / f"{name}.yml").write_text(text, encoding="utf-8")
    checkout.git("add", ".")


@pytest.mark.slow
def test_every_fault_of_hand_written_workflows_is_found(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    put(checkout, **{case.replace(" ", "-"): text for case, (text, _) in EXTRA.items()})
    code, reported = doctor(checkout, capsys, "--version", "1.0")
    assert code == PreflightError.exit_code
    faults = reported["error"]["faults"]
    for case, (_, said) in EXTRA.items():
        assert [fault for fault in faults if said in fault and f"{case.replace(' ', '-')}.yml" in fault], case
