"""The wheels of a build job, really built by cibuildwheel in a container."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from tests.compiled import container
from tests.compiled.plans import outputs
from tests.compiled.projects import ABI3, PROJECTS, SETUPTOOLS
from tests.conftest import Run
from tests.support.repositories import make_repository

pytestmark = [
    pytest.mark.container,
    pytest.mark.registry,
    pytest.mark.slow,
    pytest.mark.skipif(bool(container.missing()), reason=f"no container can be run: {container.missing()} is missing"),
]
ONLY = (
    '[tool.cibuildwheel]\nbuild = [{builds}]\n[tool.release-tools]\nwheels.jobs = ["linux-x86_64", "windows-x86_64"]\n'
)
QUICK = ("--no-conda",)
REFUSE_3_12 = "#include <Python.h>\n#if PY_VERSION_HEX >= 0x030C0000\n#error not for this Python\n#endif\n"
NOT_ON_3_12 = {**SETUPTOOLS, "quickcrc/_core.c": REFUSE_3_12 + SETUPTOOLS["quickcrc/_core.c"]}


def built(run: Run, folder: Path, files: Mapping[str, str], builds: str, settings: str = "") -> tuple[Path, str]:
    """Run the source job, and the job of this machine on its folder."""
    table = files["pyproject.toml"] + ONLY.format(builds=builds) + settings
    checkout = make_repository(folder / "project", {**files, "pyproject.toml": table}, ". v1.0")
    dist, output = folder / "dist", folder / "output"
    where = ("-C", checkout.root, "--packages-dir", dist, *QUICK)
    rust = {"RUSTUP_HOME": container.RUSTUP, "CARGO_HOME": container.CARGO}  # the tests have a home of their own
    said = run("build", "--job", "source", *where, GITHUB_OUTPUT=str(output), **rust)
    assert said.code == 0, said.err
    expect = outputs(output)["artifacts"]
    said = run("build", "--job", "linux-x86_64", *where, "--expect", expect, **container.containers().env)
    assert said.code == 0, said.out + said.err
    return dist, expect


def test_a_job_builds_its_wheels_from_the_sdist_the_same_every_time(run: Run, tmp_path: Path) -> None:
    builds = '"cp311-manylinux_x86_64", "cp312-manylinux_x86_64", "cp312-win_amd64"'
    dist, expect = built(run, tmp_path / "first", SETUPTOOLS, builds)
    release = manifest.load(dist)
    assert (release.job, release.plan_digest) == ("linux-x86_64", json.loads(expect)["plan"])
    tags = sorted(artifact.filename.split("-", 2)[2] for artifact in release.artifacts if "whl" in artifact.filename)
    assert [tag.partition("-manylinux")[0] for tag in tags] == ["cp311-cp311", "cp312-cp312"]
    again, _ = built(run, tmp_path / "second", SETUPTOOLS, builds)
    assert manifest.load(again).artifacts[1].sha256 == release.artifacts[1].sha256

    said = run("gather", dist, "--expect", expect, "-C", tmp_path / "first/project", "--packages-dir", tmp_path / "all")
    assert said.code == 14
    assert "cp312-win_amd64" in said.err


PAGE = Path(__file__).parents[2] / "docs" / "compiled-projects.md"
COMMANDS = {
    "plan": 0,
    "plan --json": 0,
    "init": 0,
    "init --check": 0,
    "doctor": 0,
    "dry-run": 0,
    "release": 14,
    "tag 1.0": 0,
    "build --job source": 0,
    "build --job linux-x86_64": 0,
    "gather FOLDER…": 0,
    "verify": 0,
}
"""The commands of the page in the order of a first release, and the exit code of each."""
WITH_FOLDER = ("build", "dry-run", "gather", "release", "verify")
OPTIONS = {
    "init": ("--yes", "--action", f"python-release-tools/python-release-tools@{'a' * 40}"),
    "dry-run": ("--no-conda", "--no-conda-forge", "--no-verify-recipe", "--network-tries", "1"),
    "build": ("--no-conda",),
    "gather": ("--network-tries", "1"),
}


def test_the_commands_of_the_page_make_a_release_of_one_wheel_for_the_stable_abi(run: Run, tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert set(re.findall(r"(?:^|`)release-tools ([^`\n]+)", page, re.MULTILINE)) == set(COMMANDS)
    table = ABI3["pyproject.toml"] + ONLY.format(builds='"cp31[12]-manylinux_x86_64"').replace(', "windows-x86_64"', "")
    checkout = make_repository(tmp_path / "project", {**ABI3, "pyproject.toml": table}, ". v1.0")
    origin = tmp_path / "origin.git"
    checkout.git("init", "--quiet", "--bare", "--initial-branch", "main", str(origin))
    checkout.git("remote", "add", "origin", str(origin))
    checkout.git("push", "--quiet", "origin", "main")
    jobs, dist = tmp_path / "jobs", tmp_path / "dist"
    for command, code in COMMANDS.items():
        name, *words = command.replace("FOLDER…", str(jobs)).split()
        env = {}
        if words[-1:] == ["linux-x86_64"]:  # the job starts with the files of the first one
            shutil.copytree(jobs / "source", jobs / "linux-x86_64")
            env = {**container.containers().env}
        folder = jobs / words[-1] if name == "build" else dist
        options = OPTIONS.get(name, ())
        where = ("-C", checkout.root, *(("--packages-dir", folder) if name in WITH_FOLDER else ()))
        said = run(name, *words, *where, *options, **env)
        assert said.code == code, f"{command}: {said.out}{said.err}"
    [wheel] = [one.filename for one in manifest.load(dist).artifacts if one.filename.endswith(".whl")]
    assert "cp311-abi3-manylinux" in wheel
    assert checkout.git("ls-remote", "--tags", "origin", "v1.0")


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["meson-python", "scikit-build-core", "maturin"])
def test_every_usual_backend_builds_its_wheel_from_the_sdist(run: Run, tmp_path: Path, name: str) -> None:
    if name == "maturin" and not shutil.which("cargo"):
        pytest.skip("no cargo")
    dist, _ = built(run, tmp_path, PROJECTS[name], '"cp311-manylinux_x86_64", "cp312-win_amd64"')
    wheels = [one.filename for one in manifest.load(dist).artifacts if one.filename.endswith(".whl")]
    assert len(wheels) == 1
    assert "manylinux" in wheels[0]


@pytest.mark.exhaustive
def test_an_optional_wheel_that_fails_leaves_the_others_and_is_reported(run: Run, tmp_path: Path) -> None:
    builds = '"cp311-manylinux_x86_64", "cp312-manylinux_x86_64", "cp312-win_amd64"'
    dist, expect = built(run, tmp_path, NOT_ON_3_12, builds, 'wheels.optional = ["cp312-manylinux*", "cp312-win*"]\n')
    release = manifest.load(dist)
    assert [one.filename.split("-")[2] for one in release.artifacts if one.filename.endswith(".whl")] == ["cp311"]
    assert release.left_out == ("cp312-manylinux_x86_64",)
    where = ("-C", tmp_path / "project", "--packages-dir", tmp_path / "all", "--network-tries", "1")
    said = run("gather", dist, "--expect", expect, *where)
    assert said.code == 0, said.err
    assert "cp312-manylinux_x86_64" in said.out


def test_a_required_wheel_that_fails_is_named_with_its_job_and_the_reason(run: Run, tmp_path: Path) -> None:
    table = NOT_ON_3_12["pyproject.toml"] + ONLY.format(builds='"cp311-manylinux_x86_64", "cp312-manylinux_x86_64"')
    table = table.replace(', "windows-x86_64"', "")
    checkout = make_repository(tmp_path / "project", {**NOT_ON_3_12, "pyproject.toml": table}, ". v1.0")
    where = ("-C", checkout.root, "--packages-dir", tmp_path / "dist", *QUICK)
    assert run("build", "--job", "source", *where).code == 0
    said = run("build", "--job", "linux-x86_64", "--verbose", *where, **container.containers().env)
    assert said.code == 6, said.out + said.err
    first = said.err.partition("error: ")[2].splitlines()[0]
    assert "linux-x86_64" in first
    assert "cp312-manylinux_x86_64" in first
    assert "cp311" not in first
    assert "not for this Python" in said.err
    assert "Building cp311-manylinux_x86_64 wheel" in said.out
    assert not list((tmp_path / "dist").glob("*.whl"))


def test_a_dry_run_can_build_the_wheels_of_this_platform_in_a_container(run: Run, tmp_path: Path) -> None:
    table = ABI3["pyproject.toml"] + ONLY.format(builds='"cp311-manylinux_x86_64", "cp312-win_amd64"')
    checkout = make_repository(tmp_path / "project", {**ABI3, "pyproject.toml": table}, ". v1.0")
    options = ("--no-conda", "--no-conda-forge", "--no-verify-recipe", "--network-tries", "1", "--json")
    said = run("dry-run", "-C", checkout.root, "--in-container", *options, **container.containers().env)
    assert said.code == 0, said.out + said.err
    texts = [note["text"] for section in json.loads(said.out)["sections"] for note in section["notes"]]
    assert any("cp311-abi3-manylinux" in text and "this machine only" in text for text in texts)
