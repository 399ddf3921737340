"""The pull request to conda-forge: opened once, from a personal fork, and nothing else is ever written there."""

import io
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from release_tools.addresses import GITHUB_SITE as SITE
from release_tools.cli import main
from release_tools.conda_forge import pull_texts
from release_tools.conda_forge.proposal import about
from release_tools.console import Console
from release_tools.context import Context
from release_tools.gate import Gate
from release_tools.http import Http
from release_tools.model import Artifact, ArtifactKind, Kind, RecipeFiles, RecipeKind, Release, State
from release_tools.pipeline import FORGE, Outcome, Step, run
from release_tools.services.github.session import GitHub as Hub
from release_tools.settings import read_config
from release_tools.steps.see_logins import see_logins
from release_tools.versions import kind_of, parse_version
from tests.making import make_sdist, make_wheel
from tests.servers.anaconda import Anaconda, Dist, Shelf
from tests.servers.base import Fault, Outage, What
from tests.servers.github import Bare, GitHub, Pull, Repository, TokenKind
from tests.servers.package_index import File, PackageIndex
from tests.servers.proxy import proxying

SETTINGS = {
    "network.pause": "1",
    "network.wait": "1",
    "conda.channels": "",
    "conda-forge.maintainers": "bob",
}
TOKEN = "ghp_canary1a2b3c4d5e"
BOT = "regro-cf-autotick-bot"
RERENDER = "@conda-forge-admin, please rerender"
FEEDSTOCK = "conda-forge/demo-feedstock"
STAGED = "conda-forge/staged-recipes"
RECIPE = """\
context:
  version: "{version}"
package:
  name: demo
  version: ${{{{ version }}}}
source:
  url: https://pypi.org/packages/source/d/demo/demo-${{{{ version }}}}.tar.gz
  sha256: {sha256}
build:
  number: 0
  noarch: python
requirements:
  host:
    - python ${{{{ python_min }}}}.*
    - setuptools
    - pip
  run:
    - python >=${{{{ python_min }}}}
about:
  license_file: pyproject.toml
extra:
  recipe-maintainers:
    - bob
"""
BOXES = """\
<!--
Thank you, @conda-forge/core
-->
Checklist
* [ ] Used a [personal fork of the feedstock to propose changes](https://conda-forge.org/docs)
* [ ] Bumped the build number (if the version is unchanged)
* [ ] Reset the build number to [`0`](https://conda-forge.org/docs) (if the version changed)
* [ ] [Re-rendered](https://conda-forge.org/docs) (Use the phrase `@conda-forge-admin, please rerender` in a comment)
* [ ] Ensured the license file is being packaged.
"""
NEW_BOXES = """\
Checklist
- [ ] Title of this PR is meaningful: e.g. "Adding my_nifty_package", not "updated meta.yaml".
- [ ] Recipe uses the v1 `recipe.yaml` format.
- [ ] License file is packaged.
- [ ] Source is from official source.
- [ ] Package does not vendor other packages.
- [ ] If static libraries are linked in, the license of the static library is packaged.
- [ ] Package does not ship static libraries.
- [ ] Build number is 0.
- [ ] A tarball (`url`) rather than a repo (e.g. `git_url`) is used in your recipe.
- [ ] GitHub users listed in the maintainer section have posted a comment confirming they are willing to be.
- [ ] When in trouble, please check our documentation before pinging a team.
"""


def recipe(version: str, sha256: str) -> str:
    return RECIPE.format(version=version, sha256=sha256)


@dataclass
class Forge:
    """conda-forge and PyPI, a package that is in both at 0.9, and the run that brings 1.0."""

    folder: Path
    hub: GitHub
    pypi: PackageIndex
    anaconda: Anaconda
    env: dict[str, str]
    settings: dict[str, object] = field(default_factory=dict)
    said: io.StringIO = field(default_factory=io.StringIO)
    runs: int = 0

    def __post_init__(self) -> None:
        self.hub.untouchable = {"conda-forge"}
        self.hub.account("bob", TOKEN)
        self.hub.account(BOT)
        self.former = self.publish("0.9")
        self.hub.create("conda-forge/feedstock-outputs", {"outputs/o/t/h/other.json": "{}"})
        files = {"recipe/recipe.yaml": recipe("0.9", self.former), ".github/PULL_REQUEST_TEMPLATE.md": BOXES}
        self.feedstock = self.hub.create(FEEDSTOCK, files)
        self.heads = self.feedstock.bare.refs("refs/heads/")
        self.staged = self.hub.create(STAGED, {".github/pull_request_template.md": NEW_BOXES})

    def publish(self, version: str, headers: str = "") -> str:
        """Let PyPI serve an sdist; gives its digest."""
        sdist = make_sdist(self.folder, version=version, told=headers)
        self.pypi.owned.add("demo")
        self.pypi.files[sdist.name] = File(sdist.name, "demo", version, "sdist", sdist.read_bytes())
        return self.pypi.files[sdist.name].sha256

    def upstream(self, files: Mapping[str, str], branch: str = "main") -> str:
        """What conda-forge itself commits to the feedstock; gives the commit."""
        commit = self.feedstock.bare.commit(files, branch=branch)
        self.heads = self.feedstock.bare.refs("refs/heads/")
        return commit

    def without_feedstock(self) -> None:
        """Have a package that conda-forge does not know."""
        del self.hub.repositories[FEEDSTOCK]

    @property
    def target(self) -> Repository:
        return self.feedstock if FEEDSTOCK in self.hub.repositories else self.staged

    @property
    def pulls(self) -> list[Pull]:
        return self.target.pulls

    @property
    def writes(self) -> list[str]:
        """What was sent that is no reading, in order."""
        return [line for line in self.hub.lines() if not line.startswith("GET")]

    def release(self, version: str = "1.0", headers: str = "", *, dry: bool = False, served: bool = True) -> Outcome:
        """Each call is a run on a fresh machine."""
        if served:
            self.publish(version, headers)
        folder = self.folder / f"machine-{self.runs}"
        self.runs += 1
        folder.mkdir()

        def build(context: Context, before: Release) -> Release:
            context.output.mkdir()
            sdist = Artifact.of(make_sdist(context.output, version=version, told=headers), ArtifactKind.SDIST)
            wheel = Artifact.of(make_wheel(context.output, version=version, told=headers), ArtifactKind.WHEEL)
            kind = kind_of(parse_version(version, field="test"))
            return replace(before, name="demo", version=version, kind=kind, artifacts=(sdist, wheel), commit="c" * 40)

        with self.context(folder, dry=dry) as context:
            return run([Step("Build", build), *FORGE], context)

    @contextmanager
    def context(self, folder: Path, *, dry: bool = False) -> Iterator[Context]:
        env = {**self.env, "HOME": str(folder)}
        config = read_config(folder, env, {**SETTINGS, **self.settings})
        console = Console(env, out=self.said, err=self.said)
        context = Context(folder, config, env, console, Gate(dry, pause=0), folder)
        try:
            yield context
        finally:
            context.close()

    @property
    def tip(self) -> str:
        return self.target.bare.refs()["refs/heads/main"]


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    hub, pypi, anaconda = GitHub(tmp_path / "hub"), PackageIndex.pypi(), Anaconda()
    with proxying({**hub.routes, **pypi.routes, **anaconda.routes}) as proxy:
        there = Forge(tmp_path, hub, pypi, anaconda, {**proxy.environment, "CONDA_FORGE_TOKEN": TOKEN})
        yield there
        assert proxy.complaints == []
        assert there.feedstock.bare.refs("refs/heads/") == there.heads
        assert [line for line in there.writes if not is_a_guests(line)] == []


def is_a_guests(line: str) -> bool:
    """Whether a request writes nothing at conda-forge but a fork, a pull request or a comment."""
    method, _, target = line.partition(" ")
    if "/repos/conda-forge/" not in target:
        return True
    return method == "POST" and target.rpartition("/")[2] in {"forks", "pulls", "comments"}


def texts(outcome: Outcome) -> str:
    notes = (note for section in outcome.release.sections for note in section.notes)
    return "\n".join(f"{note.text} {note.detail} {note.advice}" for note in notes)


def states(outcome: Outcome) -> dict[str, State]:
    return {receipt.key.partition(":")[0]: receipt.state for receipt in outcome.release.receipts}


def url(outcome: Outcome) -> str:
    return next(one.url for one in outcome.release.receipts if one.key == "conda-forge:demo-1.0")


BRANCH = "release-tools/demo-1.0"
URL = f"https://github.com/{FEEDSTOCK}/pull/1"


def boxes(pull: Pull) -> list[str]:
    """The first two words of each box that is ticked."""
    lines = [line[6:] for line in pull.body.splitlines() if line.startswith(("* [x] ", "- [x] "))]
    return [" ".join(line.split()[:2]) for line in lines]


def test_an_update_is_proposed(forge: Forge) -> None:
    outcome = forge.release()
    assert outcome.error is None, texts(outcome)
    pull = forge.pulls[0]
    assert (pull.title, pull.author, pull.base) == ("demo v1.0", "bob", "main")
    assert (pull.head_repository, pull.head_branch) == ("bob/demo-feedstock", BRANCH)
    assert (pull.maintainer_can_modify, pull.draft) == (True, False)
    assert [comment.body for comment in pull.comments] == [RERENDER]
    fork = forge.hub.repositories["bob/demo-feedstock"]
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
    fork = forge.hub.repositories["bob/staged-recipes"]
    assert fork.bare.git("diff", "--name-only", "main", BRANCH) == "recipes/demo/recipe.yaml"
    assert boxes(pull) == [
        *("Title of", "Recipe uses", "Source is", "If static", "Package does", "Build number", "A tarball"),
        "GitHub users",
    ]
    assert "a person owns the pull request from here" in texts(outcome)
    assert "- [ ] about.license\\_file is not known: fill it in.\n" in pull.body


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
    forge.upstream({"recipe/meta.yaml": META.format(version="0.9", sha256=forge.former, number=3)})
    forge.feedstock.bare.git("update-ref", "refs/heads/main", without(forge.feedstock.bare, "recipe/recipe.yaml"))
    forge.heads = forge.feedstock.bare.refs("refs/heads/")
    outcome = forge.release()
    assert outcome.error is None, texts(outcome)
    fork = forge.hub.repositories["bob/demo-feedstock"].bare
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
    assert states(outcome) == {"conda-forge": State.ALREADY, "conda-forge-rerender": State.ALREADY}
    assert url(outcome) == URL
    assert forge.writes == before


def test_a_dry_run_writes_nothing(forge: Forge) -> None:
    outcome = forge.release(dry=True, served=False)
    assert outcome.error is None, texts(outcome)
    assert "would wait until PyPI serves demo-1.0.tar.gz" in texts(outcome)
    assert set(states(outcome).values()) == {State.WOULD}
    assert len(states(outcome)) == 5
    assert forge.writes == []


def test_a_fork_that_lags_is_brought_up_to_date(forge: Forge) -> None:
    fork = forge.hub.fork(forge.feedstock, "bob")
    tip = forge.upstream({"recipe/build.sh": "true\n"})
    outcome = forge.release()
    assert outcome.error is None, texts(outcome)
    assert "POST api.github.com/repos/bob/demo-feedstock/merge-upstream" in forge.writes
    assert not any(line.endswith("/forks") for line in forge.writes)
    assert fork.bare.git("rev-list", "--parents", "-1", BRANCH).split()[1:] == [tip]


def test_a_fork_takes_its_time(forge: Forge) -> None:
    forge.hub.fork_delay = 3
    assert forge.release().error is None
    assert len(forge.pulls) == 1


def test_a_fork_that_does_not_come_is_said(forge: Forge) -> None:
    forge.hub.fork_delay = 10_000
    forge.settings["network.wait"] = "0"
    outcome = forge.release()
    assert outcome.error
    assert (outcome.error.exit_code, "still making this fork" in str(outcome.error)) == (13, True)
    forge.hub.repositories["bob/demo-feedstock"].reads_until_ready = 0
    assert forge.release().error is None
    assert len(forge.pulls) == 1


def test_a_fork_under_another_name_is_taken(forge: Forge) -> None:
    forge.hub.create("bob/demo-feedstock", {"README.md": "mine\n"})
    forge.hub.fork(forge.feedstock, "bob", "other")
    assert forge.release().error is None
    assert forge.pulls[0].head_repository == "bob/other"


WRITES = ("forks", "blobs", "trees", "commits", "refs", "pulls", "comments")


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize("write", range(len(WRITES)), ids=WRITES)
def test_a_rerun_ends_where_one_run_would(forge: Forge, write: int, *, done: bool) -> None:
    forge.hub.faults = [Outage(What.DROP, write=write, done=done, times=None)]
    assert forge.release().error
    assert forge.writes[write].rpartition("/")[2] == WRITES[write]
    forge.hub.faults = []
    outcome = forge.release()
    assert outcome.error is None, texts(outcome)
    assert [(pull.title, pull.state) for pull in forge.pulls] == [("demo v1.0", "open")]
    assert [comment.body for comment in forge.pulls[0].comments] == [RERENDER]
    fork = forge.hub.repositories["bob/demo-feedstock"]
    assert fork.bare.git("rev-list", "--count", f"main..{BRANCH}") == "1"
    assert [name for name in forge.hub.repositories if name.startswith("bob/")] == ["bob/demo-feedstock"]


@pytest.mark.parametrize("path", ["/forks$", "/refs$", "/pulls$", "/comments$"])
@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
def test_a_lost_answer_is_looked_for(forge: Forge, path: str, *, done: bool) -> None:
    forge.hub.faults = [Fault(What.DROP, "POST", path, done=done)]
    assert forge.release().error is None
    assert len(forge.pulls) == len(forge.pulls[0].comments) == 1


def test_what_an_unfinished_run_committed_is_replaced(forge: Forge) -> None:
    forge.hub.faults = [Fault(What.DROP, "POST", "/pulls$", times=None)]
    forge.release()
    forge.hub.faults = []
    changed = forge.upstream({"recipe/recipe.yaml": recipe("0.9", forge.former) + "# more\n"})
    assert forge.release().error is None
    fork = forge.hub.repositories["bob/demo-feedstock"]
    assert fork.bare.git("rev-list", "--parents", "-1", BRANCH).split()[1:] == [changed]
    assert len(forge.pulls) == 1


def bots_pull(forge: Forge, text: str, title: str = "demo v1.0", author: str = BOT) -> Pull:
    """What the bot opened before us, from its own fork."""
    fork = forge.hub.fork(forge.feedstock, author)
    fork.bare.commit({"recipe/recipe.yaml": text}, branch="1.0_h1a2b3c")
    return forge.hub.pull(forge.feedstock, fork, "1.0_h1a2b3c", title, author)


def served(forge: Forge, headers: str = "") -> str:
    return forge.publish("1.0", headers)


NEEDS_CLICK = "Requires-Dist: click>=8\n"


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


def test_the_bots_pull_request_may_have_all(forge: Forge) -> None:
    pull = bots_pull(forge, recipe("1.0", served(forge)))
    outcome = forge.release()
    assert (outcome.error, forge.writes, pull.comments) == (None, [], [])
    assert "conda-forge's bot was first" in texts(outcome)


def test_the_bot_may_come_in_between(forge: Forge) -> None:
    text = recipe("1.0", served(forge, NEEDS_CLICK))

    def meanwhile() -> None:
        bots_pull(forge, text)

    forge.hub.faults = [Fault(What.DROP, "POST", "/git/commits$", meanwhile=meanwhile)]
    outcome = forge.release(headers=NEEDS_CLICK)
    assert outcome.error is None, texts(outcome)
    assert [pull.author for pull in forge.pulls] == [BOT]
    assert len(forge.pulls[0].comments) == 1
    assert "/pulls" not in " ".join(forge.writes)


@pytest.mark.parametrize("state", ["open", "merged"])
def test_somebody_elses_pull_request_is_enough(forge: Forge, state: str) -> None:
    pull = bots_pull(forge, recipe("1.0", served(forge)), "Update demo to 1.0", "carl")
    if state == "merged":
        pull.state, pull.merged = "closed", 5
    outcome = forge.release()
    assert (outcome.error, forge.writes) == (None, [])
    assert states(outcome) == {"conda-forge": State.ALREADY}
    assert "carl's pull request is for 1.0 already" in texts(outcome)


@pytest.mark.parametrize(
    "title", ["demo v1.0.1", "demo v1.0rc1", "demo v11.0", "Rebuild for python 1.0", "Update", "demo v2.1.0"]
)
def test_another_pull_request_is_no_reason(forge: Forge, title: str) -> None:
    fork = forge.hub.fork(forge.feedstock, "carl")
    fork.bare.commit({"recipe/build.sh": "true\n"}, branch="work")
    forge.hub.pull(forge.feedstock, fork, "work", title, "carl")
    assert forge.release().error is None
    assert len(forge.pulls) == 2


def test_what_a_person_closed_stays_closed(forge: Forge) -> None:
    forge.release()
    forge.pulls[0].state = "closed"
    before = list(forge.writes)
    outcome = forge.release()
    assert (outcome.error, forge.writes) == (None, before)
    assert "our pull request was closed, and is not opened again" in texts(outcome)


def test_what_the_feedstock_has_already_is_not_proposed(forge: Forge) -> None:
    forge.upstream({"recipe/recipe.yaml": recipe("1.0", served(forge))})
    outcome = forge.release()
    assert (outcome.error, forge.writes) == (None, [])
    assert url(outcome) == f"https://github.com/{FEEDSTOCK}/tree/main"


def nobody(forge: Forge) -> None:
    del forge.env["CONDA_FORGE_TOKEN"]


def a_reader(forge: Forge) -> None:
    nobody(forge)
    forge.hub.workflow_token("ghs-reading-1", "bob/demo")
    forge.env["GITHUB_TOKEN"] = "ghs-reading-1"


def fine_grained(forge: Forge) -> None:
    forge.hub.account("bob", TOKEN, TokenKind.FINE_GRAINED)


def fine_grained_with_a_fork(forge: Forge) -> None:
    forge.hub.fork(forge.feedstock, "bob")
    fine_grained(forge)


def a_workflows_own(forge: Forge) -> None:
    forge.hub.workflow_token(TOKEN, "bob/demo")


def expired(forge: Forge) -> None:
    del forge.hub.tokens[TOKEN]


def archived(forge: Forge) -> None:
    forge.feedstock.archived = True


def without_workflows(forge: Forge) -> None:
    forge.hub.fork(forge.feedstock, "bob")
    forge.upstream({".github/workflows/ci.yml": "on: push\n"})
    forge.hub.tokens[TOKEN] = replace(forge.hub.tokens[TOKEN], scopes="public_repo")


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (nobody, "CONDA_FORGE_TOKEN is not set"),
        (a_reader, "CONDA_FORGE_TOKEN is not set"),
        (fine_grained, "a fine-grained one may not"),
        (fine_grained_with_a_fork, "a fine-grained one may not"),
        (a_workflows_own, "a workflow's own token"),
        (expired, "GitHub refused the token"),
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


def test_a_fork_with_conflicts_is_left_to_its_owner(forge: Forge) -> None:
    fork = forge.hub.fork(forge.feedstock, "bob")
    fork.bare.commit({"recipe/recipe.yaml": "mine\n"})
    forge.upstream({"recipe/recipe.yaml": recipe("0.9", forge.former) + "# theirs\n"})
    outcome = forge.release()
    assert outcome.error
    assert (outcome.error.exit_code, forge.pulls) == (13, [])
    assert "commits of its own that conflict" in str(outcome.error)


@pytest.mark.parametrize("names", [("a-b", "a_b"), ("a_b", "a-b"), ("a-b", "a-b")])
def test_a_package_of_that_name_stands_in_the_way(forge: Forge, names: tuple[str, str]) -> None:
    ours, theirs = names
    forge.without_feedstock()
    forge.settings["conda.names"] = {"demo": ours}
    forge.anaconda.shelves["conda-forge"] = Shelf({theirs})
    outcome = forge.release()
    assert outcome.error
    assert (outcome.error.exit_code, forge.writes) == (14, [])
    assert f"conda-forge has a package {theirs} already" in str(outcome.error)


@pytest.mark.parametrize("known", [True, False])
def test_another_projects_feedstock_is_left_alone(forge: Forge, *, known: bool) -> None:
    forge.upstream({"recipe/recipe.yaml": recipe("0.9", "e" * 64)})
    if not known:
        del forge.pypi.files["demo-0.9.tar.gz"]
    outcome = forge.release()
    assert forge.writes == []
    assert (outcome.error is None) is known
    wrong = "is not the sdist on PyPI that was released before" if known else "Is it another project of that name?"
    assert wrong in texts(outcome)


@pytest.mark.parametrize("title", ["Add demo", "adding demo v1", "[WIP] Demo: new recipe"])
def test_a_proposal_of_somebody_else_is_enough(forge: Forge, title: str) -> None:
    forge.without_feedstock()
    fork = forge.hub.fork(forge.staged, "carl")
    fork.bare.commit({"recipes/demo/meta.yaml": "-\n"}, branch="demo")
    forge.hub.pull(forge.staged, fork, "demo", title, "carl")
    assert forge.release().error is None
    assert forge.writes == []


def test_a_proposal_that_the_search_does_not_know_yet_is_found(forge: Forge) -> None:
    forge.without_feedstock()
    forge.release()
    forge.hub.unsearchable = {1}
    before = list(forge.writes)
    outcome = forge.release()
    assert (outcome.error, forge.writes) == (None, before)
    assert "staged-recipes/pull/1" in url(outcome)


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
        ("1.0", {"conda-forge.enabled": "false"}, "switched off"),
        ("1.0", {"routes.final": "testpypi"}, "takes its sources from PyPI, where this release does not go"),
    ],
)
def test_not_every_version_goes_there(forge: Forge, version: str, settings: dict[str, object], said: str) -> None:
    forge.settings |= settings
    outcome = forge.release(version)
    assert (outcome.error, forge.writes) == (None, [])
    assert said in texts(outcome)


def test_a_pre_release_goes_to_its_branch(forge: Forge) -> None:
    forge.settings["conda-forge.pre-branch"] = "rc"
    forge.upstream({"recipe/recipe.yaml": recipe("0.9", forge.former)}, branch="rc")
    outcome = forge.release("1.0rc1")
    assert outcome.error is None, texts(outcome)
    assert [(pull.base, pull.title) for pull in forge.pulls] == [("rc", "demo v1.0rc1")]


HOSTILE = "@evil Closes #1 <!-- ![x](https://evil.example/x) @conda-forge-admin, please add user @evil -->\n# head\n- x"


def test_hostile_metadata_is_only_text(tmp_path: Path) -> None:
    sdist = Artifact.of(make_sdist(tmp_path), ArtifactKind.SDIST)
    release = Release("demo", "1.0", artifacts=(sdist,))
    for kind in RecipeKind:
        recipe = RecipeFiles("demo", kind, changes=(HOSTILE,), checklist=(HOSTILE,), unconfirmed=(HOSTILE,))
        said = [pull_texts.body(release, recipe, ""), pull_texts.lacks(release, recipe, "")]
        for text in (one.replace(pull_texts.mark(release, recipe), "").replace(f"({SITE}", "") for one in said):
            assert text.count("evil") >= 3
            assert not any(line.startswith(("# ", "- x")) for line in text.splitlines())
            assert re.search(r"@evil|@conda-forge|Closes #1| <!--|(?<!\\)\]\(", text) is None


def test_a_comment_commands_no_bot(forge: Forge) -> None:
    command = "# ``` @conda-forge-admin, please add user @evil\nabout:\n"
    former, theirs = (
        recipe(version, sha256).replace("about:\n", command)
        for version, sha256 in (("0.9", forge.former), ("1.0", served(forge, NEEDS_CLICK)))
    )
    forge.upstream({"recipe/recipe.yaml": former})
    pull = bots_pull(forge, theirs)
    outcome = forge.release(headers=NEEDS_CLICK)
    assert outcome.error is None, texts(outcome)
    assert "please add user" in pull.comments[0].body
    assert "@conda-forge-admin" not in pull.comments[0].body


def test_a_fork_may_lack_the_branch(forge: Forge) -> None:
    forge.hub.fork(forge.feedstock, "bob")
    forge.settings["conda-forge.pre-branch"] = "rc"
    tip = forge.upstream({"recipe/recipe.yaml": recipe("0.9", forge.former)}, branch="rc")
    outcome = forge.release("1.0rc1")
    assert outcome.error is None, texts(outcome)
    fork = forge.hub.repositories["bob/demo-feedstock"].bare
    assert fork.refs()["refs/heads/rc"] == tip
    assert [pull.base for pull in forge.pulls] == ["rc"]


def test_a_rehearsal_without_a_network_says_what_would_be_done(forge: Forge) -> None:
    forge.hub.faults = [Fault(What.DROP, times=None)]
    outcome = forge.release(dry=True)
    assert outcome.error is None
    assert "could not look" in texts(outcome)
    assert "would open a pull request for demo at conda-forge, unless there is one" in texts(outcome)


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
    assert (about("demo", version).search(text) is not None) is found


def test_no_token_is_left_behind(forge: Forge) -> None:
    forge.hub.faults = [Fault(What.DROP, "POST", "/pulls$", times=None)]
    outcome = forge.release()
    kept = [path.read_text("utf-8", "replace") for path in forge.folder.glob("machine-*/**/*") if path.is_file()]
    assert outcome.error
    for text in (forge.said.getvalue(), repr(outcome), str(outcome.error), *kept):
        assert TOKEN not in text
    strangers = [request.host for request in (*forge.pypi.log, *forge.anaconda.log) if TOKEN in str(request)]
    assert strangers == []


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (lambda _: None, "bob's CONDA_FORGE_TOKEN may fork and open pull requests"),
        (nobody, "CONDA_FORGE_TOKEN is not set here"),
        (fine_grained, "may open no pull request elsewhere"),
        (a_workflows_own, "a workflow's own token"),
        (expired, "GitHub refused the token"),
        (without_workflows, "lacks the scope workflow"),
    ],
)
def test_doctor_tells_what_the_token_may(forge: Forge, who: Callable[[Forge], None], said: str) -> None:
    who(forge)
    with forge.context(forge.folder) as context:
        outcome = run([Step("Logins", see_logins)], context, Release(kind=Kind.FINAL))
    assert said in texts(outcome)


def test_status_tells_how_far_it_is(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    def status() -> str:
        argv = ["status", "1.0", "--name", "demo", "-C", str(forge.folder), "--routes-dev", "pypi", "--no-github"]
        assert main(argv, {**forge.env, "HOME": str(forge.folder)}) == 0
        return capsys.readouterr().out.partition("conda-forge  ")[2]

    assert "recipe of 1.0 missing  it has 0.9" in status()
    forge.release()
    assert f"pull request “demo v1.0” is there  {URL}" in status()
    forge.upstream({"recipe/recipe.yaml": recipe("1.0", served(forge))})
    assert "recipe of 1.0 is there  its packages are not there yet" in status()
    basename = "noarch/demo-1.0-pyh_0.conda"
    forge.anaconda.shelves["conda-forge"] = Shelf({"demo"}, {("demo", "1.0")})
    dist = Dist("conda-forge", "demo", "1.0", basename, ["main"], "", {}, b"-", committed=True)
    forge.anaconda.dists["conda-forge", "demo", "1.0", basename] = dist
    assert f"{basename} is there" in status()


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
