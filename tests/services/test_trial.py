"""The environment that is prepared for a wheel serves that wheel, and none that needs anything else."""

import os
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from release_tools.builders.test_environment import make_test_environment, start_test_environment
from release_tools.builders.virtual_environment import Environment
from release_tools.engine.tasks import BackgroundTasks
from release_tools.system.process import ProcessError


@pytest.mark.parametrize(("needed", "is_the_same"), [([], True), ([Requirement("demo ; python_version < '3'")], False)])
def test_only_what_was_installed_for_just_these_needs_is_used(
    tmp_path: Path, needed: list[Requirement], *, is_the_same: bool
) -> None:
    background = BackgroundTasks()
    start_test_environment([], tmp_path, os.environ, background)
    prepared = make_test_environment([], tmp_path, os.environ, background)
    environment = make_test_environment(needed, tmp_path, os.environ, background)
    background.end()
    assert (environment is prepared) is is_the_same
    assert Path(environment.python_executable).exists()


def test_of_an_environment_that_could_not_be_made_nothing_is_left_to_be_taken_for_one(tmp_path: Path) -> None:
    environment = Environment.at(tmp_path / "half", os.environ)
    (environment.folder / "pyvenv.cfg").mkdir(parents=True)
    with pytest.raises(ProcessError, match="cannot create"):
        environment.make()
    assert not environment.folder.exists()
