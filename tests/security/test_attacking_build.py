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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from release_tools.system.credentials import PUBLISHING
from tests.conftest import make_environment
from tests.support.network import OFFLINE
from tests.support.projects import hostile
from tests.support.repositories import Checkout, make_repository
from tests.support.runs import Ended, Run, Runs

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

    def build_forked(self, runs: Runs, **env: str) -> Ended:
        """The command where it does not matter what process is above the build, which is many times faster."""
        command = ["build", "-C", str(self.checkout.root), "--no-conda"]
        command += ["--packages-dir", str(self.output), "--no-verify-install"]
        return runs.one(Run(tuple(command), {**self.env, **env}, str(self.output.parent / "log")))

    def got(self, name: str) -> dict[str, Any]:
        """Return what the backend got while it made the sdist or the wheel."""
        answer: dict[str, Any] = json.loads((self.loot / f"{name}.json").read_text())
        return answer


@contextmanager
def attacking(folder: Path) -> Iterator[Attack]:
    """Have an attack ready, and end the processes that it left."""
    loot, home, trap = (folder / name for name in ("loot", "home", "trap"))
    for made in (loot, home):
        made.mkdir()
    trap.write_text(f"#!/bin/sh\ntouch {folder / 'sprung'}\n")
    trap.chmod(0o755)
    (home / ".pypirc").write_text(f"[pypi]\npassword = {CANARY}\n")
    checkout = make_repository(folder / "checkout", hostile(loot), ". v1.0")
    yield Attack(checkout, loot, make_environment(home, OFFLINE), folder / "dist")
    for left in loot.glob("left*"):
        with suppress(OSError, ValueError):
            os.kill(int(left.read_text()), signal.SIGKILL)


@pytest.fixture
def attack(tmp_path: Path) -> Iterator[Attack]:
    with attacking(tmp_path) as made:
        yield made


@dataclass(frozen=True)
class Attacked:
    """The attack after its build in a job, which succeeded.

    Attributes:
        attack: itself.
        said: by the command, to both streams.
        before: what the checkout held before the build.
    """

    attack: Attack
    said: str
    before: Mapping[str, bytes]


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """Build once, for all tests that read what it left."""
    with attacking(tmp_path_factory.mktemp("attacked")) as attack:
        other = {"other/dist/other-1.0-py3-none-any.whl": "another package's\n", "other/dist/release.json": "{}\n"}
        attack.checkout.write({"other/dist/.gitignore": "*\n", **other})
        before = contents(attack.checkout.root)
        done = attack.build(**JOB)
        assert done.returncode == 0, done.stderr
        yield Attacked(attack, done.stdout + done.stderr, before)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def commands(log: str) -> set[str]:
    """Return what a runner would take for a workflow command: ``::`` at a line's start, and ``##[`` anywhere."""
    return {*re.findall(r"^\s*::([\w-]+)", log, re.MULTILINE), *re.findall(r"##\[([\w-]+)", log)}


@pytest.mark.parametrize("name", PUBLISHING)
def test_next_to_a_credential_for_publishing_nothing_of_the_project_runs(runs: Runs, attack: Attack, name: str) -> None:
    ended = attack.build_forked(runs, **{name: CANARY})
    assert ended.code == 12, ended.said
    assert name in ended.said
    assert CANARY not in ended.said
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
def test_what_a_build_reads_of_the_processes_above_it_is_what_was_allowed(attacked: Attacked) -> None:
    home = f"HOME={attacked.attack.env['HOME']}"
    nearest = [entries for entries in attacked.attack.got("wheel")["ancestors"].values() if home in entries]
    assert nearest, "this is what cannot be prevented, and why a build beside credentials is refused"
    assert not any(entry.partition("=")[0] in PUBLISHING for entries in nearest for entry in entries)


def test_what_a_build_prints_commands_no_runner(attacked: Attacked) -> None:
    assert commands(attacked.said) <= OURS
    assert "9.9.9" not in attacked.said


def test_what_a_failing_build_prints_is_shown_and_commands_no_runner(runs: Runs, attack: Attack) -> None:
    attack.checkout.commit({"fail": ""})
    ended = attack.build_forked(runs, **JOB, **SECRETS, **ALLOWED)
    assert ended.code == 6
    assert "set-output" in ended.said
    assert commands(ended.said) <= OURS
    assert "\x1b" not in ended.said
    assert CANARY not in ended.said


def test_the_checkout_and_what_else_is_published_from_it_stay_as_they_were(attacked: Attacked) -> None:
    assert contents(attacked.attack.checkout.root) == attacked.before


def test_only_what_was_asked_for_is_taken_from_the_build(attacked: Attacked) -> None:
    output = attacked.attack.output
    names = {path.name for path in output.iterdir()}
    assert names - {".gitignore", "report.html"} == {
        "hostile-1.0.tar.gz",
        "hostile-1.0-py3-none-any.whl",
        "release.json",
    }
    assert json.loads((output / "release.json").read_text())["name"] == "hostile"


def test_the_wheel_is_made_of_the_sdist_and_not_of_what_became_of_the_sources(attacked: Attacked) -> None:
    output = attacked.attack.output
    with zipfile.ZipFile(output / "hostile-1.0-py3-none-any.whl") as wheel:
        assert wheel.read("hostile/__init__.py") == b'"""Harmless by itself."""\n'
    with tarfile.open(output / "hostile-1.0.tar.gz") as sdist:
        module = sdist.extractfile("hostile-1.0/hostile/__init__.py")
        assert module
        assert module.read() == b'"""Harmless by itself."""\n'


def test_an_sdist_that_the_build_of_the_wheel_replaces_is_refused(runs: Runs, attack: Attack) -> None:
    attack.checkout.commit({"replace": ""})
    ended = attack.build_forked(runs)
    assert ended.code == 6
    assert "The build of the wheel changed hostile-1.0.tar.gz" in ended.said
    assert not attack.output.exists()


@pytest.mark.skipif(os.name == "nt", reason="the trap is a shell script")
def test_git_that_was_poisoned_in_the_clone_springs_no_trap(attacked: Attacked) -> None:
    assert all(code == 0 for code, _ in attacked.attack.got("sdist")["git"]), "the clone is the build's own"
    assert not (attacked.attack.loot.parent / "sprung").exists()


def has_ended(pid: int) -> bool:
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.skipif(os.name == "nt", reason="a job object would be needed")
def test_a_process_that_a_build_leaves_behind_ends_with_it(attacked: Attacked) -> None:
    assert has_ended(attacked.attack.got("sdist")["process"])


def check_no_process_is_left(attack: Attack) -> None:
    left = attack.got("sdist")["processes"]
    assert len(left) == 5
    assert {name for name, pid in left.items() if not has_ended(pid)} == set()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to an ancestor")
def test_no_process_of_a_build_outlives_it_whatever_session_it_made(attacked: Attacked) -> None:
    check_no_process_is_left(attacked.attack)


@pytest.mark.skipif(sys.platform != "linux", reason="as above")
def test_no_process_of_a_build_that_failed_outlives_it(attack: Attack) -> None:
    attack.checkout.commit({"fail": ""})
    assert attack.build().returncode == 6
    check_no_process_is_left(attack)


@pytest.mark.parametrize(
    "answer",
    ["../hostile-1.0.tar.gz", "/etc/passwd", "hostile-1.0.tar.gz.asc", "nothing", ".", "", "hostile-1.0.tar.gz\n::x::"],
)
def test_the_file_that_a_backend_names_must_be_one_that_it_made(runs: Runs, attack: Attack, answer: str) -> None:
    attack.checkout.commit({"answer": answer})
    ended = attack.build_forked(runs, **JOB)
    assert ended.code == 6, ended.said
    assert not attack.output.exists()
    assert commands(ended.said) <= OURS
