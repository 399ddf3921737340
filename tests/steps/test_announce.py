"""An announcement of a release, by the command that publishes it."""

from pathlib import Path

import pytest

from tests.publishing.destinations import DESTINATIONS, build, machines
from tests.support.runs import Run, Runs

pytestmark = pytest.mark.slow


WAYS = {(): False, ("--announcement",): True, ("--announcement", "--phase", "stage"): False}


def test_an_announcement_is_written_where_it_is_wanted(tmp_path: Path) -> None:
    files = tmp_path / "built"
    files.mkdir()
    build(files)
    with Runs() as runs:
        written = {options: announce(runs, tmp_path / str(at), files, *options) for at, options in enumerate(WAYS)}
    assert {options: bool(text) for options, text in written.items()} == WAYS
    text = written["--announcement",]
    assert "demo==1.0" in text
    assert "https://github.com/octo/demo/releases/tag/v1.0" in text
    assert "First, by Ada" in text


def announce(runs: Runs, folder: Path, files: Path, *options: str) -> str:
    """Publish a release to GitHub, and return the announcement in the job's summary."""
    folder.mkdir()
    with machines(folder / "world", DESTINATIONS["GitHub release"], files) as there:
        arguments, env, log = there.machine()
        summary = folder / "summary"
        ended = runs.one(Run((*arguments, *options), {**env, "GITHUB_STEP_SUMMARY": str(summary)}, log))
    assert ended.code == 0, ended.said
    return summary.read_text(encoding="utf-8").partition("# demo 1.0\n")[2]
