"""A project that was built, in a folder of its own, and our command that publishes it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from release_tools.artifacts import manifest
from release_tools.cli.main import main
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Release
from release_tools.model.versions import find_kind, parse_version
from tests.support.artifacts import make_conda, make_sdist, make_wheel
from tests.support.repositories import Checkout
from tests.support.world import ANACONDA_TOKEN, PYPI_TOKEN, World, world

CONFIG = """
[project]
name = "demo"
version = "1.0"
[tool.release-tools]
{settings}
[tool.release-tools.network]
timeout = 30
pause = 5
wait = 1
[tool.release-tools.anaconda]
owner = "octo"
[tool.release-tools.conda-forge]
enabled = false
"""


@dataclass(frozen=True)
class BuiltProject(World):
    """The world of a project that was built.

    Attributes:
        project: a folder with its configuration, and with artifacts in ``dist``.
        env: that the command is run with; no credential at first.
    """

    project: Path
    env: dict[str, str]

    @property
    def dist(self) -> Path:
        return self.project / "dist"

    def configure(self, settings: str = "") -> None:
        (self.project / "pyproject.toml").write_text(CONFIG.format(settings=settings))

    def log_in(self) -> None:
        """Have valid credentials for every place."""
        self.env.update(TWINE_PASSWORD=PYPI_TOKEN, ANACONDA_API_TOKEN=ANACONDA_TOKEN)

    def build(
        self,
        version: str = "1.0",
        *,
        wheels: int = 1,
        dists: bool = True,
        conda: bool = True,
        body: str = "",
        commit: str = "c" * 40,
    ) -> Release:
        """Artifacts as ``release-tools build`` leaves them, in milliseconds."""
        self.dist.mkdir(exist_ok=True)
        files = []
        if dists:
            files.append(Artifact.of(make_sdist(self.dist, version=version, body=body), ArtifactKind.SDIST))
            for build in ("", *map(str, range(1, wheels))):
                wheel = make_wheel(self.dist, version=version, build=build, body=body)
                files.append(Artifact.of(wheel, ArtifactKind.WHEEL))
        if conda:
            package = make_conda(self.dist / "noarch", version=version, body=body)
            files.append(Artifact.of(package, ArtifactKind.CONDA, "noarch"))
        kind = find_kind(parse_version(version, field="test"))
        release = Release("demo", version, kind, f"v{version}", tagged=True, commit=commit, artifacts=tuple(files))
        (self.dist / manifest.FILENAME).write_text(manifest.dump(release))
        return release

    def run(self, *argv: str) -> int:
        """Run a command; nobody is asked about tags, as the project is no repository, unless it has been made one."""
        offline = ["--offline-tag"] if argv[0] == "publish" and not self.remote.exists() else []
        return main([argv[0], "-C", str(self.project), *argv[1:], *offline], self.env)

    @property
    def remote(self) -> Path:
        """Return where the project's remote is, once `push` made it."""
        return self.project.parent / "remote.git"

    def git(self, *arguments: str) -> str:
        """Run git in the project as a person does."""
        return Checkout(self.project).git(*arguments)

    def push(self, *tags: str) -> str:
        """Make the project a repository with a remote, tag its one commit, and push; gives the commit."""
        if not self.remote.exists():
            self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
            self.git("init", "--quiet", "--initial-branch=main")
            self.git("remote", "add", "origin", str(self.remote))
            self.git("add", "pyproject.toml")
            self.git("commit", "--quiet", "--message", "First")
        for tag in tags:
            self.git("tag", "--annotate", "--force", "--message", tag, tag)
        self.git("push", "--quiet", "--force", "origin", "main", *(f"refs/tags/{tag}" for tag in tags))
        return self.git("rev-parse", "HEAD")

    def expected(self, release: Release, *kinds: ArtifactKind) -> dict[str, str]:
        return {one.filename: one.sha256 for one in release.artifacts if one.kind in kinds}


@contextmanager
def built_project(folder: Path) -> Iterator[BuiltProject]:
    """A project in a world of indexes, Anaconda.org and identity tokens."""
    with world(folder, "pypi", "testpypi", "anaconda", "provider") as base:
        project = folder / "demo"
        project.mkdir()
        there = BuiltProject(**vars(base), project=project, env={**base.environment, "PATH": "/usr/bin"})
        there.configure()
        yield there
