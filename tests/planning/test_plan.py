"""The build plan: what is compiled, which wheels it has, and which job builds each."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pytest

from release_tools.builders.cibuildwheel import read_cibuildwheel_version
from release_tools.config.schema import WheelJob
from release_tools.errors import ConfigError
from release_tools.planning.build_plan import BuildPlan, read_plan
from release_tools.planning.compiled import explain_compiled
from release_tools.planning.runners import DEFAULT_JOBS, RUNNERS, Selection, plan_compiled, select
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

pytestmark = pytest.mark.skipif(not read_cibuildwheel_version(), reason="no cibuildwheel: uv pip install cibuildwheel")

COMPILED = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "fastsum"
version = "1.0"
requires-python = ">=3.12,<3.14"

[tool.setuptools]
ext-modules = [{ name = "fastsum._core", sources = ["core.c"] }]
"""


def plan(run: Run, folder: Path, more: str = "", **variables: str) -> BuildPlan:
    checkout = make_repository(folder, {"pyproject.toml": COMPILED + more, "core.c": ""}, ". v1.0")
    said = run("plan", "-C", checkout.root, "--json", **variables)
    assert said.code == 0, said.err
    assert said.err == ""
    return BuildPlan.of_data(json.loads(said.out))


def identifiers(plan: BuildPlan) -> dict[str, list[str]]:
    return {job.name: [target.identifier for target in job.targets] for job in plan.jobs}


def make_plan(
    *, optional: Sequence[str] = (), labels: Mapping[str, str] | None = None, is_split: bool = False
) -> BuildPlan:
    """Make the plan of the jobs of `DEFAULT`, for which cibuildwheel lists what it lists where nothing is said."""
    listed: dict[str, list[str]] = {}
    for job in DEFAULT_JOBS:
        listed.setdefault(RUNNERS[job].platform, []).extend(DEFAULT[job])
    return plan_compiled(
        "fastsum", "1.0", select(DEFAULT_JOBS, {}), listed, optional=optional, is_split=is_split, labels=labels
    )


def both(platform: str) -> list[str]:
    return [f"{python}-{platform}" for python in ("cp312", "cp313")]


DEFAULT = {
    "source": ["sdist"],
    "linux-x86_64": [*both("manylinux_x86_64"), *both("musllinux_x86_64")],
    "linux-aarch64": [*both("manylinux_aarch64"), *both("musllinux_aarch64")],
    "macos-arm64": both("macosx_arm64"),
    "macos-x86_64": both("macosx_x86_64"),
    "windows-x86_64": both("win_amd64"),
}
ONE_JOB = 'jobs = ["windows-x86_64"]\n'
"""The settings of most cases, as each platform of a plan is a process of cibuildwheel."""
CASES = {
    "nothing said": ("", DEFAULT),
    "some jobs": (
        '[tool.release-tools]\nwheels.jobs = ["windows-arm64", "macos-arm64"]\n',
        {"source": ["sdist"], "windows-arm64": both("win_arm64"), "macos-arm64": both("macosx_arm64")},
    ),
    "one wheel skipped": (
        (
            '[tool.cibuildwheel]\nskip = ["*-macosx_arm64", "cp313-macosx_x86_64"]\n'
            '[tool.release-tools]\nwheels.jobs = ["macos-arm64", "macos-x86_64"]\n'
        ),
        {"source": ["sdist"], "macos-x86_64": ["cp312-macosx_x86_64"]},
    ),
    "32 bits, asked for in both ways": (
        (
            '[tool.cibuildwheel]\nskip = ["*musllinux*"]\nlinux.archs = "auto, i686"\nwindows.archs = ["auto32"]\n'
            '[tool.release-tools]\nwheels.jobs = ["linux-x86_64", "windows-x86_64"]\n'
        ),
        {
            "source": ["sdist"],
            "linux-x86_64": [*both("manylinux_x86_64"), *both("manylinux_i686")],
            "windows-x86_64": both("win32"),
        },
    ),
    "automatic is no wish for 32 bits": (
        '[tool.cibuildwheel]\narchs = "auto"\n[tool.release-tools]\nwheels.jobs = ["windows-x86_64"]\n',
        {"source": ["sdist"], "windows-x86_64": both("win_amd64")},
    ),
    "one file for both kinds of Mac": (
        (
            '[tool.cibuildwheel.macos]\narchs = ["universal2"]\n'
            '[tool.release-tools]\nwheels.jobs = ["macos-arm64", "macos-x86_64"]\n'
        ),
        {"source": ["sdist"], "macos-arm64": both("macosx_universal2")},
    ),
    "an emulated machine": (
        (
            '[tool.cibuildwheel]\nskip = "*musllinux*"\n[tool.cibuildwheel.linux]\narchs = ["s390x"]\n'
            '[tool.release-tools]\nwheels.jobs = ["linux-x86_64"]\n'
        ),
        {"source": ["sdist"], "linux-x86_64": both("manylinux_s390x")},
    ),
    "browsers, telephones": (
        (
            '[tool.cibuildwheel]\nbuild = "cp313-*"\npyodide = {}\nios.archs = ["all"]\nandroid.archs = "arm64_v8a"\n'
            '[tool.release-tools]\nwheels.jobs = ["windows-x86_64"]\n'
        ),
        {
            "source": ["sdist"],
            "windows-x86_64": ["cp313-win_amd64"],
            "pyodide": ["cp313-pyodide_wasm32"],
            "android": ["cp313-android_arm64_v8a"],
            "ios": [
                "cp313-ios_arm64_iphoneos",
                "cp313-ios_x86_64_iphonesimulator",
                "cp313-ios_arm64_iphonesimulator",
            ],
        },
    ),
    "other interpreters": (
        (
            '[tool.cibuildwheel]\nenable = ["pypy", "graalpy"]\nbuild = "[pg]p*12*-manylinux_x86_64"\n'
            '[tool.release-tools]\nwheels.jobs = ["linux-x86_64", "linux-aarch64"]\n'
        ),
        {"source": ["sdist"], "linux-x86_64": ["pp312-manylinux_x86_64", "gp312_250-manylinux_x86_64"]},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_the_plan_holds_what_the_project_and_its_cibuildwheel_settings_ask_for(
    run: Run, tmp_path: Path, case: str
) -> None:
    settings, expected = CASES[case]
    assert identifiers(plan(run, tmp_path, settings)) == expected


def test_the_runners_are_those_of_the_table_or_the_project_s_own() -> None:
    made = make_plan(labels={"macos-arm64": "macos-26"})
    assert [job.runner for job in made.jobs] == [
        "ubuntu-latest", "ubuntu-latest", "ubuntu-24.04-arm", "macos-26", "macos-15-intel", "windows-2025",
    ]  # fmt: skip


def test_slow_builds_are_split_into_a_job_for_each_wheel() -> None:
    made = make_plan(is_split=True, labels={"linux-aarch64": "own-arm"})
    every = [identifier for found in DEFAULT.values() for identifier in found]
    assert identifiers(made) == {"source": ["sdist"], **{name: [name] for name in every if name != "sdist"}}
    assert {job.runner for job in made.jobs if "aarch64" in job.name} == {"own-arm"}


def test_optional_wheels_are_named_by_job_or_pattern() -> None:
    made = make_plan(optional=["macos-x86_64", "cp313-musl*_aarch64"])
    optional = [target.identifier for _, target in made.targets if target.is_optional]
    assert optional == ["cp313-musllinux_aarch64", *both("macosx_x86_64")]
    assert [job.name for job in made.jobs if job.is_optional] == ["macos-x86_64"]


@pytest.mark.slow
def test_the_settings_of_the_project_reach_the_plan(run: Run, tmp_path: Path) -> None:
    settings = 'split = true\noptional = ["cp313-win_amd64"]\nrunners.windows-x86_64 = "own"\n'
    made = plan(run, tmp_path, f"[tool.release-tools.wheels]\n{ONE_JOB}{settings}")
    assert [(job.name, job.runner, job.is_optional) for job in made.jobs[1:]] == [
        ("cp312-win_amd64", "own", False),
        ("cp313-win_amd64", "own", True),
    ]
    assert (made.name, made.version, made.cibuildwheel) == ("fastsum", "1.0", read_cibuildwheel_version())


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"optional": ["windows-arm64"]}, "windows-arm64"),
        ({"optional": ["macos-arm64", "cp39-*"]}, "cp39-*"),
        ({"labels": {"windows": "windows-2022"}}, "'windows'"),
        ({"labels": {"windows-arm64": "windows-11-arm"}}, "'windows-arm64'"),
    ],
)
def test_a_setting_that_fits_nothing_is_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError) as refused:
        make_plan(**settings)
    assert any(named in fault for fault in refused.value.faults)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "code", "named"),
    [
        (f'[tool.release-tools.wheels]\n{ONE_JOB}optional = ["cp39-*"]\n', 3, "cp39-*"),
        ('[tool.release-tools]\nwheels.runners = {windows = "windows-2022"}\n', 3, "'windows'"),
        ('[tool.release-tools]\nwheels.jobs = ["windows"]\n', 3, "'windows'"),
        (f'[tool.release-tools.wheels]\n{ONE_JOB}[tool.cibuildwheel]\nbuild = "cp27-*"\n', 3, "requires-python"),
        (f"[tool.release-tools.wheels]\n{ONE_JOB}[tool.cibuildwheel]\nbiuld = 1\n", 6, "biuld"),
    ],
)
def test_settings_that_give_no_plan_are_one_error(
    run: Run, tmp_path: Path, settings: str, code: int, named: str
) -> None:
    checkout = make_repository(tmp_path, {"pyproject.toml": COMPILED + settings}, ". v1.0")
    said = run("plan", "-C", checkout.root)
    assert said.code == code
    assert named in said.err


@pytest.mark.slow
def test_what_the_machine_says_to_cibuildwheel_does_not_change_the_plan(run: Run, tmp_path: Path) -> None:
    machine = {"CIBW_BUILD": "cp310-*", "CIBW_SKIP": "*", "CIBW_ARCHS": "i686", "CIBW_ENABLE": "pypy"}
    made = plan(run, tmp_path, '[tool.release-tools]\nwheels.jobs = ["linux-x86_64"]\n', **machine)
    assert identifiers(made) == {name: DEFAULT[name] for name in ("source", "linux-x86_64")}


def test_the_plan_of_a_pure_project_has_one_job(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path, in_tree_project(), ". v1.0")
    said = run("plan", "-C", checkout.root, "--json")
    made = BuildPlan.of_data(json.loads(said.out))
    assert identifiers(made) == {"source": ["sdist", "py3-none-any"]}
    assert not made.is_compiled
    said = run("plan", "-C", checkout.root)
    assert (said.code, "source" in said.out) == (0, True)


def test_a_project_may_declare_itself_pure(run: Run, tmp_path: Path) -> None:
    assert not plan(run, tmp_path, "[tool.release-tools]\nwheels.jobs = []\n").is_compiled


@pytest.mark.slow
def test_the_table_names_every_job(run: Run, tmp_path: Path) -> None:
    jobs = '[tool.release-tools]\nwheels.jobs = ["windows-x86_64", "windows-arm64"]\n'
    checkout = make_repository(tmp_path, {"pyproject.toml": COMPILED + jobs}, ". v1.0")
    said = run("plan", "-C", checkout.root)
    assert said.code == 0
    assert all(name in said.out for name in ("source", "windows-x86_64", "windows-arm64"))


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    made = make_plan(optional=["macos-x86_64"])
    (tmp_path / "plan.json").write_text(made.text, encoding="utf-8")
    assert read_plan(tmp_path) == made


def test_each_job_of_the_settings_has_a_runner() -> None:
    assert set(get_args(WheelJob)) < RUNNERS.keys()
    assert set(DEFAULT_JOBS) < set(get_args(WheelJob))


def test_no_identifier_is_taken_by_the_wrong_job() -> None:
    selection = select(["windows-x86_64", "windows-arm64", "macos-arm64"], {})
    assert selection.job_of("windows", "cp312-win_arm64") == "windows-arm64"
    assert selection.job_of("macos", "cp312-macosx_arm64") == "macos-arm64"
    with pytest.raises(ValueError, match="no build job"):
        Selection({"linux-x86_64": ("x86_64",)}).job_of("linux", "cp312-manylinux_aarch64")


def system(requires: str = '"setuptools"', backend: str = "setuptools.build_meta") -> str:
    return f'[build-system]\nrequires = [{requires}]\nbuild-backend = "{backend}"\n'


SCIKIT = "scikit_build_core.build"
MESON = "project('x', version: '1')\n"
KINDS = {
    "nothing": (system(), {}, False),
    "no pyproject": ("", {"setup.py": "from setuptools import setup\nsetup()\n"}, False),
    "a table of cibuildwheel": (f"{system()}[tool.cibuildwheel]\n", {}, True),
    "maturin": (system('"maturin"', "maturin"), {}, True),
    "meson-python": (system('"meson-python"', "mesonpy"), {"meson.build": "project('x', 'c')\n"}, True),
    "meson-python, languages in a list": (system('"x"', "mesonpy"), {"meson.build": "project('x',\n ['c'])"}, True),
    "meson-python, pure": (system('"meson-python"', "mesonpy"), {"meson.build": MESON}, False),
    "meson-python, a language added": (system('"x"', "mesonpy"), {"meson.build": MESON + "add_languages('c')"}, True),
    "scikit-build-core": (system('"scikit-build-core"', SCIKIT), {}, True),
    "scikit-build-core, pure": (
        f"{system('', SCIKIT)}[tool.scikit-build]\nwheel.platlib = false\n", {}, False,
    ),
    "Cython": (system('"setuptools", "Cython>=3"'), {}, True),
    "numpy's headers": (system('"setuptools", "numpy >=2"'), {}, True),
    "a name that only begins so": (system('"setuptools", "numpydoc"'), {}, False),
    "ext_modules": (system(), {"setup.py": "setup(ext_modules=[Extension('x', ['x.c'])])"}, True),
    "ext_modules by a function": (system(), {"setup.py": "setup(ext_modules=cythonize(PARTS))"}, True),
    "no ext_modules": (system(), {"setup.py": "setup(ext_modules=[])"}, False),
    "setup.py of another language": (system(), {"setup.py": "setup(ext_modules=1"}, False),
    "rust_extensions": (system(), {"setup.py": "setup(rust_extensions=[x])"}, True),
    "poetry": (f"{system('', 'poetry.core.masonry.api')}[tool.poetry.build]\nscript = 'b.py'\n", {}, True),
    "a broken table": ("[tool]\nsetuptools = 1\npdm = []\n", {}, False),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_project_is_compiled_if_its_files_show_it(kind: str) -> None:
    import tomllib

    text, files, expected = KINDS[kind]
    assert bool(explain_compiled(tomllib.loads(text), files)) is expected
