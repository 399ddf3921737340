"""A release that is completed later: ``gather`` goes on with the wheels that are served already."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.builders.cibuildwheel import read_cibuildwheel_version
from tests.compiled.plans import WHEELS, Jobs, copy_jobs
from tests.conftest import Run, Said
from tests.servers.base import Double
from tests.servers.github import Asset, GitHub, Release
from tests.servers.package_index import PackageIndex
from tests.servers.proxy import proxying

pytestmark = pytest.mark.skipif(not read_cibuildwheel_version(), reason="no cibuildwheel: uv pip install cibuildwheel")
SLUG = "octo/demo"
SDIST = "demo-1.0.tar.gz"
LINUX = f"demo-1.0-{WHEELS['linux-x86_64'][0]}.whl"


@dataclass(frozen=True)
class Rebuilt:
    """The folders of the jobs of a second run.

    Attributes:
        jobs: the folders.
        served: the files of the first run by name.
        dist: where they are gathered.
    """

    jobs: Jobs
    served: Mapping[str, bytes]
    dist: Path

    @property
    def stored(self) -> bytes:
        return (self.dist / LINUX).read_bytes()

    def index(self, *names: str) -> PackageIndex:
        index = PackageIndex.pypi()
        for name in names:
            index.put(name, self.served[name])
        return index

    def github(self, folder: Path, *names: str) -> GitHub:
        there = GitHub(folder / "github")
        there.create(SLUG)
        files = {name: self.served[name] for name in names}
        files["release.json"] = self.release_json(names)
        release = Release(1, "v1.0", "main", "demo 1.0", "", draft=False, prerelease=False, author="octo", created=1)
        release.published = 1
        release.assets += [asset(name, content) for name, content in files.items()]
        there.repositories[SLUG].releases.append(release)
        return there

    def release_json(self, names: Iterable[str]) -> bytes:
        facts = json.loads(manifest.dump(self.jobs.source))
        kinds = {True: "sdist", False: "wheel"}
        facts["artifacts"] = [
            {
                "filename": name,
                "kind": kinds[name == SDIST],
                "sha256": hashlib.sha256(self.served[name]).hexdigest(),
                "size": len(self.served[name]),
            }
            for name in names
        ]
        return json.dumps(facts).encode()

    def gather(self, run: Run, routes: Mapping[str, Double]) -> Said:
        where = ("-C", self.jobs.checkout.root, "--packages-dir", self.dist, "--network-tries", "1")
        with proxying(dict(routes)) as proxy:
            return run("gather", self.jobs.root, *where, **proxy.environment, GITHUB_REPOSITORY=SLUG)


def asset(name: str, content: bytes) -> Asset:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return Asset(zlib.crc32(name.encode()), name, "", content, digest, "application/octet-stream", "octo")


@pytest.fixture
def rebuilt(built: Jobs, tmp_path: Path) -> Rebuilt:
    """A release whose first wheel was built again, with other bytes, and what was served of the first build."""
    jobs = copy_jobs(built, tmp_path / "jobs")
    served = {path.name: path.read_bytes() for path in jobs.root.glob("*/demo-1.0*") if path.suffix in (".gz", ".whl")}
    jobs.write("linux-x86_64", WHEELS["linux-x86_64"], body=b"built again")
    return Rebuilt(jobs, served, tmp_path / "dist")


def test_what_an_index_serves_for_the_same_sdist_is_taken(run: Run, rebuilt: Rebuilt) -> None:
    index = rebuilt.index(SDIST, LINUX)
    said = rebuilt.gather(run, index.routes)
    assert said.code == 0, said.err
    assert rebuilt.stored == rebuilt.served[LINUX]
    known = {artifact.filename: artifact.sha256 for artifact in manifest.load(rebuilt.dist).artifacts}
    assert known[LINUX] == index.holds()[LINUX]
    assert "win_amd64" in said.out.partition("new on PyPI")[2]


@pytest.mark.parametrize("sdist", [b"another", b""])
def test_what_an_index_serves_for_another_sdist_or_for_none_is_not_taken(
    run: Run, rebuilt: Rebuilt, sdist: bytes
) -> None:
    index = rebuilt.index(LINUX)
    if sdist:
        index.put(SDIST, sdist)
    said = rebuilt.gather(run, index.routes)
    assert said.code == 0, said.err
    assert rebuilt.stored != rebuilt.served[LINUX]
    assert "not this sdist" in said.out


OPTIONAL = f"demo-1.0-{WHEELS['windows-x86_64'][1]}.whl"


@pytest.mark.slow
@pytest.mark.parametrize("server", ["index", "GitHub"])
def test_a_served_wheel_of_an_optional_target_stays_in_the_release(
    run: Run, tmp_path: Path, rebuilt: Rebuilt, server: str
) -> None:
    rebuilt.jobs.write("windows-x86_64", WHEELS["windows-x86_64"][:1], {"left_out": ("cp313-win_amd64",)})
    names = (SDIST, OPTIONAL)
    index = rebuilt.index(*(names if server == "index" else ()))
    index.put("demo-0.9-cp313-cp313-win_amd64.whl", b"of an older version")
    there = rebuilt.github(tmp_path, *names).routes if server == "GitHub" else {}
    said = rebuilt.gather(run, {**index.routes, **there})
    assert said.code == 0, said.err
    assert (rebuilt.dist / OPTIONAL).read_bytes() == rebuilt.served[OPTIONAL]
    assert manifest.load(rebuilt.dist).left_out == ()
    assert "left out" not in said.out
    assert "demo-0.9" not in said.out
    checked = run("verify", "-C", rebuilt.jobs.checkout.root, "--packages-dir", rebuilt.dist, "--no-verify-install")
    assert checked.code == 0, checked.err


def test_an_optional_wheel_that_was_built_for_another_sdist_is_left_out(run: Run, rebuilt: Rebuilt) -> None:
    rebuilt.jobs.write("windows-x86_64", WHEELS["windows-x86_64"][:1], {"left_out": ("cp313-win_amd64",)})
    index = rebuilt.index(OPTIONAL)
    index.put(SDIST, b"another")
    assert rebuilt.gather(run, index.routes).code == 0
    assert manifest.load(rebuilt.dist).left_out == ("cp313-win_amd64",)


def test_a_wheel_that_got_another_name_when_it_was_built_again_is_the_served_one(run: Run, rebuilt: Rebuilt) -> None:
    newer = LINUX.replace("manylinux_2_17", "manylinux_2_28")
    tags = ("cp312-cp312-manylinux_2_28_x86_64", WHEELS["linux-x86_64"][1])
    rebuilt.jobs.write("linux-x86_64", tags, body=b"built again")
    said = rebuilt.gather(run, rebuilt.index(SDIST, LINUX).routes)
    assert said.code == 0, said.err
    assert rebuilt.stored == rebuilt.served[LINUX]
    assert not (rebuilt.dist / newer).exists()


def test_wheels_are_added_to_an_old_version_no_more(run: Run, rebuilt: Rebuilt) -> None:
    index = rebuilt.index(SDIST, LINUX)
    index.old.add("1.0")
    said = rebuilt.gather(run, index.routes)
    assert (said.code, "win_amd64" in said.err) == (14, True)
    assert not rebuilt.dist.exists()
    for name, content in rebuilt.served.items():
        index.put(name, content)
    assert rebuilt.gather(run, index.routes).code == 0


def test_an_index_that_serves_other_bytes_than_it_lists_is_not_believed(run: Run, rebuilt: Rebuilt) -> None:
    index = rebuilt.index(SDIST, LINUX)
    index.lies[LINUX] = "0" * 64
    said = rebuilt.gather(run, index.routes)
    assert said.code == 0, said.err
    assert rebuilt.stored != rebuilt.served[LINUX]
    assert "other bytes" in said.out


@pytest.mark.parametrize("gives_digests", [True, False])
def test_what_the_github_release_has_is_taken(
    run: Run,
    tmp_path: Path,
    rebuilt: Rebuilt,
    gives_digests: bool,  # noqa: FBT001 - a case
) -> None:
    there = rebuilt.github(tmp_path, SDIST, LINUX)
    there.digests = gives_digests
    said = rebuilt.gather(run, {**PackageIndex.pypi().routes, **there.routes})
    assert said.code == 0, said.err
    assert rebuilt.stored == rebuilt.served[LINUX]
    assert "win_amd64" in said.out.partition("new on GitHub")[2]


def test_an_immutable_release_stays_as_it_is_and_is_reported(run: Run, tmp_path: Path, rebuilt: Rebuilt) -> None:
    there = rebuilt.github(tmp_path, SDIST, LINUX)
    there.repositories[SLUG].releases[0].immutable = True
    said = rebuilt.gather(run, {**rebuilt.index(SDIST, LINUX).routes, **there.routes})
    assert said.code == 0, said.err
    assert "immutable" in said.out


def test_a_draft_and_a_release_of_another_sdist_decide_nothing(run: Run, tmp_path: Path, rebuilt: Rebuilt) -> None:
    there = rebuilt.github(tmp_path, LINUX)
    assert rebuilt.gather(run, {**PackageIndex.pypi().routes, **there.routes}).code == 0
    assert rebuilt.stored != rebuilt.served[LINUX]
    there.repositories[SLUG].releases[0].draft = True
    assert rebuilt.gather(run, {**PackageIndex.pypi().routes, **there.routes}).code == 0
    assert rebuilt.stored != rebuilt.served[LINUX]


def test_the_index_decides_where_both_serve_a_wheel(run: Run, tmp_path: Path, rebuilt: Rebuilt) -> None:
    there = rebuilt.github(tmp_path, SDIST)
    there.repositories[SLUG].releases[0].assets.append(asset(LINUX, b"of another build"))
    assert rebuilt.gather(run, {**rebuilt.index(SDIST, LINUX).routes, **there.routes}).code == 0
    assert rebuilt.stored == rebuilt.served[LINUX]


def test_what_cannot_be_asked_is_reported(run: Run, rebuilt: Rebuilt) -> None:
    said = rebuilt.gather(run, {})
    assert said.code == 0, said.err
    assert "PyPI was not asked" in said.out
