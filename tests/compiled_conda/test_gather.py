"""The conda packages of all build jobs become one release, each under its subdir on the channel."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.builders.cibuildwheel import read_cibuildwheel_version
from release_tools.cli.main import main
from release_tools.errors import PreflightError
from release_tools.model.artifact import Artifact, ArtifactKind, asset_names
from release_tools.model.release import Release
from tests.compiled.test_served import SLUG, asset
from tests.conftest import Run
from tests.servers.github import GitHub
from tests.servers.github import Release as Published
from tests.servers.package_index import PackageIndex
from tests.servers.proxy import proxying
from tests.support.artifacts import Project
from tests.support.compiled_channel import Made
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

pytestmark = pytest.mark.skipif(not read_cibuildwheel_version(), reason="no cibuildwheel: uv pip install cibuildwheel")
SETTINGS = """
requires-python = ">=3.11"
[tool.cibuildwheel]
build = ["cp31[23]-manylinux_x86_64", "cp312-macosx_arm64", "cp312-win_amd64"]
[tool.release-tools]
wheels.jobs = ["linux-x86_64", "windows-x86_64", "macos-arm64"]
"""
JOBS = {
    "linux-x86_64": {"cp312-cp312-manylinux_2_17_x86_64": "linux-64", "cp313-cp313-manylinux_2_17_x86_64": "linux-64"},
    "windows-x86_64": {"cp312-cp312-win_amd64": "win-64"},
    "macos-arm64": {"cp312-cp312-macosx_11_0_arm64": "osx-arm64"},
}
"""The wheels of each job, by tag, and the subdir of the conda package for each."""


def conda_package(subdir: str, python: str, body: bytes = b"") -> Made:
    minor = python.removeprefix("cp3")
    files: dict[str, bytes | Path] = {f"lib/python3.{minor}/site-packages/demo/__init__.py": body}
    depends = ("python", f"python_abi 3.{minor}.* *_{python}")
    return Made("demo", "1.0", files, f"py3{minor}h1234567_0", depends, platform=subdir)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders of all build jobs, the source job's written by the command itself."""
    folder = tmp_path_factory.mktemp("built")
    files = in_tree_project()
    checkout = make_repository(
        folder / "project", {**files, "pyproject.toml": files["pyproject.toml"] + SETTINGS}, ". v1.0"
    )
    jobs = folder / "jobs"
    where = ("-C", str(checkout.root), "--packages-dir", str(jobs / "source"))
    env = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    assert main(["build", "--job", "source", *where, "--no-verify-install"], env) == 0
    for job, tags in JOBS.items():
        write_job(jobs, job, tags)
    return jobs


def write_job(jobs: Path, job: str, tags: dict[str, str]) -> None:
    source, folder = manifest.load(jobs / "source"), jobs / job
    folder.mkdir()
    for name in ("demo-1.0.tar.gz", "plan.json"):
        shutil.copy(jobs / "source" / name, folder)
    made = [Artifact.of(folder / "demo-1.0.tar.gz", ArtifactKind.SDIST)]
    for tag, subdir in tags.items():
        wheel = Project("demo", files={"demo/__init__.py": ""}, tag=tag, pure=False, bare=True).wheel(folder)
        path = conda_package(subdir, tag.partition("-")[0]).write(folder)
        made.append(Artifact.of(wheel, ArtifactKind.WHEEL))
        made.append(Artifact.of(path, ArtifactKind.CONDA, subdir))
    store(folder, replace(source, artifacts=tuple(made), job=job))


def store(folder: Path, release: Release) -> None:
    (folder / "release.json").write_text(manifest.dump(release), encoding="utf-8")


@pytest.fixture
def jobs(built: Path, tmp_path: Path) -> Path:
    shutil.copytree(built.parent, tmp_path / "built")
    return tmp_path / "built" / "jobs"


def gather(run: Run, jobs: Path) -> tuple[int, str]:
    said = run("gather", jobs, "-C", jobs.parent / "project", "--packages-dir", jobs.parent / "dist")
    return said.code, said.err


@pytest.mark.slow
def test_the_packages_of_all_platforms_become_one_release(run: Run, jobs: Path) -> None:
    code, err = gather(run, jobs)
    assert code == 0, err
    release = manifest.load(jobs.parent / "dist")
    packages = sorted((one.subdir, one.filename) for one in release.artifacts_of_kind(ArtifactKind.CONDA))
    assert [subdir for subdir, _ in packages] == ["linux-64", "linux-64", "osx-arm64", "win-64"]
    assert len(release.artifacts) == 1 + 2 * len(packages)
    names = [filename for _, filename in packages]
    assert len(set(names)) < len(names), "a file's identity is its subdir and its name"
    assert all((jobs.parent / "dist" / one.key).is_file() for one in release.artifacts)


def lose(jobs: Path) -> str:
    release = manifest.load(jobs / "macos-arm64")
    (package,) = release.artifacts_of_kind(ArtifactKind.CONDA)
    package.path.unlink()
    store(jobs / "macos-arm64", replace(release, artifacts=tuple(a for a in release.artifacts if a != package)))
    return "osx-arm64/demo-1.0-py312"


def build_twice(jobs: Path) -> str:
    release = manifest.load(jobs / "macos-arm64")
    path = conda_package("linux-64", "cp312", b"other").write(jobs / "macos-arm64")
    again = Artifact.of(path, ArtifactKind.CONDA, "linux-64")
    store(jobs / "macos-arm64", replace(release, artifacts=(*release.artifacts, again)))
    return path.name


def change(jobs: Path) -> str:
    (package,) = manifest.load(jobs / "windows-x86_64").artifacts_of_kind(ArtifactKind.CONDA)
    package.path.write_bytes(package.path.read_bytes() + b"\0")
    return package.filename


def add_unnamed(jobs: Path) -> str:
    path = conda_package("linux-64", "cp310").write(jobs / "linux-x86_64")
    return f"{path.parent.name}/{path.name}"


def add_unnamed_subdir(jobs: Path) -> str:
    conda_package("linux-aarch64", "cp312").write(jobs / "linux-x86_64")
    return "linux-aarch64"


@pytest.mark.slow
@pytest.mark.parametrize(
    "harm", [lose, build_twice, change, add_unnamed, add_unnamed_subdir], ids=lambda harm: harm.__name__
)
def test_what_is_missing_or_differs_is_refused_by_name(run: Run, jobs: Path, harm: Callable[[Path], str]) -> None:
    named = harm(jobs)
    code, err = gather(run, jobs)
    assert code == PreflightError.exit_code
    assert named in err
    assert not (jobs.parent / "dist").exists()


def publish(folder: Path, release: Release, left_out: str) -> GitHub:
    """Publish all files of a release on GitHub, but for the conda package of one subdir."""
    there = GitHub(folder / "github")
    there.create(SLUG)
    published = Published(1, "v1.0", "main", "demo 1.0", "", draft=False, prerelease=False, author="octo", created=1)
    published.published = 1
    kept = tuple(one for one in release.artifacts if one.subdir != left_out)
    names = asset_names(kept)
    published.assets += [asset(names[one.key], one.path.read_bytes()) for one in kept]
    text = manifest.dump(replace(release, artifacts=kept))
    published.assets.append(asset("release.json", text.encode()))
    there.repositories[SLUG].releases.append(published)
    return there


def build_again(folder: Path, build: str) -> None:
    """Replace the conda packages of a job by others with this hash in their build strings."""
    release = manifest.load(folder)
    packages = release.artifacts_of_kind(ArtifactKind.CONDA)
    again = []
    for one in packages:
        one.path.unlink()
        made = conda_package("linux-64", "cp312" if "py312" in one.filename else "cp313", b"built again")
        path = replace(made, build=made.build.replace("h1234567", build)).write(folder)
        again.append(Artifact.of(path, ArtifactKind.CONDA, "linux-64"))
    others = tuple(one for one in release.artifacts if one not in packages)
    store(folder, replace(release, artifacts=(*others, *again)))


@pytest.mark.slow
@pytest.mark.parametrize("build", ["h1234567", "h7654321"], ids=["same name", "other hash"])
def test_a_published_package_stays_in_the_release_when_it_is_built_again(run: Run, jobs: Path, build: str) -> None:
    assert gather(run, jobs)[0] == 0
    first = manifest.load(jobs.parent / "dist")
    there = publish(jobs.parent, first, left_out="win-64")
    build_again(jobs / "linux-x86_64", build)
    with proxying({**PackageIndex.pypi().routes, **there.routes}) as proxy:
        where = ("-C", jobs.parent / "project", "--packages-dir", jobs.parent / "dist", "--network-tries", "1")
        said = run("gather", jobs, *where, **proxy.environment, GITHUB_REPOSITORY=SLUG)
    assert said.code == 0, said.err
    second = manifest.load(jobs.parent / "dist")
    assert {one.key: one.sha256 for one in second.artifacts} == {one.key: one.sha256 for one in first.artifacts}
    assert "win-64/demo" in said.out.partition("new on GitHub")[2]
