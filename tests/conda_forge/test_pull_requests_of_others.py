"""Test that there is no second pull request where somebody has one for the version."""

import pytest

from release_tools.model.note import State
from release_tools.publishers.conda_forge.pull_request import make_version_pattern
from tests.conda_forge.forge import (
    BOT,
    NEEDS_CLICK,
    URL,
    Forge,
    bots_pull,
    recipe,
    served,
    states,
    texts,
    url,
)
from tests.servers.base import Fault, What


@pytest.mark.slow
def test_on_the_bots_pull_request_there_is_one_comment(forge: Forge) -> None:
    pull = bots_pull(forge, recipe("1.0", served(forge, NEEDS_CLICK)))
    outcome = forge.release(headers=NEEDS_CLICK)
    assert outcome.error is None, texts(outcome)
    assert forge.pulls == [pull]
    assert url(outcome) == URL
    assert "+    - click >=8" in pull.comments[0].body
    assert "+  version" not in pull.comments[0].body
    assert [line.rpartition("/")[2] for line in forge.writes] == ["comments"]
    forge.release(headers=NEEDS_CLICK)
    assert len(pull.comments) == 1


@pytest.mark.slow
def test_the_bots_pull_request_may_have_all(forge: Forge) -> None:
    pull = bots_pull(forge, recipe("1.0", served(forge)))
    outcome = forge.release()
    assert (outcome.error, forge.writes, pull.comments) == (None, [], [])
    assert "bot already opened a pull request" in texts(outcome)


@pytest.mark.slow
def test_the_bot_may_come_in_between(forge: Forge) -> None:
    text = recipe("1.0", served(forge, NEEDS_CLICK))

    def meanwhile() -> None:
        bots_pull(forge, text)

    forge.github.faults = [Fault(What.DROP, "POST", "/git/commits$", meanwhile=meanwhile)]
    outcome = forge.release(headers=NEEDS_CLICK)
    assert outcome.error is None, texts(outcome)
    assert [pull.author for pull in forge.pulls] == [BOT]
    assert len(forge.pulls[0].comments) == 1
    assert "/pulls" not in " ".join(forge.writes)


@pytest.mark.slow
@pytest.mark.parametrize("state", ["open", "merged"])
def test_somebody_elses_pull_request_is_enough(forge: Forge, state: str) -> None:
    pull = bots_pull(forge, recipe("1.0", served(forge)), "Update demo to 1.0", "carl")
    if state == "merged":
        pull.state, pull.merged = "closed", 5
    outcome = forge.release()
    assert (outcome.error, forge.writes) == (None, [])
    assert states(outcome) == {"conda-forge": State.UNCHANGED}
    assert "carl's pull request is for 1.0 already" in texts(outcome)


@pytest.mark.slow
def test_no_other_pull_request_is_a_reason(forge: Forge) -> None:
    titles = ["demo v1.0.1", "demo v1.0rc1", "demo v11.0", "Rebuild for python 1.0", "Update", "demo v2.1.0"]
    fork = forge.github.fork(forge.feedstock, "carl")
    for number, title in enumerate(titles):
        fork.bare.commit({"recipe/build.sh": "true\n"}, branch=f"work-{number}")
        forge.github.pull(forge.feedstock, fork, f"work-{number}", title, "carl")
    assert forge.release().error is None
    assert [pull.title for pull in forge.pulls] == [*titles, "demo v1.0"]


@pytest.mark.slow
def test_what_a_person_closed_stays_closed(forge: Forge) -> None:
    forge.release()
    forge.pulls[0].state = "closed"
    before = list(forge.writes)
    outcome = forge.release()
    assert (outcome.error, forge.writes) == (None, before)
    assert "the pull request was closed; it is not opened again" in texts(outcome)


@pytest.mark.slow
@pytest.mark.parametrize("title", ["Add demo", "adding demo v1", "[WIP] Demo: new recipe"])
def test_a_proposal_of_somebody_else_is_enough(forge: Forge, title: str) -> None:
    forge.without_feedstock()
    fork = forge.github.fork(forge.staged, "carl")
    fork.bare.commit({"recipes/demo/meta.yaml": "-\n"}, branch="demo")
    forge.github.pull(forge.staged, fork, "demo", title, "carl")
    assert forge.release().error is None
    assert forge.writes == []


@pytest.mark.slow
def test_a_proposal_that_the_search_does_not_know_yet_is_found(forge: Forge) -> None:
    forge.without_feedstock()
    forge.release()
    forge.github.unsearchable = {1}
    before = list(forge.writes)
    outcome = forge.release()
    assert (outcome.error, forge.writes) == (None, before)
    assert "staged-recipes/pull/1" in url(outcome)


@pytest.mark.parametrize(
    ("version", "text", "found"),
    [
        ("1.0", "demo v1.0", True),
        ("1.0", "1.0_h1a2b3c", True),
        ("1.0", "Update to 1.0.", True),
        ("1.0", "release-tools/demo-1.0", True),
        ("1.0", "demo v1.0.1", False),
        ("1.0", "demo v1.0.post1", False),
        ("1.0", "demo 1.0-rc1", False),
        ("1.0", "demo 21.0", False),
        ("1.0", "demo 0.1.0", False),
        ("3.13", "Rebuild for python 3.13", False),
        ("3", "demo v3", True),
        ("3", "demo 3", True),
        ("3", "Update to 3", True),
        ("3", "Rebuild 3 times", False),
        ("1.0rc1", "demo v1.0rc1", True),
        ("1.0rc1", "demo v1.0rc12", False),
        ("1.0.dev3", "demo 1.0dev3", True),
    ],
)
def test_a_version_is_found_in_titles(version: str, text: str, *, found: bool) -> None:
    assert (make_version_pattern("demo", version).search(text) is not None) is found
