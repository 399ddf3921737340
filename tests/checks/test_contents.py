"""Files that a wheel lacks or must not have, and names that cannot be installed everywhere."""

import json
from pathlib import Path

import pytest

from tests.archives.raw import Part, wheel_bytes
from tests.conftest import Run
from tests.support.artifacts import Project
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

pytestmark = pytest.mark.slow

TEXT = "Description-Content-Type: text/plain"
QUICK = ("--no-conda", "--no-verify-install", "--json")


def warnings(run: Run, *arguments: str | Path) -> list[str]:
    """The details of the warnings of a run that succeeds, the one about the license aside."""
    said = run(*arguments, *QUICK)
    assert said.code == 0, said.err
    notes = [note for section in json.loads(said.out)["sections"] for note in section["notes"]]
    return [note["detail"] for note in notes if note["state"] == "warning" and "license" not in note["text"]]


def built(
    run: Run, folder: Path, files: dict[str, str], left_out: str = "", ignored: dict[str, str] | None = None
) -> list[str]:
    """The warnings of a build whose wheel lacks the files of a pattern."""
    remove = (
        f'if name == "wheel":\n    for path in Path().glob({left_out!r}):\n        path.unlink()'
        if left_out
        else "pass"
    )
    project = in_tree_project(remove)
    project["pyproject.toml"] += files.pop("settings", "")
    checkout = make_repository(folder / "ours", {**project, **files})
    checkout.write(ignored or {})
    return warnings(run, "build", "-C", checkout.root, "--packages-dir", folder / "dist")


@pytest.mark.parametrize(
    ("name", "is_missed"),
    [
        ("demo/data.json", True),
        ("demo/templates/a.html", True),
        ("demo/sub/__init__.py", True),
        ("demo/types.pyi", True),
        ("demo/tests/test_a.py", False),
        ("demo/tests/data/a.json", False),
        ("demo/_core.c", False),
        ("demo/_core.pyx", False),
        ("demo/meson.build", False),
        ("demo/README.md", False),
        ("demo/.gitignore", False),
        ("other/data.json", False),
    ],
)
def test_tracked_files_of_the_package_that_no_wheel_has_are_named(
    run: Run, tmp_path: Path, name: str, *, is_missed: bool
) -> None:
    found = built(run, tmp_path, {name: "{}"}, left_out=name)
    assert found == ([name] if is_missed else [])


def test_a_folder_of_tests_that_the_wheel_has_is_compared_too(run: Run, tmp_path: Path) -> None:
    files = {"demo/tests/__init__.py": "", "demo/tests/data.json": "{}"}
    assert built(run, tmp_path, files, left_out="demo/tests/*.json") == ["demo/tests/data.json"]


@pytest.mark.parametrize(
    ("settings", "name", "is_missed"),
    [
        ('[tool.setuptools.package-data]\ndemo = ["zones.tar.gz"]\n', "demo/zones.tar.gz", True),
        ('[tool.setuptools.package-data]\ndemo = ["data/*.json"]\n', "demo/data/a.json", True),
        ('[tool.hatch.build]\nartifacts = ["/demo/zones.tar.gz", "*.zones"]\n', "demo/a.zones", True),
        ("", "demo/zones.tar.gz", False),
        ('[tool.setuptools.package-data]\ndemo = ["*"]\n', "demo/__pycache__/a.pyc", False),
        ('[tool.setuptools.package-data]\ndemo = ["*"]\n', "demo/_core.so", False),
    ],
)
def test_generated_files_that_git_ignores_are_named_where_settings_name_them(
    run: Run, tmp_path: Path, settings: str, name: str, *, is_missed: bool
) -> None:
    files = {"settings": settings, ".gitignore": f"{name}\n"}
    assert built(run, tmp_path, files, ignored={name: "x"}) == ([name] if is_missed else [])


@pytest.mark.parametrize(
    ("name", "is_impossible"),
    [
        ("aux.py", True),
        ("NUL", True),
        ("sub/con.tar.gz", True),
        ("com1.txt", True),
        ("a:b.txt", True),
        ("what?.txt", True),
        ("trailing.", True),
        ("trailing ", True),
        ("auxiliary.py", False),
        ("com10.txt", False),
        ("a b.txt", False),
        ("\u00e9.txt", False),
    ],
)
def test_names_that_windows_cannot_have_are_named(run: Run, tmp_path: Path, name: str, *, is_impossible: bool) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    metadata = b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nDescription-Content-Type: text/plain\n\nA demo."
    wheel.write_bytes(wheel_bytes(Part(f"demo/{name}", b"x"), metadata=metadata))
    found = warnings(run, "verify", wheel)
    assert [f"demo/{name} " in detail for detail in found] == ([True] if is_impossible else [])


def test_a_wheel_for_another_system_may_have_them(run: Run, tmp_path: Path) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-macosx_11_0_arm64.whl"
    metadata = b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nDescription-Content-Type: text/plain\n\nA demo."
    tag = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-macosx_11_0_arm64\n"
    wheel.write_bytes(wheel_bytes(Part("demo/aux.py", b"x"), metadata=metadata, wheel=tag))
    assert not any("aux.py" in detail for detail in warnings(run, "verify", wheel))


STUBS = {
    "stubs": ({"demo-stubs/__init__.pyi": "def f() -> int: ...\n"}, {"done": "demo-stubs"}),
    "stubs that do not parse": (
        {"demo-stubs/__init__.pyi": "def f( -> int\n"},
        {"done": "demo-stubs", "warning": "syntax"},
    ),
    "nothing": ({}, {"warning": "only metadata"}),
    "data": ({"demo_data/a.json": "{}"}, {"warning": "demo_data"}),
    "a module": ({"demo/__init__.py": "", "demo/__init__.pyi": ""}, {"done": "import demo"}),
}


@pytest.mark.parametrize(("files", "expected"), STUBS.values(), ids=STUBS)
def test_a_wheel_without_modules_is_not_reported_as_imported(
    run: Run, tmp_path: Path, files: dict[str, str], expected: dict[str, str]
) -> None:
    project = Project("demo", files={"{info}/LICENSE": "MIT", **files}, headers=(TEXT,), bare=True)
    said = run("verify", project.wheel(tmp_path), "--json")
    assert said.code == 0
    notes = [note for section in json.loads(said.out)["sections"] for note in section["notes"]]
    found = {note["state"]: note["detail"] for note in notes if "install" in note["text"] or "Python" in note["text"]}
    assert found.keys() == expected.keys()
    for state, part in expected.items():
        assert part in found[state]
