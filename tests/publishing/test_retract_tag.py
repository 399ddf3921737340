"""``release-tools retract`` where only a tag was published."""

from pathlib import Path

import pytest

from release_tools.cli.main import main
from tests.servers.base import Fault
from tests.stage import stage
from tests.support.projects import in_tree_project
from tests.support.world import GITHUB_TOKEN, SLUG


@pytest.mark.slow
@pytest.mark.parametrize("way", ["git", "api"])
def test_a_tag_under_which_nothing_was_published_is_deleted_by_git_or_by_the_api(tmp_path: Path, way: str) -> None:
    with stage(tmp_path, Path("unused"), in_tree_project()) as there:
        there.push_tag("v1.0")
        if way == "git":
            there.checkout.git("config", "http.extraheader", there.github.basic(GITHUB_TOKEN))
        env = {**there.checkout.env, "GITHUB_TOKEN": GITHUB_TOKEN}
        command = ["retract", "1.0", "--reason", "x", "-C", str(there.checkout.root), "--tag-push", way]
        far = there.github.repositories[SLUG].bare
        assert main([*command, "--dry-run"], env) == 0
        assert far.refs("refs/tags/").keys() == {"refs/tags/v1.0"}
        assert main(command, env) == 0
        assert not far.refs("refs/tags/")
        assert main(command, env) == 0, "again, there is nothing to do"
        assert there.checkout.git("tag").split() == ["v1.0"], "the checkout keeps its own"
        assert there.github.complaints == (["a tag was deleted: refs/tags/v1.0"] if way == "api" else [])
        there.github.complaints.clear()


@pytest.mark.slow
def test_a_tag_stays_where_a_destination_has_the_version_or_cannot_be_asked(tmp_path: Path) -> None:
    with stage(tmp_path, Path("unused"), in_tree_project()) as there:
        there.push_tag("v1.0")
        env = {**there.checkout.env, "GITHUB_TOKEN": GITHUB_TOKEN}
        command = ["retract", "1.0", "--reason", "x", "-C", str(there.checkout.root), "--tag-push", "api"]
        there.pypi.faults.append(Fault(method="GET", times=None))
        main(command, env)
        there.pypi.faults.clear()
        there.pypi.put("demo-1.0.tar.gz", b"-", "demo", "1.0")
        assert main(command, env) == 0
        assert there.github.repositories[SLUG].bare.refs("refs/tags/").keys() == {"refs/tags/v1.0"}
