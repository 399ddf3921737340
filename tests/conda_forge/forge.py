"""conda-forge and PyPI as doubles, and releases that go there."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from release_tools.config.loader import read_config
from release_tools.engine.context import Context
from release_tools.engine.gate import Gate
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import State
from release_tools.model.release import Release
from release_tools.model.versions import find_kind, parse_version
from release_tools.publish_pipeline import RECIPE
from release_tools.publishers.base import Phase
from release_tools.run_steps import Outcome, Step, run
from release_tools.system.console import Console
from tests.servers.github import Pull, Repository, TokenKind
from tests.servers.package_index import File
from tests.support.artifacts import make_sdist, make_wheel
from tests.support.world import CONDA_FORGE_TOKEN, World, world

SETTINGS = {
    "network.pause": "1",
    "network.wait": "1",
    "conda.channels": "",
    "conda-forge.maintainers": "bob",
}

BOT = "regro-cf-autotick-bot"

RERENDER = "@conda-forge-admin, please rerender"

FEEDSTOCK = "conda-forge/demo-feedstock"

STAGED = "conda-forge/staged-recipes"

RECIPE_TEXT = """\
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
    return RECIPE_TEXT.format(version=version, sha256=sha256)


@dataclass(frozen=True)
class Forge(World):
    """The world of a package that is on PyPI and conda-forge at 0.9, and the run that brings 1.0.

    Attributes:
        feedstock: of the package.
        staged: where packages are proposed that are new to conda-forge.
        previous: the digest of the sdist that PyPI has of 0.9.
        heads: the branches of the feedstock, as conda-forge itself left them.
        env: of a run.
        settings: more of the configuration.
        said: by every run.
    """

    feedstock: Repository
    staged: Repository
    previous: str
    heads: dict[str, str]
    env: dict[str, str]
    settings: dict[str, object] = field(default_factory=dict)
    said: io.StringIO = field(default_factory=io.StringIO)

    def publish(self, version: str, headers: str = "") -> str:
        """Let PyPI serve an sdist; gives its digest."""
        return serve(self, version, headers)

    def upstream(self, files: Mapping[str, str], branch: str = "main") -> str:
        """Commit to the feedstock as conda-forge itself does; return the commit."""
        commit = self.feedstock.bare.commit(files, branch=branch)
        self.note_heads()
        return commit

    def note_heads(self) -> None:
        """Take the branches of the feedstock as those that conda-forge itself left."""
        self.heads.clear()
        self.heads.update(self.feedstock.bare.refs("refs/heads/"))

    def without_feedstock(self) -> None:
        """Have a package that conda-forge does not know."""
        del self.github.repositories[FEEDSTOCK]

    @property
    def target(self) -> Repository:
        return self.feedstock if FEEDSTOCK in self.github.repositories else self.staged

    @property
    def pulls(self) -> list[Pull]:
        return self.target.pulls

    @property
    def writes(self) -> list[str]:
        """Return the requests that were not for reading, in order."""
        return [line for line in self.github.lines() if not line.startswith("GET")]

    def release(
        self, version: str = "1.0", headers: str = "", *, is_dry_run: bool = False, served: bool = True
    ) -> Outcome:
        """Each call is a run on a fresh machine."""
        if served:
            self.publish(version, headers)
        folder = self.folder / f"machine-{len(list(self.folder.glob('machine-*')))}"
        folder.mkdir()

        def build(context: Context, before: Release) -> Release:
            context.output.mkdir()
            sdist = Artifact.of(make_sdist(context.output, version=version, headers=headers), ArtifactKind.SDIST)
            wheel = Artifact.of(make_wheel(context.output, version=version, headers=headers), ArtifactKind.WHEEL)
            kind = find_kind(parse_version(version, field="test"))
            facts = replace(before, name="demo", version=version, kind=kind, tag=f"v{version}", commit="c" * 40)
            return replace(facts, artifacts=(sdist, wheel))

        with self.context(folder, is_dry_run=is_dry_run) as context:
            return run([Step("Build", build), RECIPE, Phase.PROPOSE], context)

    @contextmanager
    def context(self, folder: Path, *, is_dry_run: bool = False) -> Iterator[Context]:
        env = {**self.env, "HOME": str(folder)}
        config = read_config(folder, env, {**SETTINGS, **self.settings})
        console = Console(env, out=self.said, err=self.said)
        context = Context(folder, config, env, console, Gate(is_dry_run, pause=0), folder)
        try:
            yield context
        finally:
            context.close()

    @property
    def tip(self) -> str:
        return self.target.bare.refs()["refs/heads/main"]


def serve(there: World, version: str, headers: str = "") -> str:
    """Let PyPI serve an sdist; return its digest."""
    sdist = make_sdist(there.folder, version=version, headers=headers)
    there.pypi.owned.add("demo")
    there.pypi.files[sdist.name] = File(sdist.name, "demo", version, "sdist", sdist.read_bytes())
    return there.pypi.files[sdist.name].sha256


@contextmanager
def conda_forge(folder: Path) -> Iterator[Forge]:
    """A package on conda-forge; at its end, that it got nothing but forks, pull requests and comments."""
    with world(folder, "github", "pypi", "anaconda") as base:
        base.github.account(BOT)
        previous = serve(base, "0.9")
        base.github.create("conda-forge/feedstock-outputs", {"outputs/o/t/h/other.json": "{}"})
        files = {"recipe/recipe.yaml": recipe("0.9", previous), ".github/PULL_REQUEST_TEMPLATE.md": BOXES}
        feedstock = base.github.create(FEEDSTOCK, files)
        staged = base.github.create(STAGED, {".github/pull_request_template.md": NEW_BOXES})
        heads = feedstock.bare.refs("refs/heads/")
        env = {**base.proxy.environment, "CONDA_FORGE_TOKEN": CONDA_FORGE_TOKEN}
        there = Forge(**vars(base), feedstock=feedstock, staged=staged, previous=previous, heads=heads, env=env)
        yield there
        assert feedstock.bare.refs("refs/heads/") == heads
        assert [line for line in there.writes if not is_a_guests(line)] == []


def is_a_guests(line: str) -> bool:
    """Return whether a request writes nothing at conda-forge but a fork, a pull request or a comment."""
    method, _, target = line.partition(" ")
    if "/repos/conda-forge/" not in target:
        return True
    return method == "POST" and target.rpartition("/")[2] in {"forks", "pulls", "comments"}


def texts(outcome: Outcome) -> str:
    notes = (note for section in outcome.report.sections for note in section.notes)
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


def bots_pull(forge: Forge, text: str, title: str = "demo v1.0", author: str = BOT) -> Pull:
    """Return what the bot opened before us, from its own fork."""
    fork = forge.github.fork(forge.feedstock, author)
    fork.bare.commit({"recipe/recipe.yaml": text}, branch="1.0_h1a2b3c")
    return forge.github.pull(forge.feedstock, fork, "1.0_h1a2b3c", title, author)


def served(forge: Forge, headers: str = "") -> str:
    return forge.publish("1.0", headers)


NEEDS_CLICK = "Requires-Dist: click>=8\n"


def nobody(forge: Forge) -> None:
    del forge.env["CONDA_FORGE_TOKEN"]


def a_reader(forge: Forge) -> None:
    nobody(forge)
    forge.github.workflow_token("ghs-reading-1", "bob/demo")
    forge.env["GITHUB_TOKEN"] = "ghs-reading-1"


def fine_grained(forge: Forge) -> None:
    forge.github.account("bob", CONDA_FORGE_TOKEN, TokenKind.FINE_GRAINED)


def fine_grained_with_a_fork(forge: Forge) -> None:
    forge.github.fork(forge.feedstock, "bob")
    fine_grained(forge)


def a_workflows_own(forge: Forge) -> None:
    forge.github.workflow_token(CONDA_FORGE_TOKEN, "bob/demo")


def expired(forge: Forge) -> None:
    del forge.github.tokens[CONDA_FORGE_TOKEN]


def malformed(forge: Forge) -> None:
    forge.env["CONDA_FORGE_TOKEN"] += "\n"


def archived(forge: Forge) -> None:
    forge.feedstock.archived = True


def without_workflows(forge: Forge) -> None:
    forge.github.fork(forge.feedstock, "bob")
    forge.upstream({".github/workflows/ci.yml": "on: push\n"})
    forge.github.tokens[CONDA_FORGE_TOKEN] = replace(forge.github.tokens[CONDA_FORGE_TOKEN], scopes="public_repo")
