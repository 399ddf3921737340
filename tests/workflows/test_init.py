"""``release-tools init`` through the front door, in real repositories."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from release_tools.cli.main import main
from release_tools.config.loader import read_config
from release_tools.errors import ConfigError, DriftError
from release_tools.workflows.render import CHECK, RELEASE
from tests.acting import ROOT
from tests.support.repositories import Checkout

ACTION = f"python-release-tools/python-release-tools@{'a' * 40}"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout.create(tmp_path, "https://github.com/octo/demo.git")


def init(checkout: Checkout, *options: str) -> int:
    return main(["init", "-C", str(checkout.root), "--action", ACTION, *options], checkout.env)


@pytest.mark.slow
def test_it_writes_what_its_check_then_accepts(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(checkout, "--yes") == 0
    said = capsys.readouterr().out
    assert "demo, built by hatchling.build" in said
    assert "octo/demo" in said
    for path in (RELEASE, CHECK):
        assert f"✓ {path}  written" in said
        assert f"uses: {ACTION}\n" in (checkout.root / path).read_text(encoding="utf-8")
    assert init(checkout, "--check") == 0
    assert init(checkout, "--yes") == 0
    assert f"✓ {RELEASE}  up to date" in capsys.readouterr().out


def test_it_says_what_to_register_value_by_value(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    assert init(checkout, "--yes", "--testpypi-first", "--anaconda-owner", "octo") == 0
    said = capsys.readouterr().out
    for index, host in (("PyPI", "pypi.org"), ("TestPyPI", "test.pypi.org")):
        assert (
            f"{index}: add a trusted publisher  project demo, owner octo, repository demo, workflow release.yml" in said
        )
        assert f"https://{host}/manage/project/demo/settings/publishing/" in said
    assert "environment testpypi" in said
    assert "add the secret ANACONDA_API_TOKEN to the environment anaconda" in said
    assert "https://github.com/octo/demo/settings/environments" in said


@pytest.mark.slow
def test_an_owner_is_kept_in_the_configuration(checkout: Checkout) -> None:
    before = (checkout.root / "pyproject.toml").read_text(encoding="utf-8")
    assert init(checkout, "--yes", "--anaconda-owner", "octo") == 0
    after = (checkout.root / "pyproject.toml").read_text(encoding="utf-8")
    assert after.startswith(before)
    assert read_config(checkout.root, {}, {}).anaconda.owner == "octo"
    assert "ANACONDA_API_TOKEN" in (checkout.root / RELEASE).read_text(encoding="utf-8")
    assert init(checkout, "--check") == 0


SETUP_PY = {"setup.py": 'from setuptools import setup\nsetup(name="demo", version="1.0")\n'}


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
@pytest.mark.parametrize("owner", [(), ("--anaconda-owner", "octo")], ids=["plain", "with a channel"])
def test_the_command_that_it_ends_with_commits_everything_of_a_setup_py_project(
    owner: tuple[str, ...], checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    (checkout.root / "pyproject.toml").unlink()
    checkout.commit(SETUP_PY)
    assert init(checkout, "--yes", *owner) == 0
    [line] = [line for line in capsys.readouterr().out.splitlines() if line.startswith("Type: git ")]
    where = checkout.root.parent  # -C is given, so nobody needs to be in the project
    subprocess.run(["sh", "-c", line.removeprefix("Type: ")], cwd=where, env=checkout.env, check=True)
    assert checkout.git("status", "--porcelain") == ""
    assert not (checkout.root / "pyproject.toml").exists()
    assert (checkout.root / "release-tools.toml").exists() == bool(owner)


def test_what_cannot_be_added_to_is_left_as_it_was(checkout: Checkout) -> None:
    text = '[tool]\nrelease-tools = {anaconda = {url = ""}}\n'
    checkout.commit({"pyproject.toml": text})
    assert init(checkout, "--yes", "--anaconda-owner", "octo") == ConfigError.exit_code
    assert (checkout.root / "pyproject.toml").read_text(encoding="utf-8") == text
    assert not (checkout.root / RELEASE).exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda root: (root / CHECK).unlink(), f"{CHECK} is missing"),
        (lambda root: change(root / RELEASE, "command: verify", "command: build"), f"{RELEASE} differs"),
        (
            lambda root: append(root / "pyproject.toml", "[tool.release-tools]\ntestpypi-first = true\n"),
            f"{RELEASE} differs",
        ),
    ],
    ids=["missing", "edited", "configured"],
)
def test_a_check_shows_the_difference_and_fails(
    edit: object, said: str, checkout: Checkout, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(checkout, "--yes") == 0
    edit(checkout.root)  # type: ignore[operator]  # a function of the table
    summary = tmp_path / "summary.md"
    there = {path: path.read_bytes() for path in checkout.root.rglob(".github/**/*.yml")}
    env = {**checkout.env, "GITHUB_STEP_SUMMARY": str(summary)}
    assert main(["init", "-C", str(checkout.root), "--check"], env) == DriftError.exit_code
    reported = capsys.readouterr()
    assert said in reported.err
    assert {path: path.read_bytes() for path in checkout.root.rglob(".github/**/*.yml")} == there
    assert said in summary.read_text(encoding="utf-8")
    assert "```diff" in summary.read_text(encoding="utf-8") or "missing" in said


@pytest.mark.slow
def test_a_job_for_a_pull_request_knows_the_default_branch_by_its_event(checkout: Checkout, tmp_path: Path) -> None:
    checkout.git("branch", "--quiet", "--move", "master")
    assert init(checkout, "--yes") == 0
    assert "- master\n" in (checkout.root / CHECK).read_text(encoding="utf-8")
    checkout.commit({})
    checkout.git("checkout", "--quiet", "--detach")
    event = tmp_path / "event.json"
    event.write_text('{"repository": {"default_branch": "master"}}', encoding="utf-8")
    env = {**checkout.env, "GITHUB_EVENT_PATH": str(event)}
    assert main(["init", "-C", str(checkout.root), "--check"], env) == 0


@pytest.mark.slow
@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a checkout")
def test_our_own_workflows_are_what_everybody_gets() -> None:
    assert main(["init", "-C", str(ROOT), "--check"], {"PATH": os.environ["PATH"]}) == 0, (
        "release-tools init --yes --action ./"
    )


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.mark.slow
def test_development_versions_are_kept_once_chosen(checkout: Checkout) -> None:
    assert init(checkout, "--yes", "--dev") == 0
    assert "every commit is published" in (checkout.root / RELEASE).read_text(encoding="utf-8")
    assert init(checkout, "--check") == 0
    assert init(checkout, "--yes") == 0
    assert init(checkout, "--check") == 0
    assert init(checkout, "--yes", "--no-dev") == 0
    assert "branches" not in (checkout.root / RELEASE).read_text(encoding="utf-8")


def test_a_copy_that_does_not_know_its_commit_asks_for_it(
    checkout: Checkout, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release_tools.workflows.project_workflows._find_checkout_commit", lambda _: "")
    assert main(["init", "-C", str(checkout.root), "--yes"], checkout.env) == 2
    assert "--action python-release-tools/python-release-tools@COMMIT" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are of Unix")
def test_at_a_terminal_it_asks_what_it_cannot_find_out(checkout: Checkout) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "release_tools", "init", "-C", str(checkout.root), "--action", ACTION]
    env = {**checkout.env, "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    with subprocess.Popen(command, env=env, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        os.write(ours, b"octo\ny\n")
        _, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, err
    assert b"Which account or organization of Anaconda.org" in err
    assert b"Publish every commit on main as a development version? [no]" in err
    assert read_config(checkout.root, {}, {}).anaconda.owner == "octo"
    assert "branches:" in (checkout.root / RELEASE).read_text(encoding="utf-8")
