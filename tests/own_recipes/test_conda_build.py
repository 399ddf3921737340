"""Own recipes of the older format, built by conda-build without miniconda.

conda-build is not on the package index: a stand-in is on the tests' channel. Where CONDA_BUILD_PYTHON names a Python
that has conda-build and conda, one test builds with them.
"""

import json
import os
from pathlib import Path

import pytest

from release_tools.artifacts import read_conda
from release_tools.errors import BuildError, CredentialError, VersionError
from tests.conftest import Run
from tests.own_recipes.conda_build_channel import add_real, add_stand_in, find_version
from tests.own_recipes.projects import Built, release
from tests.support.compiled_channel import HERE, two_pythons
from tests.support.conda import NEEDS_POSIX, Channel, once
from tests.support.projects import in_tree_project

pytestmark = [pytest.mark.slow, NEEDS_POSIX]
REAL = os.environ.get("CONDA_BUILD_PYTHON", "")
META = """\
package:
  name: demo
  version: {{ environ['GIT_DESCRIBE_TAG'].lstrip('v') }}
source:
  path: ..
build:
  number: 3
  skip: true  # [win]
requirements:
  host:
    - python
    - pip
  run:
    - python
test:
  imports:
    - demo
  commands:
    - demo-hello
about:
  license: MIT
  summary: A demonstration
"""
BUILD = "#!/bin/bash\nset -ex\n$PYTHON -m pip install . -vv --no-deps --no-build-isolation\n"
NOARCH = """\
{% set name = "demo-data" %}
{% set version = "0.1" %}
package:
  name: {{ name }}
  version: {{ version }}
source:
  path: ../tables
build:
  noarch: generic
  number: 0
  script: mkdir -p $PREFIX/share/demo && cp cities.csv $PREFIX/share/demo/
about:
  license: CC0-1.0
"""


def project(recipe: str = META, **files: str) -> dict[str, str]:
    """A pure project with a command, and its recipe for two Pythons."""
    made = in_tree_project()
    backend = made["build-backend/backend.py"]
    line = '    members[f"{info}/METADATA"] = _metadata(name, version)\n'
    points = '    members[f"{info}/entry_points.txt"] = b"[console_scripts]\\ndemo-hello = demo:main\\n"\n'
    assert line in backend
    made["build-backend/backend.py"] = backend.replace(line, line + points)
    made["demo/__init__.py"] = '"""A demonstration."""\n\n\ndef main() -> None:\n    print("hello")\n'
    pythons = "".join(f"  - {one.variant}\n" for one in two_pythons())
    own = {
        "conda.recipe/meta.yaml": recipe,
        "conda.recipe/build.sh": BUILD,
        "conda.recipe/conda_build_config.yaml": f"python:\n{pythons}",
    }
    return made | own | files


@pytest.fixture(scope="session")
def conda_build(shared: Path, compiled_channel: Channel) -> Channel:
    """The channel with the stand-in."""
    folder = once(shared / "conda-build-channel", lambda folder: _ignored(add_stand_in(compiled_channel, folder)))
    return compiled_channel.over(folder)


def _ignored(_: Channel) -> None:
    """Return nothing: `once` wants it so."""


def packages(built: Built) -> list[str]:
    return sorted(name for name in built.artifacts if name.endswith(".conda"))


@pytest.mark.slow
def test_a_recipe_that_asks_for_the_tag_is_built_for_two_pythons_and_the_same_again(
    run: Run, tmp_path: Path, conda_build: Channel
) -> None:
    built = release(run, tmp_path / "demo", project(), conda_build)
    assert built.code == 0, built.err
    check_packages(built)
    again = release(run, tmp_path / "another-one" / "demo", project(), conda_build, "--no-verify-conda-install")
    assert {name: one["sha256"] for name, one in built.artifacts.items()} == {
        name: one["sha256"] for name, one in again.artifacts.items()
    }
    (tools,) = (note for note in built.sections["Build conda package"] if "conda-build 26" in note["text"])
    assert any(len(line.split()) == 4 and len(line.split()[-1]) == 64 for line in tools["detail"].split("; "))


def check_packages(built: Built) -> None:
    """A package for each Python, equal to the wheel, and without a trace of where it was built."""
    names = packages(built)
    assert len(names) == len(two_pythons())
    for one in two_pythons():
        (name,) = (name for name in names if name.startswith(f"{HERE}/demo-1.0-py{one.tag[2:]}h"))
        package = read_conda(built.dist / name)
        assert (package.version, package.build_number) == ("1.0", 3)
        assert b"/tmp" not in package.documents["about.json"]
        assert {f"lib/python{one.minor}/site-packages/demo/__init__.py", "bin/demo-hello"} <= {
            member.name for member in package.members
        }
    done = [note["text"] for note in built.sections["Verify"] if note["state"] == "done"]
    assert sum("is equal to demo-1.0-py3-none-any.whl" in text for text in done) == len(names)


def test_the_first_job_asks_conda_build_what_every_platform_gets(
    run: Run, tmp_path: Path, conda_build: Channel
) -> None:
    built = release(run, tmp_path / "demo", project(), conda_build, "--job", "source")
    assert built.code == 0, built.err
    jobs = json.loads((built.dist / "plan.json").read_text())["jobs"]
    planned = {job["name"]: job.get("conda", []) for job in jobs}
    subdirs = {
        "linux-x86_64": "linux-64",
        "linux-aarch64": "linux-aarch64",
        "macos-arm64": "osx-arm64",
        "macos-x86_64": "osx-64",
    }
    pythons = [one.tag[2:] for one in two_pythons()]
    assert planned.pop("source") == []
    assert planned == {job: [f"{one}/demo-1.0-py{py}*" for py in pythons] for job, one in subdirs.items()}


def test_a_literal_version_is_set_in_a_copy(run: Run, tmp_path: Path, conda_build: Channel) -> None:
    files = {"conda.recipe/meta.yaml": NOARCH, "tables/cities.csv": "Paris,2\n"}
    built = release(run, tmp_path / "demo", files, conda_build)
    assert built.code == 0, built.err
    (name,) = packages(built)
    assert name.startswith("noarch/demo-data-1.0-")
    assert "0.1" in (built.checkout.root / "conda.recipe" / "meta.yaml").read_text()


ONE_PYTHON = {"conda.recipe/conda_build_config.yaml": f"python:\n  - {two_pythons()[0].variant}\n"}
COMPUTED = META.replace(
    "{{ environ['GIT_DESCRIBE_TAG'].lstrip('v') }}", "{{ load_file_data('pyproject.toml')['project']['version'] }}.1"
)
REFUSED = {
    "another version": (project(COMPUTED), VersionError, ("1.0.1", "1.0")),
    "a script that fails": (project(**{"conda.recipe/build.sh": "exit 7\n"}), BuildError, ("conda-build",)),
    "a test that fails": (
        project(META.replace("    - demo-hello", "    - exit 5"), **ONE_PYTHON),
        BuildError,
        ("conda-build",),
    ),
    "a template that is wrong": (project(META.replace("{{ environ", "{{ nothing")), BuildError, ("meta.yaml",)),
    "a command that is missing": (
        project(
            **{"conda.recipe/build.sh": f"{BUILD}rm $PREFIX/bin/demo-hello $SP_DIR/*/entry_points.txt\n"}
            | ONE_PYTHON
            | {"conda.recipe/meta.yaml": META.replace("  commands:\n    - demo-hello\n", "")}
        ),
        None,
        ("demo-hello",),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_built_is_refused(case: str, run: Run, tmp_path: Path, conda_build: Channel) -> None:
    files, error, words = REFUSED[case]
    built = release(run, tmp_path / "demo", files, conda_build, "--no-verify-conda-install")
    assert built.code == (error.exit_code if error else 9), built.err
    for word in words:
        assert word in built.err
    assert not built.dist.exists()


def test_a_channel_without_conda_build_is_named(run: Run, tmp_path: Path, compiled_channel: Channel) -> None:
    built = release(run, tmp_path / "demo", project(), compiled_channel)
    assert built.code == BuildError.exit_code
    assert "conda-build" in built.err


def test_without_a_channel_a_dry_run_goes_on(run: Run, tmp_path: Path) -> None:
    built = release(run, tmp_path / "demo", project(), None, command="dry-run")
    assert built.code == 0, built.err
    assert packages(built) == []


@pytest.mark.parametrize("name", ["ANACONDA_API_TOKEN", "TWINE_PASSWORD"])
def test_conda_build_does_not_run_where_a_credential_is(name: str, run: Run, tmp_path: Path) -> None:
    from tests.support.repositories import make_repository

    checkout = make_repository(tmp_path / "demo", project(), ". v1.0")
    said = run("build", "-C", checkout.root, **{name: "oc-canary-1a2b3c4d5e"})
    assert said.code == CredentialError.exit_code


def test_conda_build_gets_no_configuration_and_no_secret_of_the_user(
    run: Run, tmp_path: Path, conda_build: Channel, env: dict[str, str]
) -> None:
    Path(env["HOME"], ".condarc").write_text("anaconda_upload: true\n")
    files = {"conda.recipe/meta.yaml": NOARCH, "tables/cities.csv": "Paris,2\n"}
    from tests.support.repositories import make_repository

    checkout = make_repository(tmp_path / "demo", files, ". v1.0")
    channels = {"RELEASE_TOOLS_CONDA_CHANNELS": ",".join(conda_build.urls)}
    secrets = {"MY_API_TOKEN": "canary-1a2b3c", "CONDA_CHANNELS": "https://example.org/t/canary"}
    said = run("build", "-C", checkout.root, "--allow-credentials-in-build", **channels, **secrets)
    assert said.code == 0, said.err


@pytest.mark.slow
@pytest.mark.skipif(not REAL, reason="CONDA_BUILD_PYTHON names no Python that has conda-build")
def test_the_real_conda_build_builds_it(run: Run, tmp_path: Path, compiled_channel: Channel) -> None:
    assert find_version(Path(REAL)) in {one.version for one in two_pythons()}, (
        "the channel has no Python of this version"
    )
    channel = add_real(compiled_channel, tmp_path / "real", Path(REAL))
    built = release(run, tmp_path / "demo", project(), channel)
    assert built.code == 0, built.err
    check_packages(built)
