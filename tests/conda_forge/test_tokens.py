"""Without a token that can, a person gets the patch; with one, conda-forge gets no push."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from release_tools.forges.github.client import GitHub as Hub
from release_tools.model.release import Kind, Release
from release_tools.run_steps import Step, run
from release_tools.steps.check_credentials import check_credentials
from release_tools.system.http import Http
from tests.conda_forge.forge import (
    FEEDSTOCK,
    Forge,
    a_reader,
    a_workflows_own,
    archived,
    expired,
    fine_grained,
    fine_grained_with_a_fork,
    malformed,
    nobody,
    recipe,
    texts,
    without_workflows,
)
from tests.servers.base import Fault, What
from tests.support.world import CONDA_FORGE_TOKEN


@pytest.mark.slow
@pytest.mark.parametrize(
    ("who", "said"),
    [
        (nobody, "CONDA_FORGE_TOKEN is not set"),
        (a_reader, "CONDA_FORGE_TOKEN is not set"),
        (fine_grained, "a fine-grained one may not"),
        (fine_grained_with_a_fork, "a fine-grained one may not"),
        (a_workflows_own, "a workflow's own token"),
        (expired, "GitHub refused the token"),
        (malformed, "contains a line end"),
        (archived, "was archived"),
        (without_workflows, "Add the scope workflow to the token"),
    ],
)
def test_without_a_token_that_can_a_person_gets_the_patch(
    forge: Forge, who: Callable[[Forge], None], said: str, tmp_path: Path
) -> None:
    who(forge)
    outcome = forge.release()
    assert outcome.error is None, texts(outcome)
    assert said in texts(outcome)
    assert forge.pulls == []
    assert f"https://github.com/{FEEDSTOCK}/compare/main..." in texts(outcome)
    link = f"https://github.com/{FEEDSTOCK}/issues/new?title=%40conda-forge-admin%2C%20please%20update%20version"
    assert texts(outcome).count(link) == 1
    patch = next(outcome.release.artifacts[0].path.parent.glob("recipe/*.diff"))
    assert patch.read_text() in forge.said.getvalue()
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(forge.feedstock.bare.path), str(clone))
    git("-C", str(clone), "apply", str(patch))
    assert recipe("1.0", outcome.release.artifacts[0].sha256) == (clone / "recipe/recipe.yaml").read_text()


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def test_a_new_recipe_is_a_patch_too(forge: Forge, tmp_path: Path) -> None:
    forge.without_feedstock()
    nobody(forge)
    outcome = forge.release()
    assert outcome.error is None, texts(outcome)
    patch = next(outcome.release.artifacts[0].path.parent.glob("recipe/*.diff"))
    clone = tmp_path / "clone"
    git("clone", "--quiet", str(forge.staged.bare.path), str(clone))
    git("-C", str(clone), "apply", str(patch))
    assert (clone / "recipes/demo/recipe.yaml").is_file()


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (lambda _: None, "bob's CONDA_FORGE_TOKEN can fork and open pull requests"),
        (nobody, "CONDA_FORGE_TOKEN is not set here"),
        (fine_grained, "cannot open pull requests elsewhere"),
        (a_workflows_own, "a workflow's own token"),
        (expired, "GitHub refused the token"),
        (without_workflows, "lacks the scope workflow"),
    ],
)
def test_doctor_tells_what_the_token_may(forge: Forge, who: Callable[[Forge], None], said: str) -> None:
    who(forge)
    with forge.context(forge.folder) as context:
        outcome = run([Step("Logins", check_credentials)], context, Release(kind=Kind.FINAL))
    assert said in texts(outcome)


@pytest.mark.slow
def test_no_token_is_left_behind(forge: Forge) -> None:
    forge.github.faults = [Fault(What.DROP, "POST", "/pulls$", times=None)]
    outcome = forge.release()
    kept = [path.read_text("utf-8", "replace") for path in forge.folder.glob("machine-*/**/*") if path.is_file()]
    assert outcome.error
    for text in (forge.said.getvalue(), repr(outcome), str(outcome.error), *kept):
        assert CONDA_FORGE_TOKEN not in text
    strangers = [
        request.host for request in (*forge.pypi.log, *forge.anaconda.log) if CONDA_FORGE_TOKEN in str(request)
    ]
    assert strangers == []


@pytest.mark.parametrize(
    ("verb", "path", "may"),
    [
        ("GET", "/repos/conda-forge/demo-feedstock", True),
        ("POST", "/repos/conda-forge/demo-feedstock/forks", True),
        ("POST", "/repos/conda-forge/demo-feedstock/pulls", True),
        ("POST", "/repos/conda-forge/demo-feedstock/issues/12/comments", True),
        ("POST", "/repos/bob/demo-feedstock/git/refs", True),
        ("POST", "/repos/conda-forge/demo-feedstock/git/refs", False),
        ("POST", "/repos/Conda-Forge/demo-feedstock/git/refs", False),
        ("PATCH", "/repos/conda-forge/demo-feedstock/git/refs/heads/main", False),
        ("POST", "/repos/conda-forge/staged-recipes/merge-upstream", False),
        ("PUT", "/repos/conda-forge/demo-feedstock/contents/recipe/recipe.yaml", False),
        ("PUT", "/repos/conda-forge/demo-feedstock/pulls/1/merge", False),
        ("POST", "/repos/conda-forge/demo-feedstock/issues/12/comments/../../../git/refs", False),
        ("DELETE", "/repos/conda-forge/demo-feedstock", False),
    ],
)
def test_guests_write_nothing(verb: str, path: str, *, may: bool) -> None:
    hub = Hub.public({}, Http.to([], {}), "CONDA_FORGE_TOKEN")
    if may:
        hub.check(verb, f"https://api.github.com{path}")
    else:
        with pytest.raises(AssertionError, match="nothing is ever written"):
            hub.check(verb, f"https://api.github.com{path}")
