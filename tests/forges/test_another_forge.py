"""Another hosting service is one folder and one line in the registry."""

import io
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.config.schema import Config, TagConfig
from release_tools.engine.context import Context, Request
from release_tools.engine.gate import Gate
from release_tools.forges import registry
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Release
from release_tools.publish_pipeline import RESUME
from release_tools.publishers.base import Phase
from release_tools.run_steps import Item, Outcome, Step, run
from release_tools.system.console import Console
from tests.forges.stub_forge import SITE, StubForge
from tests.support.artifacts import make_sdist, make_wheel
from tests.support.repositories import Checkout


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> StubForge:
    forge = StubForge()
    monkeypatch.setattr(registry, "FORGES", (forge, *registry.FORGES))
    return forge


def release(folder: Path, checkout: Checkout) -> Outcome:
    commit = checkout.git("rev-parse", "HEAD").strip()

    def build(_: Context, known: Release) -> Release:
        files = (
            Artifact.of(make_sdist(folder), ArtifactKind.SDIST),
            Artifact.of(make_wheel(folder), ArtifactKind.WHEEL),
        )
        return replace(known, name="demo", version="1.0", tag="v1.0", commit=commit, artifacts=files)

    console = Console(checkout.env, out=io.StringIO(), err=io.StringIO())
    config = Config(tag=TagConfig(push="api"))
    gate = Gate(is_dry_run=False, pause=0)
    context = Context(checkout.root, config, checkout.env, console, gate, folder, Request(only=("tag", "github")))
    items: list[Item] = [Step("Build", build), Phase.TAG, RESUME, Phase.STAGE, Phase.REVEAL]
    try:
        return run(items, context)
    finally:
        context.close()


def test_another_forge_gets_the_tag_and_the_release(tmp_path: Path, forge: StubForge) -> None:
    checkout = Checkout.create(tmp_path, f"{SITE}/ana/demo.git", {})
    for number in range(2):  # the second run finds everything done
        folder = tmp_path / f"machine-{number}"
        folder.mkdir()
        assert release(folder, checkout).error is None
    repository = forge.repository("ana/demo")
    assert list(repository.tags) == ["v1.0"]
    [hosted] = repository.hosted
    assert not hosted.is_draft
    assert [asset.name for asset in hosted.assets] == [
        "demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl", "SHA256SUMS", "release.json",
    ]  # fmt: skip
