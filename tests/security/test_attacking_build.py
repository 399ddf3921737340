"""A build that attacks whoever builds it: what it gets, and what it does not."""

import json
import os
import re
import signal
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from release_tools.system.credentials import PUBLISHING
from tests.support.projects import hostile
from tests.support.repositories import Checkout, make_repository

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CANARY = "canary-7d1f0a9c"
OURS = {"group", "endgroup", "error", "warning"}
SECRETS = {name: f"{name}-{CANARY}" for name in ("GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "SOME_PASSWORD")}
ALLOWED = {"RELEASE_TOOLS_ALLOW_CREDENTIALS_IN_BUILD": "true"}
JOB = {"GITHUB_ACTIONS": "true", "GITHUB_ENV": f"/{CANARY}/env", "ACTIONS_RUNTIME_URL": f"https://{CANARY}/"}


@dataclass(frozen=True)
class Attack:
    """One build of the hostile project.

    Attributes:
        checkout: its repository.
        loot: where its backend writes what it got.
        env: of the command.
        output: where the artifacts go.
    """

    checkout: Checkout
    loot: Path
    env: Mapping[str, str]
    output: Path

    def build(self, **env: str) -> subprocess.CompletedProcess[str]:
        """The command as a process of its own, so that the build has a real process above it."""
        command = [sys.executable, "-m", "release_tools", "build", "-C", str(self.checkout.root), "--no-conda"]
        command += ["--packages-dir", str(self.output), "--no-verify-install"]
        return subprocess.run(command, env={**self.env, **env}, cwd=ROOT, capture_output=True, text=True, check=False)

    def got(self, name: str) -> dict[str, Any]:
        """Return what the backend got while it made the sdist or the wheel."""
        answer: dict[str, Any] = json.loads((self.loot / f"{name}.json").read_text())
        return answer


@pytest.fixture
def attack(env: dict[str, str], tmp_path: Path) -> Iterator[Attack]:
    loot = tmp_path / "loot"
    loot.mkdir()
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\n")
    trap.chmod(0o755)
    Path(env["HOME"], ".pypirc").write_text(f"[pypi]\npassword = {CANARY}\n")
    checkout = make_repository(tmp_path / "checkout", hostile(loot), ". v1.0")
    yield Attack(checkout, loot, env, tmp_path / "dist")
    for left in loot.glob("left*"):
        with suppress(OSError, ValueError):
            os.kill(int(left.read_text()), signal.SIGKILL)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def commands(log: str) -> set[str]:
    """Return what a runner would take for a workflow command: ``::`` at a line's start, and ``##[`` anywhere."""
    return {*re.findall(r"^\s*::([\w-]+)", log, re.MULTILINE), *re.findall(r"##\[([\w-]+)", log)}


@pytest.mark.parametrize("name", PUBLISHING)
def test_next_to_a_credential_for_publishing_nothing_of_the_project_runs(attack: Attack, name: str) -> None:
    done = attack.build(**{name: CANARY})
    assert done.returncode == 12, done.stderr
    assert name in done.stderr
    assert CANARY not in done.stdout + done.stderr
    assert list(attack.loot.iterdir()) == []
    assert not attack.output.exists()


def test_a_build_is_given_no_secret_and_nothing_of_the_job(attack: Attack) -> None:
    done = attack.build(**SECRETS, **JOB, **ALLOWED)
    assert done.returncode == 0, done.stderr
    for name in ("sdist", "wheel"):
        seen = attack.got(name)["environment"]
        assert not {*SECRETS, *JOB} & set(seen)
        assert CANARY not in "".join(seen.values())


@pytest.mark.skipif(sys.platform != "linux", reason="processes are seen by /proc")
def test_what_a_build_reads_of_the_processes_above_it_is_what_was_allowed(attack: Attack) -> None:
    assert attack.build().returncode == 0
    nearest = [
        entries for entries in attack.got("wheel")["ancestors"].values() if f"HOME={attack.env['HOME']}" in entries
    ]
    assert nearest, "this is what cannot be prevented, and why a build beside credentials is refused"
    assert not any(entry.partition("=")[0] in PUBLISHING for entries in nearest for entry in entries)


def test_what_a_build_prints_commands_no_runner(attack: Attack) -> None:
    done = attack.build(**JOB)
    assert done.returncode == 0
    assert commands(done.stdout + done.stderr) <= OURS
    assert "9.9.9" not in done.stdout + done.stderr


def test_what_a_failing_build_prints_is_shown_and_commands_no_runner(attack: Attack) -> None:
    attack.checkout.commit({"fail": ""})
    done = attack.build(**JOB, **SECRETS, **ALLOWED)
    assert done.returncode == 6
    assert "set-output" in done.stderr
    assert commands(done.stdout + done.stderr) <= OURS
    assert "\x1b" not in done.stdout + done.stderr
    assert CANARY not in done.stdout + done.stderr


def test_the_checkout_and_what_else_is_published_from_it_stay_as_they_were(attack: Attack) -> None:
    other = {"other/dist/other-1.0-py3-none-any.whl": "another package's\n", "other/dist/release.json": "{}\n"}
    attack.checkout.write({"other/dist/.gitignore": "*\n", **other})
    before = contents(attack.checkout.root)
    assert attack.build().returncode == 0
    assert contents(attack.checkout.root) == before


def test_only_what_was_asked_for_is_taken_from_the_build(attack: Attack) -> None:
    assert attack.build().returncode == 0
    names = {path.name for path in attack.output.iterdir()}
    assert names - {".gitignore", "report.html"} == {
        "hostile-1.0.tar.gz",
        "hostile-1.0-py3-none-any.whl",
        "release.json",
    }
    assert json.loads((attack.output / "release.json").read_text())["name"] == "hostile"


def test_the_wheel_is_made_of_the_sdist_and_not_of_what_became_of_the_sources(attack: Attack) -> None:
    assert attack.build().returncode == 0
    with zipfile.ZipFile(attack.output / "hostile-1.0-py3-none-any.whl") as wheel:
        assert wheel.read("hostile/__init__.py") == b'"""Harmless by itself."""\n'
    with tarfile.open(attack.output / "hostile-1.0.tar.gz") as sdist:
        module = sdist.extractfile("hostile-1.0/hostile/__init__.py")
        assert module
        assert module.read() == b'"""Harmless by itself."""\n'


def test_an_sdist_that_the_build_of_the_wheel_replaces_is_refused(attack: Attack) -> None:
    attack.checkout.commit({"replace": ""})
    done = attack.build()
    assert done.returncode == 6
    assert "The build of the wheel changed hostile-1.0.tar.gz" in done.stderr
    assert not attack.output.exists()


@pytest.mark.skipif(os.name == "nt", reason="the trap is a shell script")
def test_git_that_was_poisoned_in_the_clone_springs_no_trap(attack: Attack) -> None:
    assert attack.build().returncode == 0
    assert all(code == 0 for code, _ in attack.got("sdist")["git"]), "the clone is the build's own"
    assert not (attack.loot.parent / "sprung").exists()


def has_ended(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(os.name == "nt", reason="a job object would be needed")
def test_a_process_that_a_build_leaves_behind_ends_with_it(attack: Attack) -> None:
    assert attack.build().returncode == 0
    assert has_ended(attack.got("sdist")["process"])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to an ancestor")
@pytest.mark.parametrize("fails", [False, True], ids=["built", "failed"])
def test_no_process_of_a_build_outlives_it_whatever_session_it_made(attack: Attack, *, fails: bool) -> None:
    if fails:
        attack.checkout.commit({"fail": ""})
    assert attack.build().returncode == (6 if fails else 0)
    left = attack.got("sdist")["processes"]
    assert len(left) == 5
    assert {name for name, pid in left.items() if not has_ended(pid)} == set()


@pytest.mark.parametrize(
    "answer",
    ["../hostile-1.0.tar.gz", "/etc/passwd", "hostile-1.0.tar.gz.asc", "nothing", ".", "", "hostile-1.0.tar.gz\n::x::"],
)
def test_the_file_that_a_backend_names_must_be_one_that_it_made(attack: Attack, answer: str) -> None:
    attack.checkout.commit({"answer": answer})
    done = attack.build(**JOB)
    assert done.returncode == 6, done.stderr
    assert not attack.output.exists()
    assert commands(done.stdout + done.stderr) <= OURS
