"""A release as files, and a feedstock that is one release behind."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.artifacts import Project
from tests.support.world import World, world

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


@dataclass(frozen=True)
class Feedstock(World):
    """The world of a project with a feedstock; PyPI serves the release before.

    Attributes:
        project: a folder with the files of the new release, and nothing else.
        env: of a command.
        recipe: that the feedstock has at first.
    """

    project: Path
    env: dict[str, str]
    recipe: str

    @property
    def files(self) -> list[str]:
        return sorted(str(path) for path in (self.project / "dist").glob("words*"))

    def keep(self, recipe: str, name: str = "recipe.yaml") -> None:
        """Have this recipe in the feedstock."""
        self.github.create(SLUG, {f"recipe/{name}": recipe})


@contextmanager
def feedstock(folder: Path) -> Iterator[Feedstock]:
    """A feedstock at the release before; nobody else may be asked, and nothing written."""
    with world(folder, "github", "pypi", "anaconda") as base:
        base.github.create("conda-forge/feedstock-outputs", {"README.md": "lists\n"})
        old, project = folder / "old", folder / "project"
        for made in (old, project / "dist"):
            made.mkdir(parents=True)
        for path in (OLD.sdist(old, BUILD, {"LICENSE": "MIT"}), OLD.wheel(old)):
            base.pypi.put(path.name, path.read_bytes(), "words", "1.2")
        NEW.sdist(project / "dist", BUILD, {"LICENSE": "MIT"})
        NEW.wheel(project / "dist")
        env = {**base.environment, "RELEASE_TOOLS_NETWORK_PAUSE": "1"}
        recipe = RECIPE.format(sha256=base.pypi.files["words-1.2.tar.gz"].sha256)
        there = Feedstock(**vars(base), project=project, env=env, recipe=recipe)
        there.keep(there.recipe)
        yield there
        assert [line for line in base.github.lines() if not line.startswith("GET")] == []
