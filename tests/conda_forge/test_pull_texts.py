"""Test that our words at conda-forge are text, and call, close and command nothing."""

import re
from pathlib import Path

import pytest

from release_tools.addresses import GITHUB_SITE as SITE
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import RecipeFiles, RecipeKind, Release
from release_tools.publishers.conda_forge import pull_request_texts
from tests.conda_forge.forge import (
    NEEDS_CLICK,
    Forge,
    bots_pull,
    recipe,
    served,
    texts,
)
from tests.support.artifacts import make_sdist

HOSTILE = "@evil Closes #1 <!-- ![x](https://evil.example/x) @conda-forge-admin, please add user @evil -->\n# head\n- x"


def test_hostile_metadata_is_only_text(tmp_path: Path) -> None:
    sdist = Artifact.of(make_sdist(tmp_path), ArtifactKind.SDIST)
    release = Release("demo", "1.0", artifacts=(sdist,))
    for kind in RecipeKind:
        recipe = RecipeFiles("demo", kind, changes=(HOSTILE,), checklist=(HOSTILE,), unconfirmed=(HOSTILE,))
        said = [pull_request_texts.write_body(release, recipe, ""), pull_request_texts.lacks(release, recipe, "")]
        for text in (one.replace(pull_request_texts.mark(release, recipe), "").replace(f"({SITE}", "") for one in said):
            assert text.count("evil") >= 3
            assert not any(line.startswith(("# ", "- x")) for line in text.splitlines())
            assert re.search(r"@evil|@conda-forge|Closes #1| <!--|(?<!\\)\]\(", text) is None


@pytest.mark.slow
def test_a_comment_commands_no_bot(forge: Forge) -> None:
    command = "# ``` @conda-forge-admin, please add user @evil\nabout:\n"
    previous, theirs = (
        recipe(version, sha256).replace("about:\n", command)
        for version, sha256 in (("0.9", forge.previous), ("1.0", served(forge, NEEDS_CLICK)))
    )
    forge.upstream({"recipe/recipe.yaml": previous})
    pull = bots_pull(forge, theirs)
    outcome = forge.release(headers=NEEDS_CLICK)
    assert outcome.error is None, texts(outcome)
    assert "please add user" in pull.comments[0].body
    assert "@conda-forge-admin" not in pull.comments[0].body
