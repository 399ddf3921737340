"""Test what surrounds every command: help, completion, how much is said, and how a run ends."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from release_tools.cli.main import COMMANDS
from release_tools.model.note import Note, Section, State
from release_tools.system.console import Console
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

LINES = 45
HARD = "print('compiling the hard part', flush=True)"
SLOW = f"import time; {HARD}; time.sleep(1.5)"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_repository(tmp_path / "demo", in_tree_project(version="1.0"), ".")


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "completion"])
def test_help_fits_on_a_screen_and_another_option_lists_every_setting(
    command: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = run(command, "--help")
    assert said.code == 0
    assert len(said.out.splitlines()) <= LINES
    assert run("help", command).out == said.out
    settings = run(command, "--help-settings")
    assert settings.code == 0
    assert {"--anaconda-owner", "--verify-install", "--tag-push"} <= set(re.findall(r"--[a-z-]+", settings.out))


def test_help_without_a_command_lists_the_commands(run: Run) -> None:
    said = run("help")
    assert (said.code, said.out) == (0, run("--help").out)
    assert all(f"    {name}" in said.out for name in COMMANDS)


def test_help_on_an_unknown_command_names_the_nearest(run: Run) -> None:
    said = run("help", "docter")
    assert said.code == 2
    assert "doctor" in said.err


def test_its_version_has_a_short_option(run: Run) -> None:
    assert run("-V").out == run("--version").out
    assert run("-V").out.startswith("release-tools ")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh", "powershell"])
def test_a_shell_gets_the_script_that_completes_commands_and_options(shell: str, run: Run) -> None:
    said = run("completion", shell)
    assert said.code == 0
    assert "dry-run" in said.out
    program = shutil.which(shell)
    if program and shell != "powershell":
        subprocess.run([program, "-n"], input=said.out, encoding="utf-8", check=True)


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_bash_completes_an_option_of_a_setting(run: Run) -> None:
    script = run("completion", "bash").out
    script += "\nCOMP_WORDS=(release-tools dry-run --anaconda-o)\nCOMP_CWORD=2\n_shtab_release_tools\n"
    script += 'echo "${COMPREPLY[@]}"\n'
    done = subprocess.run(["bash"], input=script, capture_output=True, encoding="utf-8", check=True)
    assert done.stdout.split() == ["--anaconda-owner"]


@pytest.mark.slow
def test_quiet_says_nothing_where_nothing_is_wrong(run: Run, checkout: Checkout) -> None:
    said = run("build", "-C", checkout.root, "--quiet", "--no-verify-install")
    assert (said.code, said.out, said.err) == (0, "", "")
    assert (checkout.root / "dist" / "release.json").is_file()
    assert run("version", "-C", checkout.root, "--quiet").out == "1.0\n"


def test_quiet_leaves_errors(run: Run, checkout: Checkout) -> None:
    said = run("build", "-C", checkout.root, "--quiet", "--version", "2.0")
    assert said.code == 5
    assert "error: " in said.err


@pytest.mark.slow
def test_verbose_shows_the_output_of_a_build(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "demo", in_tree_project(HARD), ".")
    build = ("build", "-C", checkout.root, "--no-verify-install", "--no-conda")
    quiet = run(*build)
    assert "compiling the hard part" not in quiet.out + quiet.err
    assert "compiling the hard part" in run(*build, "--verbose").out
    said = run(*build, "--verbose", "--json")
    assert "compiling the hard part" in said.err
    assert json.loads(said.out)["ok"] is True


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals")
def test_a_terminal_shows_the_seconds_and_the_last_line_of_a_slow_build(env: Mapping[str, str], tmp_path: Path) -> None:
    import pty

    checkout = make_repository(tmp_path / "demo", in_tree_project(SLOW, version="1.0"), ".")
    command = [sys.executable, "-m", "release_tools", "build", "--no-verify-install"]
    ours, theirs = pty.openpty()
    terminal = {**env, "TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, cwd=checkout.root, env=terminal, stdin=theirs, stdout=theirs, stderr=theirs):
        os.close(theirs)
        said = b"".join(iter(lambda: read_terminal(ours), b"")).decode()
    os.close(ours)
    assert re.search(r"Build sdist and wheel \(1 s\)  compiling the hard part", said)
    assert "demo 1.0: built" in said
    assert "\x1b[?25h" in said, "the cursor is visible again"


def read_terminal(terminal: int) -> bytes:
    """Read what a program wrote to a pseudo-terminal; nothing after its end, which Linux reports as an error."""
    try:
        return os.read(terminal, 1 << 16)
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"pyproject.toml": "[project]\nname = \n"}, "file=pyproject.toml,line=2"),
        ({"release-tools.toml": "\n\nx = \n"}, "file=release-tools.toml,line=3"),
        ({"pyproject.toml": '[tool.release-tools]\nx = 1\ny = "a"\n'}, "title=The configuration has faults"),
    ],
)
def test_each_fault_is_an_annotation_of_its_own_at_the_file_and_line_that_it_names(
    run: Run, checkout: Checkout, files: dict[str, str], place: str
) -> None:
    (checkout.root / "pyproject.toml").unlink()
    checkout.write(files)
    said = run("config", "-C", checkout.root, GITHUB_ACTIONS="true", GITHUB_WORKSPACE=str(checkout.root))
    annotations = re.findall(r"^::error (.+?)::(.+)$", said.out, re.MULTILINE)
    assert annotations
    assert all(head.startswith(place) and "title=" in head for head, _ in annotations)
    assert len(annotations) == max(1, said.err.count("\n  - "))


@pytest.mark.slow
def test_a_run_begins_with_its_version_and_its_plan(run: Run, checkout: Checkout) -> None:
    said = run("dry-run", "-C", checkout.root, "--json", "--no-verify-install", "--network-tries", "1")
    report = json.loads(said.out)
    assert [section["title"] for section in report["sections"]][:2] == ["Version", "Plan"]
    plan = "\n".join(f"{note['text']} {note['detail']}" for note in report["sections"][1]["notes"])
    assert re.search(r"to publish: .*PyPI", plan)
    assert re.search(r"left out .*GitHub", plan)


@pytest.mark.slow
def test_a_step_that_does_not_apply_takes_one_line(run: Run, checkout: Checkout) -> None:
    said = run("dry-run", "-C", checkout.root, "--no-verify-install", "--network-tries", "1")
    assert said.code == 0
    assert re.search(r"^- GitHub draft: .+$", said.out, re.MULTILINE)
    assert said.out.count("Type: git remote add origin") == 1


@pytest.mark.slow
def test_a_command_ends_with_a_verdict_of_its_own(run: Run, checkout: Checkout) -> None:
    for command, verdict in (("build", "ready to publish"), ("verify", "valid"), ("doctor", "ready to release")):
        said = run(command, "-C", checkout.root, "--no-verify-install", "--network-tries", "1")
        assert said.code == 0, said.err
        *_, last = said.out.splitlines()
        assert verdict in last
        assert re.search(r"\(\d+\.\d s\)$", last)
        assert "0 things" not in said.out


@pytest.mark.slow
def test_doctor_counts_what_is_missing(run: Run, checkout: Checkout) -> None:
    workflow = (
        "on: {push: {branches: [main]}}\njobs: {x: {runs-on: ubuntu-latest, steps: [{run: twine upload dist/*}]}}\n"
    )
    checkout.commit({".github/workflows/release.yml": workflow})
    said = run("doctor", "-C", checkout.root, "--json", "--network-tries", "1")
    report = json.loads(said.out)
    faults = [note for section in report["sections"] for note in section["notes"] if note["state"] == "failed"]
    assert faults
    assert report["error"]["exit-code"] == said.code
    assert len(report["error"]["faults"]) == len(faults)
    assert re.match(rf"{len(faults)} things? (is|are) missing", report["error"]["message"])


@pytest.mark.slow
def test_a_dry_run_that_fails_early_has_a_report_page(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "demo", in_tree_project("raise SystemExit('no compiler')", "1.0"), ".")
    said = run("dry-run", "-C", checkout.root)
    assert said.code == 6
    page = checkout.root / "dist" / "report.html"
    assert "no compiler" in page.read_text(encoding="utf-8")
    assert [path.name for path in page.parent.iterdir()] == ["report.html"]


@pytest.mark.slow
def test_a_page_of_somebody_else_is_left_where_a_dry_run_fails(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path / "demo", in_tree_project("raise SystemExit(1)", "1.0"), ".")
    checkout.write({"dist/report.html": "mine"})
    assert run("dry-run", "-C", checkout.root).code == 6
    assert (checkout.root / "dist" / "report.html").read_text(encoding="utf-8") == "mine"


JSON_COMMANDS = [name for name in COMMANDS if name not in ("completion", "retract", "status", "notes")]


@pytest.mark.parametrize("command", JSON_COMMANDS)
def test_a_command_that_fails_prints_its_error_as_json(command: str, run: Run, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.release-tools]\nnonsense = 1\n", encoding="utf-8")
    own = {"gather": ("folder",), "prepare": ("1.1",), "tag": ("1.1",)}.get(command, ())
    said = run(command, "-C", tmp_path, "--json", *own)
    assert said.code == 3
    data = json.loads(said.out)
    assert data["ok"] is False
    assert data["error"]["exit-code"] == 3
    assert data["error"]["kind"] == "ConfigError"


def test_a_note_that_repeats_is_said_once_with_its_number(capsys: pytest.CaptureFixture[str]) -> None:
    warning = Note(State.WARNING, "no license file", advice="Add one.")
    notes = (*[warning] * 60, Note(State.DONE, "the rest"))
    Console({"GITHUB_ACTIONS": "true"}).section(Section("Verify", notes, 0.1))
    said = capsys.readouterr().out
    assert "! no license file (60 times)\n" in said
    assert said.count("no license file") == 2, "in the log, and as one annotation"
    assert said.count("::warning::") == 1
