"""The output folder: all or nothing."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.config.schema import Config
from release_tools.engine.context import Context
from release_tools.engine.gate import Gate
from release_tools.errors import OutputError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import State
from release_tools.model.release import Release
from release_tools.steps.store import store
from release_tools.system.console import Console
from tests.conftest import Run
from tests.support.artifacts import make_sdist, make_wheel
from tests.support.compiled_channel import Made
from tests.support.projects import in_tree_project
from tests.support.repositories import make_repository

ONE = {"demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl"}
TWO = {"demo-2.0.tar.gz", "demo-2.0-py3-none-any.whl"}
FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(tmp_path, Config(packages_dir="deep/dist"), {}, Console({}), Gate(is_dry_run=True), tmp_path)


def release(folder: Path, version: str = "1.0", body: str = "") -> Release:
    """A release whose files lie in a scratch folder."""
    folder = folder / f"scratch-{version}{body}"
    folder.mkdir(exist_ok=True)
    sdist = Artifact.of(make_sdist(folder, version=version, body=body), ArtifactKind.SDIST)
    wheel = Artifact.of(make_wheel(folder, version=version, body=body), ArtifactKind.WHEEL)
    return Release(name="demo", version=version, tag=f"v{version}", artifacts=(sdist, wheel))


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_what_was_built_lies_in_dist_and_is_never_committed(run: Run, tmp_path: Path) -> None:
    checkout = make_repository(tmp_path, in_tree_project())
    assert run("build", "-C", checkout.root, "--no-conda", "--no-verify-install").code == 0
    assert ONE | {"release.json", ".gitignore"} <= set(snapshot(checkout.root / "dist"))
    assert checkout.git("status", "--porcelain") == ""


def test_files_of_a_previous_run_go_and_files_of_others_stay(context: Context, tmp_path: Path) -> None:
    store(context, release(tmp_path))
    (context.output / "notes.txt").write_text("somebody's")
    (context.output / "demo-1.0.tar.gz").write_bytes(b"changed since, so somebody's")
    reported = store(context, release(tmp_path, "2.0"))
    assert set(snapshot(context.output)) == TWO | {"release.json", ".gitignore", "notes.txt", "demo-1.0.tar.gz"}
    assert [note.detail for note in context.report.notes if note.state is State.WARNING] == [
        "demo-1.0.tar.gz, notes.txt"
    ]
    assert {artifact.path.parent for artifact in reported.artifacts} == {context.output}


def add_package(release: Release, folder: Path) -> Release:
    made = Made("demo", release.version, build="py312_0", platform="linux-64").write(folder)
    return replace(release, artifacts=(*release.artifacts, Artifact.of(made, ArtifactKind.CONDA, "linux-64")))


def test_a_conda_package_is_stored_in_its_subdir_and_goes_with_it(context: Context, tmp_path: Path) -> None:
    stored = store(context, add_package(release(tmp_path), tmp_path))
    assert "linux-64/demo-1.0-py312_0.conda" in snapshot(context.output)
    assert all(artifact.path.is_file() for artifact in stored.artifacts)
    assert manifest.load(context.output).artifacts == stored.artifacts
    (context.output / "linux-64" / "theirs.conda").write_text("somebody's")
    store(context, release(tmp_path, "2.0"))
    assert (context.output / "linux-64" / "theirs.conda").exists()
    assert "linux-64/demo-1.0-py312_0.conda" not in snapshot(context.output)
    (context.output / "linux-64" / "theirs.conda").unlink()
    store(context, add_package(release(tmp_path), tmp_path))
    store(context, release(tmp_path, "2.0"))
    assert not (context.output / "linux-64").exists()


def test_a_subdir_that_leads_elsewhere_is_not_written_to(context: Context, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    context.output.mkdir(parents=True)
    (context.output / "linux-64").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="linux-64"):
        store(context, add_package(release(tmp_path), tmp_path))
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    "facts", ["{", "[]", '{"schema": "1"}', '{"schema": 1, "artifacts": [{"filename": "../../pyproject.toml"}]}']
)
def test_facts_that_are_not_ours_let_nothing_be_removed(context: Context, tmp_path: Path, facts: str) -> None:
    context.output.mkdir(parents=True)
    for path in (tmp_path / "pyproject.toml", context.output / "kept"):
        path.touch()
    (context.output / "release.json").write_text(facts)
    with pytest.raises(OutputError, match=r"release\.json"):
        store(context, release(tmp_path))
    assert (tmp_path / "pyproject.toml").exists()
    assert snapshot(context.output) == {"release.json": facts.encode(), "kept": b""}


def test_facts_of_another_version_of_ours_are_replaced(context: Context, tmp_path: Path) -> None:
    context.output.mkdir(parents=True)
    (context.output / "release.json").write_text('{"schema": 99}')
    store(context, release(tmp_path))
    assert json.loads((context.output / "release.json").read_text())["schema"] == 1


@pytest.mark.parametrize("name", sorted(ONE))
def test_a_file_that_somebody_put_there_is_not_replaced(context: Context, tmp_path: Path, name: str) -> None:
    store(context, release(tmp_path))
    (context.output / name).write_bytes(b"changed since, so somebody's")
    before = snapshot(context.output)
    with pytest.raises(OutputError, match=name):
        store(context, release(tmp_path))
    assert snapshot(context.output) == before
    (context.output / name).unlink()
    store(context, release(tmp_path))


def test_wherever_it_is_killed_the_next_run_stores_all(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A killed run cannot put anything back, so what it left must be recognised as its own."""
    store(context, release(tmp_path))
    really, two = Path.replace, release(tmp_path, body="x = 2")
    for number in range(1, 6):
        moves = 0

        def killed(path: Path, target: Path, number: int = number) -> Path:
            nonlocal moves
            moves += 1
            if moves > number:
                raise KeyboardInterrupt
            return really(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", killed)
            patch.setattr(Path, "unlink", lambda *_, **__: None)
            with pytest.raises(KeyboardInterrupt):
                store(context, two)
        store(context, two)
        stored = {name: (context.output / name).read_bytes() for name in ONE}
        assert stored == {artifact.filename: artifact.path.read_bytes() for artifact in two.artifacts}
        for left in context.output.glob(".release-tools-*"):
            shutil.rmtree(left)
        store(context, release(tmp_path))


class Moves:
    """Counts the moves of files, and lets the one of that number fail."""

    really = Path.replace

    def __init__(self, patch: pytest.MonkeyPatch, failing: int = 0, fault: BaseException = FULL) -> None:
        self.seen, self.failing, self.fault = 0, failing, fault
        patch.setattr(Path, "replace", lambda path, target: self.replace(path, target))  # noqa: PLW0108 - binds the path

    def replace(self, path: Path, target: Path) -> Path:
        self.seen += 1
        if self.seen == self.failing:
            raise self.fault
        return Moves.really(path, target)


@pytest.mark.parametrize("fault", [FULL, KeyboardInterrupt()], ids=["disk full", "interrupted"])
@pytest.mark.parametrize(("existing", "moves"), [(True, 8), (False, 5)])
def test_a_store_that_fails_at_any_move_leaves_the_folder_as_it_was(
    context: Context,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: BaseException,
    moves: int,
    *,
    existing: bool,
) -> None:
    if existing:
        store(context, add_package(release(tmp_path), tmp_path))
        (context.output / "notes.txt").write_text("somebody's")
    before, two = snapshot(context.output), add_package(release(tmp_path, "2.0"), tmp_path)
    for number in range(1, moves + 1):
        Moves(monkeypatch, number, fault)
        with pytest.raises((KeyboardInterrupt, OutputError)):
            store(context, two)
        assert snapshot(context.output) == before
        assert (tmp_path / "deep").exists() == existing
    counting = Moves(monkeypatch)
    store(context, two)
    assert counting.seen == moves, "each of them was let fail"


def test_a_disk_that_is_full_while_copying_is_named(
    context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise FULL

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OutputError, match="No space left on device"):
        store(context, release(tmp_path))
    assert not (tmp_path / "deep").exists()
