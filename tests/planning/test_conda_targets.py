"""The conda packages of a build plan: which job builds them, and which are missing or not of the plan."""

from dataclasses import replace

import pytest

from release_tools.planning.build_plan import BuildJob, BuildPlan, BuildTarget
from release_tools.planning.conda_targets import (
    CondaTarget,
    assign_conda_targets,
    find_conda_faults,
    list_wheel_pythons,
)
from release_tools.planning.runners import plan_pure

WHEELS = BuildPlan(
    "demo",
    "1.0",
    (
        BuildJob("source", "ubuntu-latest", "", (BuildTarget("sdist"),)),
        BuildJob(
            "linux-x86_64",
            "ubuntu-latest",
            "linux",
            (
                BuildTarget("cp312-manylinux_x86_64"),
                BuildTarget("cp313-manylinux_x86_64"),
                BuildTarget("cp313t-manylinux_x86_64"),
                BuildTarget("cp312-musllinux_x86_64"),
            ),
        ),
        BuildJob("windows-arm64", "windows-11-arm", "windows", (BuildTarget("cp312-win_arm64", is_optional=True),)),
    ),
)
PY312 = CondaTarget("demo", "1.0", "linux-64", "py312", "py312h0000001_0")
PY313 = CondaTarget("demo", "1.0", "linux-64", "py313", "py313h0000002_0")
DATA = CondaTarget("demo-data", "1.0", "noarch", "", "h0000003_0")
UNSOLVED = CondaTarget("demo", "1.0", "linux-64", "py312")
ANYTHING = CondaTarget("", "", "linux-64")


def jobs_of(plan: BuildPlan) -> dict[str, tuple[str, ...]]:
    return {job.name: job.conda for job in plan.jobs if job.conda}


def test_a_package_is_built_by_the_job_of_its_platform() -> None:
    plan = assign_conda_targets(WHEELS, [PY312, PY313, DATA])
    assert jobs_of(plan) == {"linux-x86_64": (PY312.identifier, PY313.identifier, DATA.identifier)}
    assert BuildPlan.of_data(plan.data) == plan


def test_where_each_wheel_has_a_job_its_package_is_built_there() -> None:
    split = [BuildJob(one.identifier, "ubuntu-latest", "linux", (one,)) for one in WHEELS.jobs[1].targets]
    plan = assign_conda_targets(replace(WHEELS, jobs=(WHEELS.jobs[0], *split)), [PY312, PY313, DATA])
    assert jobs_of(plan) == {
        "cp312-manylinux_x86_64": (PY312.identifier, DATA.identifier),
        "cp313-manylinux_x86_64": (PY313.identifier,),
    }


def test_a_platform_without_wheels_gets_a_job() -> None:
    mac = CondaTarget("demo", "1.0", "osx-arm64", "", "h0000004_0")
    plan = assign_conda_targets(plan_pure("demo", "1.0"), [PY312, mac, DATA], {"macos-arm64": "macos-26"})
    assert [(job.name, job.runner, job.is_optional) for job in plan.matrix] == [
        ("linux-x86_64", "ubuntu-latest", False),
        ("macos-arm64", "macos-26", False),
    ]
    assert jobs_of(plan)["linux-x86_64"] == (PY312.identifier, DATA.identifier)
    assert not plan.is_compiled


def test_without_a_linux_job_the_first_job_builds_what_is_for_every_platform() -> None:
    windows = CondaTarget("demo", "1.0", "win-64", "", "h0000004_0")
    assert jobs_of(assign_conda_targets(plan_pure("demo", "1.0"), [windows, DATA]))["source"] == (DATA.identifier,)


def test_conda_has_no_package_for_musl_free_threading_and_what_is_optional() -> None:
    assert list_wheel_pythons(WHEELS, ("3.12", "3.13", "3.14")) == {"linux-64": ("3.12", "3.13")}


THERE = [("linux-64", "demo-1.0-py312h0000001_0.conda"), ("linux-64", "demo-1.0-py313h0000002_0.conda")]
CASES = {
    "as planned": ([PY312, PY313], THERE, ()),
    "in both formats": ([PY312], [THERE[0], ("linux-64", "demo-1.0-py312h0000001_0.tar.bz2")], ()),
    "pinned otherwise on the day": ([PY312], [("linux-64", "demo-1.0-py312hfffffff_0.conda")], ()),
    "a build string that was not final": ([UNSOLVED], [("linux-64", "demo-1.0-py312h0000001_0.conda")], ()),
    "one is missing": ([PY312, PY313], THERE[:1], ("demo-1.0-py313h0000002_0",)),
    "for another platform": ([PY312], [("osx-64", "demo-1.0-py312h0000001_0.conda")], ("linux-64/demo", "osx-64/demo")),
    "of another version": ([PY312], [("linux-64", "demo-1.1-py312h0000001_0.conda")], ("demo-1.0", "demo-1.1")),
    "one too many": ([PY312], THERE, ("linux-64/demo-1.0-py313h0000002_0",)),
    "twice with other hashes": (
        [PY312],
        [("linux-64", "demo-1.0-py312hfffffff_0.conda"), ("linux-64", "demo-1.0-py312heeeeeee_0.conda")],
        ("heeeeeee",),
    ),
    "one for every platform too many": (
        [PY312, DATA],
        [THERE[0], ("noarch", "other-1.0-0.conda")],
        ("demo-data", "other"),
    ),
    "not rendered": ([ANYTHING], THERE, ()),
    "nothing of what was not rendered": ([ANYTHING], [], ()),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_missing_or_unplanned_is_named(case: str) -> None:
    targets, packages, words = CASES[case]
    faults = list(find_conda_faults(assign_conda_targets(WHEELS, targets), packages))
    assert len(faults) == len(words)
    assert all(any(word in fault for fault in faults) for word in words)


def test_a_plan_without_conda_packages_says_nothing_of_them() -> None:
    assert list(find_conda_faults(WHEELS, THERE)) == []
