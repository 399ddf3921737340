"""Test that files which only the previous release installs are named before anything is published."""

import json
from pathlib import Path

import pytest

from tests.publishing.world import World
from tests.support.artifacts import Project

PREVIOUS = {
    "nothing is gone": ({}, "", "every file"),
    "data": ({"demo/data.json": "{}"}, "warning", "demo/data.json"),
    "a package": ({"demo_extra/__init__.py": ""}, "warning", "demo_extra/__init__.py"),
    "a module": ({"demo/old.py": ""}, "info", "demo/old.py"),
    "a vendored library": ({"demo.libs/libfoo-12ab.so": "x"}, "", "every file"),
}


def compared(there: World, capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
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
    there: World,
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


def test_a_previous_release_that_cannot_be_read_stops_nothing(there: World, capsys: pytest.CaptureFixture[str]) -> None:
    there.log_in()
    there.build(conda=False)
    there.pypi.put("demo-0.9-py3-none-any.whl", b"no zip", version="0.9")
    assert [state for state, _ in compared(there, capsys)] == ["info"]


def test_a_release_without_a_wheel_before_it_is_not_compared(
    there: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there.log_in()
    there.build(conda=False)
    there.pypi.put("demo-0.9.tar.gz", b"x", version="0.9")
    newer = Project("demo", "1.1rc1", files={"demo/newer.json": ""}, bare=True).wheel(tmp_path)
    there.pypi.put(newer.name, newer.read_bytes(), version="1.1rc1")
    assert compared(there, capsys) == []
