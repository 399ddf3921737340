"""Fixtures of the tests of ``prepare``: a server for runs that are killed."""

from collections.abc import Iterator

import pytest

from tests.support.runs import Runs


@pytest.fixture(scope="session")
def runs() -> Iterator[Runs]:
    with Runs() as server:
        yield server
