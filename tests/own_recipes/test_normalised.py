"""Test what the normalising writer keeps of a package, and what it removes."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from release_tools.artifacts import read_conda
from release_tools.builders.conda.normalise import iterate_members, normalise
from release_tools.builders.conda.package_writer import Style
from tests.support.conda import Channel, read_back

FOLDERS = ("share", "share/demo", "share/demo/cache", "share/demo/full", "info")
EMPTY = "share/demo/cache"


def make_package(folder: Path, *, is_listed: bool) -> Path:
    """A package with an empty folder, as tar has it, with or without a line in paths.json."""
    folder.mkdir()
    name, content = "share/demo/full/a", b"1"
    digest = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b"
    paths = [{"_path": name, "path_type": "hardlink", "sha256": digest, "size_in_bytes": 1}]
    paths += [{"_path": EMPTY, "path_type": "directory"}] if is_listed else []
    index = {"name": "demo", "version": "1.0", "build": "0", "build_number": 0, "depends": [], "subdir": "noarch"}
    documents = {
        "info/index.json": {**index, "noarch": "generic", "timestamp": 7},
        "info/about.json": {},
        "info/paths.json": {"paths": paths, "paths_version": 1},
    }
    path = folder / "demo-1.0-0.tar.bz2"
    with tarfile.open(path, "w:bz2") as archive:
        for one in FOLDERS:
            member = tarfile.TarInfo(one)
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member)
        texts = {key: json.dumps(value).encode() for key, value in documents.items()} | {name: content}
        for key, text in texts.items():
            member = tarfile.TarInfo(key)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return path


@pytest.mark.parametrize("is_listed", [True, False], ids=["listed", "not listed"])
@pytest.mark.parametrize("suffix", ["conda", "tar.bz2"])
def test_an_empty_folder_is_kept(suffix: str, tmp_path: Path, *, is_listed: bool) -> None:
    package = read_conda(make_package(tmp_path / "built", is_listed=is_listed))
    folder = tmp_path / "channel" / "noarch"
    (path,) = normalise(package, folder, tmp_path / "content", [Style(suffix, 1, 1_700_000_000)])
    found = [member.name for _, member in iterate_members(path) if member.isdir()]
    assert found == [EMPTY], "no other folder has a member of its own"
    written = read_conda(path)
    assert [member.name for member in written.members] == ["share/demo/full/a"]
    listed = {"_path": EMPTY, "path_type": "directory"} in json.loads(written.documents["paths.json"])["paths"]
    assert listed == is_listed
    assert read_back(written) == ()
    if not is_listed:  # py-rattler installs no package whose paths.json lists a folder
        channel = Channel(tmp_path / "channel", tmp_path / "cache")
        channel.add()
        channel.install(tmp_path / "prefix", "demo")
        assert (tmp_path / "prefix" / "share" / "demo" / "full" / "a").read_text() == "1"
