"""What is known of build backends is true of those that the index has today."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from release_tools.builders.backends import LATER
from release_tools.builders.virtual_environment import Environment
from tests.support.projects import BACKENDS

IMPORT = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"


@pytest.mark.registry
@pytest.mark.parametrize("backend", BACKENDS)
def test_what_hooks_import_is_there(backend: str, env: Mapping[str, str], tmp_path: Path) -> None:
    environment = Environment.create(tmp_path / "build", env)
    environment.install([BACKENDS[backend].requires])
    module = BACKENDS[backend].path.partition(":")[0]
    environment.python("-c", IMPORT, module, *LATER[module])
