"""A pipe, a socket, a device, a folder or a huge file in place of what we read: an answer at once, never a wait."""

import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.publishing.built_project import BuiltProject
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository
from tests.support.runs import Ended, Run, Runs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system"),
]


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))  # an address is short


def make_huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(20 << 30)  # without taking any room


ODD: Mapping[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "socket": make_socket,
    "folder": Path.mkdir,
    "huge": make_huge,
    "endless": lambda path: path.symlink_to("/dev/zero"),
    "circle": lambda path: path.symlink_to(path.name),
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    monkeypatch.chdir(tmp_path)
    return make_repository(tmp_path / "demo", in_tree_project(), ". v1.0")


@dataclass(frozen=True)
class Commands:
    """Runs of our command that must end by themselves, each in a process of its own.

    Attributes:
        runs: the server that starts them.
        env: their environment.
        log: the file that takes what they say.
    """

    runs: Runs
    env: Mapping[str, str]
    log: Path

    def run(self, *arguments: str | Path, **more: str | Path) -> Ended:
        env = {**self.env, **{name: str(value) for name, value in more.items()}}
        ended = self.runs.one(Run(tuple(map(str, arguments)), env, str(self.log)))
        assert ended.code >= 0, "it waited for what never comes"
        assert "Traceback" not in ended.said
        assert "a fault of release-tools itself" not in ended.said
        return ended


@pytest.fixture
def commands(runs: Runs, env: dict[str, str], tmp_path: Path) -> Commands:
    return Commands(runs, env, tmp_path / "log")


def put(path: Path, kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    ODD[kind](path)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("setup.cfg", kind) for kind in ("pipe", "endless", "huge", "circle")),
        ("setup.py", "pipe"),
        ("setup.py", "endless"),
        ("meson.build", "pipe"),
        ("CHANGELOG.md", "pipe"),
        ("CITATION.cff", "endless"),
    ],
)
def test_a_file_of_the_project_that_is_none_is_ignored(
    checkout: Checkout, commands: Commands, name: str, kind: str
) -> None:
    put(checkout.root / name, kind)
    assert "1.0" in commands.run("version", "-C", checkout.root).said.splitlines()


@pytest.mark.parametrize(
    ("name", "kind", "code"),
    [
        *(("release.json", kind, 10) for kind in ("pipe", "endless", "huge")),
        ("plan.json", "pipe", 14),
        ("plan.json", "huge", 14),
        ("demo-1.0.tar.gz", "pipe", 14),
        ("demo-1.0.tar.gz", "endless", 14),
    ],
)
def test_nothing_is_published_from_a_folder_with_one(
    checkout: Checkout, commands: Commands, name: str, kind: str, code: int
) -> None:
    sha256 = "0" * 64
    file = {"filename": "demo-1.0.tar.gz", "kind": "sdist", "sha256": sha256, "size": 1}
    facts = {"schema": 1, "name": "demo", "version": "1.0", "kind": "final", "tag": "v1.0", "tagged": True}
    facts |= {"commit": "c" * 40, "commit-time": 0, "plan": sha256, "artifacts": [file]}
    dist = checkout.root / "dist"
    dist.mkdir()
    (dist / "release.json").write_text(json.dumps(facts))
    put(dist / name, kind)
    ended = commands.run("publish", "--dry-run", "--offline-tag", "-C", checkout.root)
    assert ended.code == code, ended.said
    assert name in ended.said
    if name != "plan.json":  # which no pure project writes
        assert commands.run("build", "--no-conda", "--no-verify-install", "-C", checkout.root).code == 10
    assert os.path.lexists(dist / name)


@pytest.mark.parametrize("kind", ["pipe", "huge"])
@pytest.mark.parametrize(
    ("name", "command", "code"),
    [
        (".github/workflows/other.yml", "doctor", 14),
        (".github/workflows/other.yml", "init", 0),
        ("recipe/recipe.yaml", "recipe", None),
    ],
)
def test_a_workflow_or_recipe_is_named_or_ignored(
    checkout: Checkout, commands: Commands, name: str, command: str, code: int | None, kind: str
) -> None:
    put(checkout.root / name, kind)
    ended = commands.run(command, "-C", checkout.root, *(["--yes"] if command == "init" else []))
    assert ended.code == code or code is None, ended.said
    if code:
        assert name in ended.said


@pytest.mark.parametrize("name", ["GITHUB_ENV", "GITHUB_PATH", "GITHUB_EVENT_PATH"])
@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_the_files_of_a_job_are_not_waited_for(
    tmp_path: Path, checkout: Checkout, commands: Commands, name: str, kind: str
) -> None:
    put(tmp_path / "job", kind)
    job: dict[str, str | Path] = {name: tmp_path / "job"}
    assert "1.0" in commands.run("version", "-C", checkout.root, **job).said.splitlines()
    commands.run("init", "--check", "-C", checkout.root, **job, GITHUB_ACTIONS="true")


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "endless"])
def test_a_file_to_verify_must_be_one(tmp_path: Path, checkout: Checkout, commands: Commands, kind: str) -> None:
    path = tmp_path / "demo-1.0.tar.gz"
    put(path, kind)
    assert commands.run("verify", path, "-C", checkout.root).code in (2, 7)


@pytest.mark.parametrize(("kind", "code"), [("pipe", 12), ("endless", 12), ("folder", 12), ("socket", 12), ("huge", 3)])
def test_a_pypirc_that_is_none_is_no_login(
    there: BuiltProject, kind: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.build(conda=False)
    monkeypatch.chdir(there.env["HOME"])
    put(Path(there.env["HOME"], ".pypirc"), kind)
    assert there.run("publish", "--only", "pypi") == code
    assert not there.pypi.uploads
