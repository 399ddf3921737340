from pathlib import Path

import pytest

from release_tools.errors import RecipeError
from release_tools.recipe.document import Format
from release_tools.recipe.drift import Drift, find_drift
from release_tools.recipe.generate import make_recipe
from release_tools.recipe.matchspec_compare import is_same_constraint
from release_tools.recipe.names import Names
from tests.recipe.evidence import read_case
from tests.recipe.test_generate import CASES, MAINTAINERS


@pytest.mark.parametrize("form", Format)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_our_own_recipe_has_not_drifted(case: Path, form: Format) -> None:
    ours = make_recipe(read_case(case), Names(), MAINTAINERS)
    assert not find_drift((case / str(form)).read_text(encoding="utf-8"), form, ours)


PLAIN = next(case for case in CASES if case.name == "plain")
TEXT = (PLAIN / "recipe.yaml").read_text(encoding="utf-8")

CHANGED = {
    ("    - pyyaml\n", ""): Drift(lacking=("run: pyyaml",)),
    ("    - pyyaml\n", "    - pyyaml\n    - requests\n"): Drift(excess=("run: requests (line 35)",)),
    ("click >=8.1,<9", "click >=8.0"): Drift(
        differing=("run: click: the project asks for >=8.1,<9, line 33 has >=8.0",)
    ),
    ("click >=8.1,<9", "click >=8.1.0,<9.0a0"): Drift(),
    ("typing_extensions >=4", "typing-extensions >=4"): Drift(),
    ("- pyyaml", '- ${{ "pyyaml" if linux }}'): Drift(),
    ("- pyyaml", "- ${{ compiler('pyyaml') }}"): Drift(lacking=("run: pyyaml",)),
    ("- click >=8.1,<9", "- click >=${{ click_min }}"): Drift(),
    ("- hatchling >=1.27", "- hatchling"): Drift(
        differing=("host: hatchling: the project asks for >=1.27, line 26 has no bound",)
    ),
    ("plain = plain_tool.cli:main", "plain = plain_tool.old:main"): Drift(
        lacking=("entry point: plain = plain_tool.cli:main",), excess=("entry point: plain = plain_tool.old:main",)
    ),
    ("- plain = plain_tool.cli:main", "- plain=plain_tool.cli:main"): Drift(),
    ('version: "1.2.0"', 'version: "1.1.0"'): Drift(),
    ('version: "1.2.0"\n', 'version: "1.2.0"\n  python_min: "3.12"\n'): Drift(
        differing=("python_min: the project needs 3.10, line 5 has 3.12",)
    ),
    ("license: MIT", "license: BSD-3-Clause"): Drift(
        differing=("license: the project says MIT, line 53 has BSD-3-Clause",)
    ),
    ("  noarch: python\n", ""): Drift(differing=("noarch: the project has no compiled code",)),
}


@pytest.mark.parametrize(("change", "found"), CHANGED.items())
def test_drift_is_reported_line_by_line(change: tuple[str, str], found: Drift) -> None:
    assert change[0] in TEXT
    ours = make_recipe(read_case(PLAIN), Names(), MAINTAINERS)
    assert find_drift(TEXT.replace(*change, 1), Format.V1, ours) == found
    assert bool(found) is (found != Drift())


def test_a_recipe_that_is_none_is_refused() -> None:
    with pytest.raises(RecipeError):
        find_drift("- a list", Format.V1, make_recipe(read_case(PLAIN), Names(), MAINTAINERS))


SAME = [
    (">=1.0", ">=1"),
    (">=1,<2", "<2, >=1.0.0"),
    ("1.4.*", "=1.4"),
    ("==1.4.*", ">=1.4,<1.5"),
    (">=1.4.5,1.4.*", "~=1.4.5"),
    ("<2.0a0", "<2"),
    ("<2.0.dev0", "<2"),
    ("==1.5", "1.5.0"),
    (">=1|<0.5", "<0.5|>=1"),
    ("", "*"),
    ("!=1.5,>=1", ">=1,!=1.5.0"),
    (">=1,>=2", ">=2"),
]
OTHER = [
    (">=1", ">1"),
    ("<2", "<=2"),
    ("!=1.5", "!=1.5.*"),
    (">=1", ""),
    (">=${{ x }}", ">=${{ x }}"),
    ("* *_cpython", "* *_cpython"),
    ("1.5.* *_0", "1.5.*"),
    ("=1.5=py_0", "=1.5"),
    (">1.*", ">1"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_constraints_that_admit_the_same_are_the_same(one: str, other: str) -> None:
    assert is_same_constraint(one, other)
    assert is_same_constraint(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_constraints_that_differ_or_that_we_do_not_know_are_not_the_same(one: str, other: str) -> None:
    assert not is_same_constraint(one, other)


def test_what_a_project_accepts_is_no_drift() -> None:
    text = TEXT.replace("    - pyyaml\n", "    - requests\n").replace("click >=8.1,<9", "click >=8.0")
    ours = make_recipe(read_case(PLAIN), Names(), MAINTAINERS)
    assert not find_drift(text, Format.V1, ours, ["PyYAML", "requests", "click"])
    assert find_drift(text, Format.V1, ours, ["pyyaml", "requests"])
