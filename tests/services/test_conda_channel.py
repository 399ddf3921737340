"""Anaconda.org's double, by rattler-build's uploader and by anaconda-client, under its real host names."""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from release_tools import addresses
from release_tools.config.schema import Config, NetworkConfig
from release_tools.engine.context import Context
from release_tools.engine.gate import Gate
from release_tools.errors import CredentialError, ReleaseToolsError, RemoteError, UnreachableError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.publishers.conda_channel.anaconda import AnacondaServer
from release_tools.publishers.conda_channel.channel_server import Channel, ChannelEntry, ChannelFile
from release_tools.publishers.conda_channel.quetz import QuetzServer
from release_tools.system.console import Console
from tests.servers.anaconda import Anaconda, Token
from tests.servers.base import Fault, Response, What
from tests.servers.proxy import Proxy, proxying
from tests.support.artifacts import make_conda

TOKEN = "oc-canary-0123456789"
BASENAME = "noarch/demo-1.0-py_0.conda"
MAIN = Channel("anaconda", "anaconda", f"{addresses.ANACONDA_CHANNEL}/octo", addresses.ANACONDA_API, "octo", "main")
NOARCH = frozenset({"noarch"})


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
def context(proxy: Proxy, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Context]:
    """A context whose network waits for half a minute, or for as many seconds as a test says."""
    env = {"PATH": os.environ["PATH"], "ANACONDA_API_TOKEN": TOKEN, **proxy.environment}
    config = Config(network=NetworkConfig(pause=1, timeout=getattr(request, "param", 30)))
    console = Console(env, out=io.StringIO(), err=io.StringIO())
    made = Context(tmp_path, config, env, console, Gate(is_dry_run=False), tmp_path, origins=(MAIN.api, MAIN.url))
    yield made
    made.close()


@pytest.fixture
def main(context: Context) -> AnacondaServer:
    return AnacondaServer(context, MAIN)


@pytest.fixture
def package(tmp_path: Path) -> Artifact:
    return Artifact.of(make_conda(tmp_path), ArtifactKind.CONDA, "noarch")


@pytest.mark.slow
def test_what_is_uploaded_is_listed(anaconda: Anaconda, main: AnacondaServer, package: Artifact) -> None:
    dev = main.with_label("dev")
    assert dev.find_files("demo", "1.0", NOARCH) == {}
    dev.upload(package, package.path)
    assert dev.find_files("demo", "1.0", NOARCH) == {BASENAME: ChannelFile(package.sha256, ("dev",))}
    assert anaconda.holds() == {BASENAME: (package.sha256, ("dev",))}


@pytest.mark.slow
def test_the_double_is_one_that_anaconda_client_takes(
    anaconda: Anaconda, proxy: Proxy, package: Artifact, tmp_path: Path
) -> None:
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **proxy.environment}
    command = [sys.executable, "-m", "binstar_client.scripts.cli", "--token", TOKEN, "upload", "--user", "octo"]
    subprocess.run([*command, "--label", "rc", str(package.path)], env=env, check=True, capture_output=True)
    assert anaconda.holds() == {BASENAME: (package.sha256, ("rc",))}


def test_a_label_is_added_and_removed(anaconda: Anaconda, main: AnacondaServer, package: Artifact) -> None:
    anaconda.put("octo", "demo", "1.0", BASENAME, package.path.read_bytes(), "dev")
    main.add_label(ChannelEntry.from_artifact(package))
    main.with_label("dev").remove_label(ChannelEntry.from_artifact(package))
    assert anaconda.holds()[BASENAME][1] == ("main",)


def test_other_servers_are_read_by_the_channels_index(anaconda: Anaconda, context: Context, package: Artifact) -> None:
    anaconda.put("octo", "demo", "1.0", BASENAME, package.path.read_bytes(), "main")
    anaconda.put("octo", "demo", "0.9", "noarch/demo-0.9-py_0.conda", b"older", "main")
    mirror = QuetzServer(context, Channel("lab", "quetz", MAIN.url, MAIN.url, "octo"))
    assert mirror.find_files("demo", "1.0", NOARCH) == {BASENAME: ChannelFile(package.sha256)}


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (None, "does not accept ANACONDA_API_TOKEN: it answered 401"),
        (Token("octo", ("api:read", "conda:download")), "its scopes are api:read, conda:download"),
        (Token("alice"), "alice, who is not a member of octo"),
    ],
)
def test_a_token_that_may_not_write_is_reported_before_anything_is_done(
    anaconda: Anaconda, main: AnacondaServer, token: Token | None, said: str
) -> None:
    anaconda.tokens = {TOKEN: token} if token else {}
    with pytest.raises(CredentialError) as raised:
        list(main.check_write_access())
    assert said in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert not anaconda.lines("POST")


@pytest.mark.parametrize("token", [Token("octo"), Token("alice", ("api:write",), ("OCTO",))])
def test_a_token_of_the_owner_or_of_a_member_may_upload(anaconda: Anaconda, main: AnacondaServer, token: Token) -> None:
    anaconda.tokens = {TOKEN: token}
    [note] = main.check_write_access()
    assert isinstance(note, Note)
    assert (note.state, note.detail) == (State.DONE, token.login)


@pytest.mark.slow
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
    ],
)
def test_what_a_failing_server_means(
    anaconda: Anaconda, main: AnacondaServer, package: Artifact, fault: Fault, error: type[ReleaseToolsError], said: str
) -> None:
    anaconda.faults = [fault]
    with pytest.raises(error) as raised:
        main.upload(package, package.path)
    assert type(raised.value) is error
    assert said in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert anaconda.holds() == {}


@pytest.mark.slow
@pytest.mark.parametrize("context", [2], indirect=True)
def test_a_server_that_never_answers_is_not_waited_for(
    anaconda: Anaconda, main: AnacondaServer, package: Artifact
) -> None:
    anaconda.faults = [Fault(What.HANG, path="/s3")]
    with pytest.raises(UnreachableError, match="stopped after"):
        main.upload(package, package.path)
    assert anaconda.holds() == {}
