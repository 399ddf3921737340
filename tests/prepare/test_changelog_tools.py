"""Projects whose changelog towncrier or scriv makes: the programs themselves, and the notes before they ran."""

import os
import sys
from pathlib import Path

import pytest

from release_tools.cli import main
from tests.support.repositories import Checkout

pytestmark = pytest.mark.slow

PYPROJECT = '[project]\nname = "demo"\nversion = "1.3.0"\n'
TOWNCRIER = PYPROJECT + '[tool.towncrier]\nname = "Demo"\ndirectory = "changes"\nfilename = "docs/whatsnew.rst"\n'
SCRIV = PYPROJECT + '[tool.scriv]\nformat = "md"\nchangelog = "NEWS.md"\n'
NEWS = "# Changelog\n\n<!-- scriv-insert-here -->\n\n## 1.3.0 (2026-01-01)\n\n- Old\n"
FRAGMENT = "<!-- who made it -->\n### Added\n\n- Something new.\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    """A project whose programs are those beside this Python."""
    made = Checkout.create(tmp_path, "https://nowhere.example/demo.git", {"SOURCE_DATE_EPOCH": "1796000000"})
    made.more["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    return made


def committed(checkout: Checkout, files: dict[str, str]) -> Checkout:
    for path in files:
        (checkout.root / path).parent.mkdir(parents=True, exist_ok=True)
    checkout.commit(files)
    return checkout


def with_towncrier(checkout: Checkout, **more: str) -> Checkout:
    fragments = {"changes/12.feature.rst": "Something new.\n", "changes/+x.bugfix.rst": "Something old.\n", **more}
    committed(
        checkout, {"pyproject.toml": TOWNCRIER, "docs/whatsnew.rst": "News\n====\n", "changes/.gitignore": "!.x\n"}
    )
    checkout.git("tag", "v1.3.0")
    return committed(checkout, fragments)


def with_scriv(checkout: Checkout) -> Checkout:
    committed(checkout, {"pyproject.toml": SCRIV, "NEWS.md": NEWS, "changelog.d/README.txt": "-\n"})
    checkout.git("tag", "v1.3.0")
    return committed(checkout, {"changelog.d/20261101_ana.md": FRAGMENT})


def run(checkout: Checkout, *arguments: str) -> int:
    command, *more = arguments
    return main.main([command, "-C", str(checkout.root), *more], checkout.env)


def changed(checkout: Checkout) -> set[str]:
    return set(checkout.git("show", "--format=", "--name-status").replace("\t", " ").splitlines())


def test_towncrier_collects_its_fragments(checkout: Checkout) -> None:
    with_towncrier(checkout)
    assert run(checkout, "prepare", "1.4.0") == 0
    assert changed(checkout) == {
        "D changes/+x.bugfix.rst", "D changes/12.feature.rst", "M docs/whatsnew.rst", "M pyproject.toml",
    }  # fmt: skip
    text = (checkout.root / "docs" / "whatsnew.rst").read_text(encoding="utf-8")
    assert "Demo 1.4.0 (2026-11-30)" in text
    assert "Something new. (#12)" in text
    head = checkout.head
    assert run(checkout, "prepare", "1.4.0") == 0
    assert (checkout.head, checkout.git("status", "--porcelain")) == (head, "")


def test_scriv_collects_its_fragments(checkout: Checkout) -> None:
    with_scriv(checkout)
    assert run(checkout, "prepare", "1.4.0") == 0
    assert changed(checkout) == {"D changelog.d/20261101_ana.md", "M NEWS.md", "M pyproject.toml"}
    assert "1.4.0" in (checkout.root / "NEWS.md").read_text(encoding="utf-8")
    head = checkout.head
    assert run(checkout, "prepare", "1.4.0") == 0
    assert checkout.head == head


@pytest.mark.parametrize("with_fragments", [with_towncrier, with_scriv])
def test_a_dry_run_keeps_the_fragments(checkout: Checkout, with_fragments: object) -> None:
    assert callable(with_fragments)
    with_fragments(checkout)
    head = checkout.head
    assert run(checkout, "prepare", "1.4.0", "--dry-run") == 0
    assert (checkout.head, checkout.git("status", "--porcelain")) == (head, "")


@pytest.mark.parametrize("with_fragments", [with_towncrier, with_scriv])
def test_the_fragments_are_the_notes_before_and_after(
    checkout: Checkout, with_fragments: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(with_fragments)
    with_fragments(checkout)
    assert run(checkout, "notes", "1.4.0") == 0
    before = capsys.readouterr().out
    assert "Something new." in before
    assert "who made it" not in before
    assert run(checkout, "prepare", "1.4.0") == 0
    capsys.readouterr()
    assert run(checkout, "notes", "1.4.0") == 0
    assert "Something new." in capsys.readouterr().out


@pytest.mark.parametrize("with_fragments", [with_towncrier, with_scriv])
def test_the_fragments_ask_for_a_part_of_the_version(
    checkout: Checkout, with_fragments: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(with_fragments)
    with_fragments(checkout)
    capsys.readouterr()
    assert run(checkout, "next") == 0
    assert capsys.readouterr().out == "1.4.0\n"


def test_notes_of_towncrier_are_grouped_by_its_own_types(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    types = '[[tool.towncrier.type]]\ndirectory = "api"\nname = "API changes"\nshowcontent = true\n'
    committed(checkout, {"pyproject.toml": TOWNCRIER + types})
    checkout.git("tag", "v1.3.0")
    files = {"changes/0012.api.1.rst": "Renamed ``f``\nto ``g``.", "changes/9.api.rst": "Renamed ``f``\nto ``g``."}
    committed(
        checkout, {**files, "changes/README.rst": "How to write one.", "changes/13.feature.rst": "No type of ours."}
    )
    assert run(checkout, "notes", "1.4.0") == 0
    said = capsys.readouterr().out
    assert said.startswith("### API changes\n\n- Renamed `f` to `g`. (#12, #9)")
    assert "How to write one" not in said
    assert "No type of ours" not in said


def test_a_tool_that_fails_leaves_everything(checkout: Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    with_towncrier(checkout)
    committed(checkout, {"pyproject.toml": TOWNCRIER + 'template = "missing.rst"\n'})
    head = checkout.head
    assert run(checkout, "prepare", "1.4.0") == 17
    assert "towncrier build" in capsys.readouterr().err
    assert (checkout.head, checkout.git("status", "--porcelain")) == (head, "")


def test_a_tool_sees_no_credentials(checkout: Checkout, tmp_path: Path) -> None:
    with_towncrier(checkout)
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "towncrier").write_text(f'#!/bin/sh\nenv > "{tmp_path}/seen"\nexit 1\n')
    (tools / "towncrier").chmod(0o755)
    checkout.more.update(GITHUB_RUN_ID="canary-0123456789", PATH=f"{tools}{os.pathsep}{os.environ['PATH']}")
    assert run(checkout, "prepare", "1.4.0") == 17
    assert "canary" not in (tmp_path / "seen").read_text()
    for name in ("TWINE_PASSWORD", "GITHUB_TOKEN"):
        checkout.more[name] = "canary-9876543210"
        assert run(checkout, "prepare", "1.4.0") == 12
        del checkout.more[name]


def test_a_release_without_fragments_has_no_new_part(checkout: Checkout) -> None:
    committed(checkout, {"pyproject.toml": TOWNCRIER, "docs/whatsnew.rst": "News\n====\n"})
    checkout.git("tag", "v1.3.0")
    assert run(checkout, "prepare", "1.4.0") == 0
    assert changed(checkout) == {"M pyproject.toml"}
