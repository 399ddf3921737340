"""Update a feedstock whose source is GitHub's archive of the project's own tag."""

import hashlib

import pytest

from release_tools.model.note import State
from release_tools.publishers.conda_forge import tag_archive
from tests.conda_forge.forge import BRANCH, FEEDSTOCK, Forge, recipe, states, texts

ADDRESS = "https://github.com/bob/Demo/archive/refs/tags/v${{ version }}.tar.gz"
ARCHIVE = b"the archive of the tag"
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()
PENDING = "0" * 64


def from_archive(version: str, sha256: str, address: str = ADDRESS) -> str:
    text = recipe(version, sha256)
    old = next(line for line in text.splitlines() if "url:" in line)
    return text.replace(old, f"  url: {address}")


@pytest.fixture
def archived(forge: Forge) -> Forge:
    """A feedstock that takes its source from the project's repository, whose tag GitHub serves."""
    forge.settings["github.repository"] = "bob/demo"
    forge.upstream({"recipe/recipe.yaml": from_archive("0.9", "9" * 64)})
    forge.github.archives["bob/Demo", "v1.0"] = ARCHIVE
    return forge


def proposed(forge: Forge) -> str:
    return forge.github.repositories["bob/demo-feedstock"].bare.git("show", f"{BRANCH}:recipe/recipe.yaml") + "\n"


@pytest.mark.slow
def test_the_archive_of_the_tag_is_hashed_and_proposed(archived: Forge) -> None:
    outcome = archived.release()
    assert outcome.error is None, texts(outcome)
    assert proposed(archived) == from_archive("1.0", DIGEST)
    assert DIGEST in texts(outcome)


def test_a_dry_run_before_the_tag_shows_a_pending_digest(archived: Forge) -> None:
    archived.github.archives.clear()
    outcome = archived.release(is_dry_run=True, served=False)
    assert outcome.error is None, texts(outcome)
    assert outcome.release.recipe is not None
    assert f"+  sha256: {PENDING}\n" in outcome.release.recipe.diff
    assert any("pending" in change for change in outcome.release.recipe.changes)
    assert set(states(outcome).values()) == {State.PLANNED}
    assert archived.writes == []


@pytest.mark.slow
def test_no_pending_digest_is_ever_proposed(archived: Forge) -> None:
    archived.github.archives.clear()
    outcome = archived.release()
    assert outcome.error is not None
    assert "v1.0.tar.gz" in outcome.error.message
    assert archived.writes == []
    archived.github.archives["bob/Demo", "v1.0"] = ARCHIVE
    again = archived.release()
    assert again.error is None, texts(again)
    assert proposed(archived) == from_archive("1.0", DIGEST)


@pytest.mark.parametrize(
    "address",
    [
        ADDRESS.replace("bob", "mallory"),
        ADDRESS.replace("v$", "$"),
        ADDRESS.replace("github.com", "github.com.example.org"),
        "https://codeload.github.com/bob/Demo/tar.gz/refs/tags/v${{ version }}",
    ],
)
def test_any_other_archive_is_left_to_a_person_with_its_line(archived: Forge, address: str) -> None:
    archived.upstream({"recipe/recipe.yaml": from_archive("0.9", "9" * 64, address)})
    outcome = archived.release()
    assert outcome.error is None, texts(outcome)
    assert "recipe.yaml line" in texts(outcome)
    assert archived.writes == []
    assert archived.github.repositories[FEEDSTOCK].pulls == []


@pytest.mark.slow
def test_an_archive_above_the_limit_is_not_read(archived: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tag_archive.LARGEST == 200_000_000
    monkeypatch.setattr(tag_archive, "LARGEST", len(ARCHIVE) - 1)
    outcome = archived.release()
    assert outcome.error is not None
    assert outcome.error.exit_code == 13
    assert archived.writes == []
    monkeypatch.setattr(tag_archive, "LARGEST", len(ARCHIVE))
    assert archived.release().error is None
