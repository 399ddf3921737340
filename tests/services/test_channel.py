"""Folders indexed, specs solved and packages installed by py-rattler, without a network."""

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from release_tools.builders.conda import rattler
from release_tools.errors import OutputError, UnreachableError, VerifyError
from tests.servers.base import Double, Fault, Request, Response, What, serve
from tests.support.artifacts import Project
from tests.support.compiled_channel import Made
from tests.support.conda import NEEDS_POSIX, Channel


def test_an_index_lists_what_lies_in_the_folder(tmp_path: Path) -> None:
    Channel(tmp_path, tmp_path / "cache").add(Project("demo"), Project("demo", "1.1"))
    listed = json.loads((tmp_path / "noarch" / "repodata.json").read_text())["packages.conda"]
    assert sorted(listed) == ["demo-1.0-py_0.conda", "demo-1.1-py_0.conda"]


@pytest.mark.slow
def test_a_file_that_is_built_again_under_its_name_has_its_new_digest(tmp_path: Path) -> None:
    for body in (b"once", b"again"):
        path = Made("demo", "1.0", {"share/demo": body}, noarch="generic").write(tmp_path)
        os.utime(path, (1_700_000_000, 1_700_000_000))
        rattler.index_channel(tmp_path)
    listed = json.loads((tmp_path / "noarch" / "repodata.json").read_text())["packages.conda"]
    assert listed[path.name]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_an_empty_folder_becomes_an_empty_channel(tmp_path: Path) -> None:
    rattler.index_channel(tmp_path / "new")
    assert json.loads((tmp_path / "new" / "noarch" / "repodata.json").read_text())["packages.conda"] == {}


def test_a_channel_that_cannot_be_indexed_is_reported(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "noarch").mkdir()
    (tmp_path / "noarch" / "demo-1.0-py_0.conda").write_bytes(b"no package")
    with pytest.raises(OutputError, match="cannot be indexed"):
        rattler.index_channel(tmp_path)
    capfd.readouterr()


@pytest.mark.slow
@NEEDS_POSIX
def test_what_is_installed_is_recorded(tmp_path: Path, conda_channel: Channel) -> None:
    own = conda_channel.over(tmp_path / "channel")
    own.add(Project("demo"), Project("demo", "1.1"))
    own.install(tmp_path / "prefix", "demo <1.1")
    found = {one.name: one for one in rattler.list_installed(tmp_path / "prefix")}
    assert found.keys() == {"demo", "python"}
    assert (found["demo"].version, found["demo"].build) == ("1.0", "py_0")
    assert any(path.endswith("site-packages/demo.py") for path in found["demo"].files)


@pytest.mark.slow
@NEEDS_POSIX
def test_a_requirement_that_no_channel_has_is_named(tmp_path: Path, conda_channel: Channel) -> None:
    own = conda_channel.over(tmp_path / "channel")
    own.add(Project("demo", requires=("lib-nowhere>=3",)))
    with pytest.raises(VerifyError, match="lib-nowhere"):
        own.install(tmp_path / "prefix", "demo")
    assert not (tmp_path / "prefix").exists()


def test_a_channel_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnreachableError, match="nowhere"):
        rattler.install(tmp_path / "p", ["python"], [(tmp_path / "nowhere").as_uri()], cache_dir=tmp_path / "cache")


def test_of_a_chain_of_causes_only_the_last_is_reported(tmp_path: Path) -> None:
    reason = rattler.explain_unavailable(["http://127.0.0.1:9/demo"], cache_dir=tmp_path / "cache")
    assert reason.startswith("http://127.0.0.1:9/demo could not be reached: ")
    assert "Caused by" not in reason


@pytest.mark.slow
@NEEDS_POSIX
def test_a_channel_with_a_python_is_at_hand(conda_channel: Channel) -> None:
    assert rattler.explain_unavailable(conda_channel.urls, cache_dir=conda_channel.cache) == ""


def test_a_channel_without_a_python_is_of_no_use(tmp_path: Path) -> None:
    own = Channel(tmp_path, tmp_path / "cache")
    own.add(Project("demo"))
    reason = rattler.explain_unavailable(own.urls, cache_dir=own.cache)
    assert "python" in reason
    assert "\n" not in reason


@pytest.mark.slow
@NEEDS_POSIX
def test_the_python_of_the_channel_is_the_one_that_runs(conda_channel: Channel, tmp_path: Path) -> None:
    conda_channel.install(tmp_path / "prefix", "python")
    (python,) = rattler.list_installed(tmp_path / "prefix")
    assert python.version == sys.version.split()[0]


class Folder(Double):
    """A channel's folder on a web server."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def answer(self, request: Request) -> Response:
        path = self.folder / request.path.strip("/")
        return Response(200, path.read_bytes()) if path.is_file() else Response(404)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Folder]]:
    Channel(tmp_path / "channel", tmp_path / "c").add(Project("demo", "1.5"), Project("other"))
    folder = Folder(tmp_path / "channel")
    with serve(folder) as url:
        yield url, folder


def test_names_are_asked_for_without_reading_what_each_package_needs(
    served: tuple[str, Folder], tmp_path: Path
) -> None:
    url, folder = served
    assert rattler.list_packages([url], timeout=20, cache_dir=tmp_path / "cache") == {"demo", "other"}
    read = {line.rpartition("/")[2] for line in folder.lines("GET", "/noarch/")}
    assert read == {"repodata_shards.msgpack.zst"}


def test_only_what_no_package_fits_is_unmet(served: tuple[str, Folder], tmp_path: Path) -> None:
    url, folder = served
    specs = ["demo >=1.2,<2", "demo >=1.6", "demo", "nowhere", "demo =!x"]
    unmet = rattler.find_unmet(specs, [url], timeout=20, cache_dir=tmp_path / "cache")
    assert unmet == ("demo >=1.6", "nowhere")
    assert len(folder.lines("GET", "/noarch/shards/")) == 1, "that of demo, and none of other"


@pytest.mark.slow
def test_a_channel_that_hangs_is_given_up(served: tuple[str, Folder], tmp_path: Path) -> None:
    url, folder = served
    folder.faults.append(Fault(What.HANG, path="shards", times=None))
    with pytest.raises(UnreachableError, match="no answer within 1 s"):
        rattler.list_packages([url], timeout=1, cache_dir=tmp_path / "cache")
