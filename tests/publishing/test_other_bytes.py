"""A rerun whose own build gave other bytes goes back to what the first run published."""

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.artifacts import manifest
from release_tools.errors import ConflictError, RemoteError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Release
from tests.publishing.world import World
from tests.servers.base import Fault
from tests.servers.github import GitHub

TOKEN = "ghp_canary0123456789"


@pytest.fixture
def hub(there: World, tmp_path: Path) -> Iterator[GitHub]:
    """The project on GitHub, its commit tagged."""
    server = GitHub(tmp_path / "github")
    server.account("octo", TOKEN)
    server.create("octo/demo", {"README.md": "demo"}).bare.git("tag", "v1.0", "main")
    there.proxy.routes.update(server.routes)
    there.env |= {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "octo/demo"}
    there.log_in()
    yield server
    assert server.complaints == []


def build(there: World, hub: GitHub) -> Release:
    commit = hub.repositories["octo/demo"].bare.resolve("refs/heads/main")
    assert commit is not None
    return there.build(conda=False, commit=commit)


def build_again_elsewhere(there: World, release: Release) -> None:
    """The same content in another gzip header, as setuptools leaves its clock there."""
    sdist = release.artifacts[0].path
    content = gzip.decompress(sdist.read_bytes())
    with sdist.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=1) as packed:
        packed.write(content)
    artifacts = (Artifact.of(sdist, ArtifactKind.SDIST), *release.artifacts[1:])
    (there.dist / manifest.FILENAME).write_text(manifest.dump(replace(release, artifacts=artifacts)))


def test_a_rerun_publishes_the_bytes_of_the_first_run(there: World, hub: GitHub) -> None:
    release = build(there, hub)
    there.pypi.faults = [Fault(method="POST", times=None, body=b"py3-none-any.whl")]
    assert there.run("publish", "--routes-final", "pypi") == RemoteError.exit_code
    there.pypi.faults = []
    build_again_elsewhere(there, release)
    assert there.run("publish", "--routes-final", "pypi") == 0
    assert there.pypi.holds() == there.expected(release, ArtifactKind.SDIST, ArtifactKind.WHEEL)
    [shown] = hub.repositories["octo/demo"].releases
    assert not shown.draft


def test_also_where_some_of_them_are_published_already(there: World, hub: GitHub) -> None:
    release = build(there, hub)
    assert there.run("publish", "--routes-final", "pypi", "--github-draft") == 0
    build_again_elsewhere(there, release)
    assert there.run("publish", "--routes-final", "pypi") == 0
    assert there.pypi.holds() == there.expected(release, ArtifactKind.SDIST, ArtifactKind.WHEEL)
    assert len(there.pypi.accepted) == 2


def test_without_a_draft_other_bytes_are_a_conflict(there: World, hub: GitHub) -> None:
    release = build(there, hub)
    assert there.run("publish", "--routes-final", "pypi", "--no-github") == 0
    build_again_elsewhere(there, release)
    assert there.run("publish", "--routes-final", "pypi", "--no-github") == ConflictError.exit_code
