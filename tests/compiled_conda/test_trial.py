"""A compiled project without a recipe: conda packages from a generated one, equal to the wheels."""

import json
import re
from pathlib import Path

import pytest
import yaml

from release_tools.errors import VerifyError
from tests.compiled_conda.projects import fastsum, fastsum_for_abi3
from tests.conftest import Run
from tests.own_recipes.projects import Built, release
from tests.support.compiled_channel import HERE, NEEDS_COMPILER, Made
from tests.support.conda import Channel
from tests.support.repositories import make_repository

pytestmark = [NEEDS_COMPILER, pytest.mark.skipif(HERE != "linux-64", reason="the plan of the project is for x86_64")]
ONE_JOB = ("--wheels-jobs", "linux-x86_64")
OFFLINE = {"RELEASE_TOOLS_CONDA_CHANNELS": "http://127.0.0.1:9/nowhere", "RELEASE_TOOLS_WHEELS_JOBS": ONE_JOB[1]}
HASH = re.compile(r"(-py3\d+)h[0-9a-f]{7}_0$")
PINNING = """\
c_compiler_version:  # [unix]
  - 15                # [linux]
  - 21                # [osx]
c_stdlib_version:
  - "2.17"            # [linux]
  - 11.0              # [osx]
python:
  - 3.7.* *_cpython
is_python_min:
  - true
zip_keys:
  -
    - python
    - is_python_min
"""


def notes(built: Built, title: str, state: str) -> list[str]:
    return [note["text"] for note in built.sections[title] if note["state"] == state]


@pytest.mark.slow
def test_a_dry_run_builds_this_platform_s_package_for_this_python(
    run: Run, tmp_path: Path, compiled_channel: Channel
) -> None:
    channel = compiled_channel.over(tmp_path / "channel")
    pinning: dict[str, bytes | Path] = {"conda_build_config.yaml": PINNING.encode()}
    Made("conda-forge-pinning", "2026.11.30", pinning, noarch="generic").write(channel.folder)
    channel.add()
    built = release(run, tmp_path / "fastsum", fastsum(), channel, *ONE_JOB, command="dry-run")
    assert built.code == 0, built.err
    conda = built.sections["Build conda package"]
    assert any("conda-forge-pinning 2026.11.30" in note["text"] for note in conda)
    (package,) = (note["text"].removeprefix(f"{HERE}/") for note in conda if note["text"].endswith(".conda"))
    assert package.startswith("fastsum-1.0-py3")
    done = notes(built, "Verify", "done")
    assert any(text.startswith(f"{package} is equal to fastsum-1.0-cp3") for text in done)
    assert any("passes its own tests" in text for text in done)
    assert all(not name.endswith(".conda") for name in built.artifacts), "it is for this machine only"


@pytest.mark.slow
def test_one_package_for_the_stable_abi_serves_every_later_python(
    run: Run, tmp_path: Path, compiled_channel: Channel
) -> None:
    built = release(run, tmp_path / "fastsum", fastsum_for_abi3(), compiled_channel, *ONE_JOB, command="dry-run")
    assert built.code == 0, built.err
    (package,) = (note["text"] for note in built.sections["Build conda package"] if note["text"].endswith(".conda"))
    assert package.startswith(f"{HERE}/fastsum-1.0-py311h")
    planned = [note["detail"] for note in built.sections["Build sdist and wheel"] if "linux-x86_64" in note["text"]]
    assert package.removesuffix(".conda") in planned[0], "the plan has the exact name"
    done = notes(built, "Verify", "done")
    assert any("is equal to fastsum-1.0-cp311-abi3-" in text for text in done)
    assert any("passes its own tests" in text for text in done)
    newer, older = (run("recipe", "-C", built.checkout.root, "--format", form, **OFFLINE).out for form in ("v1", "v0"))
    check_form_of_the_stable_abi(newer, older)


def check_form_of_the_stable_abi(newer: str, older: str) -> None:
    """Check the form that conda-forge wants of a recipe for the stable ABI, in both formats."""
    recipe = yaml.safe_load(newer)
    assert recipe["build"]["python"]["version_independent"] == "${{ is_abi3 }}"
    assert 'is_abi3 and not match(python, "3.11.*")' in recipe["build"]["skip"]
    assert {"if": "is_abi3", "then": "python-abi3"} in recipe["requirements"]["host"]
    assert "python_version_independent: true  # [is_abi3]" in older
    assert "python-abi3  # [is_abi3]" in older


@pytest.mark.slow
def test_the_plan_has_one_package_a_platform_for_the_stable_abi(run: Run, tmp_path: Path) -> None:
    files = fastsum_for_abi3()
    files["pyproject.toml"] = files["pyproject.toml"].replace("cp31*-manylinux_x86_64", "cp311-* cp312-* cp313-*")
    checkout = make_repository(tmp_path / "fastsum", files, ". v1.0")
    said = run("plan", "-C", checkout.root, "--json")
    conda = [one for job in json.loads(said.out)["jobs"] for one in job.get("conda", [])]
    assert [HASH.sub(r"\1", one) for one in conda] == [
        f"{subdir}/fastsum-1.0-py311" for subdir in ("linux-64", "linux-aarch64", "osx-arm64", "osx-64", "win-64")
    ]


OTHER_FILE = """
    if "PREFIX" in os.environ:
        files["fastsum/__init__.py"] += b"# built by conda"
"""


@pytest.mark.slow
def test_a_python_file_that_differs_in_one_of_a_pair_stops_the_job(
    run: Run, tmp_path: Path, compiled_channel: Channel
) -> None:
    files = fastsum()
    backend = files["build-backend/backend.py"]
    line = "    files |= {\n"
    assert line in backend
    files["build-backend/backend.py"] = backend.replace(line, OTHER_FILE + line)
    quick = (*ONE_JOB, "--no-verify-conda-install")
    built = release(run, tmp_path / "fastsum", files, compiled_channel, *quick, command="dry-run")
    assert built.code == VerifyError.exit_code
    assert "fastsum/__init__.py" in built.err


@pytest.mark.slow
def test_without_a_channel_the_rest_goes_on(run: Run, tmp_path: Path) -> None:
    built = release(run, tmp_path / "fastsum", fastsum(), None, *ONE_JOB, command="dry-run")
    assert built.code == 0, built.err
    assert notes(built, "Build conda package", "skipped")


@pytest.mark.slow
def test_the_plan_has_a_conda_package_for_each_python_of_each_platform(run: Run, tmp_path: Path) -> None:
    files = fastsum().copy()
    files["pyproject.toml"] = files["pyproject.toml"].replace("cp31*-manylinux_x86_64", "cp312-* cp313-* cp314t-*")
    checkout = make_repository(tmp_path / "fastsum", files, ". v1.0")
    said = run("plan", "-C", checkout.root, "--json")
    assert said.code == 0, said.err
    jobs = {job["name"]: job.get("conda", []) for job in json.loads(said.out)["jobs"]}
    found = {name: [HASH.sub(r"\1", one) for one in conda] for name, conda in jobs.items()}
    assert found == {
        "source": [],
        **{
            job: [f"{subdir}/fastsum-1.0-py312", f"{subdir}/fastsum-1.0-py313"]
            for job, subdir in {
                "linux-x86_64": "linux-64",
                "linux-aarch64": "linux-aarch64",
                "macos-arm64": "osx-arm64",
                "macos-x86_64": "osx-64",
                "windows-x86_64": "win-64",
            }.items()
        },
    }
    assert all(HASH.search(one) for conda in jobs.values() for one in conda), "rattler-build renders the exact names"
    assert "conda" not in run("plan", "-C", checkout.root, "--json", "--no-conda", *ONE_JOB).out


@pytest.mark.slow
def test_the_recipe_for_conda_forge_requires_what_the_wheel_links_to(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "fastsum", fastsum(), ". v1.0")
    said = run("recipe", "-C", checkout.root, **OFFLINE)
    assert said.code == 0, said.err
    recipe = yaml.safe_load(said.out)
    assert "zlib" in recipe["requirements"]["host"]
    assert {"${{ compiler('c') }}", "${{ stdlib('c') }}"} <= set(map(str, recipe["requirements"]["build"]))
