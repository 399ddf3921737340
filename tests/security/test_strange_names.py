"""Names and texts of a repository, whatever stands in them: shown, and obeyed by no terminal and no runner."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import ENV, Checkout, make_repository

OURS = re.compile(r"::(?:group|endgroup|error|warning)(?: title=[\w-]+)?::(?!\s*evil)")
EVIL = "\x1b[31m::warning::evil ##[error]evil"
PRINTED = "print('::set-output name=x::y'); print('##[add-path]/evil'); print('\\x1b]0;title\\x07')"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = make_repository(tmp_path / "demo", in_tree_project(PRINTED), ". v1.0")
    (made.root / "CHANGELOG.md").write_text(f"# Changelog\n\n## Unreleased\n\n- {EVIL}\n\n::warning::evil\n")
    (made.root / f"demo/{EVIL}.txt").write_text("x")
    message = f"feat: {EVIL}\n\n::set-output name=version::9.9\n"
    made.git("add", "--all")
    who = {"GIT_AUTHOR_NAME": EVIL, "GIT_COMMITTER_NAME": EVIL}
    subprocess.run(["git", "commit", "-qm", message], cwd=made.root, env={**ENV, **who}, check=True)
    made.git("checkout", "--quiet", "-b", "a##error]::warning::evil".replace(":", "%"))
    made.git("tag", "--annotate", "--message", EVIL, "v1.1-##error]")
    return made


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("next",),
        ("notes",),
        ("version",),
        ("plan",),
        ("doctor",),
        ("build", "--no-conda", "--no-verify-install"),
        ("dry-run", "--no-conda", "--no-verify-install"),
        ("prepare", "1.1", "--no-commit"),
    ],
    ids=lambda command: command[0],
)
def test_no_name_and_no_text_of_a_repository_is_obeyed(run: Run, checkout: Checkout, command: tuple[str, ...]) -> None:
    said = run(*command, "-C", checkout.root, GITHUB_ACTIONS="true")
    assert "a fault of release-tools itself" not in said.err
    for line in (said.out + said.err).splitlines():
        assert "\x1b" not in line
        assert "##[" not in line
        assert not line.lstrip().startswith("::") or OURS.match(line), line
    if command[0] in {"build", "dry-run"}:
        assert "evil" in said.out + said.err, "it is named, not hidden"
