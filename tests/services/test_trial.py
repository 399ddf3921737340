"""The environment that is prepared for a wheel serves that wheel, and none that needs anything else."""

import os
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from release_tools.begun import Begun
from release_tools.services.trial import begin_trial, environment_for


@pytest.mark.parametrize(("needed", "prepared"), [([], True), ([Requirement("attrs")], False)])
def test_only_what_was_installed_for_just_these_needs_is_used(
    tmp_path: Path, needed: list[Requirement], *, prepared: bool
) -> None:
    begun = Begun()
    begin_trial([], tmp_path, os.environ, begun)
    environment, ready = environment_for(needed, tmp_path, os.environ, begun)
    begun.end()
    assert ready is prepared
    assert Path(environment.python_executable).exists()
