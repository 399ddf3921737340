"""A pipe, a socket, a device, a folder or a huge file in place of what we read: an answer at once, never a wait."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.publishing.built_project import BuiltProject
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system"),
]
ROOT = Path(__file__).parents[2]


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


def ask(env: Mapping[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command that must end by itself."""
    argv = [sys.executable, "-m", "release_tools", *map(str, arguments)]
    done = subprocess.run(
        argv, cwd=ROOT, env=dict(env), capture_output=True, text=True, check=False, timeout=300, input=""
    )
    assert "Traceback" not in done.stderr
    assert "a fault of release-tools itself" not in done.stderr
    return done


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
    checkout: Checkout, env: dict[str, str], name: str, kind: str
) -> None:
    put(checkout.root / name, kind)
    assert ask(env, "version", "-C", checkout.root).stdout.strip() == "1.0"


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
    checkout: Checkout, env: dict[str, str], name: str, kind: str, code: int
) -> None:
    sha256 = "0" * 64
    file = {"filename": "demo-1.0.tar.gz", "kind": "sdist", "sha256": sha256, "size": 1}
    facts = {"schema": 1, "name": "demo", "version": "1.0", "kind": "final", "tag": "v1.0", "tagged": True}
    facts |= {"commit": "c" * 40, "commit-time": 0, "plan": sha256, "artifacts": [file]}
    dist = checkout.root / "dist"
    dist.mkdir()
    (dist / "release.json").write_text(json.dumps(facts))
    put(dist / name, kind)
    done = ask(env, "publish", "--dry-run", "--offline-tag", "-C", checkout.root)
    assert done.returncode == code, done.stderr
    assert name in done.stderr
    if name != "plan.json":  # which no pure project writes
        assert ask(env, "build", "--no-conda", "--no-verify-install", "-C", checkout.root).returncode == 10
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
    checkout: Checkout, env: dict[str, str], name: str, command: str, code: int | None, kind: str
) -> None:
    put(checkout.root / name, kind)
    done = ask(env, command, "-C", checkout.root, *(["--yes"] if command == "init" else []))
    assert done.returncode == code or code is None, done.stderr
    if code:
        assert name in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["GITHUB_ENV", "GITHUB_PATH", "GITHUB_EVENT_PATH"])
@pytest.mark.parametrize("kind", ["pipe", "endless"])
def test_the_files_of_a_job_are_not_waited_for(
    tmp_path: Path, checkout: Checkout, env: dict[str, str], name: str, kind: str
) -> None:
    put(tmp_path / "job", kind)
    done = ask({**env, name: str(tmp_path / "job")}, "version", "-C", checkout.root)
    assert done.stdout.strip() == "1.0"
    ask({**env, name: str(tmp_path / "job"), "GITHUB_ACTIONS": "true"}, "init", "--check", "-C", checkout.root)


@pytest.mark.parametrize("kind", ["pipe", "socket", "folder", "endless"])
def test_a_file_to_verify_must_be_one(tmp_path: Path, checkout: Checkout, env: dict[str, str], kind: str) -> None:
    path = tmp_path / "demo-1.0.tar.gz"
    put(path, kind)
    assert ask(env, "verify", path, "-C", checkout.root).returncode in (2, 7)


@pytest.mark.parametrize(("kind", "code"), [("pipe", 12), ("endless", 12), ("folder", 12), ("socket", 12), ("huge", 3)])
def test_a_pypirc_that_is_none_is_no_login(
    there: BuiltProject, kind: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    there.build(conda=False)
    monkeypatch.chdir(there.env["HOME"])
    put(Path(there.env["HOME"], ".pypirc"), kind)
    assert there.run("publish", "--only", "pypi") == code
    assert not there.pypi.uploads
