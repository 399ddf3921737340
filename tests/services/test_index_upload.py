"""Uploading by twine to PyPI's double under its real host names."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools.errors import (
    ConfigError,
    CredentialError,
    ReleaseToolsError,
    RemoteError,
    UnreachableError,
    VerifyError,
)
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.publishers.package_index.index import PYPI, TESTPYPI, Index
from release_tools.publishers.package_index.simple_api import list_project
from release_tools.publishers.package_index.trusted_publishing import PublishingJob, mint, read_claims
from release_tools.publishers.package_index.uploader import Login, Uploader, find_stored_login
from release_tools.system.http import Http
from release_tools.system.retries import RetryPolicy
from tests.servers.base import Fault, Response, What
from tests.servers.oidc import OidcProvider
from tests.servers.package_index import PackageIndex, Publisher
from tests.servers.proxy import Proxy, proxying
from tests.support.artifacts import make_sdist, make_wheel

TOKEN = "pypi-canary-0123456789"


@pytest.fixture
def pypi() -> PackageIndex:
    index = PackageIndex.pypi()
    index.tokens[TOKEN] = None
    return index


@pytest.fixture
def provider(pypi: PackageIndex) -> OidcProvider:
    pypi.provider = OidcProvider()
    return pypi.provider


@pytest.fixture
def proxy(pypi: PackageIndex, provider: OidcProvider) -> Iterator[Proxy]:
    with proxying({**pypi.routes, provider.host: provider}) as running:
        yield running


@pytest.fixture
def http(proxy: Proxy, provider: OidcProvider) -> Iterator[Http]:
    hosts = [PYPI.upload, PYPI.simple, f"https://{provider.host}"]
    client = Http.to(hosts, proxy.environment, RetryPolicy(sleep=lambda _: None))
    yield client
    client.close()


@pytest.fixture
def uploader(http: Http) -> Iterator[Uploader]:
    one = Uploader(http, PYPI)
    with one.connect():
        yield one


def log_in() -> Login:
    return Login("__token__", TOKEN, "TWINE_PASSWORD")


def wheel(folder: Path) -> Artifact:
    return Artifact.of(make_wheel(folder), ArtifactKind.WHEEL)


def sdist(folder: Path) -> Artifact:
    return Artifact.of(make_sdist(folder), ArtifactKind.SDIST)


def test_what_is_uploaded_is_what_is_served(
    pypi: PackageIndex, http: Http, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uploader = Uploader(http, PYPI)
    with uploader.connect():
        uploader.upload(wheel(tmp_path), log_in)
        uploader.upload(sdist(tmp_path), log_in)
    assert {name: served.sha256 for name, served in list_project(http, PYPI, "demo").files.items()} == pypi.holds()
    assert pypi.complaints == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (Response(401), CredentialError, "refused the login from TWINE_PASSWORD: 401"),
        (Response(403), CredentialError, "valid"),
        (Response(500), UnreachableError, "answered 500 to demo-1.0.tar.gz"),
        (Response(503), UnreachableError, "answered 503"),
        (Response(429), UnreachableError, "answered 429"),
        (Response.of_text("<html>no\n<b>thanks", 400), RemoteError, "refused demo-1.0.tar.gz: 400 no thanks"),
        (Response(400), RemoteError, "will be refused again"),
        (Response(413), RemoteError, "will be refused again"),
        (Response(302, headers={"Location": "https://evil.example/x?y"}), RemoteError, "https://evil.example/x"),
    ],
)
def test_a_failing_index_is_asked_once_and_the_fault_is_reported(
    pypi: PackageIndex, uploader: Uploader, tmp_path: Path, fault: Response, error: type[ReleaseToolsError], said: str
) -> None:
    pypi.faults = [Fault(method="POST", response=fault)]
    with pytest.raises(error) as raised:
        uploader.upload(sdist(tmp_path), log_in)
    assert said in str(raised.value)
    assert TOKEN not in repr(raised.value) + str(raised.value)
    assert len(pypi.uploads) == 1


def test_a_file_that_changed_since_it_was_built_is_not_uploaded(
    pypi: PackageIndex, uploader: Uploader, tmp_path: Path
) -> None:
    built = wheel(tmp_path)
    make_wheel(tmp_path, body="evil = True\n")
    with pytest.raises(VerifyError, match="changed after it was checked"):
        uploader.upload(built, log_in)
    assert pypi.uploads == []


@pytest.mark.parametrize("what", [What.DROP, What.HANG])
def test_a_lost_answer_leaves_it_open(pypi: PackageIndex, http: Http, tmp_path: Path, what: What) -> None:
    pypi.faults = [Fault(what, method="POST")]
    impatient = replace(http, retry_policy=RetryPolicy(timeout=1.0))
    uploader = Uploader(impatient, PYPI)
    with uploader.connect(), pytest.raises(UnreachableError):
        uploader.upload(sdist(tmp_path), log_in)
    assert len(pypi.uploads) == 1


@pytest.mark.parametrize(("lasts", "once"), [(math.inf, True), (600.0, True), (0.0, False)])
def test_a_login_that_grew_old_is_asked_for_again(
    http: Http, pypi: PackageIndex, tmp_path: Path, lasts: float, *, once: bool
) -> None:
    logins: list[Login] = []

    def login() -> Login:
        logins.append(Login("__token__", TOKEN, "trusted publishing", lasts))
        return logins[-1]

    uploader = Uploader(http, PYPI)
    with uploader.connect():
        for artifact in (wheel(tmp_path), sdist(tmp_path)):
            uploader.upload(artifact, login)
    assert len(pypi.accepted) == 2
    assert (len(logins) == 1) is once


PYPIRC = """
[distutils]
index-servers = pypi company
[pypi]
username = __token__
password = pypi-of-the-file
[company]
repository = https://pypi.example/legacy/
username = me
password = of-the-company
"""
COMPANY = Index("https://pypi.example/legacy", "company", "https://pypi.example/legacy", "https://pypi.example/simple")


@pytest.mark.parametrize(
    ("index", "env", "expected"),
    [
        (PYPI, {"TWINE_PASSWORD": "pypi-x"}, ("__token__", "pypi-x", "TWINE_PASSWORD")),
        (COMPANY, {"TWINE_PASSWORD": "x", "TWINE_USERNAME": "us"}, ("us", "x", "TWINE_PASSWORD")),
        (PYPI, {}, ("__token__", "pypi-of-the-file", ".pypirc")),
        (COMPANY, {}, ("me", "of-the-company", ".pypirc")),
        (COMPANY, {"TWINE_USERNAME": "us"}, ("us", "of-the-company", ".pypirc")),
        (TESTPYPI, {}, None),
    ],
)
def test_the_login_is_the_one_that_twine_would_find(
    tmp_path: Path, index: Index, env: Mapping[str, str], expected: tuple[str, str, str] | None
) -> None:
    (tmp_path / ".pypirc").write_text(PYPIRC)
    found = find_stored_login(index, {"HOME": str(tmp_path), **env})
    assert (found and (found.username, found.password, found.source)) == expected


@pytest.mark.parametrize(
    "text", ["password = s3cret", "[pypi]\npassword s3cret\n", "[pypi]\n[pypi]\npassword = s3cret"]
)
def test_a_malformed_pypirc_is_reported_without_its_lines(tmp_path: Path, text: str) -> None:
    (tmp_path / ".pypirc").write_text(text)
    with pytest.raises(ConfigError) as raised:
        find_stored_login(PYPI, {"HOME": str(tmp_path)})
    assert "s3cret" not in str(raised.value)


def test_a_job_is_known_by_its_identity(pypi: PackageIndex, provider: OidcProvider, http: Http, tmp_path: Path) -> None:
    pypi.owned.add("demo")
    pypi.publishers = [Publisher("demo")]
    job = PublishingJob.from_environment(provider.environment)
    assert job is not None
    identity = job.identity(http, PYPI.audience)
    token = mint(http, PYPI, "demo", identity)
    uploader = Uploader(http, PYPI, _attestation)
    with uploader.connect():
        uploader.upload(wheel(tmp_path), lambda: Login("__token__", token, "trusted publishing"))
    assert provider.audiences == ["pypi"]
    assert pypi.files["demo-1.0-py3-none-any.whl"].attestations
    assert pypi.created_by_minting == []
    assert provider.request_token not in repr(job)


def _attestation(path: Path) -> str:
    return json.dumps({"version": 1, "verification_material": {}, "envelope": {"statement": path.name}})


def test_a_job_that_is_not_registered_is_shown_its_claims_and_what_to_register(
    provider: OidcProvider, http: Http
) -> None:
    job = PublishingJob.from_environment(provider.environment)
    assert job is not None
    identity = job.identity(http, PYPI.audience)
    with pytest.raises(CredentialError) as raised:
        mint(http, PYPI, "demo", identity)
    text = str(raised.value)
    assert "Publisher with matching claims was not found" in text
    assert "repository: octo/demo" in text
    assert "owner octo, repository demo, workflow release.yml and no environment" in text
    assert "https://pypi.org/manage/project/demo/settings/publishing/" in text
    assert identity not in text


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "a.bnVsbA.c"])
def test_the_claims_of_a_malformed_token_are_none(token: str) -> None:
    assert read_claims(token) == {}


def test_a_job_without_the_permission_is_no_publisher() -> None:
    assert PublishingJob.from_environment({"GITHUB_ACTIONS": "true"}) is None


def test_a_runner_that_refuses_is_reported(provider: OidcProvider, http: Http) -> None:
    job = PublishingJob(f"https://{provider.host}/token", "wrong")
    with pytest.raises(CredentialError, match="id-token: write"):
        job.identity(http, "pypi")
