"""Another kind of conda server is one class and one line in the registry."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, cast

import pytest

from release_tools.config.schema import Config
from release_tools.errors import ConflictError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.publishers.base import CheckResult, Unconfigured
from release_tools.publishers.conda_channel.channel_server import Channel, ChannelFile, ChannelServer
from release_tools.publishers.conda_channel.servers import SERVERS
from tests.publishing.built_project import BuiltProject


class Attic(ChannelServer):
    """A server that keeps everything in memory."""

    kind = "attic"
    address_prefix = "attic+"
    token_variable = "ATTIC_TOKEN"
    files: ClassVar[dict[str, ChannelFile]] = {}

    @classmethod
    def parse(cls, name: str, address: str, config: Config) -> Channel | Unconfigured:  # noqa: ARG003 - the address says it all
        return Channel(name, cls.kind, address, address)

    def find_files(self, package: str, version: str, subdirs: frozenset[str]) -> Mapping[str, ChannelFile]:
        assert subdirs
        return {name: file for name, file in self.files.items() if f"/{package}-{version}-" in name}

    def check_write_access(self) -> Iterator[CheckResult]:
        yield Note(State.DONE, "the attic is open")

    def upload(self, artifact: Artifact, path: Path) -> None:
        assert path.is_file()
        name = f"{artifact.subdir}/{artifact.filename}"
        assert name not in self.files
        self.files[name] = ChannelFile(artifact.sha256)


@pytest.fixture
def attic(monkeypatch: pytest.MonkeyPatch) -> type[Attic]:
    monkeypatch.setitem(cast("dict[str, type[ChannelServer]]", SERVERS), Attic.kind, Attic)
    monkeypatch.setattr(Attic, "files", {})
    return Attic


@pytest.mark.slow
def test_a_package_is_published_there_once_and_found_again(
    there: BuiltProject, attic: type[Attic], capsys: pytest.CaptureFixture[str]
) -> None:
    [conda] = there.build().artifacts_of_kind(ArtifactKind.CONDA)
    address = "attic+https://attic.example/lab"
    for _ in range(2):
        assert there.run("publish", "--routes-final", address) == 0
    assert {name: file.sha256 for name, file in attic.files.items()} == {f"noarch/{conda.filename}": conda.sha256}
    capsys.readouterr()
    there.configure(f'routes = {{final = ["{address}"]}}')
    assert there.run("status", "1.0", "--json") == 0
    [found] = [one for one in json.loads(capsys.readouterr().out)["publishers"] if one["publisher"] == address]
    assert [file["state"] for file in found["files"]] == ["there"]


def test_other_bytes_there_are_a_conflict(there: BuiltProject, attic: type[Attic]) -> None:
    [conda] = there.build().artifacts_of_kind(ArtifactKind.CONDA)
    attic.files[f"noarch/{conda.filename}"] = ChannelFile("0" * 64)
    address = "attic+https://attic.example/lab"
    assert there.run("publish", "--routes-final", address) == ConflictError.exit_code
