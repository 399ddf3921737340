"""``release-tools prepare`` where files, checkouts and repositories are unusual: the same commit, and nothing lost."""

import os
import subprocess
from pathlib import Path

import pytest

from release_tools.cli import main
from tests.prepare.kills import killed_after_git
from tests.support.repositories import Checkout
from tests.support.runs import Runs

pytestmark = pytest.mark.slow

PYPROJECT = '[project]\nname = "demo"\nversion = "1.3.0"\n'
CHANGELOG = "# Changelog\n\n## Unreleased\n\n- New\n\n## 1.3.0 - 2026-01-01\n\n- Old\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout.create(tmp_path, "https://nowhere.example/demo.git", {"SOURCE_DATE_EPOCH": "1796000000"})
    made.commit({"pyproject.toml": PYPROJECT})
    made.git("tag", "v1.3.0")
    return made


def prepare(checkout: Checkout, *arguments: str, folder: Path | None = None) -> int:
    return main.main(["prepare", "-C", str(folder or checkout.root), *(arguments or ("1.4.0",))], checkout.env)


def commit_bytes(checkout: Checkout, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (checkout.root / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout.root / name).write_bytes(content)
    checkout.commit({})


def committed(checkout: Checkout, path: str) -> bytes:
    command = ["git", "cat-file", "blob", f"HEAD:{path}"]
    return subprocess.run(command, cwd=checkout.root, env=checkout.env, capture_output=True, check=True).stdout


def test_every_byte_that_is_no_version_stays(checkout: Checkout) -> None:
    files = {
        "pyproject.toml": PYPROJECT.replace("\n", "\r\n").encode(),
        "demo.py": b"\xef\xbb\xbf__version__ = '1.3.0'",
        "docs/conf.py": "# -*- coding: latin-1 -*-\n# \xe9\r\nrelease = '1.3.0'\n\n\n".encode("latin-1"),
        "CITATION.cff": b"cff-version: 1.2.0\r\nversion: 1.3.0",
        "CHANGELOG.md": b"\xef\xbb\xbf" + CHANGELOG.replace("\n", "\r\n").encode(),
    }
    commit_bytes(checkout, files)
    assert prepare(checkout) == 0
    assert checkout.git("status", "--porcelain") == ""
    for path in ("pyproject.toml", "demo.py", "docs/conf.py", "CITATION.cff"):
        assert committed(checkout, path) == files[path].replace(b"1.3.0", b"1.4.0"), path
    added = b"## Unreleased\r\n\r\n## 1.4.0 - 2026-11-30\r\n"
    assert committed(checkout, "CHANGELOG.md") == files["CHANGELOG.md"].replace(b"## Unreleased\r\n", added)


@pytest.mark.skipif(os.name == "nt", reason="such rights are another matter there")
def test_the_right_to_run_stays_and_a_file_that_is_read_only_is_edited(checkout: Checkout) -> None:
    commit_bytes(
        checkout,
        {"setup.py": b"from setuptools import setup\nsetup(name='demo', version='1.3.0')\n", "VERSION": b"1.3.0\n"},
    )
    (checkout.root / "setup.py").chmod(0o755)
    checkout.commit({})
    (checkout.root / "VERSION").chmod(0o444)
    checkout.git("rm", "--quiet", "--force", "pyproject.toml")
    checkout.commit({})
    assert prepare(checkout) == 0
    assert checkout.git("ls-tree", "HEAD", "setup.py").startswith("100755")
    assert os.access(checkout.root / "setup.py", os.X_OK)
    assert (checkout.root / "VERSION").read_text() == "1.4.0\n"


def test_attributes_of_git_are_no_changes(checkout: Checkout) -> None:
    commit_bytes(
        checkout, {".gitattributes": b"*.toml text eol=crlf\ndemo.py ident\n", "demo.py": b"__version__ = '1.3.0'\n"}
    )
    checkout.git("rm", "--quiet", "--cached", "-r", ".")
    checkout.git("reset", "--quiet", "--hard")
    assert b"\r\n" in (checkout.root / "pyproject.toml").read_bytes()
    assert prepare(checkout) == 0
    assert checkout.git("status", "--porcelain") == ""
    assert (checkout.root / "pyproject.toml").read_bytes() == PYPROJECT.replace("1.3.0", "1.4.0").replace(
        "\n", "\r\n"
    ).encode()


@pytest.mark.parametrize("name", ["a b", "démo", ":(top)x", "-x", "x'y"])
def test_names_that_git_could_read_otherwise_are_names(checkout: Checkout, name: str) -> None:
    table = f'[tool.bumpversion]\ncurrent_version = "1.3.0"\n[[tool.bumpversion.files]]\nfilename = "{name}.md"\n'
    commit_bytes(checkout, {"pyproject.toml": (PYPROJECT + table).encode(), f"{name}.md": b"demo 1.3.0\n"})
    assert prepare(checkout) == 0
    assert (checkout.root / f"{name}.md").read_text(encoding="utf-8") == "demo 1.4.0\n"
    assert checkout.git("status", "--porcelain") == ""


def test_a_file_that_git_ignores_is_nobodys_version(checkout: Checkout) -> None:
    commit_bytes(checkout, {".gitignore": b"demo.py\n"})
    checkout.git("rm", "--quiet", "--cached", "demo.py")
    checkout.commit({})
    (checkout.root / "demo.py").write_text("__version__ = '1.3.0'\n")
    assert prepare(checkout) == 0
    assert (checkout.root / "demo.py").read_text() == "__version__ = '1.3.0'\n"


def test_a_submodule_stays_where_it_is(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Checkout.create(tmp_path / "other", "https://nowhere.example/other.git")
    checkout.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(other.root), "vendor/other")
    checkout.commit({})
    before = checkout.git("ls-tree", "HEAD", "vendor/other")
    assert prepare(checkout) == 0
    assert checkout.git("ls-tree", "HEAD", "vendor/other") == before
    assert checkout.git("show", "--format=", "--name-only") == "pyproject.toml"
    assert checkout.git("status", "--porcelain") == ""


def test_a_linked_work_tree_is_prepared_on_its_own_branch(checkout: Checkout, tmp_path: Path) -> None:
    linked, main_branch = tmp_path / "linked", checkout.head
    checkout.git("worktree", "add", "--quiet", "-b", "release", str(linked))
    assert prepare(checkout, folder=linked) == 0
    assert (linked / "pyproject.toml").read_text() == PYPROJECT.replace("1.3.0", "1.4.0")
    assert (checkout.git("rev-parse", "main"), checkout.git("status", "--porcelain")) == (main_branch, "")
    assert checkout.git("log", "-1", "--format=%s", "release") == "Prepare 1.4.0"


def test_a_shallow_clone_is_prepared(checkout: Checkout, tmp_path: Path) -> None:
    checkout.commit({"demo.py": "__version__ = '1.3.0'\n"})
    checkout.git("clone", "--quiet", "--depth", "1", checkout.root.as_uri(), str(tmp_path / "shallow"))
    assert prepare(checkout, folder=tmp_path / "shallow") == 0
    assert (tmp_path / "shallow" / "demo.py").read_text() == "__version__ = '1.4.0'\n"


def test_another_git_at_work_is_waited_for_by_a_second_run(checkout: Checkout) -> None:
    before, lock = checkout.head, checkout.root / ".git" / "index.lock"
    lock.touch()
    assert prepare(checkout) == 4
    lock.unlink()
    assert checkout.head == before
    assert prepare(checkout) == 0
    assert checkout.git("rev-list", "--count", f"{before}..HEAD") == "1"
    assert checkout.git("status", "--porcelain") == ""


def test_a_file_that_is_about_to_be_made_and_is_there_is_a_refusal(checkout: Checkout, tmp_path: Path) -> None:
    table = '[tool.towncrier]\ndirectory = "changes"\nfilename = "NEWS.md"\n'
    commit_bytes(checkout, {"pyproject.toml": (PYPROJECT + table).encode(), "changes/1.feature": b"New\n"})
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "towncrier").write_text("#!/bin/sh\nrm changes/1.feature\necho '# 1.4.0' > NEWS.md\n")
    (tools / "towncrier").chmod(0o755)
    checkout.more["PATH"] = f"{tools}{os.pathsep}{os.environ['PATH']}"
    (checkout.root / "NEWS.md").write_text("mine\n")
    assert prepare(checkout) == 4
    assert (checkout.root / "NEWS.md").read_text() == "mine\n"
    (checkout.root / "NEWS.md").unlink()
    assert prepare(checkout) == 0
    assert checkout.git("status", "--porcelain") == ""


@pytest.mark.skipif(os.name == "nt", reason="signals are another matter there")
@pytest.mark.parametrize("command", ["clone", "add", "commit", "fetch", "restore"])
def test_edits_without_a_commit_are_taken_up_after_a_kill(
    checkout: Checkout, tmp_path: Path, runs: Runs, command: str
) -> None:
    arguments = ["prepare", "-C", str(checkout.root), "1.4.0", "--no-commit"]
    killed_after_git(runs, command, arguments, checkout.env, tmp_path / "tools")
    before = checkout.head
    assert prepare(checkout, "1.4.0", "--no-commit") == 0
    assert checkout.head == before
    assert (checkout.root / "pyproject.toml").read_text() == PYPROJECT.replace("1.3.0", "1.4.0")
    assert prepare(checkout) == 0
    assert checkout.git("rev-list", "--count", f"{before}..HEAD") == "1"
    assert checkout.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        (["1.1.0", "1.2.0.dev0", "1.2.0"], "1.3.0.dev0"),
        (["1.1.0", "1.1.1.dev0", "1.1.1"], "1.1.2.dev0"),
        (["1.1.0", "2.0.0.dev0", "1.2.0"], "2.0.0.dev0"),
        (["1.1", "1.2.dev0", "1.2"], "1.3.dev0"),
    ],
)
def test_the_next_version_raises_what_the_past_raised(checkout: Checkout, past: list[str], expected: str) -> None:
    for version in past:
        commit_bytes(checkout, {"pyproject.toml": PYPROJECT.replace("1.3.0", version).replace("\n", "\r\n").encode()})
    checkout.git("tag", f"v{past[-1]}")
    assert prepare(checkout, "--next", "--allow-older") == 0
    assert f'version = "{expected}"' in (checkout.root / "pyproject.toml").read_text()
