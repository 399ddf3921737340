"""Every destination that a release can have, as doubles, and the machines that publish to them."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release_tools.artifacts import manifest
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Kind, Release
from tests.servers.conda_server import HOST
from tests.support.artifacts import make_conda, make_sdist, make_wheel
from tests.support.repositories import Checkout
from tests.support.world import CREDENTIALS, GITHUB_TOKEN, SLUG, World, world

PYPROJECT = """\
[build-system]
requires = ["hatchling>=1.27"]
build-backend = "hatchling.build"
[project]
name = "demo"
version = "1.0"
[tool.release-tools]
attestations = "off"
[tool.release-tools.verify]
conda-install = false
[tool.release-tools.conda]
channels = []
[tool.release-tools.network]
timeout = 30
tries = 2
pause = 1
wait = 5
[tool.release-tools.anaconda]
owner = "octo"
[tool.release-tools.indexes]
company = "https://index.example/legacy/"
[tool.release-tools.conda-forge]
maintainers = ["bob"]
"""
DATE = "2026-01-01T00:00:00Z"
DATES = {"GIT_AUTHOR_DATE": DATE, "GIT_COMMITTER_DATE": DATE}


@dataclass(frozen=True)
class Destination:
    """One destination, and the command that publishes to it and to nothing else.

    Attributes:
        command: of release-tools.
        is_tagged: whether the tag is there before.
        has_sdist: whether PyPI serves the sdist before.
        git_pushes: whether git itself has credentials for the remote.
    """

    command: tuple[str, ...]
    is_tagged: bool = True
    has_sdist: bool = False
    git_pushes: bool = False


def uploading(address: str) -> Destination:
    return Destination(("publish", "--routes-final", address, "--no-github", "--no-conda-forge"))


DESTINATIONS = {
    "tag by git": Destination(("tag", "1.0", "--tag-push", "git"), is_tagged=False, git_pushes=True),
    "tag by GitHub": Destination(("tag", "1.0", "--tag-push", "api"), is_tagged=False),
    "GitHub release": Destination(("publish", "--only", "github")),
    "PyPI": uploading("pypi"),
    "TestPyPI": uploading("testpypi"),
    "another index": uploading("company"),
    "anaconda": uploading("anaconda"),
    "anaconda, another label": uploading("anaconda:rc"),
    "prefix": uploading(f"prefix+https://{HOST}/lab"),
    "quetz": uploading(f"quetz+https://{HOST}/get/lab"),
    "artifactory": uploading(f"artifactory+https://{HOST}/artifactory/lab"),
    "cloudsmith": uploading(f"cloudsmith+https://{HOST}/octo/lab"),
    "file": uploading("file"),
    "conda-forge": Destination(("publish", "--only", "conda-forge"), has_sdist=True),
}


@dataclass(frozen=True)
class Machines(World):
    """The world of one destination, a release that was built once, and the machines that publish it."""

    destination: Destination

    @property
    def channel(self) -> Path:
        return self.folder / "channel"

    @property
    def built(self) -> Path:
        return self.folder / "built"

    def build(self, files: Path) -> None:
        """Commit the project, and leave what ``build`` made of it, as another job hands it on."""
        bare = self.github.create(SLUG).bare
        source = Checkout(self.folder / "source", more=DATES)
        source.root.mkdir()
        source.git("init", "--quiet", "--initial-branch=main")
        source.commit({"pyproject.toml": PYPROJECT, ".gitignore": "dist/\n"}, "First")
        if self.destination.is_tagged:
            source.git("tag", "--annotate", "--message=demo 1.0", "v1.0")
        source.git("push", "--quiet", "--tags", bare.path.as_uri(), "main")
        shutil.copytree(files, self.built)
        kinds = {".gz": ArtifactKind.SDIST, ".whl": ArtifactKind.WHEEL, ".conda": ArtifactKind.CONDA}
        artifacts = tuple(
            Artifact.of(path, kinds[path.suffix], "noarch" if path.suffix == ".conda" else "")
            for path in sorted(self.built.rglob("*.*"))
        )
        release = Release("demo", "1.0", Kind.FINAL, "v1.0", tagged=True, commit=source.head, artifacts=artifacts)
        (self.built / manifest.FILENAME).write_text(manifest.dump(release))
        if self.destination.has_sdist:
            [sdist] = self.built.glob("*.tar.gz")
            self.pypi.put(sdist.name, sdist.read_bytes())

    def machine(self) -> tuple[tuple[str, ...], dict[str, str], str]:
        """A machine that nobody used before, with a fresh clone and the files that another job built.

        Gives the arguments of the command, its environment, and the file for what it says.
        """
        folder = self.folder / f"machine-{len(list(self.folder.glob('machine-*')))}"
        home, scratch, project = folder / "home", folder / "tmp", folder / "demo"
        for made in (home, scratch):
            made.mkdir(parents=True)
        shutil.copytree(self.clone(), project)
        shutil.copytree(self.built, project / "dist")
        env = {**self.environment, **DATES, **CREDENTIALS, "HOME": str(home), "TMPDIR": str(scratch)}
        config = "[user]\n\tname = Ada\n\temail = ada@example.org\n"
        if self.destination.git_pushes:
            config += f'[http]\n\textraheader = "{self.github.basic(GITHUB_TOKEN)}"\n'
        (home / ".gitconfig").write_text(config)
        command, *more = [self.channel.as_uri() if word == "file" else word for word in self.destination.command]
        return (command, "-C", str(project), *more), env, str(folder / "log")

    def clone(self) -> Path:
        """Return a fresh clone, which is made once for each state of the repository."""
        bare = self.github.repositories[SLUG].bare
        state = hashlib.sha256(repr(sorted(bare.refs().items())).encode()).hexdigest()
        made = self.folder / "clones" / state
        if not made.exists():
            made.mkdir(parents=True)
            here = Checkout(made)
            here.git("clone", "--quiet", "--template=", bare.path.as_uri(), ".")
            here.git("remote", "set-url", "origin", f"https://github.com/{SLUG}.git")
        return made

    def holds(self) -> dict[str, Any]:
        """Everything that is anywhere, without what differs from run to run; each thing as often as it is there."""
        ours = self.github.repositories[SLUG]
        channel = sorted(self.channel.rglob("*.conda")) if self.channel.exists() else []
        return {
            "tags": {ref: ours.bare.resolve(f"{ref}^{{commit}}") for ref in ours.bare.refs("refs/tags/")},
            "releases": [
                (one.tag, one.draft, one.name, one.body, sorted((file.name, file.digest) for file in one.assets))
                for one in ours.releases
            ],
            "repositories": sorted(self.github.repositories),
            "pulls": {
                name: [(pull.title, pull.state, len(pull.comments)) for pull in repository.pulls]
                for name, repository in self.github.repositories.items()
            },
            "indexes": [index.holds() for index in (self.pypi, self.testpypi, self.company)],
            "anaconda": self.anaconda.holds(),
            "lab": self.lab.files,
            "channel": {path.name: path.read_bytes() for path in channel},
        }

    def count_uploads(self) -> list[str]:
        """The files that the servers took, once for each time."""
        taken = [index.accepted for index in (self.pypi, self.testpypi, self.company)]
        return sorted(sum(taken, self.anaconda.accepted))


def build(folder: Path) -> None:
    """Build the files of the release; a package that is built again has other bytes."""
    make_sdist(folder)
    make_wheel(folder)
    noarch = folder / "noarch"
    noarch.mkdir()
    make_conda(noarch)


@contextmanager
def machines(folder: Path, destination: Destination, files: Path) -> Iterator[Machines]:
    """A world in which these files were built and not published; at the end, no unlisted host was asked."""
    with world(folder, excused=lambda complaint: not complaint.startswith("unknown host")) as base:
        made = Machines(**vars(base), destination=destination)
        made.open_conda_forge()
        made.build(files)
        yield made
