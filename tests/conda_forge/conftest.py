"""Share fixtures of the tests of the pull request."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conda_forge.forge import Forge, conda_forge


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """A package on conda-forge that has a new version."""
    with conda_forge(tmp_path) as there:
        yield there
