"""A folder that cannot be written to, a variable that makes no sense, an address without TLS: named, with the cure."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from release_tools.errors import BuildError, OutputError
from tests.conftest import Run
from tests.publishing.built_project import BuiltProject
from tests.support.projects import in_tree_project, project
from tests.support.repositories import Checkout, make_repository

needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or (os.geteuid() == 0 and not Path("/usr/bin/chattr").exists()),
    reason="a folder cannot be made read-only for this user",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_repository(tmp_path / "demo", in_tree_project(), ". v1.0")


@pytest.fixture
def sealed(tmp_path: Path) -> Iterator[Path]:
    """A folder that nobody can write to, root neither."""
    folder = tmp_path / "sealed"
    folder.mkdir(mode=0o555)
    flags = ["chattr", "+i", str(folder)]
    if os.geteuid() == 0 and subprocess.run(flags, capture_output=True, check=False).returncode:
        pytest.skip("this file system knows no folder that root cannot write to")
    yield folder
    if os.geteuid() == 0:
        subprocess.run(["chattr", "-i", str(folder)], check=True)


@pytest.mark.slow
@needs_root
def test_a_home_folder_that_is_read_only_does_not_matter(run: Run, checkout: Checkout, sealed: Path) -> None:
    """The wheel is installed, so uv needs a cache."""
    said = run("build", "-C", checkout.root, "--no-conda", HOME=str(sealed), UV_CACHE_DIR="", XDG_CACHE_HOME="")
    assert said.code == 0, said.err
    assert list(sealed.iterdir()) == []


@needs_root
@pytest.mark.parametrize("name", ["TMPDIR", "UV_CACHE_DIR", "XDG_CACHE_HOME", "PIP_CACHE_DIR", "RATTLER_CACHE_DIR"])
def test_a_folder_that_cannot_be_written_to_is_named(run: Run, checkout: Checkout, sealed: Path, name: str) -> None:
    said = run("build", "-C", checkout.root, **{name: str(sealed / ("" if name == "TMPDIR" else "inner"))})
    assert said.code == OutputError.exit_code
    assert f"unset {name}" in said.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "value"), [("UV_HTTP_TIMEOUT", "soon"), ("UV_INDEX_STRATEGY", "best"), ("UV_EXCLUDE_NEWER", "yesterday")]
)
def test_a_variable_of_the_shell_that_uv_refuses_is_named(run: Run, tmp_path: Path, name: str, value: str) -> None:
    checkout = make_repository(tmp_path / "demo", project(), ". v1.0")
    said = run("build", "-C", checkout.root, **{name: value})
    assert said.code == BuildError.exit_code
    assert name in said.err
    assert value in said.err


def test_a_password_for_an_index_without_tls_is_warned_of(
    there: BuiltProject, capsys: pytest.CaptureFixture[str]
) -> None:
    there.configure('routes.final = ["company"]\nindexes.company = "http://127.0.0.1:9/legacy/"')
    there.build(conda=False)
    there.log_in()
    there.run("publish", "--dry-run")
    said = capsys.readouterr()
    assert "unencrypted" in said.out


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    ['[submodule "x"]\n\tpath = lib\n\turl = -c evil\n', '[submodule "x\n', '[submodule "../x"]\n\tpath = lib\n'],
    ids=["an option for an address", "cut short", "a path for a name"],
)
def test_a_list_of_submodules_that_git_refuses_does_not_matter(run: Run, checkout: Checkout, text: str) -> None:
    """Build what is in the commit itself: no address of the list is used."""
    checkout.git("tag", "--delete", "v1.0")
    (checkout.root / ".gitmodules").write_text(text)
    checkout.git("add", "--all")
    checkout.git("update-index", "--add", "--cacheinfo", f"160000,{checkout.git('rev-parse', 'HEAD')},lib")
    checkout.git("commit", "--quiet", "--message", "A submodule")
    said = run("build", "-C", checkout.root, "--version", "1.0", "--no-conda")
    assert said.code == 0, said.err
