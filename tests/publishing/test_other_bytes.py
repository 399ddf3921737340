"""A rerun whose own build gave other bytes goes back to what the first run published."""

import gzip
from dataclasses import replace

import pytest

from release_tools.artifacts import manifest
from release_tools.errors import ConflictError, RemoteError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Release
from tests.publishing.built_project import BuiltProject
from tests.servers.base import Fault
from tests.servers.github import GitHub
from tests.support.world import GITHUB_TOKEN, SLUG


@pytest.fixture
def hub(there: BuiltProject) -> GitHub:
    """The project on GitHub, its commit tagged."""
    there.github.account("octo", GITHUB_TOKEN)
    there.github.create(SLUG, {"README.md": "demo"}).bare.git("tag", "v1.0", "main")
    there.proxy.routes.update(there.github.routes)
    there.env.update(GITHUB_TOKEN=GITHUB_TOKEN, GITHUB_REPOSITORY=SLUG)
    there.log_in()
    return there.github


def build(there: BuiltProject, hub: GitHub) -> Release:
    commit = hub.repositories[SLUG].bare.resolve("refs/heads/main")
    assert commit is not None
    return there.build(conda=False, commit=commit)


def build_again_elsewhere(there: BuiltProject, release: Release) -> None:
    """The same content in another gzip header, as setuptools leaves its clock there."""
    sdist = release.artifacts[0].path
    content = gzip.decompress(sdist.read_bytes())
    with sdist.open("wb") as raw, gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=1) as packed:
        packed.write(content)
    artifacts = (Artifact.of(sdist, ArtifactKind.SDIST), *release.artifacts[1:])
    (there.dist / manifest.FILENAME).write_text(manifest.dump(replace(release, artifacts=artifacts)))


@pytest.mark.slow
def test_a_rerun_publishes_the_bytes_of_the_first_run(there: BuiltProject, hub: GitHub) -> None:
    release = build(there, hub)
    there.pypi.faults = [Fault(method="POST", times=None, body=b"py3-none-any.whl")]
    assert there.run("publish", "--routes-final", "pypi") == RemoteError.exit_code
    there.pypi.faults = []
    build_again_elsewhere(there, release)
    assert there.run("publish", "--routes-final", "pypi") == 0
    assert there.pypi.holds() == there.expected(release, ArtifactKind.SDIST, ArtifactKind.WHEEL)
    [shown] = hub.repositories[SLUG].releases
    assert not shown.draft


@pytest.mark.slow
def test_also_where_some_of_them_are_published_already(there: BuiltProject, hub: GitHub) -> None:
    release = build(there, hub)
    assert there.run("publish", "--routes-final", "pypi", "--github-draft") == 0
    build_again_elsewhere(there, release)
    assert there.run("publish", "--routes-final", "pypi") == 0
    assert there.pypi.holds() == there.expected(release, ArtifactKind.SDIST, ArtifactKind.WHEEL)
    assert len(there.pypi.accepted) == 2


@pytest.mark.slow
def test_without_a_draft_other_bytes_are_a_conflict(there: BuiltProject, hub: GitHub) -> None:
    release = build(there, hub)
    assert there.run("publish", "--routes-final", "pypi", "--no-github") == 0
    build_again_elsewhere(there, release)
    assert there.run("publish", "--routes-final", "pypi", "--no-github") == ConflictError.exit_code
