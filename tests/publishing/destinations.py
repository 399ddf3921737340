"""Every destination that a release can have, as doubles, and the machines that publish to them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from release_tools.artifacts import manifest
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Kind, Release
from tests.servers.anaconda import Anaconda, Token
from tests.servers.base import Double
from tests.servers.conda_server import HOST, CondaServer
from tests.servers.github import GitHub
from tests.servers.package_index import PackageIndex
from tests.servers.proxy import proxying
from tests.support.artifacts import make_conda, make_sdist, make_wheel

SLUG = "octo/demo"
GITHUB_TOKEN = "ghs_canary3f9c1d7e5b"
CONDA_FORGE_TOKEN = "ghp_canary5d1e9b3c7a"
SECRET = "pypi-canary-6a1c"
INDEX = "index.example"
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


@dataclass
class World:
    """All destinations, and a release that was built once.

    Attributes:
        folder: for the machines.
        doubles: every server.
    """

    folder: Path
    destination: Destination
    proxy_environment: dict[str, str]
    github: GitHub
    pypi: PackageIndex
    testpypi: PackageIndex
    company: PackageIndex
    anaconda: Anaconda
    lab: CondaServer
    machines: int = 0

    @property
    def doubles(self) -> tuple[Double, ...]:
        return (self.github, self.pypi, self.testpypi, self.company, self.anaconda, self.lab)

    @property
    def channel(self) -> Path:
        return self.folder / "channel"

    @property
    def built(self) -> Path:
        return self.folder / "built"

    def build(self, files: Path) -> None:
        """Commit the project, and leave what ``build`` made of it, as another job hands it on."""
        bare = self.github.create(SLUG).bare
        person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        source = self.folder / "source"
        source.mkdir()
        (source / "pyproject.toml").write_text(PYPROJECT)
        (source / ".gitignore").write_text("dist/\n")
        git(source, "init", "--quiet", "--initial-branch=main")
        git(source, "add", ".")
        git(source, *person, "commit", "--quiet", "--message=First")
        commit = git(source, "rev-parse", "HEAD")
        if self.destination.is_tagged:
            git(source, *person, "tag", "--annotate", "--message=demo 1.0", "v1.0")
        git(source, "push", "--quiet", "--tags", bare.path.as_uri(), "main")
        shutil.copytree(files, self.built)
        kinds = {".gz": ArtifactKind.SDIST, ".whl": ArtifactKind.WHEEL, ".conda": ArtifactKind.CONDA}
        artifacts = tuple(
            Artifact.of(path, kinds[path.suffix], "noarch" if path.suffix == ".conda" else "")
            for path in sorted(self.built.rglob("*.*"))
        )
        release = Release("demo", "1.0", Kind.FINAL, "v1.0", tagged=True, commit=commit, artifacts=artifacts)
        (self.built / manifest.FILENAME).write_text(manifest.dump(release))
        if self.destination.has_sdist:
            [sdist] = self.built.glob("*.tar.gz")
            self.pypi.put(sdist.name, sdist.read_bytes())

    def machine(self) -> tuple[tuple[str, ...], dict[str, str], str]:
        """A machine that nobody used before, with a fresh clone and the files that another job built.

        Gives the arguments of the command, its environment, and the file for what it says.
        """
        self.machines += 1
        folder = self.folder / f"machine-{self.machines}"
        home, scratch, project = folder / "home", folder / "tmp", folder / "demo"
        for made in (home, scratch):
            made.mkdir(parents=True)
        git(folder, "clone", "--quiet", self.github.repositories[SLUG].bare.path.as_uri(), str(project))
        git(project, "remote", "set-url", "origin", f"https://github.com/{SLUG}.git")
        shutil.copytree(self.built, project / "dist")
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(scratch),
            "GIT_AUTHOR_DATE": DATE,
            "GIT_COMMITTER_DATE": DATE,
            "TWINE_PASSWORD": SECRET,
            "ANACONDA_API_TOKEN": SECRET,
            "CONDA_FORGE_TOKEN": CONDA_FORGE_TOKEN,
            "GITHUB_TOKEN": GITHUB_TOKEN,
            **dict.fromkeys(("PREFIX_API_KEY", "QUETZ_API_KEY", "ARTIFACTORY_TOKEN", "CLOUDSMITH_API_KEY"), SECRET),
            **self.proxy_environment,
        }
        config = "[user]\n\tname = Ada\n\temail = ada@example.org\n"
        if self.destination.git_pushes:
            config += f'[http]\n\textraheader = "{self.github.basic(GITHUB_TOKEN)}"\n'
        (home / ".gitconfig").write_text(config)
        command, *more = [self.channel.as_uri() if word == "file" else word for word in self.destination.command]
        return (command, "-C", str(project), *more), env, str(folder / "log")

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


def git(folder: Path, *arguments: str) -> str:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": DATE,
        "GIT_COMMITTER_DATE": DATE,
    }
    command = ["git", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def build(folder: Path) -> None:
    """Build the files of the release; a package that is built again has other bytes."""
    make_sdist(folder)
    make_wheel(folder)
    noarch = folder / "noarch"
    noarch.mkdir()
    make_conda(noarch)


@contextmanager
def world(folder: Path, destination: Destination, files: Path) -> Iterator[World]:
    """A world in which nothing was published yet; at the end, that no unlisted host was asked."""
    folder.mkdir()
    github, anaconda, lab = GitHub(folder / "github"), Anaconda(), CondaServer(SECRET)
    pypi, testpypi, company = (
        PackageIndex.pypi(),
        PackageIndex.testpypi(),
        PackageIndex((INDEX,), "", f"https://{INDEX}"),
    )
    for index in (pypi, testpypi, company):
        index.tokens[SECRET] = None
    anaconda.tokens[SECRET] = Token("octo")
    github.workflow_token(GITHUB_TOKEN, SLUG)
    github.account("bob", CONDA_FORGE_TOKEN)
    github.untouchable = {"conda-forge"}
    for repository in ("staged-recipes", "feedstock-outputs"):
        github.create(f"conda-forge/{repository}", {"README.md": "-\n"})
    routes: dict[str, Double] = {**pypi.routes, **testpypi.routes, **company.routes, **anaconda.routes, **github.routes}
    with proxying({**routes, HOST: lab}) as proxy:
        made = World(folder, destination, proxy.environment, github, pypi, testpypi, company, anaconda, lab)
        made.build(files)
        yield made
        assert proxy.unknown == []
