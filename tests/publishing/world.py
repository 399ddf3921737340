"""Everything around a publishing run: doubles under their real host names, a folder of artifacts, our command."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from release_tools.artifacts import manifest
from release_tools.cli.main import main
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Release
from release_tools.model.versions import find_kind, parse_version
from tests.servers.anaconda import Anaconda, Token
from tests.servers.oidc import OidcProvider
from tests.servers.package_index import PackageIndex
from tests.servers.proxy import Proxy, proxying
from tests.support.artifacts import make_conda, make_sdist, make_wheel

PYPI_TOKEN = "pypi-canary-3f9c1d7e5b"
ANACONDA_TOKEN = "oc-canary-8a2b6c4d0e"

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


@dataclass
class World:
    """Everything around one run.

    Attributes:
        project: a folder with its configuration, and with artifacts in ``dist``.
        env: that the command is run with; no credential at first.
    """

    project: Path
    proxy: Proxy
    pypi: PackageIndex
    testpypi: PackageIndex
    anaconda: Anaconda
    provider: OidcProvider
    env: dict[str, str] = field(default_factory=dict)

    @property
    def dist(self) -> Path:
        return self.project / "dist"

    def configure(self, settings: str = "") -> None:
        (self.project / "pyproject.toml").write_text(CONFIG.format(settings=settings))

    def log_in(self) -> None:
        """Have valid credentials for every place."""
        self.env |= {"TWINE_PASSWORD": PYPI_TOKEN, "ANACONDA_API_TOKEN": ANACONDA_TOKEN}

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
        person = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org"}
        person |= {name.replace("AUTHOR", "COMMITTER"): value for name, value in person.items()}
        command = ["git", *arguments]
        env = self.env | person
        return subprocess.run(command, cwd=self.project, env=env, capture_output=True, text=True, check=True).stdout

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
        return self.git("rev-parse", "HEAD").strip()

    def expected(self, release: Release, *kinds: ArtifactKind) -> dict[str, str]:
        return {one.filename: one.sha256 for one in release.artifacts if one.kind in kinds}


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world in which nothing was published yet; at the end, that no unlisted host was asked and nothing odd sent."""
    pypi, testpypi, anaconda, provider = PackageIndex.pypi(), PackageIndex.testpypi(), Anaconda(), OidcProvider()
    for index in (pypi, testpypi):
        index.tokens[PYPI_TOKEN] = None
        index.provider = provider
    anaconda.tokens[ANACONDA_TOKEN] = Token("octo")
    with proxying({**pypi.routes, **testpypi.routes, **anaconda.routes, provider.host: provider}) as proxy:
        home = folder / "home"
        project = folder / "demo"
        for made in (home, project):
            made.mkdir()
        env = {"PATH": "/usr/bin", "HOME": str(home), **proxy.environment}
        there = World(project, proxy, pypi, testpypi, anaconda, provider, env)
        there.configure()
        yield there
        assert proxy.complaints == []
