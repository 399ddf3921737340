"""Trusted publishing and attestations: who the job is, and what PyPI lets it do."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from release_tools.config.schema import Config, NetworkConfig
from release_tools.engine.context import Context
from release_tools.engine.gate import Gate
from release_tools.errors import CredentialError, PreflightError
from release_tools.model.release import Release
from release_tools.publish_pipeline import DESTINATIONS, LOAD
from release_tools.publishers.base import Phase
from release_tools.publishers.package_index.index import PYPI
from release_tools.run_steps import run
from release_tools.system.console import Console
from tests.publishing.built_project import BuiltProject
from tests.servers.base import Fault, Response
from tests.servers.package_index import Publisher
from tests.support.world import PYPI_TOKEN

PYPI_ONLY = ("--routes-final", "pypi", "--attestations", "off")


def test_a_job_publishes_without_any_token(job: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    assert job.run("publish", *PYPI_ONLY) == 0
    assert len(job.pypi.accepted) == 2
    assert set(job.provider.audiences) == {"pypi"}
    said = capsys.readouterr()
    for token in (*job.pypi.minted, *job.provider.issued):
        assert (said.out + said.err).count(token) == said.out.count(f"::add-mask::{token}\n") >= 1
    assert not job.pypi.lines("GET", "audience")


@pytest.mark.slow
def test_testpypi_gets_a_token_of_its_own(job: BuiltProject) -> None:
    job.testpypi.owned.add("demo")
    assert job.run("publish", "--routes-final", "testpypi", "--attestations", "off") == 0
    assert set(job.provider.audiences) == {"testpypi"}
    assert job.pypi.minted == []


@pytest.mark.parametrize("arguments", [("--dry-run",), ()])
def test_an_unregistered_job_learns_it_before_anything_is_done(
    job: BuiltProject, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    job.pypi.publishers = [Publisher("demo", environment="pypi")]
    assert job.run("publish", *PYPI_ONLY, *arguments) == (0 if arguments else CredentialError.exit_code)
    said = "".join(capsys.readouterr())
    assert "does not accept this job as a trusted publisher of demo" in said
    assert "owner octo, repository demo, workflow release.yml and no environment" in said
    assert job.pypi.uploads == []


@pytest.mark.slow
def test_a_project_that_does_not_exist_is_not_created_to_find_out(job: BuiltProject) -> None:
    job.pypi.owned.clear()
    assert job.run("publish", *PYPI_ONLY, "--dry-run") == 0
    assert job.pypi.minted == []
    assert job.run("publish", *PYPI_ONLY) == 0
    assert job.pypi.created_by_minting == ["demo"]
    assert len(job.pypi.accepted) == 2


@pytest.mark.slow
def test_a_password_is_preferred_as_twine_prefers_it(job: BuiltProject) -> None:
    job.env["TWINE_PASSWORD"] = PYPI_TOKEN
    assert job.run("publish", *PYPI_ONLY) == 0
    assert job.provider.log == []


def test_a_runner_that_fails_is_tried_again(job: BuiltProject) -> None:
    job.provider.faults = [Fault(response=Response(503))]
    assert job.run("publish", *PYPI_ONLY) == 0


@pytest.mark.slow
def test_required_attestations_need_trusted_publishing(job: BuiltProject, capsys: pytest.CaptureFixture[str]) -> None:
    job.env["TWINE_PASSWORD"] = PYPI_TOKEN
    assert job.run("publish", "--routes-final", "pypi", "--attestations", "required") == CredentialError.exit_code
    assert "only with trusted publishing" in capsys.readouterr().err
    assert job.run("publish", "--routes-final", "pypi", "--attestations", "required", "--dry-run") == 0
    assert "! attestations are required" in capsys.readouterr().out
    assert job.pypi.uploads == []


@pytest.mark.parametrize(("wanted", "code"), [("auto", 0), ("required", PreflightError.exit_code), ("off", 0)])
def test_nothing_is_signed_where_the_extra_is_not_installed(
    wanted: str, code: int, job: BuiltProject, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pypi_attestations", None)
    assert job.run("publish", "--routes-final", "pypi", "--attestations", wanted) == code
    said = "".join(capsys.readouterr())
    assert ("pip install pypi-attestations" in said) == (wanted != "off")
    assert [file.attestations for file in job.pypi.files.values()] == ([] if code else [[], []])


def signature(path: Path, identity: str) -> str:
    """Return an attestation as PEP 740 shapes it, of the file that it is for and the identity that signed."""
    statement = {"signed": path.name, "by": identity}
    return json.dumps({"version": 1, "verification_material": {"certificate": "x"}, "envelope": statement})


@pytest.fixture
def signing(job: BuiltProject, tmp_path: Path) -> Iterator[Context]:
    config = Config(testpypi_first=False, network=NetworkConfig(pause=5, wait=1))
    context = Context(
        job.project,
        config,
        job.env,
        Console(job.env),
        Gate(is_dry_run=False),
        tmp_path,
        signer=signature,
        origins=(PYPI.upload,),
    )
    with closing(context.http):
        yield context


@pytest.mark.slow
def test_every_file_carries_its_own_attestation(job: BuiltProject, signing: Context) -> None:
    outcome = run((LOAD, DESTINATIONS, Phase.UPLOAD), signing, Release())
    assert outcome.error is None
    assert job.provider.audiences.count("sigstore") == 2
    for name, file in job.pypi.files.items():
        [attestation] = file.attestations
        envelope = attestation["envelope"]
        assert isinstance(envelope, dict)
        assert envelope["signed"] == name
        assert envelope["by"] in job.provider.issued
    assert sorted(entry.name for entry in job.dist.iterdir()) == sorted([*job.pypi.files, "release.json"])
