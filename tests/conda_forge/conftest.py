"""Share fixtures of the tests of the pull request."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conda_forge.forge import TOKEN, Forge, is_a_guests
from tests.servers.anaconda import Anaconda
from tests.servers.github import GitHub
from tests.servers.package_index import PackageIndex
from tests.servers.proxy import proxying


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """A forge; at its end, that it got nothing but forks, pull requests and comments."""
    hub, pypi, anaconda = GitHub(tmp_path / "hub"), PackageIndex.pypi(), Anaconda()
    with proxying({**hub.routes, **pypi.routes, **anaconda.routes}) as proxy:
        there = Forge(tmp_path, hub, pypi, anaconda, {**proxy.environment, "CONDA_FORGE_TOKEN": TOKEN})
        yield there
        assert proxy.complaints == []
        assert there.feedstock.bare.refs("refs/heads/") == there.heads
        assert [line for line in there.writes if not is_a_guests(line)] == []
