"""No command replaces or removes a file that it did not write."""

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from release_tools.errors import ConfigError, OutputError
from release_tools.publishers.conda_forge.recipe_files import store_recipe
from release_tools.recipe.document import Format
from release_tools.system.written_files import RECORD, WrittenFiles
from tests.conftest import Run
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

MINE = b"somebody's own"
QUICK = ("--no-conda", "--no-verify-install")


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_repository(tmp_path / "demo", in_tree_project(), ". v1.0")


def contents(folder: Path) -> Mapping[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(MINE)
    return path


@pytest.mark.slow
def test_build_stops_where_it_would_replace_a_file(run: Run, checkout: Checkout) -> None:
    for name in ("demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl", "release.json"):
        path = put(checkout.root / "dist", name)
        said = run("build", "-C", checkout.root, *QUICK)
        assert said.code == OutputError.exit_code
        assert name in said.err
        assert "--packages-dir" in said.err
        assert contents(path.parent) == {name: MINE}
        path.unlink()
    assert run("build", "-C", checkout.root, *QUICK).code == 0
    assert run("build", "-C", checkout.root, *QUICK).code == 0, "its own files are replaced"


@pytest.mark.slow
def test_build_leaves_every_other_file(run: Run, checkout: Checkout) -> None:
    names = ("plan.json", "report.html", "SHA256SUMS", ".gitignore", "recipe/recipe.yaml", "a/b")
    paths = [put(checkout.root / "dist", name) for name in names]
    assert run("build", "-C", checkout.root, *QUICK).code == 0
    assert [path.read_bytes() for path in paths] == [MINE] * len(names)


@pytest.mark.slow
def test_recipe_leaves_what_it_did_not_write(run: Run, checkout: Checkout) -> None:
    names = ("meta.yaml", "conda-forge.diff", "conda-forge.yml", "noarch/mine.conda", "build.sh")
    paths = [put(checkout.root / "dist/recipe", name) for name in names]
    assert run("recipe", "-C", checkout.root).code == 0
    assert [path.read_bytes() for path in paths] == [MINE] * len(names)


@pytest.mark.slow
def test_recipe_stops_where_it_would_replace_a_file_or_what_somebody_changed(run: Run, checkout: Checkout) -> None:
    path = put(checkout.root / "dist/recipe", "recipe.yaml")
    assert run("recipe", "-C", checkout.root).code == OutputError.exit_code
    assert path.read_bytes() == MINE
    path.unlink()
    assert run("recipe", "-C", checkout.root).code == 0
    assert run("recipe", "-C", checkout.root).code == 0, "its own recipe is replaced"
    path.write_bytes(path.read_bytes() + b"# filled in by hand\n")
    said = run("recipe", "-C", checkout.root)
    assert said.code == OutputError.exit_code
    assert "recipe.yaml" in said.err
    assert path.read_bytes().endswith(b"# filled in by hand\n")


@pytest.mark.slow
def test_the_projects_own_recipe_is_safe_where_packages_are_put_into_the_project(run: Run, checkout: Checkout) -> None:
    path = put(checkout.root, "recipe/recipe.yaml")
    assert run("recipe", "-C", checkout.root, "--packages-dir", checkout.root).code == OutputError.exit_code
    assert path.read_bytes() == MINE


def test_only_what_is_recorded_and_unchanged_goes(tmp_path: Path) -> None:
    folder = tmp_path / "recipe"
    store_recipe(tmp_path, Format.V0, "old", "a diff", "settings")
    WrittenFiles(folder).add("noarch/demo-1.0.conda", b"package")
    (folder / "conda-forge.diff").write_bytes(MINE)
    store_recipe(tmp_path, Format.V1, "new")
    found = {name: data for name, data in contents(folder).items() if name != RECORD}
    assert found == {"recipe.yaml": b"new", "conda-forge.diff": MINE}


@pytest.mark.parametrize("link", ["recipe", "recipe/noarch"])
def test_a_link_in_place_of_a_folder_leads_nowhere(tmp_path: Path, link: str) -> None:
    outside = tmp_path / "outside"
    put(outside, "demo-1.0.conda")
    WrittenFiles(tmp_path / "recipe").add("noarch/demo-1.0.conda", MINE)
    shutil.rmtree(tmp_path / link)
    (tmp_path / link).symlink_to(outside, target_is_directory=True)
    with pytest.raises(OutputError):
        WrittenFiles(tmp_path / "recipe").add("noarch/demo-1.0.conda", b"other")
    with pytest.raises(OutputError):
        WrittenFiles(tmp_path / link).replace_all({"demo-1.0.conda": "other"})
    assert contents(outside) == {"demo-1.0.conda": MINE}


@pytest.mark.parametrize("line", ["../../keep", "/keep", "a/../../keep", "a\\..\\keep"])
def test_a_record_names_nothing_outside_of_its_folder(tmp_path: Path, line: str) -> None:
    keep = put(tmp_path, "keep")
    folder = tmp_path / "x" / "recipe"
    folder.mkdir(parents=True)
    (folder / RECORD).write_text(f"{hashlib.sha256(MINE).hexdigest()}  {line}\n")
    WrittenFiles(folder).replace_all({"recipe.yaml": "text"})
    assert keep.read_bytes() == MINE


def test_a_run_that_was_killed_finds_its_files_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    WrittenFiles(tmp_path).replace_all({"recipe.yaml": "one", "conda-forge.yml": "x"})
    really, left = Path.replace, 0

    def killed(path: Path, target: Path) -> Path:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt
        return really(path, target)

    for number in range(1, 5):
        left = number
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", killed)
            with pytest.raises(KeyboardInterrupt):
                WrittenFiles(tmp_path).replace_all({"recipe.yaml": "two", "meta.yaml": "y"})
        WrittenFiles(tmp_path).replace_all({"recipe.yaml": "three"})
        assert {name for name in contents(tmp_path) if name != RECORD} == {"recipe.yaml"}


def test_init_writes_nothing_through_a_committed_link(run: Run, checkout: Checkout, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (checkout.root / ".github").symlink_to(outside, target_is_directory=True)
    said = run("init", "--yes", "-C", checkout.root)
    assert said.code == ConfigError.exit_code
    assert ".github" in said.err
    assert list(outside.iterdir()) == []


def test_init_keeps_line_ends(run: Run, checkout: Checkout) -> None:
    path = checkout.root / "pyproject.toml"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert run("init", "--yes", "-C", checkout.root, "--anaconda-owner", "me").code == 0
    assert path.read_bytes().count(b"\n") == path.read_bytes().count(b"\r\n")
    assert b"owner" in path.read_bytes()
