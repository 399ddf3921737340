from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.publishing.built_project import BuiltProject, built_project
from tests.servers.package_index import Publisher


@pytest.fixture
def there(tmp_path: Path) -> Iterator[BuiltProject]:
    with built_project(tmp_path) as made:
        yield made


@pytest.fixture
def job(there: BuiltProject) -> BuiltProject:
    """A job with ``id-token: write``, whose project exists and knows it."""
    there.build(conda=False)
    there.env.update(there.provider.environment)
    there.pypi.owned.add("demo")
    there.pypi.publishers = there.testpypi.publishers = [Publisher("demo")]
    return there
