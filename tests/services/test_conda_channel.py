"""Anaconda.org's double, by rattler-build's uploader and by anaconda-client, under its real host names."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from release_tools import addresses
from release_tools.engine.routes import Channel, Server
from release_tools.errors import CredentialError, ReleaseToolsError, RemoteError, UnreachableError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.publishers.conda_channel.servers import (
    ChannelEntry,
    ChannelFile,
    check_token,
    find_channel_files,
    relabel,
    upload,
)
from release_tools.system.http import Http, RetryPolicy
from tests.making import make_conda
from tests.servers.anaconda import Anaconda, Token
from tests.servers.base import Fault, Response, What
from tests.servers.proxy import Proxy, proxying

TOKEN = "oc-canary-0123456789"
BASENAME = "noarch/demo-1.0-py_0.conda"
MAIN = Channel(
    "anaconda", Server.ANACONDA, f"{addresses.ANACONDA_CHANNEL}/octo", addresses.ANACONDA_API, "octo", "main"
)
DEV = MAIN.labelled("dev")


@pytest.fixture
def anaconda() -> Anaconda:
    double = Anaconda()
    double.tokens[TOKEN] = Token("octo")
    return double


@pytest.fixture
def proxy(anaconda: Anaconda) -> Iterator[Proxy]:
    with proxying(anaconda.routes) as running:
        yield running
        assert running.complaints == []


@pytest.fixture
def http(proxy: Proxy) -> Iterator[Http]:
    env = {"PATH": os.environ["PATH"], **proxy.environment}
    client = Http.to([MAIN.api, MAIN.url], env, RetryPolicy(sleep=lambda _: None))
    yield client
    client.close()


@pytest.fixture
def package(tmp_path: Path) -> Artifact:
    return Artifact.of(make_conda(tmp_path), ArtifactKind.CONDA, "noarch")


def test_what_is_uploaded_is_what_is_told(anaconda: Anaconda, http: Http, package: Artifact) -> None:
    assert find_channel_files(http, DEV, "demo", "1.0", frozenset({"noarch"})) == {}
    upload(http, DEV, package, TOKEN)
    assert find_channel_files(http, DEV, "demo", "1.0", frozenset({"noarch"})) == {
        BASENAME: ChannelFile(package.sha256, ("dev",))
    }
    assert anaconda.holds() == {BASENAME: (package.sha256, ("dev",))}


def test_the_double_is_one_that_anaconda_client_takes(
    anaconda: Anaconda, proxy: Proxy, package: Artifact, tmp_path: Path
) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **proxy.environment}
    command = [sys.executable, "-m", "binstar_client.scripts.cli", "--token", TOKEN, "upload", "--user", "octo"]
    subprocess.run([*command, "--label", "rc", str(package.path)], env=env, check=True, capture_output=True)
    assert anaconda.holds() == {BASENAME: (package.sha256, ("rc",))}


def test_a_label_is_put_on_and_taken_off(anaconda: Anaconda, http: Http, package: Artifact) -> None:
    anaconda.put("octo", "demo", "1.0", BASENAME, package.path.read_bytes(), "dev")
    relabel(http, MAIN, ChannelEntry.of(package), TOKEN, on=True)
    relabel(http, DEV, ChannelEntry.of(package), TOKEN, on=False)
    assert anaconda.holds()[BASENAME][1] == ("main",)


def test_other_servers_are_read_by_the_index_of_the_channel(anaconda: Anaconda, http: Http, package: Artifact) -> None:
    anaconda.put("octo", "demo", "1.0", BASENAME, package.path.read_bytes(), "main")
    anaconda.put("octo", "demo", "0.9", "noarch/demo-0.9-py_0.conda", b"older", "main")
    mirror = Channel("lab", Server.QUETZ, MAIN.url, MAIN.url, "octo")
    assert find_channel_files(http, mirror, "demo", "1.0", frozenset({"noarch"})) == {
        BASENAME: ChannelFile(package.sha256)
    }


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (None, "does not know ANACONDA_API_TOKEN: it answered 401"),
        (Token("octo", ("api:read", "conda:download")), "may not write: its scopes are api:read, conda:download"),
        (Token("alice"), "is alice's, who has no part in octo"),
    ],
)
def test_a_token_that_may_not_write_is_told_before_anything_is_done(
    anaconda: Anaconda, http: Http, token: Token | None, said: str
) -> None:
    anaconda.tokens = {TOKEN: token} if token else {}
    with pytest.raises(CredentialError) as raised:
        check_token(http, MAIN, TOKEN)
    assert said in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert not anaconda.lines("POST")


@pytest.mark.parametrize("token", [Token("octo"), Token("alice", ("api:write",), ("OCTO",))])
def test_a_token_of_the_owner_or_of_a_member_may_write(anaconda: Anaconda, http: Http, token: Token) -> None:
    anaconda.tokens = {TOKEN: token}
    assert check_token(http, MAIN, TOKEN) == token.login


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (Fault(path="/stage/", response=Response(401)), CredentialError, "ANACONDA_API_TOKEN"),
        (Fault(path="/s3", response=Response(403)), CredentialError, "403"),
        (Fault(path="/stage/", response=Response(409)), RemoteError, "already exists"),
        (Fault(path="/s3", response=Response(400)), RemoteError, "400"),
        (Fault(path="/stage/", response=Response(500)), UnreachableError, "HTTP 500"),
        (Fault(path="/commit/", response=Response(503)), UnreachableError, "503"),
        (Fault(What.DROP, path="/s3"), UnreachableError, "error sending request"),
        (Fault(What.HANG, path="/s3"), UnreachableError, "gave up"),
    ],
)
def test_what_a_failing_server_means(
    anaconda: Anaconda, http: Http, package: Artifact, fault: Fault, error: type[ReleaseToolsError], said: str
) -> None:
    anaconda.faults = [fault]
    impatient = replace(http, patience=RetryPolicy(timeout=2.0)) if fault.what is What.HANG else http
    with pytest.raises(error) as raised:
        upload(impatient, MAIN, package, TOKEN)
    assert type(raised.value) is error
    assert said in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert anaconda.holds() == {}
