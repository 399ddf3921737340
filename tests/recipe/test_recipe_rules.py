"""Check recipes by the rules of conda-forge's linter: ours break none, and each fault is found."""

from pathlib import Path

import pytest

from release_tools.recipe.forge_settings import check_settings
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.names import Names
from release_tools.recipe.recipe_rules import check_rules
from release_tools.recipe.write_v1 import write_v1
from tests.recipe.evidence import read_case

CASES = sorted(path for path in Path(__file__).with_name("generated").iterdir())
PLAIN = """\
schema_version: 1

context:
  version: "1.2"

package:
  name: demo
  version: ${{ version }}

source:
  url: https://pypi.org/packages/source/d/demo/demo-${{ version }}.tar.gz
  sha256: SHA

build:
  number: 0
  noarch: python
  script: ${{ PYTHON }} -m pip install . -vv --no-deps --no-build-isolation

requirements:
  host:
    - python ${{ python_min }}.*
    - hatchling
    - pip
  run:
    - python >=${{ python_min }}
    - click >=8

tests:
  - python:
      imports:
        - demo
      python_version:
        - ${{ python_min }}.*
        - "*"

about:
  homepage: https://example.org
  summary: Words
  license: MIT
  license_file: LICENSE

extra:
  recipe-maintainers:
    - ann
"""
SYSTEMS = "    - if: win\n      then: __win\n    - if: unix\n      then: __unix\n"
COMPILED = PLAIN.replace("  noarch: python\n", "").replace(
    "requirements:\n", "requirements:\n  build:\n    - ${{ compiler('c') }}\n"
)
COMPILED = COMPILED.replace(" ${{ python_min }}.*", "").replace(" >=${{ python_min }}", "")


def test_a_recipe_as_it_should_be_breaks_no_rule() -> None:
    assert check_rules(PLAIN) == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_generated_recipe_breaks_no_rule(case: Path) -> None:
    recipe = make_recipe(read_case(case), Names(), ["ann"], "https://example.org/ours")
    missing = [note.partition(" ")[0] for note in recipe.notes if "fill it in" in note]
    broken = check_rules(write_v1(recipe), recipe.conda_forge_yml)
    assert [line for line in broken if line.partition(" ")[0] not in missing] == []


FAULTS = {
    "order": (("build:\n  number", "about2:\n  x: 1\n\nbuild:\n  number"), "about2"),
    "section order": (("schema_version: 1\n", "tests: [1]\nschema_version: 1\n"), "order"),
    "homepage": (("  homepage: https://example.org\n", ""), "about.homepage"),
    "summary": (("  summary: Words\n", ""), "about.summary"),
    "license": (("  license: MIT\n", ""), "about.license "),
    "unknown license": (("license: MIT", "license: Unknown"), "unknown"),
    "the word license": (("license: MIT", "license: MIT License"), "License"),
    "license file": (("  license_file: LICENSE\n", ""), "license_file"),
    "maintainers": (("  recipe-maintainers:\n    - ann\n", "  feedstock-name: x\n"), "recipe-maintainers"),
    "maintainers as text": (("recipe-maintainers:\n    - ann", "recipe-maintainers: ann"), "list"),
    "feedstock name": (("extra:\n", "extra:\n  feedstock-name: demo-feedstock\n"), "feedstock-name"),
    "tests": (("tests:\n  - python:\n", "x:\n  - python:\n"), "tests are missing"),
    "number": (("  number: 0\n", ""), "build.number"),
    "name": (("name: demo", "name: Demo"), "name"),
    "version": (("version: ${{ version }}\n", "x: 1\n"), "version"),
    "float": (('version: "1.2"', "version: 1.2"), "number"),
    "hash": (("  sha256: SHA\n", ""), "sha256"),
    "wheel": (("demo-${{ version }}.tar.gz", "demo-1.2-py3-none-any.whl"), "wheel"),
    "compiled wheel": (("demo-${{ version }}.tar.gz", "demo-1.2-cp312-cp312-win_amd64.whl"), "compiled wheel"),
    "noarch": (("noarch: python", "noarch: java"), "noarch"),
    "skip": (("  noarch: python\n", "  noarch: python\n  skip: win\n"), "skipped"),
    "requirements order": (("  host:\n", "  run_constraints:\n    - x\n  host:\n"), "order"),
    "space inside": (("click >=8", "click >= 8"), "space"),
    "no space": (("click >=8", "click>=8"), "space"),
    "lower bound": (("python >=${{ python_min }}", "python"), "lower bound"),
    "systems": (("    - click >=8\n", SYSTEMS), "noarch_platforms"),
    "sysroot": (("click >=8", "sysroot_linux-64 2.17"), "stdlib"),
    "macos": (("click >=8", "__osx >=11"), "stdlib"),
    "line end": (("    - ann\n", "    - ann\n\n"), "line end"),
    "no line end": (("    - ann\n", "    - ann"), "line end"),
    "selector": (("- click >=8", "- click >=8  # [win]"), "selector"),
    "jinja": (("version: ${{ version }}", "version: ${{version}}"), "space"),
    "old address": (("pypi.org", "pypi.io"), "pypi.org"),
    "python minimum in host": (("python ${{ python_min }}.*", "python"), "python_min"),
    "python minimum in run": ((">=${{ python_min }}", ">=3.12"), "python_min"),
    "oldest python not tested": (("        - ${{ python_min }}.*\n", ""), "oldest"),
    "newest python not tested": (('        - "*"\n', ""), "newest"),
    "python minimum that is there anyway": (("context:\n", 'context:\n  python_min: "3.9"\n'), "leave it out"),
    "another float": (("context:\n", "context:\n  python_min: 3.12\n"), "quotes"),
    "no backend": (("    - hatchling\n", ""), "backend"),
    "spdx": (("license: MIT", "license: BSD 3 Clause"), "SPDX"),
    "spdx exception": (("license: MIT", "license: GPL-3.0-only WITH nothing"), "SPDX"),
    "setup.py": (("${{ PYTHON }} -m pip install .", "python setup.py install"), "pip"),
    "site-packages": (("-m pip", "-m %PREFIX%\\Lib\\site-packages"), "SP_DIR"),
    "stable ABI as text": (("  noarch: python\n", "  noarch: python\n  x: is_abi3 == 'true'\n"), "is_abi3"),
    "not yaml": (("schema_version: 1", "schema_version: [1"), "YAML"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_fault_is_found(case: str) -> None:
    (old, new), word = FAULTS[case]
    assert old in PLAIN
    broken = check_rules(PLAIN.replace(old, new, 1))
    assert any(word in line for line in broken), broken


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("", "", "stdlib"),
        ("compiler('c')", "compiler('rust')", "cargo-bundle-licenses"),
        ("    - python\n    - hatchling", "    - python >=3.10\n    - hatchling", "no bound"),
        ("    - python\n    - click", "    - click", "python is missing"),
        ("compiler('c')", "compiler('go')", "go-licenses"),
    ],
)
def test_a_fault_of_a_compiled_recipe_is_found(old: str, new: str, word: str) -> None:
    assert old in COMPILED
    assert any(word in line for line in check_rules(COMPILED.replace(old, new, 1)))


STABLE = COMPILED.replace("  number: 0\n", "  number: 0\n  python:\n    version_independent: ${{ is_abi3 }}\n").replace(
    "    - hatchling", "    - python-abi3\n    - hatchling"
)
AUDIT = "  - requirements:\n      run: abi3audit\n    script: abi3audit x\n"


def test_a_package_for_the_stable_abi_is_audited_and_tested_with_the_newest_python() -> None:
    assert any("abi3audit" in line for line in check_rules(STABLE))
    audited = STABLE.replace("\nabout:", f"{AUDIT}\nabout:")
    assert not any("abi3audit" in line for line in check_rules(audited))
    assert any("newest" in line for line in check_rules(audited.replace('        - "*"\n', "")))
    ignored = audited.replace(
        "\ntests:", "  ignore_run_exports:\n    from_package:\n      - cross-python_linux\n\ntests:"
    )
    assert any("cross-python" in line for line in check_rules(ignored))


SETTINGS = {
    "noarch_platforms: linux_64\n": "",
    "bot:\n  automerge: true\nazure:\n  settings_win:\n    variables:\n      X: 1\n": "",
    "noarch_platforms: [beos_64]\n": "beos_64",
    "bot: {}\nbot: {}\n": "bot is there twice",
    "azure:\n  x: 1\n  x: 2\n": "x is there twice",
    "noarch_platform: linux_64\n": "noarch_platform is no setting",
    "conda_build_tool: boa\n": "rattler-build",
    "os_version:\n  linux_64: cos7\n": "cos7",
    "azure:\n  settings_win:\n    variables:\n      MINIFORGE_HOME: x\n": "MINIFORGE_HOME",
    "- 1\n": "mapping",
    "bot: [\n": "YAML",
}


@pytest.mark.parametrize(("text", "word"), SETTINGS.items())
def test_the_settings_of_a_feedstock_are_checked(text: str, word: str) -> None:
    found = check_settings(text)
    assert word in " ".join(found)
    assert bool(found) is bool(word)


def test_conditions_of_a_noarch_package_need_their_platforms() -> None:
    text = PLAIN.replace("    - click >=8\n", SYSTEMS)
    assert check_rules(text, "noarch_platforms:\n  - linux_64\n  - win_64\n") == ()
    assert check_rules(text, "noarch_platforms:\n  - linux_64\n") != ()
    assert any("beos_64" in line for line in check_rules(PLAIN, "noarch_platforms: [beos_64]\n"))
    by_python = text.replace("if: win", 'if: match(python, "<3.11")')
    assert any("systems" in line for line in check_rules(by_python, "noarch_platforms: [linux_64, win_64]\n"))
