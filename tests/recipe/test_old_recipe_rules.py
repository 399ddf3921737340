"""Test that each rule of conda-forge's linter for ``meta.yaml`` finds its fault, and nothing in a good recipe."""

import pytest

from release_tools.recipe.old_recipe_rules import check_old_rules

GOOD = """\
{% set version = "1.0.2" %}

package:
  name: demo
  version: {{ version }}

source:
  url: https://pypi.org/packages/source/d/demo/demo-{{ version }}.tar.gz
  sha256: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa

build:
  number: 0
  noarch: python

requirements:
  host:
    - python {{ python_min }}
    - pip
  run:
    - python >={{ python_min }}
    - click >=8
    - colorama  # [win]

test:
  imports:
    - demo

about:
  home: https://example.org
  summary: Words
  license: MIT
  license_file: LICENSE

extra:
  recipe-maintainers:
    - bob
"""

PLATFORMS = "noarch_platforms: [linux_64, win_64]\n"
FAULTS = [
    (GOOD.replace("1.0.2", "1.10"), "number"),
    (GOOD.replace("version: {{ version }}", "version: 1.10"), "number"),
    (GOOD.replace("package:", '{% set python_min = "3.9" %}\n\npackage:', 1), "leave it out"),
    (GOOD.replace("python {{ python_min }}", "python"), "python_min"),
    (GOOD.replace("python >={{ python_min }}", "python >=3.12"), "python_min"),
    (GOOD.replace("# [win]", "# [py27]"), "py27"),
    (GOOD.replace("# [win]", "# [py<312]"), "only be on systems"),
    (GOOD.replace("license: MIT", "license: BSD 3 Clause"), "SPDX"),
    (GOOD + "\n", "one line end"),
    (GOOD.rstrip("\n"), "one line end"),
    (GOOD.replace("{{ version }}", "{{version}}"), "{{ }}"),
    (GOOD.replace('{% set version = "1.0.2" %}', '{%set version = "1.0"%}'), "{% %}"),
    (GOOD.replace("colorama  # [win]", "colorama # [win]"), "selectors"),
    (GOOD.replace("  home: https://example.org\n", ""), "about.home"),
    (GOOD.replace("  summary: Words\n", ""), "about.summary"),
    (GOOD.replace("  license: MIT\n", ""), "about.license is"),
    (GOOD.replace("license: MIT", "license: MIT License"), "word License"),
    (GOOD.replace("  license_file: LICENSE\n", ""), "license_file"),
    (GOOD.replace("  recipe-maintainers:\n    - bob\n", "  other: 1\n"), "recipe-maintainers"),
    (GOOD.replace("test:\n  imports:\n    - demo\n\n", ""), "tests"),
    (GOOD.replace("  number: 0\n", ""), "build.number"),
    (GOOD.replace("name: demo", "name: Demo"), "characters"),
    (GOOD.replace("  sha256: " + "a" * 64 + "\n", ""), "sha256"),
    (GOOD.replace("click >=8", "click>=8"), "space is needed"),
    (GOOD.replace("click >=8", "click >= 8"), "no space"),
    (GOOD.replace("about:", "abaut:"), "unexpected"),
    (
        GOOD.replace("test:\n  imports:\n    - demo\n\n", "").replace(
            "source:", "test:\n  imports:\n    - demo\n\nsource:"
        ),
        "order",
    ),
]


def test_a_good_recipe_has_no_faults() -> None:
    assert check_old_rules(GOOD, PLATFORMS) == ()
    assert any("noarch_platforms" in fault for fault in check_old_rules(GOOD))


@pytest.mark.parametrize(("text", "word"), FAULTS, ids=[f"{number}-{word}" for number, (_, word) in enumerate(FAULTS)])
def test_a_fault_is_found(text: str, word: str) -> None:
    assert any(word in fault for fault in check_old_rules(text, PLATFORMS))


def test_what_cannot_be_read_is_a_fault() -> None:
    assert len(check_old_rules("package: [\n")) == 1
