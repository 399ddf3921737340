"""``release-tools prepare`` in real repositories: one commit, nothing lost, and a second run that finds it done."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from release_tools.cli import main
from tests.prepare.kills import killed_after_git
from tests.support.repositories import Checkout
from tests.support.runs import Runs

PYPROJECT = '[project]\nname = "demo"\nversion = "1.3.0"\n'
FILES: Mapping[str, str] = {
    "pyproject.toml": PYPROJECT,
    "demo.py": '__version__ = "1.3.0"\n',
    "CITATION.cff": "cff-version: 1.2.0\nversion: 1.3.0\ndate-released: 2026-01-01\n",
    "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Something\n\n## [1.3.0] - 2026-01-01\n\n- Old\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A project that was released as 1.3.0, with something to release."""
    made = Checkout.create(tmp_path, "https://nowhere.example/demo.git", {"SOURCE_DATE_EPOCH": "1796000000"})
    made.commit(FILES)
    made.git("tag", "--annotate", "--message", "demo 1.3.0", "v1.3.0")
    made.commit({"README.md": "# demo\n"}, "Explain")
    return made


def prepare(checkout: Checkout, *arguments: str) -> int:
    return main.main(["prepare", "-C", str(checkout.root), *arguments], checkout.env)


def read(checkout: Checkout, path: str) -> str:
    return (checkout.root / path).read_text(encoding="utf-8")


def status(checkout: Checkout) -> str:
    return checkout.git("status", "--porcelain")


@pytest.mark.slow
def test_a_version_is_prepared_in_one_commit(checkout: Checkout) -> None:
    before = checkout.head
    assert prepare(checkout, "1.4.0") == 0
    assert checkout.git("rev-list", f"{before}..HEAD").splitlines() == [checkout.head]
    assert checkout.git("symbolic-ref", "--short", "HEAD") == "main"
    assert checkout.git("show", "--format=%s %an", "--name-only").split("\n") == [
        "Prepare 1.4.0 Ana Author", "", "CHANGELOG.md", "CITATION.cff", "demo.py", "pyproject.toml",
    ]  # fmt: skip
    assert status(checkout) == ""
    assert read(checkout, "demo.py") == '__version__ = "1.4.0"\n'
    assert "version: 1.4.0\ndate-released: 2026-11-30\n" in read(checkout, "CITATION.cff")
    assert "## [Unreleased]\n\n## [1.4.0] - 2026-11-30\n\n### Added\n" in read(checkout, "CHANGELOG.md")


@pytest.mark.slow
def test_a_second_run_finds_it_done(checkout: Checkout) -> None:
    assert prepare(checkout, "1.4.0") == 0
    before = checkout.head
    checkout.more["SOURCE_DATE_EPOCH"] = "1797000000"  # on another day
    assert prepare(checkout, "1.4.0") == 0
    assert prepare(checkout, "--bump", "minor") == 0
    assert (checkout.head, status(checkout)) == (before, "")


@pytest.mark.slow
def test_a_dry_run_shows_the_change_and_leaves_everything(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    before, objects = checkout.head, checkout.git("count-objects")
    assert prepare(checkout, "--bump", "minor", "--dry-run") == 0
    assert '+version = "1.4.0"' in capsys.readouterr().out
    assert (checkout.head, status(checkout), checkout.git("count-objects")) == (before, "", objects)


@pytest.mark.slow
def test_edits_may_be_left_uncommitted_and_are_found_again(checkout: Checkout) -> None:
    before = checkout.head
    assert prepare(checkout, "1.4.0", "--no-commit") == 0
    assert checkout.head == before
    assert {line[:2] for line in status(checkout).splitlines()} <= {"M ", " M", "M"}
    assert read(checkout, "pyproject.toml") == PYPROJECT.replace("1.3.0", "1.4.0")
    assert checkout.git("diff", "--cached") == ""
    assert prepare(checkout, "1.4.0") == 0
    assert (checkout.git("log", "-1", "--format=%s"), status(checkout)) == ("Prepare 1.4.0", "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "staged"), [("pyproject.toml", False), ("CHANGELOG.md", True), ("CITATION.cff", False)]
)
def test_uncommitted_changes_in_a_file_to_be_edited_are_a_refusal(
    checkout: Checkout, path: str, capsys: pytest.CaptureFixture[str], *, staged: bool
) -> None:
    mine = read(checkout, path) + "# mine\n"
    (checkout.root / path).write_text(mine, encoding="utf-8")
    if staged:
        checkout.git("add", path)
    before = (checkout.head, status(checkout))
    for arguments in ((), ("--no-commit",), ("--dry-run",)):
        assert prepare(checkout, "1.4.0", *arguments) == 4
        assert path in capsys.readouterr().err
    assert (checkout.head, status(checkout), read(checkout, path)) == (*before, mine)


@pytest.mark.slow
def test_a_file_to_be_edited_that_was_deleted_is_a_refusal(checkout: Checkout) -> None:
    (checkout.root / "CITATION.cff").unlink()
    assert prepare(checkout, "1.4.0") == 4
    assert not (checkout.root / "CITATION.cff").exists()


@pytest.mark.slow
def test_other_uncommitted_changes_stay_as_they_are(checkout: Checkout) -> None:
    (checkout.root / "README.md").write_text("# mine\n", encoding="utf-8")
    (checkout.root / "new.txt").write_text("mine", encoding="utf-8")
    (checkout.root / "staged.txt").write_text("mine", encoding="utf-8")
    checkout.git("add", "staged.txt")
    before = status(checkout)
    assert prepare(checkout, "1.4.0") == 0
    assert status(checkout) == before
    assert "staged.txt" not in checkout.git("ls-tree", "--name-only", "HEAD")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_is_neither_followed_nor_replaced(checkout: Checkout, tmp_path: Path) -> None:
    victim = tmp_path / "victim.cff"
    victim.write_text("version: 1.3.0\n")
    (checkout.root / "CITATION.cff").unlink()
    (checkout.root / "CITATION.cff").symlink_to(victim)
    checkout.commit({})
    assert prepare(checkout, "1.4.0") == 0
    assert victim.read_text() == "version: 1.3.0\n"
    assert (checkout.root / "CITATION.cff").is_symlink()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_put_in_place_of_a_file_is_a_refusal(checkout: Checkout, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text(read(checkout, "pyproject.toml"))
    (checkout.root / "demo.py").unlink()
    (checkout.root / "demo.py").symlink_to(victim)
    assert prepare(checkout, "1.4.0") == 4
    assert victim.read_text() == PYPROJECT


@pytest.mark.slow
def test_a_setting_does_not_lead_out_of_the_project(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("1.3.0")
    table = '[tool.bumpversion]\ncurrent_version = "1.3.0"\nfiles = [{filename = "../secret"}, {filename = "%s"}]\n'
    checkout.commit({"pyproject.toml": PYPROJECT + table % (tmp_path / "secret").as_posix()})
    assert prepare(checkout, "1.4.0") == 0
    assert (tmp_path / "secret").read_text() == "1.3.0"


@pytest.mark.parametrize("version", ["1.3.0", "1.2.0", "1.4.0+local", "later", "1.4.0;id"])
def test_a_version_that_cannot_be_released_is_refused(checkout: Checkout, version: str) -> None:
    before = checkout.head
    assert prepare(checkout, version) == 5
    assert (checkout.head, status(checkout)) == (before, "")


@pytest.mark.parametrize("arguments", [(), ("1.4.0", "--bump", "minor"), ("1.4.0", "--next")])
def test_one_version_must_be_named(checkout: Checkout, arguments: tuple[str, ...]) -> None:
    assert prepare(checkout, *arguments) == 2


def test_a_version_that_is_built_and_cannot_be_edited_is_a_refusal(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    backend = '[build-system]\nrequires = ["flit-core"]\nbuild-backend = "flit_core.buildapi"\n'
    dynamic = backend + PYPROJECT.replace('version = "1.3.0"', 'dynamic = ["version"]')
    checkout.commit({"pyproject.toml": dynamic, "demo.py": "M = 3\n__version__ = f'1.{M}.0'\n"})
    assert prepare(checkout, "1.4.0") == 5
    assert "demo.py:2" in capsys.readouterr().err
    assert status(checkout) == ""


@pytest.mark.slow
def test_an_ambiguous_version_is_reported_with_its_line(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    checkout.commit({"demo.py": "\nV = 3\n__version__ = f'1.{V}.0'\n", "CITATION.cff": "a: [\n"})
    assert prepare(checkout, "1.4.0") == 0
    said = capsys.readouterr().out
    assert "demo.py:3" in said
    assert "CITATION.cff" in said
    assert status(checkout) == ""


@pytest.mark.parametrize("message", ["Prepare 1.4.0", "Prepare 1.4.0 (#12)", "Begin 1.4.0.dev0"])
def test_the_commit_is_no_news_for_those_who_read_the_notes(
    checkout: Checkout, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout.git("rm", "--quiet", "CHANGELOG.md")
    checkout.commit({"pyproject.toml": PYPROJECT.replace("1.3.0", "1.4.0")}, message)
    checkout.commit({"other.txt": "x"}, "Prepare 1.4 of the manual")
    capsys.readouterr()
    assert main.main(["notes", "-C", str(checkout.root), "1.4.0"], checkout.env) == 0
    said = capsys.readouterr().out
    assert message.partition(" (")[0] not in said.splitlines()[0]
    assert len(said.splitlines()) == 2
    assert "Prepare 1.4 of the manual" in said


@pytest.mark.slow
def test_a_branch_must_be_checked_out(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", "--detach")
    before = checkout.head
    assert prepare(checkout, "1.4.0") == 4
    assert (checkout.head, status(checkout)) == (before, "")
    assert prepare(checkout, "1.4.0", "--no-commit") == 0


@pytest.mark.slow
def test_a_merge_is_not_ended_by_it(checkout: Checkout) -> None:
    checkout.git("checkout", "--quiet", "-b", "other", "HEAD~1")
    checkout.commit({"other.txt": "x"})
    checkout.git("merge", "--no-commit", "--no-ff", "main")
    assert prepare(checkout, "1.4.0") == 4
    assert checkout.git("rev-parse", "MERGE_HEAD")


@pytest.mark.slow
def test_a_project_in_a_subfolder_is_prepared_alone(checkout: Checkout) -> None:
    (checkout.root / "packages" / "other").mkdir(parents=True)
    inner = {f"packages/other/{path}": text for path, text in FILES.items()}
    checkout.commit(inner)
    code = main.main(["prepare", "-C", str(checkout.root / "packages" / "other"), "1.4.0"], checkout.env)
    assert code == 0
    changed = checkout.git("show", "--format=", "--name-only").split("\n")
    assert len(changed) == 4
    assert all(path.startswith("packages/other/") for path in changed)


@pytest.mark.slow
def test_line_ends_that_git_converts_are_no_changes(checkout: Checkout) -> None:
    checkout.git("config", "core.autocrlf", "true")
    checkout.git("rm", "--quiet", "--cached", "-r", ".")
    checkout.git("reset", "--quiet", "--hard")
    assert b"\r\n" in (checkout.root / "pyproject.toml").read_bytes()
    assert prepare(checkout, "1.4.0") == 0
    assert (checkout.root / "pyproject.toml").read_bytes() == PYPROJECT.replace("1.3.0", "1.4.0").replace(
        "\n", "\r\n"
    ).encode()
    assert status(checkout) == ""
    assert "\r" not in checkout.git("cat-file", "blob", "HEAD:pyproject.toml")


def test_a_project_without_such_files_has_nothing_to_prepare(tmp_path: Path) -> None:
    checkout = Checkout.create(tmp_path, "https://nowhere.example/demo.git")
    before = checkout.head
    assert prepare(checkout, "1.0.0") == 0
    assert checkout.head == before


@pytest.mark.slow
def test_the_result_can_be_had_as_json(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(checkout, "1.4.0", "--dry-run", "--json") == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["version"], data["ok"]) == ("1.4.0", True)


@pytest.mark.skipif(os.name == "nt", reason="signals are another matter there")
@pytest.mark.slow
@pytest.mark.parametrize("command", ["commit", "fetch", "restore", "update-ref"])
def test_a_run_that_is_killed_is_taken_up(checkout: Checkout, tmp_path: Path, runs: Runs, command: str) -> None:
    before = checkout.head
    killed_after_git(runs, command, ["prepare", "-C", str(checkout.root), "1.4.0"], checkout.env, tmp_path / "tools")
    assert prepare(checkout, "1.4.0") == 0
    assert checkout.git("rev-list", "--count", f"{before}..HEAD") == "1"
    assert status(checkout) == ""
    assert read(checkout, "demo.py") == '__version__ = "1.4.0"\n'


@pytest.fixture
def developed(checkout: Checkout) -> Checkout:
    """A project that had a development version between 1.2.0 and 1.3.0, and released 1.4.0 just now."""
    for version in ("1.2.0", "1.3.0.dev0", "1.4.0"):
        checkout.commit({"pyproject.toml": PYPROJECT.replace("1.3.0", version)}, version)
    checkout.git("tag", "v1.4.0")
    return checkout


@pytest.mark.slow
def test_the_next_development_version_follows_the_past(developed: Checkout) -> None:
    assert prepare(developed, "--next") == 0
    assert read(developed, "pyproject.toml") == PYPROJECT.replace("1.3.0", "1.5.0.dev0")
    assert "version: 1.3.0" in read(developed, "CITATION.cff")
    assert "[Unreleased]\n\n### Added" in read(developed, "CHANGELOG.md")
    before = developed.head
    assert prepare(developed, "--next") == 0
    assert developed.head == before


def test_a_project_that_kept_no_development_version_gets_none(checkout: Checkout) -> None:
    checkout.git("tag", "--force", "v1.3.0")
    before = checkout.head
    assert prepare(checkout, "--next") == 17
    assert checkout.head == before


def test_what_is_not_tagged_yet_is_not_left_behind(developed: Checkout) -> None:
    developed.git("tag", "--delete", "v1.4.0")
    assert prepare(developed, "--next") == 5
