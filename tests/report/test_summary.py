import re
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from release_tools.cli import main
from release_tools.errors import BuildError
from release_tools.model.note import Document, Note, Report, Section, State
from release_tools.model.release import Release
from release_tools.report.step_summary import LARGEST, draw_diagram, status_summary, write_step_summary
from tests.report.examples import HOSTILE, dry_run_release, dry_run_report, hostile, hostile_report, section


def test_a_dry_run_shows_every_place_and_file(tmp_path: Path) -> None:
    text = write_step_summary(dry_run_release(tmp_path), dry_run_report(), is_dry_run=True)
    assert text.startswith("## 🔷 molecool 1.4.0rc1: dry run complete\n")
    rows = re.findall(r"^\| (\S+) \| \*\*(.+?)\*\* (.+?) \| (.+) \|$", text, re.MULTILINE)
    assert rows == [
        ("☑️", "git remote", "already there", "Push the tag is unchanged"),
        ("🔷", "PyPI", "planned", "upload molecool-1.4.0rc1-py3-none-any.whl to PyPI"),
        ("🚫", "conda-forge", "skipped", "Open a pull request is skipped"),
    ]
    for artifact in dry_run_release(tmp_path).artifacts:
        assert f"| {artifact.filename} | " in text
        assert artifact.sha256 in text
    assert "```diff\n@@ -1 +1 @@\n-version: 1.3\n+version: 1.4\n" in text


def test_a_destination_left_to_a_person_is_not_called_published(tmp_path: Path) -> None:
    by_hand = Note(State.WARNING, "the pull request must be opened by hand: the token is refused")
    report = Report((Section("conda-forge pull request", (by_hand,), 0.1, "conda-forge", "proposed to conda-forge"),))
    text = write_step_summary(dry_run_release(tmp_path), report, is_dry_run=False)
    assert text.startswith("## ⚠️ molecool 1.4.0rc1: not published, see the warnings\n")
    assert "| ⚠️ | **conda-forge** warning |" in text


def test_the_diagram_leads_from_the_tag_to_every_place(tmp_path: Path) -> None:
    lines = draw_diagram(dry_run_release(tmp_path), dry_run_report()).splitlines()
    assert lines[:6] == [
        "flowchart LR",
        '  commit(["v1.4.0rc1"])',
        '  commit --> build["✅ built and checked"]:::done',
        '  build --> destination0["☑️ git remote"]:::done',
        '  build --> destination1["🔷 PyPI"]:::planned',
        '  build --> destination2["🚫 conda-forge"]:::skipped',
    ]


def test_a_failure_shows_the_error_and_what_was_not_reached(tmp_path: Path) -> None:
    report = Report(
        sections=(
            section("Version", State.INFO),
            section("Build sdist and wheel", State.FAILED),
            section("Upload to PyPI", State.NOT_RUN, place="PyPI"),
        ),
    )
    text = write_step_summary(
        dry_run_release(tmp_path), report, BuildError("the backend said no", "Fix pyproject.toml."), is_dry_run=False
    )
    assert text.startswith("## ❌ molecool 1.4.0rc1: failed at: Build sdist and wheel\n")
    assert "> [!CAUTION]\n> **the backend said no**\n>\n> Fix pyproject.toml.\n" in text
    assert "<details open><summary>❌ Build sdist and wheel" in text
    assert '[" built' not in text
    assert 'build["❌ built and checked"]:::failed' in text
    assert "**PyPI**" not in text
    assert "⬜ Not run: Upload to PyPI\n" in text


def test_faults_are_code_and_an_address_is_one_arrow(tmp_path: Path) -> None:
    note = Note(State.DONE, "upload demo to PyPI", "https://pypi.org/project/demo/1.0/")
    report = Report((Section("Upload to PyPI", (note,), 0.2, "PyPI"),))
    error = BuildError("the backend said no", faults=["line 1 of *it*", "::error::line 2"])
    text = write_step_summary(dry_run_release(tmp_path), report, error, is_dry_run=False)
    assert "\n```\nline 1 of *it*\n::error::line 2\n```\n" in text
    assert "upload demo to PyPI [↗](https://pypi.org/project/demo/1.0/) |" in text
    assert "<sub>" not in text


def test_a_warning_is_at_the_top_once_however_often_it_was_given(tmp_path: Path) -> None:
    warning = Note(State.WARNING, "the wheel contains no license file", advice="Add a LICENSE file.")
    others = [Note(State.WARNING, f"warning {number}") for number in range(20)]
    report = Report((Section("Verify", (*[warning] * 60, *others), 0.1),))
    head = write_step_summary(dry_run_release(tmp_path), report, is_dry_run=True).partition("<details>")[0]
    assert head.count("no license file") == 1
    assert "(60 times)" in head
    assert "and 13 other warnings" in head


def test_many_files_and_many_actions_are_folded(tmp_path: Path) -> None:
    release = dry_run_release(tmp_path)
    many = replace(release, artifacts=release.artifacts * 30)
    actions = tuple(Note(State.PLANNED, f"would upload file {number}") for number in range(60))
    text = write_step_summary(many, Report((Section("Upload to PyPI", actions, 0.1, "PyPI"),)), is_dry_run=True)
    assert "<details><summary>60 files, " in text
    [row] = [line for line in text.splitlines() if "**PyPI**" in line]
    assert row.count("would upload") == 7
    assert row.endswith("and 53 more |")


@pytest.mark.parametrize(
    ("state", "sign", "is_unfinished"),
    [
        (State.DONE, "✅", False),
        (State.PLANNED, "🔷", False),
        (State.SKIPPED, "⚠️", True),
        (State.FAILED, "⚠️", True),
        (State.WARNING, "⚠️", True),  # a destination that did not answer is not published to
    ],
)
def test_the_last_summary_of_a_release_says_what_to_do_only_if_something_is_missing(
    state: State, sign: str, *, is_unfinished: bool
) -> None:
    release = Release(name="demo", version="1.0.post1", tag="v1.0.post1")
    done = Note(State.DONE, "demo-1.0.tar.gz is there", "ab" * 32)
    sections = [
        Section("PyPI  https://pypi.org/project/demo/1.0/", (done,), 0.0, "PyPI"),
        Section("GitHub  https://github.com/octo/demo/releases/tag/v1.0", (Note(state, "-"),), 0.0, "GitHub"),
    ]
    text = status_summary(release, sections)
    assert text.startswith(f"## {sign} demo 1.0.post1: published to {1 + (state is State.DONE)} of 2 destinations\n")
    assert "**PyPI** [↗](https://pypi.org/project/demo/1.0/) published | demo-1.0.tar.gz is there |" in text
    assert "ab" * 32 not in text
    assert ("`release-tools retract 1.0.post1 --reason TEXT`" in text) is is_unfinished


def test_others_text_is_inert(tmp_path: Path) -> None:
    text = write_step_summary(hostile(tmp_path), hostile_report(), BuildError(HOSTILE), is_dry_run=True)
    rendered = MarkdownIt("commonmark").enable("table").render(text)
    prose = re.sub(r"<pre>.*?</pre>", "", rendered, flags=re.DOTALL)
    assert "<script" not in rendered
    assert "<img" not in rendered
    assert not re.search(r"(?<!\w)@\w|fixes #\d", prose)
    assert rendered.count("<details") == rendered.count("</details>")
    assert "\x1b" not in text
    assert "\u202e" not in text
    label = re.search(r'commit\(\["(.*)"\]\)', text)
    assert label
    assert not set("<>\"'`#;&@") & set(label[1])


@pytest.mark.parametrize("room", [200, 2_000, 20_000, LARGEST])
def test_a_summary_takes_no_more_than_its_room_and_closes_what_it_opens(tmp_path: Path, room: int) -> None:
    long = Document("Notes", "- ☃ everything changed\n" * 200_000, "markdown")
    report = Report(dry_run_report().sections * 400, (long,) * 30)
    text = write_step_summary(dry_run_release(tmp_path), report, is_dry_run=True, room=room)
    assert len(text.encode()) <= room
    assert text.count("<details") == text.count("</details>")
    assert len(re.findall(r"^`{3,}", text, re.MULTILINE)) % 2 == 0
    assert text.endswith("see the report page.\n")


@pytest.mark.slow
def test_a_job_gets_the_summary_of_a_run_that_failed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'demo'\nversion = '1.0'\n", encoding="utf-8")
    summary = tmp_path / "summary.md"
    summary.write_text("what the step said before\n", encoding="utf-8")
    env = {"GITHUB_STEP_SUMMARY": str(summary), "PATH": "", "HOME": str(tmp_path)}
    code = main.main(["dry-run", "-C", str(tmp_path)], env)
    text = summary.read_text(encoding="utf-8")
    assert code != 0
    assert text.startswith("what the step said before\n## ❌ The release: failed at: Version\n")
    assert "git: not found" in text


def test_a_job_gets_the_summary_of_a_wrong_configuration(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.release-tools]\nconda-name = 'x'\n", encoding="utf-8")
    summary = tmp_path / "summary.md"
    assert main.main(["dry-run", "-C", str(tmp_path)], {"GITHUB_STEP_SUMMARY": str(summary)}) == 3
    assert "unknown key" in summary.read_text(encoding="utf-8")


def test_a_secret_is_not_in_the_summary(tmp_path: Path) -> None:
    secret = "hunter2<&>hunter2"
    (tmp_path / "pyproject.toml").write_text(f"[tool.release-tools]\n'{secret}' = 'x'\n", encoding="utf-8")
    summary = tmp_path / "summary.md"
    env = {"GITHUB_STEP_SUMMARY": str(summary), "ANACONDA_API_TOKEN": secret}
    assert main.main(["dry-run", "-C", str(tmp_path)], env) == 3
    text = summary.read_text(encoding="utf-8")
    assert "***" in text
    assert "hunter2" not in text
