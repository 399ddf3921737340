"""``prepare``, ``tag``, ``dry-run`` and ``publish`` of projects with real backends, killed in between."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from release_tools.cli import main
from tests.prepare.kills import killed_after_git
from tests.servers.anaconda import Anaconda, Token
from tests.servers.package_index import PackageIndex
from tests.servers.proxy import proxying
from tests.support.network import OFFLINE, ONLINE
from tests.support.repositories import Checkout
from tests.support.runs import AFTER, Run, Runs

PYPI_TOKEN, ANACONDA_TOKEN = "pypi-canary-7c1e5a", "oc-canary-2f8b4d"
SETTINGS = """
[tool.release-tools]
attestations = "off"
github.enabled = false
conda-forge.enabled = false
conda.channels = []
network = {tries = 1, pause = 5, wait = 5}
verify = {install = false, conda-install = false, versions = "strict"}
anaconda.owner = "octo"
"""
README = {"README.md": "# demo\n\nA demonstration.\n", "LICENSE": "MIT License\n\nCopyright the authors\n"}
KEPT = {"CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n\n- New thing.\n\n## [1.3.0] - 2026-01-01\n\n- Old.\n"}
CFF = "cff-version: 1.2.0\nmessage: Cite it.\ntitle: demo\nauthors:\n  - name: The Team\nversion: 1.3.0\n"


@dataclass(frozen=True)
class Shape:
    """A project.

    Attributes:
        backend: what ``build-system`` says of it: the requirement and the path.
        project: the table ``project``, or what is instead of it, and further settings.
        files: all others.
        edited: those that prepare changes.
    """

    backend: tuple[str, str]
    project: str
    files: Mapping[str, str]
    edited: frozenset[str]

    @property
    def contents(self) -> dict[str, str]:
        requires, path = self.backend
        system = f'[build-system]\nrequires = ["{requires}"]\nbuild-backend = "{path}"\n'
        return {**README, **self.files, "pyproject.toml": f"{system}{self.project}{SETTINGS}"}


STATED = '[project]\nname = "demo"\nversion = "1.3.0"\ndescription = "A demo"\nreadme = "README.md"\nlicense = "MIT"\n'
DYNAMIC = STATED.replace('version = "1.3.0"', 'dynamic = ["version"]')
MODULE = '"""A demonstration."""\n\n__version__ = "1.3.0"\n'
HATCHLING = ("hatchling>=1.27", "hatchling.build")
SETUPTOOLS = ("setuptools>=77", "setuptools.build_meta")
SHAPES = {
    "hatchling": Shape(
        HATCHLING,
        DYNAMIC + '[tool.hatch.version]\npath = "src/demo/__init__.py"\n',
        {"src/demo/__init__.py": MODULE, **KEPT},
        frozenset({"src/demo/__init__.py", "CHANGELOG.md"}),
    ),
    "flit": Shape(
        ("flit-core>=3.11", "flit_core.buildapi"),
        DYNAMIC.replace("description", "#").replace('"version"', '"version", "description"'),
        {"demo.py": MODULE},
        frozenset({"demo.py"}),
    ),
    "pdm": Shape(
        ("pdm-backend>=2.4", "pdm.backend"),
        STATED,
        {"src/demo/__init__.py": MODULE, **KEPT},
        frozenset({"pyproject.toml", "src/demo/__init__.py", "CHANGELOG.md"}),
    ),
    "setuptools": Shape(
        SETUPTOOLS,
        DYNAMIC + '[tool.setuptools.dynamic]\nversion = {attr = "demo.__version__"}\n',
        {"src/demo/__init__.py": MODULE, "docs/conf.py": "version = '1.3'\nrelease = '1.3.0'\n"},
        frozenset({"src/demo/__init__.py", "docs/conf.py"}),
    ),
    "poetry": Shape(
        ("poetry-core>=2", "poetry.core.masonry.api"),
        '[tool.poetry]\nname = "demo"\nversion = "1.3.0"\ndescription = "A demo"\nauthors = ["A <a@example.org>"]\n'
        'readme = "README.md"\nlicense = "MIT"\npackages = [{include = "demo"}]\n',
        {"demo/__init__.py": "", "CITATION.cff": CFF, "package.json": '{\n  "version": "1.3.0"\n}\n'},
        frozenset({"pyproject.toml", "CITATION.cff", "package.json"}),
    ),
    "towncrier": Shape(
        HATCHLING,
        STATED + '[tool.towncrier]\ndirectory = "changes"\nfilename = "NEWS.md"\npackage = "demo"\n',
        {"demo/__init__.py": "", "changes/12.feature.md": "New thing.\n", "NEWS.md": "# News\n"},
        frozenset({"pyproject.toml", "NEWS.md", "changes/12.feature.md"}),
    ),
    "scriv": Shape(
        HATCHLING,
        STATED + '[tool.scriv]\nformat = "md"\n',
        {"demo/__init__.py": "", "changelog.d/x.md": "### Added\n\n- New thing.\n"},
        frozenset({"pyproject.toml", "CHANGELOG.md", "changelog.d/x.md"}),
    ),
    "setup.py": Shape(
        SETUPTOOLS,
        "",
        {
            "setup.py": "from setuptools import setup\nspace = {}\nexec(open('demo/_version.py').read(), space)\n"
            "setup(name='demo', version=space['__version__'], packages=['demo'], description='A demo',\n"
            "      long_description='# demo', long_description_content_type='text/markdown')\n",
            "demo/__init__.py": "from demo._version import __version__\n",
            "demo/_version.py": "__version__ = '1.3.0'\n",
            **KEPT,
        },
        frozenset({"demo/_version.py", "CHANGELOG.md"}),
    ),
}

USUAL = ("hatchling", "setup.py")
"""Those that share least of their way: a backend that reads the version, and code that does.

Other files that prepare edits, and other tools' changelogs, have tests of their own.
"""


@pytest.fixture
def checkout(request: pytest.FixtureRequest, tmp_path: Path, env: dict[str, str]) -> Checkout:
    """A project that was released as 1.3.0, pushed to a bare repository."""
    shape: Shape = request.param
    bare = tmp_path / "remote.git"
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    made = Checkout.create(tmp_path, bare.as_uri(), {**env, "HOME": str(tmp_path / "home"), "PATH": path})
    made.git("init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    (made.root / "demo.py").unlink()
    for name in shape.contents:
        (made.root / name).parent.mkdir(parents=True, exist_ok=True)
    made.commit(shape.contents)
    made.git("tag", "--annotate", "--message", "demo 1.3.0", "v1.3.0", "HEAD~1")
    made.git("push", "--quiet", "origin", "main", "v1.3.0")
    return made


def online(checkout: Checkout) -> dict[str, str]:
    """The environment of the checkout, with the way to the registry."""
    return {name: value for name, value in checkout.env.items() if OFFLINE.get(name) != value} | dict(ONLINE)


def run(checkout: Checkout, command: str, *arguments: str) -> int:
    return main.main([command, "-C", str(checkout.root), *arguments], online(checkout))


def killed(checkout: Checkout, env: Mapping[str, str], log: Path, *arguments: str) -> Run:
    """Return the run of a command that is killed after the first action that it applies."""
    command, *more = arguments
    return Run((command, "-C", str(checkout.root), *more), env, str(log), AFTER)


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL and fork are of POSIX")
@pytest.mark.registry
@pytest.mark.slow
@pytest.mark.parametrize(
    ("checkout", "name"),
    [
        pytest.param(shape, name, id=name, marks=() if name in USUAL else pytest.mark.exhaustive)
        for name, shape in SHAPES.items()
    ],
    indirect=["checkout"],
)
def test_a_prepared_version_is_released_whole(checkout: Checkout, name: str, tmp_path: Path, runs: Runs) -> None:
    arguments = ["prepare", "-C", str(checkout.root), "1.4.0"]
    killed_after_git(runs, "restore", arguments, checkout.env, tmp_path / "tools")
    assert run(checkout, "prepare", "1.4.0") == 0
    assert set(checkout.git("diff", "--name-only", "HEAD~1").splitlines()) == SHAPES[name].edited
    checkout.git("push", "--quiet", "origin", "main")
    assert run(checkout, "dry-run", "--version", "1.4.0") == 0
    pypi, anaconda = PackageIndex.pypi(), Anaconda()
    pypi.tokens[PYPI_TOKEN], anaconda.tokens[ANACONDA_TOKEN] = None, Token("octo")
    with proxying({**pypi.routes, **anaconda.routes}) as proxy:
        [*died, last] = runs.until_done(killed(checkout, online(checkout), tmp_path / "tag.log", "tag", "1.4.0"))
        assert (len(died), last.code) == (1, 0)
        assert run(checkout, "build") == 0
        tokens = {"TWINE_PASSWORD": PYPI_TOKEN, "ANACONDA_API_TOKEN": ANACONDA_TOKEN}
        env = {**checkout.env, **proxy.environment, **tokens}
        [*died, last] = runs.until_done(killed(checkout, env, tmp_path / "publish.log", "publish"))
        assert last.code == 0, last.said
        assert len(died) >= 3
        assert proxy.complaints == []
    assert len(pypi.holds()) == 2
    assert all(file.startswith("demo-1.4.0") for file in pypi.holds())
