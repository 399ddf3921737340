"""A release that is completed later: ``gather`` goes on with the wheels that PyPI serves already."""

from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.builders.cibuildwheel import read_cibuildwheel_version
from tests.compiled.plans import WHEELS, Jobs, copy_jobs, make_jobs
from tests.conftest import Run
from tests.servers.package_index import PackageIndex
from tests.servers.proxy import proxying

pytestmark = pytest.mark.skipif(not read_cibuildwheel_version(), reason="no cibuildwheel: uv pip install cibuildwheel")
LINUX = f"demo-1.0-{WHEELS['linux-x86_64'][0]}.whl"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    made = make_jobs(tmp_path_factory.mktemp("built"))
    made.write_all()
    return made


@pytest.mark.parametrize("has_same_sdist", [True, False])
def test_what_is_served_for_the_same_sdist_is_taken_instead_of_what_was_built_again(
    run: Run,
    tmp_path: Path,
    built: Jobs,
    has_same_sdist: bool,  # noqa: FBT001 - a case
) -> None:
    jobs = copy_jobs(built, tmp_path / "jobs")
    index = PackageIndex.pypi()
    sdist = (jobs.folder("source") / "demo-1.0.tar.gz").read_bytes()
    served = (jobs.folder("linux-x86_64") / LINUX).read_bytes()
    index.put("demo-1.0.tar.gz", sdist if has_same_sdist else sdist + b"x")
    index.put(LINUX, served)
    jobs.write("linux-x86_64", WHEELS["linux-x86_64"], body=b"built again")
    with proxying(index.routes) as proxy:
        said = run(
            "gather", jobs.root, "-C", jobs.checkout.root, "--packages-dir", tmp_path / "dist", **proxy.environment
        )
    assert said.code == 0, said.err
    stored = (tmp_path / "dist" / LINUX).read_bytes()
    assert (stored == served) is has_same_sdist
    known = {artifact.filename: artifact.sha256 for artifact in manifest.load(tmp_path / "dist").artifacts}
    assert (known[LINUX] == index.holds()[LINUX]) is has_same_sdist
    assert ("win_amd64" in said.out.partition("new on PyPI")[2]) is has_same_sdist
