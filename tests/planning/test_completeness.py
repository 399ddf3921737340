"""The wheels that are there, compared with the build plan."""

import pytest
from packaging.utils import parse_wheel_filename

from release_tools.planning.build_plan import BuildJob, BuildPlan, BuildTarget
from release_tools.planning.completeness import check_completeness, covers

COVERED = [
    ("cp312-cp312-manylinux_2_28_x86_64", "cp312-manylinux_x86_64", True),
    ("cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64", "cp312-manylinux_x86_64", True),
    ("cp312-cp312-manylinux1_i686", "cp312-manylinux_i686", True),
    ("cp312-cp312-linux_x86_64", "cp312-manylinux_x86_64", False),
    ("cp312-cp312-manylinux_2_28_x86_64", "cp312-musllinux_x86_64", False),
    ("cp312-cp312-musllinux_1_2_x86_64", "cp312-musllinux_x86_64", True),
    ("cp312-cp312-manylinux_2_28_x86_64", "cp313-manylinux_x86_64", False),
    ("cp312-cp312-manylinux_2_28_aarch64", "cp312-manylinux_x86_64", False),
    ("cp314-cp314t-win_amd64", "cp314t-win_amd64", True),
    ("cp314-cp314t-win_amd64", "cp314-win_amd64", False),
    ("cp314-cp314-win_amd64", "cp314t-win_amd64", False),
    ("cp311-abi3-win_amd64", "cp311-win_amd64", True),
    ("cp311-abi3-win_amd64", "cp315-win_amd64", True),
    ("cp311-abi3-win_amd64", "cp315t-win_amd64", False),
    ("cp313-abi3-win_amd64", "cp312-win_amd64", False),
    ("cp315-abi3.abi3t-win_amd64", "cp315t-win_amd64", True),
    ("py3-none-macosx_11_0_arm64", "cp312-macosx_arm64", True),
    ("py3-none-macosx_11_0_arm64", "pp311-macosx_arm64", True),
    ("py2.py3-none-macosx_11_0_arm64", "cp314t-macosx_arm64", True),
    ("py312-none-win32", "cp311-win32", False),
    ("cp312-none-win_amd64", "cp312-win_amd64", True),
    ("cp312-none-win_amd64", "cp313-win_amd64", False),
    ("cp312-cp312-macosx_10_13_universal2", "cp312-macosx_universal2", True),
    ("cp312-cp312-macosx_10_13_universal2", "cp312-macosx_arm64", True),
    ("cp312-cp312-macosx_10_13_x86_64", "cp312-macosx_universal2", False),
    ("pp311-pypy311_pp73-manylinux_2_28_x86_64", "pp311-manylinux_x86_64", True),
    ("graalpy312-graalpy250_312_native-manylinux_2_28_x86_64", "gp312_250-manylinux_x86_64", True),
    ("cp313-cp313-ios_13_0_arm64_iphoneos", "cp313-ios_arm64_iphoneos", True),
    ("cp313-cp313-ios_13_0_arm64_iphonesimulator", "cp313-ios_arm64_iphoneos", False),
    ("cp313-cp313-android_21_arm64_v8a", "cp313-android_arm64_v8a", True),
    ("cp313-cp313-pyodide_2025_0_wasm32", "cp313-pyodide_wasm32", True),
    ("py3-none-any", "py3-none-any", True),
    ("py2.py3-none-any", "py3-none-any", True),
    ("py3-none-any", "cp312-win_amd64", False),
    ("cp312-cp312-win_amd64", "py3-none-any", False),
]


@pytest.mark.parametrize(("tags", "identifier", "expected"), COVERED)
def test_a_wheel_covers_the_targets_that_it_can_be_installed_for(tags: str, identifier: str, expected: bool) -> None:  # noqa: FBT001 - a case's answer
    found = parse_wheel_filename(f"demo-1.0-{tags}.whl")[3]
    assert covers(found, BuildTarget(identifier)) is expected


def job(name: str, *identifiers: str, optional: str = "") -> BuildJob:
    targets = tuple(BuildTarget(identifier, identifier == optional) for identifier in identifiers)
    return BuildJob(name, "ubuntu-latest", "linux", targets)


LINUX = job("linux-x86_64", "cp312-manylinux_x86_64", "cp313-manylinux_x86_64")
WINDOWS = job("windows-x86_64", "cp312-win_amd64", "cp313-win_amd64", optional="cp313-win_amd64")
PLAN = BuildPlan("demo", "1.0", (job("source", "sdist"), LINUX, WINDOWS))
WHEELS = (
    "demo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl",
    "demo-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
    "demo-1.0-cp312-cp312-win_amd64.whl",
    "demo-1.0-cp313-cp313-win_amd64.whl",
)


def test_all_wheels_of_the_plan_are_a_release() -> None:
    found = check_completeness(PLAN, WHEELS)
    assert (list(found.faults), found.left_out) == ([], ())


def test_a_wheel_that_is_missing_is_named_with_its_job() -> None:
    found = check_completeness(PLAN, WHEELS[1:])
    assert [(at.name, target.identifier) for at, target in found.missing] == [
        ("linux-x86_64", "cp312-manylinux_x86_64")
    ]
    assert "cp312-manylinux_x86_64" in next(found.faults)


def test_an_optional_wheel_may_be_missing_and_is_reported() -> None:
    found = check_completeness(PLAN, WHEELS[:3])
    assert not list(found.faults)
    assert [target.identifier for _, target in found.left_out] == ["cp313-win_amd64"]


@pytest.mark.parametrize(
    "name",
    [
        "demo-1.0-cp312-cp312-linux_x86_64.whl",
        "demo-1.0-cp311-cp311-win_amd64.whl",
        "demo-1.0-cp312-cp312-macosx_11_0_arm64.whl",
        "demo-1.0-py3-none-any.whl",
        "no wheel.whl",
    ],
)
def test_a_wheel_that_covers_nothing_is_unplanned(name: str) -> None:
    assert check_completeness(PLAN, [*WHEELS, name]).unplanned == (name,)


@pytest.mark.parametrize(
    "name",
    [
        "demo-1.0-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "demo-1.0-1-cp312-cp312-manylinux_2_28_x86_64.whl",
    ],
)
def test_two_wheels_for_the_same_python_and_platform_are_doubled(name: str) -> None:
    assert check_completeness(PLAN, [*WHEELS, name]).doubled == (tuple(sorted((name, WHEELS[0]))),)


def test_one_wheel_for_the_stable_abi_serves_all_and_leaves_the_free_threaded_one() -> None:
    linux = job("linux-x86_64", *(f"cp3{minor}-manylinux_x86_64" for minor in (11, 12, "14t")))
    found = check_completeness(BuildPlan("demo", "1.0", (linux,)), ["demo-1.0-cp311-abi3-manylinux_2_28_x86_64.whl"])
    assert [target.identifier for _, target in found.missing] == ["cp314t-manylinux_x86_64"]


def test_one_job_is_asked_for_its_own_wheels_only() -> None:
    assert not list(check_completeness(PLAN, WHEELS[:2], LINUX).faults)
    assert check_completeness(PLAN, WHEELS[:3], LINUX).unplanned == (WHEELS[2],)
