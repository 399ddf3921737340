"""conda-forge on GitHub and PyPI as doubles, a release as files, and a feedstock that is one release behind."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.anaconda import Anaconda
from tests.servers.github import GitHub
from tests.servers.package_index import PackageIndex
from tests.servers.proxy import proxying
from tests.support.artifacts import Project

HEADERS = (
    "Summary: Words",
    "Home-page: https://example.org/words",
    "License-Expression: MIT",
    "License-File: LICENSE",
    "Requires-Python: >=3.11",
)
OLD = Project("words", "1.2", requires=("click>=8",), headers=HEADERS)
NEW = Project("words", "1.3", requires=("click>=8.1", "rich"), headers=HEADERS)
BUILD = '[build-system]\nrequires = ["hatchling>=1.27"]\nbuild-backend = "hatchling.build"\n'
SLUG = "conda-forge/words-feedstock"
RECIPE = """\
context:
  version: "1.2"  # the bot reads this
  python_min: "3.11"

package:
  name: words
  version: ${{{{ version }}}}

source:
  url: https://pypi.org/packages/source/w/words/words-${{{{ version }}}}.tar.gz
  sha256: {sha256}

build:
  number: 1
  noarch: python
  script: ${{{{ PYTHON }}}} -m pip install . -vv --no-deps --no-build-isolation

requirements:
  host:
    - python ${{{{ python_min }}}}.*
    - hatchling >=1.27
    - pip
  run:
    - python >=${{{{ python_min }}}}
    - click >=8
    - tabulate  # for the tables in --help

about:
  license: MIT
"""


@dataclass
class Feedstock:
    """A project with a feedstock.

    Attributes:
        folder: with the project's files of the new release, and nothing else.
        env: of a command.
        pypi: that serves the release before.
        recipe: of the feedstock.
    """

    folder: Path
    env: dict[str, str]
    github: GitHub
    pypi: PackageIndex
    recipe: str

    @property
    def files(self) -> list[str]:
        return sorted(str(path) for path in (self.folder / "dist").glob("words*"))

    def keep(self, recipe: str, name: str = "recipe.yaml") -> None:
        """Have this recipe in the feedstock."""
        self.recipe = recipe
        self.github.create(SLUG, {f"recipe/{name}": recipe})


@contextmanager
def feedstock(folder: Path) -> Iterator[Feedstock]:
    """A feedstock at the release before; nobody else may be asked, and nothing written."""
    github, pypi = GitHub(folder / "hub"), PackageIndex.pypi()
    github.untouchable = {"conda-forge"}
    github.create("conda-forge/feedstock-outputs", {"README.md": "lists\n"})
    old, new = folder / "old", folder / "project" / "dist"
    for made in (old, new):
        made.mkdir(parents=True)
    for path in (OLD.sdist(old, BUILD, {"LICENSE": "MIT"}), OLD.wheel(old)):
        pypi.put(path.name, path.read_bytes(), "words", "1.2")
    NEW.sdist(new, BUILD, {"LICENSE": "MIT"})
    NEW.wheel(new)
    with proxying({**github.routes, **pypi.routes, **Anaconda().routes}) as proxy:
        env = {"PATH": os.environ["PATH"], "HOME": str(folder), **proxy.environment, "RELEASE_TOOLS_NETWORK_PAUSE": "1"}
        sha256 = pypi.files["words-1.2.tar.gz"].sha256
        there = Feedstock(folder / "project", env, github, pypi, "")
        there.keep(RECIPE.format(sha256=sha256))
        yield there
        assert proxy.complaints == []
        assert [line for line in github.lines() if not line.startswith("GET")] == []
