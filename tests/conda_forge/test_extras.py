"""Test that the requirements of a dependency's extras become requirements of the package, as conda has no extras."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from release_tools.recipe.own_extras import list_extra_requirements
from tests.conda_forge.feedstock import BUILD, Feedstock, feedstock
from tests.conftest import Run
from tests.servers.base import Fault
from tests.support.artifacts import Project

SPAM = Project(
    "spam",
    "2.0",
    requires=(
        "always",
        'eggs>=1; extra == "all"',
        "ham; python_version >= '3.8' and extra == 'all'",
        'old; python_version < "3" and extra == "all"',
        'spam[more]; extra == "all"',
        'bacon<3; extra == "more"',
        'other; extra == "other"',
    ),
    headers=tuple(f"Provides-Extra: {extra}" for extra in ("all", "more", "other")),
)


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Feedstock]:
    with feedstock(tmp_path) as made:
        yield made


def requirements(run: Run, there: Feedstock, tmp_path: Path, *requires: str) -> tuple[list[str], str]:
    project = Project("words", "1.3", requires=requires)
    files = (project.sdist(tmp_path, BUILD), project.wheel(tmp_path))
    said = run("recipe", *files, "-C", there.project, "--json", RELEASE_TOOLS_CONDA_CHANNELS="", **there.env)
    answer = json.loads(said.out)
    run_section = answer["text"].partition("  run:\n")[2].partition("\n\n")[0]
    lines = [line.strip(" -") for line in run_section.splitlines()]
    return lines[1:], " ".join(answer["notes"])


def serve(there: Feedstock, folder: Path, project: Project) -> None:
    path = project.wheel(folder)
    there.pypi.put(path.name, path.read_bytes(), project.name, project.version)


def test_what_an_extra_asks_for_is_required(run: Run, there: Feedstock, tmp_path: Path) -> None:
    serve(there, tmp_path, SPAM)
    serve(there, tmp_path, Project("spam", "3.0rc1"))
    found, notes = requirements(run, there, tmp_path, "spam[all]>=1.5")
    assert found == ["spam >=1.5", "eggs >=1", "ham", "bacon <3"]
    assert "asks for beyond" not in notes
    assert len(there.pypi.lines("GET", "/simple/spam/")) == 1


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("spam[all]<2", "eggs <1"),
        ("spam[all]==1.0", "eggs <1"),
        ("spam[all]>=1", "eggs >=1"),
        ("spam[all]", "eggs >=1"),
    ],
)
def test_an_extra_is_that_of_the_newest_release_allowed(
    wanted: str, expected: str, run: Run, there: Feedstock, tmp_path: Path
) -> None:
    headers = ("Provides-Extra: all",)
    serve(there, tmp_path, Project("spam", "1.0", requires=('eggs<1; extra == "all"',), headers=headers))
    serve(there, tmp_path, Project("spam", "4.2", requires=('eggs>=1; extra == "all"',), headers=headers))
    found, _ = requirements(run, there, tmp_path, wanted)
    assert expected in found


def test_an_extra_of_no_release_is_left_to_a_person(run: Run, there: Feedstock, tmp_path: Path) -> None:
    serve(there, tmp_path, SPAM)
    _, notes = requirements(run, there, tmp_path, "spam[all]<1")
    assert "unknown" in notes


@pytest.mark.parametrize("missing", ["the project", "a wheel", "the server"])
def test_what_pypi_does_not_tell_is_left_to_a_person(missing: str, run: Run, there: Feedstock, tmp_path: Path) -> None:
    if missing == "a wheel":
        there.pypi.put("spam-2.0.tar.gz", b"", "spam", "2.0")
    if missing == "the server":
        serve(there, tmp_path, SPAM)
        there.pypi.faults.append(Fault(path="metadata$", times=None))
    found, notes = requirements(run, there, tmp_path, "spam[all]")
    assert found == ["spam"]
    assert "spam[all]" in notes
    assert "unknown" in notes


OF_EXTRA = {
    'a>=1; extra == "x"': 'a>=1; python_version >= "0"',
    'a ; "X" == extra': None,
    "a; extra == 'X' or extra=='z'": 'a; python_version >= "0" or python_version < "0"',
    'a; (extra == "x" or extra == "z") and os_name == "nt"': (
        'a; (python_version >= "0" or python_version < "0") and os_name == "nt"'
    ),
    'a; extra == "z"': 'a; python_version < "0"',
    "a": None,
    'a; platform_version == "extra"': None,
    'a; extra == "x" and': None,
    'a b; extra == "x"': None,
}


@pytest.mark.parametrize(("line", "expected"), OF_EXTRA.items())
def test_the_condition_of_an_extra_is_decided(line: str, expected: str | None) -> None:
    assert list_extra_requirements((line,), "x") == ((expected,) if expected else ())
