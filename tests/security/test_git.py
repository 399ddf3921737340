"""Git: what a repository, a setting or a job names is never an option or a program to it."""

import os
import subprocess
from pathlib import Path

import pytest

from release_tools.cli import main
from release_tools.errors import RepositoryError, VersionError
from tests.checkouts import Checkout

REFS = ["v1;id", "v1${IFS}x", "v1$(id)", "--upload-pack=touch sprung", "v1\u202e0", "v1..2", "v1@{0}", "v1.lock", "-v1"]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    bare = tmp_path / "remote.git"
    made = Checkout.create(tmp_path, bare.as_uri())
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    made.git("push", "--quiet", "origin", "main")
    return made


@pytest.fixture
def calls(checkout: Checkout, tmp_path: Path) -> Path:
    """Where every call of git is written down, one argument a line, and a NUL behind each call."""
    log, folder = tmp_path / "calls", tmp_path / "bin"
    folder.mkdir()
    fake = folder / "git"
    fake.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> {log}\nprintf "\\0" >> {log}\nPATH="$REAL" exec git "$@"\n')
    fake.chmod(0o755)
    path = os.environ["PATH"]
    checkout.more.update({"PATH": f"{folder}{os.pathsep}{path}", "REAL": path})
    return log


def run(checkout: Checkout, *arguments: str, **env: str) -> int:
    return main.main([arguments[0], "-C", str(checkout.path), *arguments[1:]], {**checkout.env, **env})


@pytest.mark.parametrize("ref", REFS)
def test_the_ref_that_started_a_job_keeps_to_our_grammar(
    checkout: Checkout, ref: str, capsys: pytest.CaptureFixture[str]
) -> None:
    job = {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": ref}
    assert run(checkout, "version", **job) == VersionError.exit_code
    assert "GITHUB_REF_NAME" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="the witness is a shell script")
@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--tag-remote", "--upload-pack=touch sprung"),
        ("--tag-remote", "ext::sh -c touch% sprung"),
        ("--tag-branch", "--upload-pack=touch sprung"),
        ("--tag-branch", "+refs/heads/*"),
        ("--changelog-file", "--output=sprung"),
        ("--tag-format", "--exec=sprung{version}"),
    ],
)
def test_a_setting_is_no_option_of_gits(
    checkout: Checkout, calls: Path, option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run(checkout, "tag", "1.0", f"{option}={value}")
    assert "Traceback" not in "".join(capsys.readouterr())
    for call in calls.read_text().split("\0") if calls.exists() else ():
        arguments = call.splitlines()
        if value in arguments:
            assert "--" in arguments[: arguments.index(value)], arguments
    assert not list(checkout.path.parent.rglob("sprung"))


@pytest.mark.skipif(os.name == "nt", reason="the witness is a shell script")
def test_every_call_of_git_is_neutral(checkout: Checkout, calls: Path) -> None:
    assert run(checkout, "tag", "1.0") == 0
    assert run(checkout, "version") == 0
    made = [call.strip("\n").splitlines() for call in calls.read_text().split("\0") if call]
    assert len(made) > 10
    for setting in ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "safe.bareRepository=explicit"):
        assert all(setting in call for call in made)


@pytest.mark.skipif(os.name == "nt", reason="the trap is a shell script")
def test_a_bare_repository_inside_of_a_checkout_is_not_entered(checkout: Checkout, tmp_path: Path) -> None:
    """Committed files can be a repository, whose configuration names programs (CVE-2022-24765's cousin)."""
    sprung = tmp_path / "sprung"
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {sprung}\n")
    trap.chmod(0o755)
    inside = checkout.path / "vendor"
    checkout.git("clone", "--quiet", "--bare", ".", str(inside))
    (inside / "work").mkdir()
    (inside / "pyproject.toml").write_text('[project]\nname = "demo"\nversion = "1.0"\n')
    for key, value in (("core.bare", "false"), ("core.worktree", "."), ("core.fsmonitor", str(trap))):
        checkout.git("config", "--file", str(inside / "config"), key, value)
    assert main.main(["version", "-C", str(inside)], checkout.env) == RepositoryError.exit_code
    assert not sprung.exists()
    subprocess.run(["git", "status"], cwd=inside, env=checkout.env, capture_output=True, check=False)
    assert sprung.exists(), "the trap works"
