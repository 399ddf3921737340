"""A draft release that an earlier run left: its files are published only if they are the expected ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.cli.main import main
from release_tools.errors import ConflictError
from tests.stage import Stage, stage
from tests.support.projects import in_tree_project
from tests.support.world import GITHUB_TOKEN, SLUG

pytestmark = pytest.mark.slow


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Stage]:
    """A project whose wheel has the content of a file that is not in the commit: no two builds are alike."""
    stamp = f'Path("demo/stamp").write_bytes(Path({str(tmp_path / "stamp")!r}).read_bytes())'
    with stage(tmp_path, tmp_path / "no-action", in_tree_project(f'if name == "wheel":\n    {stamp}')) as made:
        made.push_tag("v1.0")
        yield made


def build(there: Stage, stamp: str) -> str:
    """Build on another machine, and return what the job reports."""
    (there.folder / "stamp").write_text(stamp)
    options = ("--no-conda", "--no-verify-install", "--version", "1.0")
    assert main(["build", "-C", str(there.checkout.root), *options], there.checkout.env) == 0
    return manifest.dump_canonical(manifest.load(there.checkout.root / "dist"))


def publish(there: Stage, phase: str, *options: str) -> int:
    arguments = ["publish", "-C", str(there.checkout.root), "--only", "github", "--phase", phase, *options]
    return main(arguments, {**there.checkout.env, "GITHUB_TOKEN": GITHUB_TOKEN})


def test_a_draft_with_other_bytes_than_expected_is_refused_and_one_with_these_is_resumed(
    there: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    first = build(there, "one")
    assert publish(there, "stage", "--expect", first) == 0
    second = build(there, "two")
    assert first != second
    for phase in ("stage", "reveal"):
        capsys.readouterr()
        assert publish(there, phase, "--expect", second) == ConflictError.exit_code
        assert "demo-1.0-py3-none-any.whl" in capsys.readouterr().err
    [draft] = there.github.repositories[SLUG].releases
    assert draft.draft
    assert build(there, "one") == first
    assert publish(there, "reveal", "--expect", first) == 0
    [release] = there.github.repositories[SLUG].releases
    assert not release.draft
