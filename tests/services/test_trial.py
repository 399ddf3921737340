"""The environment that is prepared for a wheel serves that wheel, and none that needs anything else."""

import os
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from release_tools.builders.test_environment import environment_for, start_test_environment
from release_tools.builders.virtual_environment import Environment
from release_tools.engine.background import BackgroundTasks
from release_tools.system.process import ProcessError


@pytest.mark.parametrize(("needed", "prepared"), [([], True), ([Requirement("attrs")], False)])
def test_only_what_was_installed_for_just_these_needs_is_used(
    tmp_path: Path, needed: list[Requirement], *, prepared: bool
) -> None:
    background = BackgroundTasks()
    start_test_environment([], tmp_path, os.environ, background)
    environment, ready = environment_for(needed, tmp_path, os.environ, background)
    background.end()
    assert ready is prepared
    assert Path(environment.python_executable).exists()


def test_of_an_environment_that_could_not_be_made_nothing_is_left_to_be_taken_for_one(tmp_path: Path) -> None:
    environment = Environment.at(tmp_path / "half", os.environ)
    (environment.folder / "pyvenv.cfg").mkdir(parents=True)
    with pytest.raises(ProcessError, match="no environment can be made there"):
        environment.make()
    assert not environment.folder.exists()
