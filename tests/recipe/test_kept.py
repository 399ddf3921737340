import pytest

from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from tests.recipe.evidence import make_evidence

METADATA = "Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nRequires-Python: >=3.10\nRequires-Dist: click>=8\n"
PYPROJECT = "[build-system]\nrequires = ['hatchling']\n"
V0 = """\
{% set name = "Demo" %}
package:
  name: {{ name|lower }}
  version: {{ environ.get('VERSION') }}
requirements:
  host:
    - python >=3.10
    - pip
    - setuptools
    - hatchling >=2
    - tomli  # [py<311]
    - gone  # [py<310]
    - zlib  # [linux]
  run:
    - python >=3.10
    - click
    - {{ pin_compatible('numpy') }}
    - Qt_Base >=6,<7
    - setuptools
    - not-on-the-channel
"""
V1 = """\
package:
  name: demo
requirements:
  host:
    - if: match(python, "<3.11")
      then: tomli
    - if: win
      then: zlib
  run:
    - ${{ "x" if unix }}
    - qt-base >=6,<7
    - setuptools
"""
ONE_PYTHON = """\
package:
  name: demo
requirements:
  host: [hatchling]
  run:
    - if: match(python, "3.10.*")
      then: lion
    - if: match(python, "3.9.*")
      then: zebra
    - if: match(python, "~3")
      then: bear
"""
CASES = {
    "v0": ("tools/conda/meta.yaml", V0, ["tomli"], ["qt_base >=6,<7", "setuptools"]),
    "v1": ("conda.recipe/recipe.yaml", V1, ["tomli"], ["qt-base >=6,<7", "setuptools"]),
    "for one series of Python": ("recipe.yaml", ONE_PYTHON, [], ["lion"]),
    "of another package": ("recipe/recipe.yaml", V1.replace("name: demo", "name: demo-all"), [], []),
    "of several packages": ("recipe/meta.yaml", V0 + "outputs:\n  - name: demo\n  - name: more\n", [], []),
    "without a build": ("meta.yaml", V0.replace("host:", "build:"), [], []),
    "not YAML": ("meta.yaml", "package: [", [], []),
    "hostile": ("recipe.yaml", V1.replace("qt-base >=6,<7", '"qt-base >=6\\n  - evil"'), ["tomli"], ["setuptools"]),
}


@pytest.mark.parametrize("name", CASES)
def test_what_only_the_own_recipe_of_a_project_knows_is_added(name: str) -> None:
    path, text, host, run = CASES[name]
    evidence = make_evidence(METADATA, {path: text}, pyproject=PYPROJECT)
    recipe = make_recipe(evidence, Names(exists=lambda conda: conda != "not-on-the-channel"), ["ann"])
    assert [line.spec for line in recipe.host] == ["python ${{ python_min }}.*", "hatchling", *host, "pip"]
    assert [line.spec for line in recipe.run] == ["python >=${{ python_min }}", "click >=8", *run]
    reported = [note for note in recipe.notes if "own recipe" in note]
    assert reported == [
        f"{line.split()[0]}: only {path}, the project's own recipe, asks for it." for line in (*host, *run)
    ]
