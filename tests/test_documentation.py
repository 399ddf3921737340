"""The pages: they can be built, and every command in them is run as it stands there."""

import os
import re
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.stage import Stage, stage
from tests.support.projects import in_tree_project
from tests.support.world import ANACONDA_TOKEN, GITHUB_TOKEN

ROOT = Path(__file__).parent.parent
PAGES = sorted(path.name for path in (ROOT / "docs").glob("*.md"))
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"(uv tool|pip|conda) install |python -m benchmarks")  # needs what is published, or a corpus
TOKENS = {"TWINE_PASSWORD": "pypi-canary", "ANACONDA_API_TOKEN": ANACONDA_TOKEN, "GITHUB_TOKEN": GITHUB_TOKEN}
FROM_GIT = """\
def _project() -> tuple[str, str]:
    import subprocess
    if Path("PKG-INFO").exists():
        return "demo", re.search("^Version: (.+)$", Path("PKG-INFO").read_text(), re.MULTILINE)[1]
    told = subprocess.run(["git", "describe", "--tags"], capture_output=True, text=True).stdout.strip()
    tag, _, rest = told.partition("-")
    return "demo", (tag.removeprefix("v") or "0.1.0") + (".post1" if rest else "")
"""
PUBLISHED_ALREADY = ("pre-releases.md", "failures.md", "moving.md", "rollback.md", "provenance.md")
"""Pages that speak of a project with a version 1.0.0; they are played after it was tagged, or even built."""
ELSEWHERE = ("own-recipes.md",)
"""Pages that another test plays: tests/own_recipes/test_page.py."""
CHANGES_NOTHING = re.compile(r"release-tools (config|doctor|dry-run|drift|next|plan|status|version)\b")


def commands(page: str) -> list[str]:
    blocks = CONSOLE.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))
    return [line for block in blocks for line in block.splitlines()]


def list_played() -> dict[str, list[str]]:
    """Return the commands that are run, by page: one that changes nothing only on the first page that shows it.

    Those of pages that speak of a published project are apart.
    """
    seen: set[tuple[str, bool]] = set()
    played: dict[str, list[str]] = {}
    for page in PAGES:
        if page in ELSEWHERE:
            continue
        lines = [line for line in commands(page) if not NOT_RUN.match(line)]
        known = {line for line in lines if CHANGES_NOTHING.match(line) and (line, page in PUBLISHED_ALREADY) in seen}
        seen |= {(line, page in PUBLISHED_ALREADY) for line in lines}
        played[page] = [line for line in lines if line not in known]
    return {page: lines for page, lines in played.items() if lines}


PLAYED = list_played()


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Stage]:
    """A project whose version follows its tags, on the machine of somebody who may do everything."""
    files = in_tree_project()
    table, backend = files["pyproject.toml"], files["build-backend/backend.py"]
    files["pyproject.toml"] = table.replace('version = "1.0"', 'dynamic = ["version"]')
    files["build-backend/backend.py"] = "import re\n" + re.sub(
        r"def _project.*?(?=\n\n\ndef )", lambda _: FROM_GIT, backend, flags=re.DOTALL
    )
    files["CHANGELOG.md"] = "# Changelog\n\n## Unreleased\n\n### Added\n\n- Everything\n"
    with stage(tmp_path, Path("unused"), files) as made:
        for index in (made.pypi, made.testpypi):
            index.tokens[TOKENS["TWINE_PASSWORD"]] = None
        made.checkout.git("config", "http.extraheader", made.github.basic(GITHUB_TOKEN))
        yield made


def say(there: Stage, line: str, env: dict[str, str]) -> None:
    """Run one line in a shell, as a person does."""
    done = subprocess.run(
        ["bash", "-c", line], cwd=there.checkout.root, env=env, capture_output=True, encoding="utf-8", check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


BEFORE = {
    "first-release.md": "git rm -r --quiet .github && git commit --quiet --message 'Remove the workflows'",
    "rollback.md": "release-tools publish",
}
"""The commands that were typed before those of a page."""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="the pages speak of a POSIX shell")
@pytest.mark.parametrize("page", PLAYED)
def test_every_command_of_a_page_works(page: str, there: Stage, tmp_path: Path, command_folder: Path) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > "{tmp_path}/shown"\n', encoding="utf-8")
    browser.chmod(0o755)
    env = {**there.checkout.env, "BROWSER": f"{browser} %s"}
    env["PATH"] = os.pathsep.join((str(command_folder), env["PATH"]))
    if page in PUBLISHED_ALREADY:
        say(there, "release-tools tag 1.0.0 && release-tools build", env)
        env |= TOKENS if page in ("failures.md", "rollback.md") else {}
    if page in BEFORE:
        say(there, BEFORE[page], env)
    if page == "conda-forge.md":
        there.github.create("conda-forge/feedstock-outputs", {"README.md": "lists\n"})
    if page == "pre-releases.md":
        there.checkout.commit({"demo/more.py": "x = 1\n"})
        there.push("main")
    for line in PLAYED[page]:
        exported = re.fullmatch(r"export (\w+)=\S*…", line)
        if exported:
            env[exported[1]] = TOKENS[exported[1]]
        else:
            say(there, line, env)
    if any(" --open" in line for line in PLAYED[page]):
        shown = (tmp_path / "shown").read_text(encoding="utf-8").strip()
        assert shown == (there.checkout.root / "dist" / "report.html").resolve().as_uri()


@pytest.mark.slow
def test_the_pages_can_be_built_and_no_link_leads_nowhere(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)
    zensical = shutil.which("zensical", path=sysconfig.get_path("scripts"))
    assert zensical
    done = subprocess.run(
        [zensical, "build", "--strict"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "site" / "first-release" / "index.html").is_file()


def test_no_command_of_a_page_is_left_out() -> None:
    shown = {line for page in PAGES if page not in ELSEWHERE for line in commands(page) if not NOT_RUN.match(line)}
    assert {line for lines in PLAYED.values() for line in lines} == shown


def test_every_page_is_in_the_navigation() -> None:
    listed = set(re.findall(r"[\w-]+\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8")))
    assert listed == set(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_workflows_on_a_page_are_yaml_and_pinned(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for block in re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        assert yaml.safe_load(block)
        for uses in re.findall(r"uses: (\S+)", block):
            assert re.search(r"@(?:[0-9a-f]{40}|COMMIT)$", uses), uses
