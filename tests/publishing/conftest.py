from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publishing.world import World, world
from tests.servers.package_index import Publisher


@pytest.fixture
def there(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


@pytest.fixture
def job(there: World) -> World:
    """A job with ``id-token: write``, whose project exists and knows it."""
    there.build(conda=False)
    there.env |= there.provider.environment
    there.pypi.owned.add("demo")
    there.pypi.publishers = there.testpypi.publishers = [Publisher("demo")]
    return there
