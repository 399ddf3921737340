"""An announcement of a release, by the command that publishes it."""

from pathlib import Path

import pytest

from tests.publishing.destinations import DESTINATIONS, build, machines
from tests.support.runs import Run, Runs

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("options", "is_written"),
    [((), False), (("--announcement",), True), (("--announcement", "--phase", "stage"), False)],
    ids=["not wanted", "wanted", "of a draft"],
)
def test_an_announcement_is_written_where_it_is_wanted(
    tmp_path: Path, options: tuple[str, ...], *, is_written: bool
) -> None:
    files = tmp_path / "built"
    files.mkdir()
    build(files)
    with machines(tmp_path / "world", DESTINATIONS["GitHub release"], files) as there, Runs() as runs:
        arguments, env, log = there.machine()
        summary = tmp_path / "summary"
        ended = runs.one(Run((*arguments, *options), {**env, "GITHUB_STEP_SUMMARY": str(summary)}, log))
    assert ended.code == 0, ended.said
    text = summary.read_text(encoding="utf-8").partition("# demo 1.0\n")[2]
    assert bool(text) is is_written
    if is_written:
        assert "demo==1.0" in text
        assert "https://github.com/octo/demo/releases/tag/v1.0" in text
        assert "First, by Ada" in text
