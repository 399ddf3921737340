"""Test that files which only the previous release installs are named before anything is published."""

import json
from pathlib import Path

import pytest

from tests.publishing.built_project import BuiltProject
from tests.support.artifacts import Project

PREVIOUS = {
    "nothing is gone": ({}, "", "every file"),
    "data": ({"demo/data.json": "{}"}, "warning", "demo/data.json"),
    "a package": ({"demo_extra/__init__.py": ""}, "warning", "demo_extra/__init__.py"),
    "a module": ({"demo/old.py": ""}, "info", "demo/old.py"),
    "a vendored library": ({"demo.libs/libfoo-12ab.so": "x"}, "", "every file"),
}


def compared(there: BuiltProject, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    capsys.readouterr()
    assert there.run("publish", "--dry-run", "--json") == 0
    sections = json.loads(capsys.readouterr().out)["sections"]
    notes = [note for section in sections for note in section["notes"]]
    return [
        (note["state"], f"{note['text']} {note['detail']}")
        for note in notes
        if ("0.9" in note["text"] and "install" in note["text"]) or "compared with the files" in note["text"]
    ]


@pytest.mark.parametrize(("files", "state", "part"), PREVIOUS.values(), ids=PREVIOUS)
def test_files_of_the_previous_release_that_are_gone_are_named(
    there: BuiltProject,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, str],
    state: str,
    part: str,
) -> None:
    there.log_in()
    there.build(conda=False)
    before = Project("demo", "0.9", files={"demo/__init__.py": "", **files}, bare=True).wheel(tmp_path)
    older = Project("demo", "0.8", files={"demo/older.json": ""}, bare=True).wheel(tmp_path)
    for path, version in ((before, "0.9"), (older, "0.8")):
        there.pypi.put(path.name, path.read_bytes(), version=version)
    ((found, text),) = compared(there, capsys)
    assert (found, part in text) == (state or "done", True)


def test_a_previous_release_that_cannot_be_read_stops_nothing(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.log_in()
    there.build(conda=False)
    there.pypi.put("demo-0.9-py3-none-any.whl", b"no zip", version="0.9")
    assert [state for state, _ in compared(there, capsys)] == ["info"]


def test_a_release_without_a_wheel_before_it_is_not_compared(
    there: BuiltProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there.log_in()
    there.build(conda=False)
    there.pypi.put("demo-0.9.tar.gz", b"x", version="0.9")
    newer = Project("demo", "1.1rc1", files={"demo/newer.json": ""}, bare=True).wheel(tmp_path)
    there.pypi.put(newer.name, newer.read_bytes(), version="1.1rc1")
    assert compared(there, capsys) == []


SDISTS = {
    "nothing is gone": ({}, {"done"}),
    "metadata and caches": ({"setup.cfg": "", "demo.egg-info/SOURCES.txt": "", "demo/a.pyc": ""}, {"done"}),
    "a file that the build generates": ({"demo/_version.py": "", "ChangeLog": ""}, {"warning"}),
    "a tracked file": ({"kept.txt": ""}, {"warning"}),
    "a file that was deleted from the repository": ({"removed.txt": ""}, {"done", "info"}),
    "both": ({"removed.txt": "", "demo/_version.py": ""}, {"warning", "info"}),
}


def compare_sdists(there: BuiltProject, capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    capsys.readouterr()
    assert there.run("publish", "--dry-run", "--json", "--only", "pypi") == 0
    sections = json.loads(capsys.readouterr().out)["sections"]
    return [note for section in sections for note in section["notes"] if "the sdist of 0.9" in note["text"]]


def put_sdist(there: BuiltProject, folder: Path, version: str, files: dict[str, str]) -> None:
    path = Project("demo", version).sdist(folder, files={"demo/__init__.py": "", **files})
    there.pypi.put(path.name, path.read_bytes(), version=version)


@pytest.mark.slow
@pytest.mark.parametrize(("files", "states"), SDISTS.values(), ids=SDISTS)
def test_files_of_the_previous_sdist_that_are_gone_are_named(
    there: BuiltProject, tmp_path: Path, capsys: pytest.CaptureFixture[str], files: dict[str, str], states: set[str]
) -> None:
    there.log_in()
    there.push()
    for name in ("kept.txt", "removed.txt"):
        (there.project / name).write_text("")
    there.git("add", ".")
    there.git("commit", "--quiet", "--message", "Add files")
    there.git("tag", "v0.9")
    there.git("rm", "--quiet", "removed.txt")
    there.git("commit", "--quiet", "--message", "Remove one")
    there.push("v1.0")
    there.build(conda=False, commit=there.git("rev-parse", "HEAD").strip())
    put_sdist(there, tmp_path, "0.9", files)
    put_sdist(there, tmp_path, "0.8", {"older.txt": ""})
    notes = compare_sdists(there, capsys)
    assert {note["state"] for note in notes} == states
    named = " ".join(note["detail"] for note in notes)
    assert all(name in named for name in files) or states == {"done"}


def test_without_a_repository_files_that_are_gone_are_information(
    there: BuiltProject, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there.log_in()
    there.build(conda=False)
    put_sdist(there, tmp_path, "0.9", {"demo/_version.py": ""})
    assert [(note["state"], note["detail"]) for note in compare_sdists(there, capsys)] == [("info", "demo/_version.py")]


@pytest.mark.parametrize("content", [b"no archive", bytes(11 << 20)], ids=["not an archive", "a large one"])
def test_a_previous_sdist_that_is_not_read_stops_nothing(
    there: BuiltProject, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    there.log_in()
    there.build(conda=False)
    there.pypi.put("demo-0.9.tar.gz", content, version="0.9")
    assert [note["state"] for note in compare_sdists(there, capsys)] == ["info"]
    assert there.pypi.lines("GET", "/packages/") == [] or len(content) < 100


@pytest.mark.slow
def test_what_was_never_an_sdist_is_not_compared(there: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    there.log_in()
    there.build(conda=False)
    for name in ("demo-0.9.zip", "demo-0.9.tar.bz2", "demo-0.9-py2.7.egg", "demo-0.9rc1.tar.gz", "demo-1.1.tar.gz"):
        there.pypi.put(name, b"x", version="0.9")
    assert there.run("publish", "--dry-run", "--json", "--only", "pypi", "--allow-older") == 0
    assert "the sdist of" not in capsys.readouterr().out
