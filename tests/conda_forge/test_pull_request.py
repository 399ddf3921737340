"""The pull request to conda-forge: opened once, from a personal fork, wherever a run before broke off."""

import pytest

from release_tools.model.note import State
from release_tools.recipe.recipe_rules import check_rules
from tests.conda_forge.forge import (
    BRANCH,
    RERENDER,
    URL,
    Forge,
    boxes,
    recipe,
    states,
    texts,
    url,
)
from tests.servers import base
from tests.servers.base import Fault, Outage, What
from tests.servers.github import Bare

pytestmark = pytest.mark.slow


def test_an_update_is_proposed(forge: Forge) -> None:
    outcome = forge.release()
    assert outcome.error is None, texts(outcome)
    pull = forge.pulls[0]
    assert (pull.title, pull.author, pull.base) == ("demo v1.0", "bob", "main")
    assert (pull.head_repository, pull.head_branch) == ("bob/demo-feedstock", BRANCH)
    assert (pull.maintainer_can_modify, pull.draft) == (True, False)
    assert [comment.body for comment in pull.comments] == [RERENDER]
    fork = forge.github.repositories["bob/demo-feedstock"]
    assert fork.bare.git("rev-list", "--parents", "-1", BRANCH).split()[1:] == [forge.tip]
    assert fork.bare.git("diff", "--name-only", "main", BRANCH) == "recipe/recipe.yaml"
    sdist = outcome.release.artifacts[0]
    assert fork.bare.git("show", f"{BRANCH}:recipe/recipe.yaml") + "\n" == recipe("1.0", sdist.sha256)
    assert url(outcome) == URL
    assert "- version 0.9 → 1.0\n" in pull.body
    assert boxes(pull) == ["Used a", "Reset the", "Ensured the"]
    assert "<!--" not in pull.body


def test_a_new_package_is_proposed(forge: Forge) -> None:
    forge.without_feedstock()
    outcome = forge.release()
    assert outcome.error is None, texts(outcome)
    pull = forge.pulls[0]
    assert (pull.title, pull.draft, pull.head_branch) == ("Adding demo", True, BRANCH)
    assert pull.comments == []
    fork = forge.github.repositories["bob/staged-recipes"]
    assert fork.bare.git("diff", "--name-only", "main", BRANCH) == "recipes/demo/recipe.yaml"
    assert boxes(pull) == [
        *("Title of", "Recipe uses", "Source is", "If static", "Package does", "Build number", "A tarball"),
        "GitHub users",
    ]
    assert "the pull request needs your review" in texts(outcome)
    assert "- [ ] about.license\\_file is not known: fill it in.\n" in pull.body


BY_SYSTEM = """\
Requires-Dist: winloop; sys_platform == 'win32'
Requires-Dist: uvloop; sys_platform != 'win32'
"""


def test_a_new_package_that_differs_between_systems_brings_its_conda_forge_yml(forge: Forge) -> None:
    forge.without_feedstock()
    outcome = forge.release(headers=BY_SYSTEM)
    assert outcome.error is None, texts(outcome)
    fork = forge.github.repositories["bob/staged-recipes"]
    changed = fork.bare.git("diff", "--name-only", "main", BRANCH).splitlines()
    assert changed == ["recipes/demo/conda-forge.yml", "recipes/demo/recipe.yaml"]
    settings = fork.bare.git("show", f"{BRANCH}:recipes/demo/conda-forge.yml")
    assert settings.split() == ["noarch_platforms:", "-", "linux_64", "-", "win_64"]
    written = fork.bare.git("show", f"{BRANCH}:recipes/demo/recipe.yaml")
    assert "__win" in written
    assert check_rules(f"{written}\n", settings) == (
        "about.homepage is missing",
        "about.license is missing",
        "about.license_file is missing",
    ), "which the project does not say, as its notes tell"


def test_an_update_is_judged_with_the_settings_of_its_feedstock(forge: Forge) -> None:
    forge.upstream({"conda-forge.yml": "conda_build_tool: boa\nnoarch_platforms: linux_64\n"})
    outcome = forge.release(headers=BY_SYSTEM)
    assert outcome.error is None, texts(outcome)
    assert "conda-forge's linter: conda-forge.yml: conda_build_tool" in texts(outcome)
    assert "- [ ] conda-forge.yml needs noarch\\_platforms: linux\\_64, win\\_64." in forge.pulls[0].body


META = """\
{{% set name = "demo" %}}
{{% set version = "{version}" %}}
package:
  name: {{{{ name|lower }}}}
  version: {{{{ version }}}}
source:
  url: https://pypi.org/packages/source/{{{{ name[0] }}}}/{{{{ name }}}}/demo-{{{{ version }}}}.tar.gz
  sha256: {sha256}
build:
  number: {number}
  noarch: python
requirements:
  run:
    - python >=3.10  # as conda-forge
about:
  license_file: LICENSE.not-there
"""


def test_a_feedstock_of_the_older_format_stays_one(forge: Forge) -> None:
    forge.upstream({"recipe/meta.yaml": META.format(version="0.9", sha256=forge.previous, number=3)})
    forge.feedstock.bare.git("update-ref", "refs/heads/main", without(forge.feedstock.bare, "recipe/recipe.yaml"))
    forge.note_heads()
    outcome = forge.release()
    assert outcome.error is None, texts(outcome)
    fork = forge.github.repositories["bob/demo-feedstock"].bare
    assert fork.git("diff", "--name-only", "main", BRANCH) == "recipe/meta.yaml"
    sha256 = outcome.release.artifacts[0].sha256
    assert fork.git("show", f"{BRANCH}:recipe/meta.yaml") + "\n" == META.format(version="1.0", sha256=sha256, number=0)
    assert boxes(forge.pulls[0]) == ["Used a", "Reset the"]


def without(bare: Bare, path: str) -> str:
    """A commit that removes a file from the main branch."""
    index = str(bare.path / "index-of-the-test")
    bare.git("read-tree", "main", GIT_INDEX_FILE=index)
    bare.git("update-index", "--index-info", data=f"0 {'0' * 40}\t{path}\n".encode(), GIT_INDEX_FILE=index)
    tree = bare.git("write-tree", GIT_INDEX_FILE=index)
    return bare.git("commit-tree", tree, "-p", "main", data=b"Remove")


def test_a_rerun_does_nothing(forge: Forge) -> None:
    forge.release()
    before = list(forge.writes)
    outcome = forge.release()
    assert outcome.error is None
    assert states(outcome) == {"conda-forge": State.UNCHANGED, "conda-forge-rerender": State.UNCHANGED}
    assert url(outcome) == URL
    assert forge.writes == before


def test_a_dry_run_writes_nothing(forge: Forge) -> None:
    outcome = forge.release(is_dry_run=True, served=False)
    assert outcome.error is None, texts(outcome)
    assert "would wait until PyPI serves demo-1.0.tar.gz" in texts(outcome)
    assert set(states(outcome).values()) == {State.PLANNED}
    assert len(states(outcome)) == 5
    assert forge.writes == []


LIMITED = base.Response.of_json({"message": "API rate limit exceeded for 192.0.2.1."}, 403)


@pytest.mark.parametrize("fault", [Fault(What.DROP, times=None), Fault(response=LIMITED, times=None)])
def test_a_dry_run_that_cannot_look_says_what_would_be_done(forge: Forge, fault: Fault) -> None:
    forge.env.pop("CONDA_FORGE_TOKEN")
    forge.github.faults = [fault]
    outcome = forge.release(is_dry_run=True)
    assert outcome.error is None
    assert "could not check" in texts(outcome)
    assert "would publish to conda-forge" in texts(outcome)


def test_a_fork_that_lags_is_brought_up_to_date(forge: Forge) -> None:
    fork = forge.github.fork(forge.feedstock, "bob")
    tip = forge.upstream({"recipe/build.sh": "true\n"})
    outcome = forge.release()
    assert outcome.error is None, texts(outcome)
    assert "POST api.github.com/repos/bob/demo-feedstock/merge-upstream" in forge.writes
    assert not any(line.endswith("/forks") for line in forge.writes)
    assert fork.bare.git("rev-list", "--parents", "-1", BRANCH).split()[1:] == [tip]


def test_a_fork_may_lack_the_branch(forge: Forge) -> None:
    forge.github.fork(forge.feedstock, "bob")
    forge.settings["conda-forge.pre-branch"] = "rc"
    tip = forge.upstream({"recipe/recipe.yaml": recipe("0.9", forge.previous)}, branch="rc")
    outcome = forge.release("1.0rc1")
    assert outcome.error is None, texts(outcome)
    fork = forge.github.repositories["bob/demo-feedstock"].bare
    assert fork.refs()["refs/heads/rc"] == tip
    assert [pull.base for pull in forge.pulls] == ["rc"]


def test_a_fork_takes_its_time(forge: Forge) -> None:
    forge.github.fork_delay = 3
    assert forge.release().error is None
    assert len(forge.pulls) == 1


def test_a_fork_that_does_not_come_is_said(forge: Forge) -> None:
    forge.github.fork_delay = 10_000
    forge.settings["network.wait"] = "0"
    outcome = forge.release()
    assert outcome.error
    assert (outcome.error.exit_code, "still creating this fork" in str(outcome.error)) == (13, True)
    forge.github.repositories["bob/demo-feedstock"].reads_until_ready = 0
    assert forge.release().error is None
    assert len(forge.pulls) == 1


def test_a_fork_under_another_name_is_taken(forge: Forge) -> None:
    forge.github.create("bob/demo-feedstock", {"README.md": "mine\n"})
    forge.github.fork(forge.feedstock, "bob", "other")
    assert forge.release().error is None
    assert forge.pulls[0].head_repository == "bob/other"


def test_a_fork_with_conflicts_is_left_to_its_owner(forge: Forge) -> None:
    fork = forge.github.fork(forge.feedstock, "bob")
    fork.bare.commit({"recipe/recipe.yaml": "mine\n"})
    forge.upstream({"recipe/recipe.yaml": recipe("0.9", forge.previous) + "# theirs\n"})
    outcome = forge.release()
    assert outcome.error
    assert (outcome.error.exit_code, forge.pulls) == (13, [])
    assert "conflicting commits of its own" in str(outcome.error)


WRITES = ("forks", "blobs", "trees", "commits", "refs", "pulls", "comments")


OUTAGES = [
    pytest.param(
        number, done, marks=() if (write, done) in {("forks", True), ("refs", False)} else pytest.mark.exhaustive
    )
    for number, write in enumerate(WRITES)
    for done in (False, True)
]
"""A server that is gone from one write on; tests/publishing/test_fault_table.py has one that breaks down at each."""


@pytest.mark.parametrize(("write", "done"), OUTAGES)
def test_a_rerun_ends_where_one_run_would(forge: Forge, write: int, *, done: bool) -> None:
    forge.github.faults = [Outage(What.DROP, write=write, done=done, times=None)]
    assert forge.release().error
    assert forge.writes[write].rpartition("/")[2] == WRITES[write]
    forge.github.faults = []
    outcome = forge.release()
    assert outcome.error is None, texts(outcome)
    assert [(pull.title, pull.state) for pull in forge.pulls] == [("demo v1.0", "open")]
    assert [comment.body for comment in forge.pulls[0].comments] == [RERENDER]
    fork = forge.github.repositories["bob/demo-feedstock"]
    assert fork.bare.git("rev-list", "--count", f"main..{BRANCH}") == "1"
    assert [name for name in forge.github.repositories if name.startswith("bob/")] == ["bob/demo-feedstock"]


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
def test_every_lost_answer_is_looked_for(forge: Forge, *, done: bool) -> None:
    ends = ("forks", "refs", "pulls", "comments")
    forge.github.faults = [Fault(What.DROP, "POST", f"/{end}$", done=done) for end in ends]
    assert forge.release().error is None
    sent = [line.rpartition("/")[2] for line in forge.writes]
    assert {end: sent.count(end) for end in ends} == dict.fromkeys(ends, 1 if done else 2)
    assert len(forge.pulls) == len(forge.pulls[0].comments) == 1


def test_what_an_unfinished_run_committed_is_replaced(forge: Forge) -> None:
    forge.github.faults = [Fault(What.DROP, "POST", "/pulls$", times=None)]
    forge.release()
    forge.github.faults = []
    changed = forge.upstream({"recipe/recipe.yaml": recipe("0.9", forge.previous) + "# more\n"})
    assert forge.release().error is None
    fork = forge.github.repositories["bob/demo-feedstock"]
    assert fork.bare.git("rev-list", "--parents", "-1", BRANCH).split()[1:] == [changed]
    assert len(forge.pulls) == 1
