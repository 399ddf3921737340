"""``release-tools drift``: a feedstock's recipe beside this commit, with an exit code for CI."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conda_forge.feedstock import Feedstock, feedstock
from tests.conftest import Run, Said
from tests.servers.base import Fault, Response

FAULTS = [
    "lacks: run: rich",
    "has in excess: run: tabulate (line 26)",
    "differs: run: click: the project asks for >=8.1, line 25 has >=8",
]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Feedstock]:
    with feedstock(tmp_path) as made:
        yield made


def drift(run: Run, there: Feedstock, *options: str | Path) -> Said:
    channels = {"RELEASE_TOOLS_CONDA_CHANNELS": "http://127.0.0.1:9/channel"}
    return run("drift", *there.files, "-C", there.project, *options, **there.env, **channels)


def test_drift_is_reported_line_by_line_with_a_code_of_its_own(run: Run, there: Feedstock) -> None:
    said = drift(run, there)
    assert said.code == 16
    assert said.err.splitlines() == [
        "error: conda-forge/words-feedstock does not agree with words as it is now:",
        *(f"  - {fault}" for fault in FAULTS),
        "The next update carries what this project changes; accept the rest with conda-forge.accepted.",
    ]


@pytest.mark.slow
def test_what_is_accepted_is_no_drift(run: Run, there: Feedstock) -> None:
    there.keep(there.recipe.replace("click >=8\n", "click >=8.1\n"))
    assert drift(run, there, "--conda-forge-accepted", "rich").code == 16
    said = drift(run, there, "--conda-forge-accepted", "rich,tabulate")
    assert (said.code, said.out) == (0, "conda-forge/words-feedstock agrees with words 1.3\n")


def test_drift_is_data_too(run: Run, there: Feedstock) -> None:
    said = drift(run, there, "--json")
    assert said.code == 16
    assert json.loads(said.out) == {
        "schema": 1,
        "feedstock": "conda-forge/words-feedstock",
        "lacking": ["run: rich"],
        "excess": ["run: tabulate (line 26)"],
        "differing": ["run: click: the project asks for >=8.1, line 25 has >=8"],
    }


@pytest.mark.parametrize("place", ["words-feedstock", "words-feedstock/recipe", "words-feedstock/recipe/recipe.yaml"])
def test_a_feedstock_on_this_machine_needs_no_network(place: str, run: Run, there: Feedstock, tmp_path: Path) -> None:
    folder = tmp_path / "words-feedstock" / "recipe"
    folder.mkdir(parents=True)
    (folder / "recipe.yaml").write_text(there.recipe)
    said = drift(run, there, "--feedstock", tmp_path / place)
    assert [line.strip(" -") for line in said.err.splitlines()[1:-1]] == FAULTS
    assert there.github.log == []


def test_a_recipe_of_the_older_format_is_compared(run: Run, there: Feedstock, tmp_path: Path) -> None:
    recipe = tmp_path / "meta.yaml"
    recipe.write_text(
        '{% set version = "1.2" %}\npackage:\n  name: words\n  version: {{ version }}\nbuild:\n  noarch: python\n'
        "requirements:\n  host:\n    - hatchling >=1.27  # [unix]\n  run:\n    - click >=8.1\n    - rich\n"
    )
    assert drift(run, there, "--feedstock", recipe).code == 0


def test_no_feedstock_is_no_drift(run: Run, there: Feedstock) -> None:
    del there.github.repositories["conda-forge/words-feedstock"]
    said = drift(run, there)
    assert (said.code, said.out) == (0, "conda-forge has no feedstock of words\n")


def test_not_being_able_to_look_is_not_agreement(run: Run, there: Feedstock) -> None:
    there.github.faults.append(Fault(response=Response(503), times=None))
    assert drift(run, there).code == 13


BROKEN = {"no.yaml": ("x", 2), "recipe.yaml": ("a: [", 15), "meta.yaml": ("a: &b c\nd: *b\n", 15)}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_recipe_is_refused(name: str, run: Run, there: Feedstock, tmp_path: Path) -> None:
    text, code = BROKEN[name]
    (tmp_path / name).write_text(text)
    assert drift(run, there, "--feedstock", tmp_path / name).code == code


def test_a_place_without_a_recipe_is_reported(run: Run, there: Feedstock, tmp_path: Path) -> None:
    said = drift(run, there, "--feedstock", tmp_path / "nowhere")
    assert said.code == 2
    assert "no recipe there" in said.err
