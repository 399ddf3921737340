"""Repositories of every shape: a command answers or refuses, and never shows what a library or git raised."""

import os
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.conftest import Run
from tests.history.repository_shapes import BROKEN, SHAPES, SHOWN_ELSEWHERE, Shape
from tests.support.projects import in_tree_project
from tests.support.repositories import Checkout, make_repository

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the shapes need names that Windows cannot have")

COMMANDS = (("next",), ("notes",), ("doctor",), ("dry-run", "--no-verify-install", "--no-conda"))
"""The last one does all that ``version`` and ``plan`` do."""
CRASH = re.compile(r"Traceback|fault of release-tools|git: exited with|\bfatal:|\w+Error: (?!.*\.log)")
INTERNAL = 1
USUAL = 2


def start(folder: Path) -> Checkout:
    """A project with a release and a change since then."""
    files = {**in_tree_project(version="1.2.0"), "CHANGELOG.md": "# Changes\n\n## Unreleased\n\n- Something.\n"}
    return make_repository(folder / "demo", files, ". v1.0.0 . . v1.0.1")


def check(run: Run, checkout: Checkout) -> None:
    """Run every command and compare what it says with what no person should read."""
    for command in COMMANDS:
        said = run(*command, "-C", checkout.root, "--no-conda-forge", "--no-github")
        shown = f"{command[0]}: exit {said.code}\n{said.out}{said.err}"
        assert said.code != INTERNAL, shown
        assert not CRASH.search(said.out + said.err), shown
        assert said.code == 0 or "error" in said.err or command == ("next",), shown


def parameter(shape: Shape) -> Any:  # noqa: ANN401 - what parametrize takes has no public type
    marks = pytest.mark.exhaustive if shape in SHOWN_ELSEWHERE else ()
    return pytest.param(shape, id=shape.__name__, marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize("shape", [parameter(shape) for shape in (*SHAPES, *BROKEN)])
def test_a_repository_of_any_shape_is_read_or_refused(run: Run, tmp_path: Path, shape: Shape) -> None:
    check(run, shape(start(tmp_path)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [*range(USUAL), *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(USUAL, 12))]
)
def test_shapes_that_follow_one_another_are_read_or_refused(run: Run, tmp_path: Path, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - for tests
    checkout = start(tmp_path)
    for shape in random.sample(SHAPES, random.randint(2, 5)):
        checkout = shape(checkout)
    check(run, checkout)
