"""The workflows that users get: what they say for each configuration, and that the linters have nothing to say."""

import re
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from release_tools.cli.commands.init import UPDATES, UPDATES_FILE
from release_tools.config.schema import AnacondaConfig, Config, GitHubConfig, RoutesConfig
from release_tools.model.versions import TagFormat
from release_tools.planning.build_plan import BuildJob, BuildTarget
from release_tools.publishers.base import JobNeeds
from release_tools.workflows.jobs import WorkflowPlan, list_publishing_jobs
from release_tools.workflows.render import CHECK, PINS, RELEASE, keep_parts, render
from tests.acting import ROOT, readme_workflow
from tests.publishers.test_routes import publishers

OURS = f"python-release-tools/python-release-tools@{'a' * 40} # v1.0.0"
OWNED = AnacondaConfig(owner="octo")
CONFIGS: Mapping[str, Config] = {
    "plain": Config(),
    "anaconda": Config(anaconda=OWNED),
    "testpypi-first": Config(anaconda=OWNED, testpypi_first=True, tag_format="demo-v{version}"),
    "own servers": Config(
        anaconda=OWNED,
        indexes={"company": "https://pypi.example/legacy/"},
        channels={"lab": "quetz+https://quetz.example/get/lab", "folder": "file:///srv/channel"},
        routes=RoutesConfig(final=("company", "lab", "folder", "prefix+https://prefix.dev/octo")),
        github=GitHubConfig(enabled=False),
    ),
}


def plan(config: Config, *, dev: bool = False, project: str = ".") -> WorkflowPlan:
    jobs = list_publishing_jobs(publishers(config), is_dev=dev)
    return WorkflowPlan("demo", "main", TagFormat.parse(config.tag_format).globs, project, "dist", jobs, dev, OURS)


MATRIX = (
    BuildJob("linux-x86_64", "ubuntu-latest", "linux", (BuildTarget("cp312-manylinux_x86_64"),)),
    BuildJob("windows-arm64", "windows-11-arm", "windows", (BuildTarget("cp312-win_arm64", is_optional=True),)),
)


def compiled(config: Config) -> WorkflowPlan:
    return replace(plan(config), matrix=MATRIX)


def test_a_compiled_project_has_a_job_for_each_runner_and_one_that_gathers() -> None:
    workflow = yaml.safe_load(render(compiled(CONFIGS["anaconda"]))[RELEASE])["jobs"]
    assert list(workflow)[:6] == ["source", "build", "gather", "verify", "tag", "attest"]
    strategy = workflow["build"]["strategy"]
    assert strategy["fail-fast"] is False
    assert strategy["matrix"]["include"] == [
        {"job": "linux-x86_64", "runner": "ubuntu-latest", "optional": False},
        {"job": "windows-arm64", "runner": "windows-11-arm", "optional": True},
    ]
    assert [name for name, content in workflow.items() if "artifacts" in content.get("outputs", {})] == ["gather"]
    assert "if" not in workflow["gather"]  # so a cell that failed keeps everything from being published
    for name in ("source", "build", "gather", "verify"):
        assert workflow[name]["permissions"] == {"contents": "read"}
        assert "secrets." not in str(workflow[name])
    for name, content in list(workflow.items())[3:]:
        assert "gather" in content["needs"]
        assert "needs.build" not in str(content), name


@pytest.mark.parametrize("matrix", [(), MATRIX], ids=["pure", "compiled"])
def test_a_version_in_a_file_is_prepared_by_two_jobs(matrix: tuple[BuildJob, ...]) -> None:
    made = replace(plan(CONFIGS["anaconda"]), matrix=matrix, is_prepared=True)
    workflow = yaml.safe_load(render(made)[RELEASE])["jobs"]
    assert list(workflow)[:2] == ["prepare", "propose"]
    assert workflow["prepare"]["permissions"] == {"contents": "read"}
    assert workflow["propose"]["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert "--pull-request" in workflow["propose"]["steps"][-1]["with"]["arguments"]
    first, *later = [job for job in workflow if job not in {"prepare", "propose", "summary"}]
    assert workflow[first]["needs"] == "prepare"
    for job in (first, *later):
        assert "!cancelled() && !failure()" in workflow[job]["if"], job
    assert "prepare" not in load("anaconda")["jobs"]


def test_a_pure_project_has_no_matrix() -> None:
    for text in render(plan(CONFIGS["plain"])).values():
        assert not re.search("matrix|gather|compiled", text)


@cache
def load(config: str, *, dev: bool = False) -> dict[Any, Any]:
    """Return the content of a release workflow, which nobody changes."""
    content = yaml.safe_load(render(plan(CONFIGS[config], dev=dev))[RELEASE])
    assert isinstance(content, dict)
    return content


def job(config: str, name: str) -> dict[str, Any]:
    found = load(config)["jobs"][name]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("config", "dev", "expected"),
    [
        ("plain", False, ["github-draft", "pypi", "github", "conda-forge"]),
        ("plain", True, ["github-draft", "testpypi", "pypi", "github", "conda-forge"]),
        ("anaconda", False, ["github-draft", "pypi", "anaconda", "github", "conda-forge"]),
        ("testpypi-first", False, ["github-draft", "testpypi", "pypi", "anaconda", "github", "conda-forge"]),
        ("own servers", False, ["pypi", "anaconda", "company", "lab", "prefix-https-prefix-dev-octo", "conda-forge"]),
    ],
)
def test_each_place_has_its_job(config: str, dev: bool, expected: list[str]) -> None:  # noqa: FBT001 - a column
    workflow = load(config, dev=dev)
    assert list(workflow["jobs"]) == ["build", "verify", "tag", "attest", *expected, "summary"]


def test_no_job_has_more_rights_than_it_needs() -> None:
    workflow = load("testpypi-first")
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "build": {"contents": "read"},
        "verify": {"contents": "read"},
        "tag": {"contents": "write"},
        "attest": {"attestations": "write", "id-token": "write"},
        "github-draft": {"contents": "write"},
        "testpypi": {"contents": "read", "id-token": "write"},
        "pypi": {"contents": "read", "id-token": "write"},
        "anaconda": {"contents": "read"},
        "github": {"contents": "write"},
        "conda-forge": {"contents": "read"},
        "summary": {"contents": "read"},
    }


def test_a_shared_step_is_written_once_and_out_where_a_server_reads_no_anchors() -> None:
    made = plan(CONFIGS["anaconda"])
    with_anchors, without = (render(replace(made, has_anchors=has))[RELEASE] for has in (True, False))
    for action in ("checkout", "download-artifact"):
        assert with_anchors.count(f"uses: actions/{action}@") <= 2 < without.count(f"uses: actions/{action}@")
    assert not re.search(r"- [&*]\w+$", without, re.MULTILINE)
    assert yaml.safe_load(with_anchors) == yaml.safe_load(without)


def test_build_verify_and_check_see_no_secret() -> None:
    texts = render(plan(CONFIGS["anaconda"]))
    assert "secrets." not in texts[CHECK]
    for name in ("build", "verify"):
        assert "secrets." not in yaml.safe_dump(job("anaconda", name))
    assert texts[RELEASE].count("secrets.") == 2


def test_digests_travel_apart_from_the_files() -> None:
    for name in ("verify", "github-draft", "pypi", "anaconda", "github"):
        *_, ours = (
            step for step in job("anaconda", name)["steps"] if step.get("uses", "").startswith("python-release-tools/")
        )
        assert ours["with"]["expect"] == "${{ needs.build.outputs.artifacts }}"


def test_a_place_waits_for_those_before_it() -> None:
    assert job("testpypi-first", "github-draft")["needs"] == ["build", "verify", "tag", "attest"]
    assert job("testpypi-first", "testpypi")["needs"] == ["build", "verify", "tag", "attest", "github-draft"]
    assert job("testpypi-first", "pypi")["needs"] == ["build", "verify", "tag", "attest", "testpypi"]
    assert job("testpypi-first", "github")["needs"] == ["build", "verify", "tag", "attest", "anaconda"]


def test_every_destination_is_shown_by_the_last_job_or_else_by_the_summary() -> None:
    for text in render(plan(CONFIGS["anaconda"])), render(replace(plan(CONFIGS["anaconda"]), matrix=MATRIX)):
        jobs = yaml.safe_load(text[RELEASE])["jobs"]
        ours = [
            (name, step["with"].get("arguments", ""))
            for name, content in jobs.items()
            for step in content["steps"]
            if step.get("with", {}).get("command") == "publish"
        ]
        assert [name for name, arguments in ours if arguments == "--status"] == ["conda-forge"] == [ours[-1][0]]
        assert "needs.conda-forge.result != 'success'" in jobs["summary"]["if"]
        assert "conda-forge" in jobs["summary"]["needs"]


def test_a_project_in_a_folder_is_named_in_every_step() -> None:
    for text in render(plan(CONFIGS["anaconda"], project="python/demo")).values():
        steps = [step for job in yaml.safe_load(text)["jobs"].values() for step in job["steps"]]
        ours = [step["with"]["project"] for step in steps if step.get("uses", "").startswith("python-release-tools/")]
        assert set(ours) == {"python/demo"}


def test_the_tags_that_start_a_release_follow_the_configuration() -> None:
    for config, expected in (("plain", ["v[0-9]*", "[0-9]*"]), ("testpypi-first", ["demo-v[0-9]*"])):
        assert load(config)[True]["push"]["tags"] == expected


def test_a_newer_commit_that_the_project_pins_is_kept() -> None:
    newer = {PINS["actions/checkout"]: f"{'b' * 40} # v9.9.9", OURS.partition("@")[2]: f"{'c' * 40} # v2.0.0"}
    there = render(plan(Config()))
    for ours, theirs in newer.items():
        there = {path: text.replace(ours, theirs) for path, text in there.items()}
    assert render(keep_parts(plan(Config()), there, upgrade=True)) == there


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("dev", [False, True], ids=["tags", "dev"])
def test_every_workflow_is_tidy(name: str, dev: bool) -> None:  # noqa: FBT001 - a column
    for text in render(plan(CONFIGS[name], dev=dev, project="python/demo" if dev else ".")).values():
        assert text.endswith("\n")
        assert not re.search(r"[ \t]+$|\n\n\n|\n\n\Z|\[[\[%#]", text, re.MULTILINE)
        assert max(map(len, text.splitlines())) <= 120


def page_workflows(page: Path) -> list[str]:
    """The whole workflows that a page shows, with a commit for their placeholder."""
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    whole = [block for block in blocks if re.search(r"^on:", block, re.MULTILINE) and "\njobs:" in block]
    return [block.replace("@COMMIT", f"@{'a' * 40}") for block in whole]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of repositories, with workflows of every kind, those that pages show, and our own."""
    root = tmp_path_factory.mktemp("written")
    kinds = {"pure": ((), False), "compiled": (MATRIX, False), "static": ((), True), "both": (MATRIX, True)}
    pairs = [("plain", kind) for kind in kinds] + [(name, "both") for name in CONFIGS if name != "plain"]
    for name, kind in pairs:
        matrix, is_prepared = kinds[kind]
        for dev in (False, True):
            made = plan(CONFIGS[name], dev=dev, project="python/demo" if dev else ".")
            made = replace(made, matrix=matrix, is_prepared=is_prepared, has_anchors=not dev)
            for path, text in render(made).items():
                file = root / f"{name}-{dev}-{kind}".replace(" ", "-") / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        for number, text in enumerate(page_workflows(page)):
            file = root / f"{page.stem}-{number}" / RELEASE
            file.parent.mkdir(parents=True)
            file.write_text(text, encoding="utf-8")
    (root / "own-updates" / ".github").mkdir(parents=True)
    (root / "own-updates" / UPDATES_FILE).write_text(UPDATES, encoding="utf-8")
    shutil.copytree(ROOT / ".github", root / "own" / ".github")
    shutil.copy(ROOT / "action.yml", root / "own")
    return root


def lint(*command: str) -> None:
    found = shutil.which(command[0], path=sysconfig.get_path("scripts"))
    assert found, f"{command[0]} is not installed"
    done = subprocess.run([found, *command[1:]], capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_github_can_read_every_workflow_and_the_action(written: Path) -> None:
    workflows = {path.read_text(encoding="utf-8"): str(path) for path in written.rglob(".github/workflows/*.yml")}
    assert len(workflows) > 2 * len(CONFIGS)
    lint("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows.values())
    lint("check-jsonschema", "--builtin-schema", "vendor.github-actions", str(written / "own/action.yml"))


def test_the_workflow_of_the_readme_is_that_of_the_page_and_uses_the_same_commits() -> None:
    text = readme_workflow()
    assert text in (ROOT / "docs/action.md").read_text(encoding="utf-8").replace("@COMMIT", f"@{'a' * 40}")
    used = dict(re.findall(r"uses: (actions/[\w-]+)@(.+)", text))
    assert used == {name: PINS[name] for name in used}


@pytest.mark.slow
def test_zizmor_finds_nothing_in_its_strictest_persona(written: Path) -> None:
    lint("zizmor", "--offline", "--strict-collection", "--persona", "auditor", "--no-progress", str(written))


def test_no_finding_is_silenced_without_its_reason() -> None:
    files = [*(ROOT / "templates").rglob("*.yml"), *(ROOT / ".github").rglob("*.yml"), ROOT / "action.yml"]
    silenced = [
        line for file in files for line in file.read_text(encoding="utf-8").splitlines() if "zizmor: ignore" in line
    ]
    assert all(re.search(r"zizmor: ignore\[[\w-]+\] - \w", line) for line in silenced)


@pytest.mark.parametrize("places", [("pypi",), ("pypi", "conda-forge")])
def test_drift_is_looked_for_where_releases_go_to_conda_forge(places: tuple[str, ...]) -> None:
    made = replace(plan(Config()), jobs=tuple(JobNeeds(place, place, place) for place in places))
    steps = yaml.safe_load(render(made)[CHECK])["jobs"]["dry-run"]["steps"]
    commands = [step["with"]["command"] for step in steps if step.get("uses") == OURS.partition(" ")[0]]
    drift = [step for step in steps if step.get("with", {}).get("command") == "drift"]
    assert commands == ["dry-run", *["drift"] * ("conda-forge" in places), "init"]
    assert all(step["continue-on-error"] for step in drift), "a change that the next release brings forbids nothing"
