"""The pages for those who move from another tool: each project on them, before and after, with its commands."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from release_tools.cli import main
from tests.support.repositories import Checkout

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGES = sorted(path.name for path in (ROOT / "docs").glob("moving-*.md"))
FILE = re.compile(r"`([^`\n]+)`:\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMANDS = re.compile(r"^```text\n(release-tools .*?)^```$", re.MULTILINE | re.DOTALL)
UNRELATED = (".github/", ".changeset/", "changes/")


def project(page: str, part: str) -> dict[str, str]:
    """The files of a page before or after the move; what does not change is shown once."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    before, after = text.partition("### Before")[2].split("### After")
    shown = dict(FILE.findall(before))
    changed = dict(FILE.findall(after))
    if part == "before":
        return shown
    tools = (".github/", ".changeset/", "scripts/", "release-please", ".release-please", "package.json")
    return {path: content for path, content in shown.items() if not path.startswith(tools)} | changed


@pytest.fixture
def checkout(tmp_path: Path, command_folder: Path) -> Checkout:
    """A checkout in which release-tools is a command, with a bare repository as its remote."""
    bare = tmp_path / "remote.git"
    path = os.pathsep.join((str(command_folder), str(Path(sys.executable).parent), os.environ["PATH"]))
    made = Checkout.create(tmp_path, bare.as_uri(), {"PATH": path})
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    made.git("rm", "--quiet", "demo.py", "pyproject.toml")
    return made


def release_as_1_3(checkout: Checkout, files: Mapping[str, str]) -> None:
    """Commit the files of a project that was released, and something new after it."""
    for path in {"src/demo/__init__.py": "", **files}:
        (checkout.root / path).parent.mkdir(parents=True, exist_ok=True)
    checkout.commit({"src/demo/__init__.py": "", **files})
    checkout.git("tag", "v1.3.0")
    checkout.commit({"src/demo/more.py": "x = 1\n"}, "feat: add a thing")
    checkout.git("push", "--quiet", "--set-upstream", "origin", "main", "v1.3.0")


def outdated(checkout: Checkout, files: Mapping[str, str]) -> list[str]:
    """The files that still have the old version."""
    there = [path for path in files if (checkout.root / path).is_file() and not path.startswith(UNRELATED)]
    return [path for path in there if "1.3.0" in (checkout.root / path).read_text(encoding="utf-8")]


def test_the_pages_are_those_of_four_tools() -> None:
    assert len(PAGES) == 4
    assert all(project(page, part) for page in PAGES for part in ("before", "after"))


@pytest.mark.parametrize("page", PAGES)
def test_a_project_that_moves_configures_nothing(page: str, checkout: Checkout) -> None:
    files = project(page, "before")
    release_as_1_3(checkout, files)
    assert main.main(["prepare", "-C", str(checkout.root), "1.4.0"], checkout.env) == 0
    assert outdated(checkout, files) == []


@pytest.mark.skipif(os.name == "nt", reason="the pages speak of a POSIX shell")
@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_release_the_project(page: str, checkout: Checkout) -> None:
    files = project(page, "after")
    release_as_1_3(checkout, files)
    [commands] = COMMANDS.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    for line in commands.splitlines():
        done = subprocess.run(
            ["bash", "-c", line], cwd=checkout.root, env=checkout.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert outdated(checkout, files) == []
    tagged = checkout.git("ls-remote", "origin", "refs/tags/v1.4.0^{}").split()
    assert tagged[0] == checkout.head
    assert checkout.git("status", "--porcelain") == ""
