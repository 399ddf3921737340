"""What twine makes of a description, told in a line."""

import io
from pathlib import Path

import pytest

from release_tools.checks.artifacts import ReleaseFiles
from release_tools.checks.metadata import check_metadata
from release_tools.config.schema import Config
from release_tools.engine.context import Context
from release_tools.engine.gate import Gate
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Kind, Release
from release_tools.system.console import Console
from tests.making import make_wheel

RST = "Description-Content-Type: text/x-rst\n\n"


@pytest.mark.parametrize(
    ("told", "state", "description"),
    [
        (RST + "Title\n=====\n\nText.\n", State.DONE, "twine check --strict"),
        ("Description-Content-Type: text/markdown\n\n# Title\n", State.DONE, "twine check --strict"),
        (RST + "Title\n===\n\n* `a", State.FAILED, "would not be rendered on PyPI. line 4: Warning: Inline"),
        (RST + ".. include:: /etc/passwd\n", State.FAILED, '"include" directive disabled'),
        ("", State.FAILED, "`long_description` missing."),
    ],
)
def test_a_description_that_an_index_cannot_show_is_refused(
    tmp_path: Path, told: str, state: State, description: str, capfd: pytest.CaptureFixture[str]
) -> None:
    wheel = Artifact.of(make_wheel(tmp_path, told=told), ArtifactKind.WHEEL)
    release = Release("demo", "1.0", Kind.FINAL, artifacts=(wheel,))
    context = Context(tmp_path, Config(), {}, Console({}, out=io.StringIO()), Gate(is_dry_run=True), tmp_path)
    notes: tuple[Note, ...] = check_metadata(release, ReleaseFiles.read(context, [wheel]))
    assert [(note.state, description in note.detail) for note in notes] == [(state, True)], notes
    assert capfd.readouterr() == ("", "")
