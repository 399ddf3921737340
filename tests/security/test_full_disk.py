"""A disk that is full, in whichever step that comes to pass: a clear error, and the output folder as it was."""

import base64
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from release_tools.cli import main
from release_tools.errors import BuildError, CondaError, OutputError, RepositoryError, VerifyError
from release_tools.publishers.conda_forge.recipe_files import store_recipe
from release_tools.recipe.document import Format
from release_tools.system.process import ProcessError
from release_tools.system.process import run as run_process
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

pytestmark = pytest.mark.slow

DATA = base64.b64encode(hashlib.shake_256(b"what does not compress").digest(150_000)).decode()
FILES = {**in_tree_project(), "demo/data.txt": DATA}
ENDS = {error.exit_code for error in (RepositoryError, BuildError, CondaError, VerifyError, OutputError)}


class Disk:
    """A small disk of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def make(self, kilobytes: int) -> None:
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(self.folder)]
        if (
            not hasattr(os, "geteuid")
            or os.geteuid()
            or subprocess.run(command, capture_output=True, check=False).returncode
        ):
            pytest.skip("nobody but root may make a disk")

    def unmake(self) -> None:
        subprocess.run(["umount", str(self.folder)], capture_output=True, check=False)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = Disk(tmp_path / "disk")
    yield made
    made.unmake()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_repository(tmp_path / "demo", FILES, ". v1.0")


def contents(folder: Path) -> Mapping[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def build(checkout: Checkout, env: Mapping[str, str], *more: str) -> int:
    options = ("--no-verify-install", "--no-verify-conda-install", *more)
    return main.main(["build", "-C", str(checkout.root), *options], env)


def test_wherever_scratch_files_have_no_more_room_the_output_stays(
    checkout: Checkout,
    disk: Disk,
    env: Mapping[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert build(checkout, env) == 0
    before = contents(checkout.root / "dist")
    checkout.commit({"demo/more.py": "x = 1\n"})
    ended = []
    for kilobytes in (100, 420, 560):
        disk.make(kilobytes)
        monkeypatch.setattr(tempfile, "tempdir", str(disk.folder))
        capsys.readouterr()
        ended.append(build(checkout, {**env, "TMPDIR": str(disk.folder)}))
        said = capsys.readouterr()
        assert list(disk.folder.iterdir()) == []
        disk.unmake()
        assert contents(checkout.root / "dist") == before, kilobytes
        assert "No space left on device" in said.err or f"kB are left in {disk.folder}" in said.err, said.err
        assert "Traceback" not in said.err
        assert "a fault of release-tools itself" not in said.err
    assert set(ended) <= ENDS
    assert len(set(ended)) >= 2, ended


def test_an_output_folder_without_room_keeps_what_it_has(
    checkout: Checkout, disk: Disk, env: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    disk.make(1000)
    output = ("--packages-dir", str(disk.folder))
    assert build(checkout, env, *output) == 0
    before = contents(disk.folder)
    checkout.commit({"demo/more.txt": DATA[::-1]})
    assert build(checkout, env, *output) == OutputError.exit_code
    assert "No space left on device" in capsys.readouterr().err
    assert contents(disk.folder) == before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("name", ["GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"])
def test_a_job_whose_files_take_nothing_is_reported(
    checkout: Checkout, env: Mapping[str, str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(checkout, {**env, name: "/dev/full"}, "--no-conda") == OutputError.exit_code
    assert "No space left on device" in capsys.readouterr().err


@pytest.fixture
def limit() -> Iterator[Callable[[int], None]]:
    """Limit the size of every file that is written from now on, as a full disk does."""
    resource = pytest.importorskip("resource")
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("owner", [(), ("--anaconda-owner", "me")], ids=["workflows", "settings"])
def test_init_leaves_no_half_of_a_file(
    checkout: Checkout, env: Mapping[str, str], limit: Callable[[int], None], owner: tuple[str, ...]
) -> None:
    settings = (checkout.root / "pyproject.toml").read_bytes() + b"# " + b"x" * 2000 + b"\n"
    (checkout.root / "pyproject.toml").write_bytes(settings)
    limit(1500)
    assert main.main(["init", "--yes", "-C", str(checkout.root), *owner], env) == OutputError.exit_code
    limit(-1)
    assert (checkout.root / "pyproject.toml").read_bytes() == settings
    assert [path for path in checkout.root.rglob("*") if path.suffix == ".yml" or ".release-tools" in path.name] == []


def test_a_recipe_is_written_whole_or_not_at_all(tmp_path: Path, limit: Callable[[int], None]) -> None:
    store_recipe(tmp_path, Format.V1, "before")
    limit(1500)
    with pytest.raises(OutputError):
        store_recipe(tmp_path, Format.V1, "after" * 1000)
    assert (tmp_path / "recipe/recipe.yaml").read_text() == "before"
    limit(-1)
    store_recipe(tmp_path, Format.V1, "after" * 1000)


def test_a_program_that_was_ended_is_named_with_the_signal() -> None:
    with pytest.raises(ProcessError, match="SIGKILL"):
        run_process([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"], env={})
