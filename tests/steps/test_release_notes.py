"""The notes of a release that several jobs publish, by the command that each of them runs."""

from pathlib import Path

import pytest

from tests.publishing.destinations import DESTINATIONS, build, machines
from tests.support.runs import Run, Runs
from tests.support.world import SLUG

pytestmark = pytest.mark.slow


def test_the_notes_are_made_for_the_draft_and_published_with_it(tmp_path: Path) -> None:
    files = tmp_path / "built"
    files.mkdir()
    build(files)
    with Runs() as runs, machines(tmp_path / "world", DESTINATIONS["GitHub release"], files) as there:
        arguments, env, log = there.machine()
        asked = []
        for phase in ("stage", "reveal"):
            there.github.log.clear()
            ended = runs.one(Run((*arguments, "--phase", phase), env, log))
            assert ended.code == 0, ended.said
            asked.append(any("/pulls" in request.target for request in there.github.log))
        [release] = there.github.repositories[SLUG].releases
    assert asked == [True, False]
    assert not release.draft
    assert "First, by Ada" in release.body
