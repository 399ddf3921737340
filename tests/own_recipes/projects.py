"""Projects with a conda recipe of their own, as files by path."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import Run
from tests.support.conda import Channel
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

INSTALL = "-m pip install . -vv --no-deps --no-build-isolation"
V1 = """\
context:
  version: "0.9"
package:
  name: demo
  version: ${{ version }}
source:
  path: ..
build:
  number: 2
  script: ${{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation
requirements:
  host:
    - python
    - pip
  run:
    - python
tests:
  - python:
      imports: [demo]
      pip_check: false
about:
  license: MIT
  license_file: LICENSE
"""
GENERIC = """\
package:
  name: demo-data
  version: "${{ env.get('GIT_DESCRIBE_TAG')[1:] }}"
source:
  path: ../tables
build:
  noarch: generic
  script:
    - mkdir -p $PREFIX/share/demo
    - cp cities.csv $PREFIX/share/demo/
about:
  license: CC0-1.0
tests:
  - package_contents:
      files: [share/demo/cities.csv]
"""
METAPACKAGE = """\
package:
  name: demo-all
  version: "1.0"
build:
  noarch: generic
requirements:
  run:
    - demo ==1.0
    - demo-extras
about:
  license: MIT
"""
OUTPUTS = """\
context:
  version: "1.0"
recipe:
  name: demo-family
  version: ${{ version }}
source:
  path: ..
outputs:
  - package:
      name: demo
    build:
      noarch: python
      script: ${{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation
    requirements:
      host:
        - python
        - pip
        - ${{ pin_subpackage('demo-data', exact=True) }}
      run:
        - python
        - ${{ pin_subpackage('demo-data', exact=True) }}
    tests:
      - python:
          imports: [demo]
          pip_check: false
  - package:
      name: demo-data
    build:
      noarch: generic
      script: mkdir -p $PREFIX/share/demo && cp demo/__init__.py $PREFIX/share/demo/cities.csv
  - package:
      name: demo-windows
    build:
      skip: not win
      script: exit 1
"""


def python_project(recipe: str, files: Mapping[str, str] | None = None) -> dict[str, str]:
    """A pure project ``demo`` 1.0 that builds itself, and its recipe."""
    return {**in_tree_project(), "LICENSE": "MIT\n", "recipe/recipe.yaml": recipe, **(files or {})}


def data_project(recipe: str = GENERIC, settings: str = "") -> dict[str, str]:
    """A project without any Python."""
    table = f"[tool.release-tools]\n{settings}" if settings else ""
    files = {"conda.recipe/recipe.yaml": recipe, "tables/cities.csv": "Paris,2\n", "README.md": "# Data\n"}
    return files | ({"pyproject.toml": table} if table else {})


@dataclass(frozen=True)
class Built:
    """Describe what a command made of a project.

    Attributes:
        checkout: of the project.
        code: its exit code.
        err: what it said.
        sections: of its report, as far as it was asked for one: title → notes.
    """

    checkout: Checkout
    code: int
    err: str
    sections: Mapping[str, list[dict[str, Any]]]

    @property
    def artifacts(self) -> dict[str, dict[str, Any]]:
        """The artifacts in ``release.json``, by ``subdir/name``."""
        facts = json.loads((self.dist / "release.json").read_text())["artifacts"]
        return {f"{one.get('subdir', '')}/{one['filename']}".lstrip("/"): one for one in facts}

    @property
    def dist(self) -> Path:
        return self.checkout.root / "dist"

    def package(self, name: str) -> Path:
        return next(path for path in self.dist.rglob("*.conda") if path.name.rsplit("-", 2)[0] == name)


QUICK = ("--no-verify-install", "--no-github", "--no-conda-forge")


def release(
    run: Run, root: Path, files: Mapping[str, str], channel: Channel | None, *options: str, command: str = "build"
) -> Built:
    """Run a command for a project whose only commit is tagged v1.0."""
    checkout = make_repository(root, files, ". v1.0")
    channels = {"RELEASE_TOOLS_CONDA_CHANNELS": ",".join(channel.urls) if channel else "http://127.0.0.1:9/nowhere"}
    said = run(command, "-C", checkout.root, "--json", *QUICK, *options, **channels)
    report = json.loads(said.out) if said.out else {"sections": []}
    assert "sections" in report, said.out + said.err
    sections = {section["title"]: section["notes"] for section in report["sections"]}
    return Built(checkout, said.code, said.err, sections)
