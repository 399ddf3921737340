"""Files that a wheel lacks or must not have, and names that cannot be installed everywhere."""

import json
from pathlib import Path

import pytest

from tests.archives.raw import Part, wheel_bytes
from tests.conftest import Run
from tests.support.artifacts import Project
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

TEXT = "Description-Content-Type: text/plain"
QUICK = ("--no-conda", "--no-verify-install", "--json")


def warnings(run: Run, *arguments: str | Path) -> list[str]:
    """The details of the warnings of a run that succeeds, the one about the license aside."""
    said = run(*arguments, *QUICK)
    assert said.code == 0, said.err
    notes = [note for section in json.loads(said.out)["sections"] for note in section["notes"]]
    return [note["detail"] for note in notes if note["state"] == "warning" and "license" not in note["text"]]


def built(
    run: Run, folder: Path, files: dict[str, str], left_out: tuple[str, ...] = (), ignored: dict[str, str] | None = None
) -> list[str]:
    """The warnings of a build whose wheel lacks these files."""
    remove = f'if name == "wheel":\n    for path in map(Path, {left_out!r}):\n        path.unlink()'
    project = in_tree_project(remove)
    project["pyproject.toml"] += files.pop("settings", "")
    checkout = make_repository(folder / "ours", {**project, **files})
    checkout.write(ignored or {})
    return warnings(run, "build", "-C", checkout.root, "--packages-dir", folder / "dist")


MISSED = ("demo/data.json", "demo/sub/__init__.py", "demo/templates/a.html", "demo/types.pyi")
LEFT_OUT_ON_PURPOSE = (
    *("demo/.gitignore", "demo/README.md", "demo/_core.c", "demo/_core.pyx", "demo/meson.build"),
    *("demo/tests/data/a.json", "demo/tests/test_a.py", "other/data.json"),
)


@pytest.mark.slow
def test_tracked_files_of_the_package_that_no_wheel_has_are_named(run: Run, tmp_path: Path) -> None:
    names = (*MISSED, *LEFT_OUT_ON_PURPOSE)
    (found,) = built(run, tmp_path, dict.fromkeys(names, "{}"), left_out=names)
    assert found.split(", ") == list(MISSED)


@pytest.mark.slow
def test_a_folder_of_tests_that_the_wheel_has_is_compared_too(run: Run, tmp_path: Path) -> None:
    files = {"demo/tests/__init__.py": "", "demo/tests/data.json": "{}"}
    assert built(run, tmp_path, files, left_out=("demo/tests/data.json",)) == ["demo/tests/data.json"]


NAMED = """\
[tool.setuptools.package-data]
demo = ["zones.tar.gz", "data/*.json"]
[tool.hatch.build]
artifacts = ["/demo/rules.bin", "*.zones"]
"""
EVERYTHING = '[tool.setuptools.package-data]\ndemo = ["*"]\n'


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "names", "missed"),
    [
        (
            NAMED,
            ("demo/a.zones", "demo/data/a.json", "demo/rules.bin", "demo/zones.tar.gz", "demo/other.bin"),
            ["demo/a.zones, demo/data/a.json, demo/rules.bin, demo/zones.tar.gz"],
        ),
        ("", ("demo/zones.tar.gz",), []),
        (EVERYTHING, ("demo/__pycache__/a.pyc", "demo/_core.so"), []),
    ],
)
def test_generated_files_that_git_ignores_are_named_where_settings_name_them(
    run: Run, tmp_path: Path, settings: str, names: tuple[str, ...], missed: list[str]
) -> None:
    files = {"settings": settings, ".gitignore": "".join(f"{name}\n" for name in names)}
    assert built(run, tmp_path, files, ignored=dict.fromkeys(names, "x")) == missed


IMPOSSIBLE = ("aux.py", "NUL", "sub/con.tar.gz", "com1.txt", "a:b.txt", "what?.txt", "trailing.", "trailing ")
POSSIBLE = ("auxiliary.py", "com10.txt", "a b.txt", "\u00e9.txt")


@pytest.mark.parametrize("names", [IMPOSSIBLE[:4], IMPOSSIBLE[4:], POSSIBLE])
def test_names_that_windows_cannot_have_are_named(run: Run, tmp_path: Path, names: tuple[str, ...]) -> None:
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    metadata = b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nDescription-Content-Type: text/plain\n\nA demo."
    wheel.write_bytes(wheel_bytes(*(Part(f"demo/{name}", b"x") for name in names), metadata=metadata))
    found = ", ".join(warnings(run, "verify", wheel))
    assert [name for name in names if f"demo/{name} (" in found] == [name for name in names if name in IMPOSSIBLE]


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


@pytest.mark.slow
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
