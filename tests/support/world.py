"""The world around a release: every server under its real host name, a credential for each, and an environment.

A kind of test that does more with it derives from `World`: a built project that is published, the machines that publish
to one destination, a feedstock, a repository whose workflows are run.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.servers.anaconda import Anaconda, Token
from tests.servers.base import Double
from tests.servers.conda_server import HOST, CondaServer
from tests.servers.github import Bare, GitHub
from tests.servers.oidc import OidcProvider
from tests.servers.package_index import PackageIndex
from tests.servers.proxy import Proxy, proxying

SLUG: Final = "octo/demo"
INDEX: Final = "index.example"
MAINTAINER: Final = "bob"
PYPI_TOKEN: Final = "pypi-canary-3f9c1d7e5b"
ANACONDA_TOKEN: Final = "oc-canary-8a2b6c4d0e"
LAB_TOKEN: Final = "lab-canary-6a1c9d2e8f"
GITHUB_TOKEN: Final = "ghs_canary3f9c1d7e5b"
CONDA_FORGE_TOKEN: Final = "ghp_canary5d1e9b3c7a"
CREDENTIALS: Final[Mapping[str, str]] = {
    "TWINE_PASSWORD": PYPI_TOKEN,
    "ANACONDA_API_TOKEN": ANACONDA_TOKEN,
    "GITHUB_TOKEN": GITHUB_TOKEN,
    "CONDA_FORGE_TOKEN": CONDA_FORGE_TOKEN,
    **dict.fromkeys(("PREFIX_API_KEY", "QUETZ_API_KEY", "ARTIFACTORY_TOKEN", "CLOUDSMITH_API_KEY"), LAB_TOKEN),
}
"""The credential that each server accepts, by the variable that holds it."""


@dataclass(frozen=True)
class World:
    """Describe the servers, each with its credential in `CREDENTIALS`, and the environment of somebody who has none.

    Attributes:
        folder: for all that is made here.
        proxy: by which the servers have their real names.
        company: an index of one's own.
        lab: every kind of conda server but Anaconda.org.
        provider: of the identity tokens of a job.
    """

    folder: Path
    proxy: Proxy
    pypi: PackageIndex
    testpypi: PackageIndex
    company: PackageIndex
    anaconda: Anaconda
    lab: CondaServer
    github: GitHub
    provider: OidcProvider

    @property
    def doubles(self) -> tuple[Double, ...]:
        """Return every server."""
        return (self.pypi, self.testpypi, self.company, self.anaconda, self.lab, self.github, self.provider)

    @property
    def home(self) -> Path:
        """Return the home of somebody who has nothing configured."""
        return self.folder / "home"

    @property
    def environment(self) -> dict[str, str]:
        """Return an environment without a credential, in which these servers are reached and nothing else."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), **self.proxy.environment}

    def open_conda_forge(self) -> None:
        """Have the repositories of conda-forge that every package meets, which knows no package yet."""
        for name in ("staged-recipes", "feedstock-outputs"):
            self.github.create(f"conda-forge/{name}", {"README.md": "-\n"})


@contextmanager
def world(folder: Path, *servers: str, excused: Callable[[str], bool] = lambda _: False) -> Iterator[World]:
    """Have a world in which nothing was published yet; at the end, no other host was asked and nothing odd was sent.

    Args:
        folder: for all of it, made if it is missing.
        servers: the attributes of those that can be reached; all if empty.
        excused: whether a complaint of a server is what the test is about.
    """
    (folder / "home").mkdir(parents=True)
    pypi, testpypi = PackageIndex.pypi(), PackageIndex.testpypi()
    company = PackageIndex((INDEX,), "", f"https://{INDEX}")
    anaconda, lab, github, provider = Anaconda(), CondaServer(LAB_TOKEN), GitHub(folder / "github"), OidcProvider(SLUG)
    for index in (pypi, testpypi, company):
        index.tokens[PYPI_TOKEN] = None
    pypi.provider = testpypi.provider = provider
    anaconda.tokens[ANACONDA_TOKEN] = Token("octo")
    github.workflow_token(GITHUB_TOKEN, SLUG)
    github.account(MAINTAINER, CONDA_FORGE_TOKEN)
    github.untouchable = {"conda-forge"}
    hosts: dict[str, Mapping[str, Double]] = {
        "pypi": pypi.routes,
        "testpypi": testpypi.routes,
        "company": company.routes,
        "anaconda": anaconda.routes,
        "lab": {HOST: lab},
        "github": github.routes,
        "provider": {provider.host: provider},
    }
    routes: dict[str, Double] = {}
    for server in servers or hosts:
        routes |= hosts[server]
    with proxying(routes) as proxy:
        yield World(folder, proxy, pypi, testpypi, company, anaconda, lab, github, provider)
        strange = [complaint for complaint in proxy.complaints if not excused(complaint)]
        assert not strange, strange


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[World]:
    """A world of GitHub alone, with an empty repository."""
    with world(tmp_path, "github") as made:
        made.github.create(SLUG)
        yield made


@pytest.fixture
def server(hosted: World) -> GitHub:
    """The only server of the world that is `hosted`."""
    return hosted.github


@pytest.fixture
def far(server: GitHub) -> Bare:
    """The repository on GitHub, as git has it."""
    return server.repositories[SLUG].bare
