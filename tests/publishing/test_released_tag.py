"""The tag that was built is where others see it, or nothing is published."""

import os
import stat
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.errors import ConflictError, PreflightError, RemoteError, RepositoryError
from tests.publishing.built_project import BuiltProject

PUBLISHERS = ["", "pypi", "anaconda", "pypi,anaconda"]


@pytest.fixture
def pushed(there: BuiltProject) -> BuiltProject:
    there.log_in()
    there.build(commit=there.push("v1.0"))
    return there


def only(publishers: str) -> list[str]:
    return ["--only", publishers] if publishers else []


def move_to_a_commit(there: BuiltProject) -> None:
    there.git("commit", "--quiet", "--allow-empty", "--message", "Evil")
    there.push("v1.0")


def move_to_a_light_tag(there: BuiltProject) -> None:
    there.git("commit", "--quiet", "--allow-empty", "--message", "Evil")
    there.git("push", "--quiet", "--force", "origin", "HEAD:refs/tags/v1.0")


def move_to_a_file(there: BuiltProject) -> None:
    blob = there.git("hash-object", "-w", "pyproject.toml").strip()
    there.git("push", "--quiet", "--force", "origin", f"{blob}:refs/tags/v1.0")


def delete(there: BuiltProject) -> None:
    there.git("push", "--quiet", "--delete", "origin", "refs/tags/v1.0")


def delete_and_branch(there: BuiltProject) -> None:
    delete(there)
    there.git("push", "--quiet", "origin", "HEAD:refs/heads/v1.0", "HEAD:refs/heads/refs/tags/v1.0")


MOVES: dict[str, tuple[Callable[[BuiltProject], None], int]] = {
    "moved": (move_to_a_commit, ConflictError.exit_code),
    "moved, not annotated": (move_to_a_light_tag, ConflictError.exit_code),
    "moved to a file": (move_to_a_file, ConflictError.exit_code),
    "deleted": (delete, PreflightError.exit_code),
    "deleted, and a branch of that name": (delete_and_branch, PreflightError.exit_code),
}


@pytest.mark.slow
@pytest.mark.parametrize("publishers", ["", "pypi"])
def test_a_tag_that_is_where_it_was_is_published(pushed: BuiltProject, publishers: str) -> None:
    assert pushed.run("publish", *only(publishers)) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("move", "code"), MOVES.values(), ids=MOVES)
def test_a_tag_that_was_moved_or_deleted_stops_every_job_before_its_first_upload(
    pushed: BuiltProject, move: Callable[[BuiltProject], None], code: int
) -> None:
    move(pushed)
    for publishers in PUBLISHERS:
        assert pushed.run("publish", *only(publishers)) == code, publishers
        assert not pushed.pypi.accepted
        assert not pushed.anaconda.accepted


@pytest.mark.slow
def test_a_tag_of_the_checkout_alone_is_not_enough(pushed: BuiltProject) -> None:
    delete(pushed)
    assert pushed.git("tag", "--list").split() == ["v1.0"]
    assert pushed.run("publish") == PreflightError.exit_code


@pytest.mark.slow
def test_a_dry_run_refuses_a_moved_tag_and_warns_of_a_missing_one(
    pushed: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    delete(pushed)
    assert pushed.run("publish", "--dry-run") == 0
    assert "no tag v1.0" in capsys.readouterr().out
    move_to_a_commit(pushed)
    assert pushed.run("publish", "--dry-run") == ConflictError.exit_code


@pytest.mark.slow
def test_a_version_between_two_tags_has_no_tag_to_check(there: BuiltProject) -> None:
    there.log_in()
    there.push()
    there.build("1.1.dev3")
    path = there.dist / manifest.FILENAME
    path.write_text(path.read_text().replace('"tagged": true', '"tagged": false'))
    assert there.run("publish") == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("env", "code"),
    [
        ({}, RepositoryError.exit_code),
        ({"GITHUB_REPOSITORY": "octo/demo", "GITHUB_SERVER_URL": "https://127.0.0.1:9"}, RemoteError.exit_code),
    ],
    ids=["nobody to ask", "no answer"],
)
def test_where_nobody_can_be_asked_nothing_is_published(
    there: BuiltProject, env: dict[str, str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    there.log_in()
    there.build()
    there.remote.mkdir()  # so that the world does not say --offline-tag
    there.env.update(env)
    assert there.run("publish") == code
    said = capsys.readouterr().err
    assert "contents: read" in said
    assert "--offline-tag" in said
    assert not there.pypi.accepted
    assert there.run("publish", "--offline-tag", "--no-github") == 0


def test_offline_the_tag_of_the_checkout_counts(pushed: BuiltProject) -> None:
    pushed.git("commit", "--quiet", "--allow-empty", "--message", "Evil")
    pushed.git("tag", "--force", "v1.0")
    assert pushed.run("publish", "--offline-tag") == ConflictError.exit_code


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the silent ssh is a shell script")
def test_a_remote_that_never_answers_is_not_waited_for(pushed: BuiltProject, tmp_path: Path) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text("#!/bin/sh\nsleep 600\n")
    ssh.chmod(ssh.stat().st_mode | stat.S_IXUSR)
    pushed.git("remote", "set-url", "origin", "git@silent.example.org:octo/demo.git")
    pushed.env["GIT_SSH_COMMAND"] = str(ssh)
    started = time.monotonic()
    assert pushed.run("publish", "--network-timeout", "2") == RemoteError.exit_code
    assert time.monotonic() - started < 30
    assert not pushed.pypi.accepted


def test_the_remote_is_never_the_one_that_the_files_name(pushed: BuiltProject) -> None:
    path = pushed.dist / manifest.FILENAME
    path.write_text(
        path.read_text().replace('"schema": 1,', '"schema": 1, "repository": "https://evil.example.org/x",')
    )
    assert pushed.run("publish") != 0
    assert not pushed.pypi.accepted
