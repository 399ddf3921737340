"""Test that only our own project is proposed to conda-forge, as PyPI serves it, in versions that belong there."""

from collections.abc import Callable

import pytest

from tests.conda_forge.forge import (
    FEEDSTOCK,
    Forge,
    recipe,
    served,
    texts,
    url,
)
from tests.servers.anaconda import Store
from tests.servers.base import Fault


def test_what_the_feedstock_has_already_is_not_proposed(forge: Forge) -> None:
    forge.upstream({"recipe/recipe.yaml": recipe("1.0", served(forge))})
    outcome = forge.release()
    assert (outcome.error, forge.writes) == (None, [])
    assert url(outcome) == f"https://github.com/{FEEDSTOCK}/tree/main"


@pytest.mark.parametrize("names", [("a-b", "a_b"), ("a_b", "a-b"), ("a-b", "a-b")])
def test_a_package_of_that_name_stands_in_the_way(forge: Forge, names: tuple[str, str]) -> None:
    ours, theirs = names
    forge.without_feedstock()
    forge.settings["conda.names"] = {"demo": ours}
    forge.anaconda.stores["conda-forge"] = Store({theirs})
    outcome = forge.release()
    assert outcome.error
    assert (outcome.error.exit_code, forge.writes) == (14, [])
    assert f"conda-forge already has a package {theirs}" in str(outcome.error)


@pytest.mark.parametrize("known", [True, False])
def test_another_projects_feedstock_is_left_alone(forge: Forge, *, known: bool) -> None:
    forge.upstream({"recipe/recipe.yaml": recipe("0.9", "e" * 64)})
    if not known:
        del forge.pypi.files["demo-0.9.tar.gz"]
    outcome = forge.release()
    assert forge.writes == []
    assert (outcome.error is None) is known
    wrong = "is neither the sdist on PyPI that was released before" if known else "another project of the same name"
    assert wrong in texts(outcome)


def test_a_new_package_may_be_unwanted(forge: Forge) -> None:
    forge.without_feedstock()
    forge.settings["conda-forge.new"] = "false"
    outcome = forge.release()
    assert (outcome.error, forge.writes) == (None, [])
    assert "conda-forge has no demo" in texts(outcome)


def lagging(forge: Forge) -> None:
    del forge.pypi.files["demo-1.0.tar.gz"]


def lying(forge: Forge) -> None:
    forge.pypi.lies["demo-1.0.tar.gz"] = "0" * 64


def other_bytes(forge: Forge) -> None:
    file = forge.pypi.files["demo-1.0.tar.gz"]
    forge.pypi.lies[file.name] = file.sha256
    file.content += b"evil"


def down(forge: Forge) -> None:
    forge.pypi.faults = [Fault(times=None)]


@pytest.mark.slow
@pytest.mark.parametrize(("what", "code"), [(lagging, 13), (lying, 11), (other_bytes, 11), (down, 13)])
def test_nothing_is_proposed_that_pypi_does_not_serve(forge: Forge, what: Callable[[Forge], None], code: int) -> None:
    forge.publish("1.0")
    what(forge)
    outcome = forge.release(served=False)
    assert outcome.error
    assert (outcome.error.exit_code, forge.writes) == (code, [])


@pytest.mark.parametrize(
    ("version", "settings", "said"),
    [
        ("1.0.dev1", {}, "development versions do not go to conda-forge"),
        ("1.0rc1", {}, "pre-releases do not go to conda-forge"),
        ("1.0rc1", {"conda-forge.pre-branch": "rc"}, "no branch rc of it"),
        ("1.0", {"conda-forge.enabled": "false"}, "disabled"),
        ("1.0", {"routes.final": "testpypi"}, "gets its sources from PyPI, where this release does not go"),
    ],
)
def test_not_every_version_goes_there(forge: Forge, version: str, settings: dict[str, object], said: str) -> None:
    forge.settings.update(settings)
    outcome = forge.release(version)
    assert (outcome.error, forge.writes) == (None, [])
    assert said in texts(outcome)


@pytest.mark.slow
def test_a_pre_release_goes_to_its_branch(forge: Forge) -> None:
    forge.settings["conda-forge.pre-branch"] = "rc"
    forge.upstream({"recipe/recipe.yaml": recipe("0.9", forge.previous)}, branch="rc")
    outcome = forge.release("1.0rc1")
    assert outcome.error is None, texts(outcome)
    assert [(pull.base, pull.title) for pull in forge.pulls] == [("rc", "demo v1.0rc1")]
