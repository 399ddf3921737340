"""Fixtures of the tests of compiled projects: the files of all build jobs, made once."""

from pathlib import Path

import pytest

from tests.compiled.plans import Jobs, load_jobs, make_jobs
from tests.support.conda import once


@pytest.fixture(scope="session")
def built(shared: Path) -> Jobs:
    """The jobs of one project with all of their files; nobody changes them, see `copy_jobs`."""
    return load_jobs(once(shared / "compiled-jobs", lambda folder: make_jobs(folder).write_all()))
