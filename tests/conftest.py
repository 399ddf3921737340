"""Fixtures of all tests: the command run in this process, in an environment of its own."""

import os
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

import hypothesis
import pytest

from release_tools.cli import main
from tests.support import network
from tests.support.network import OFFLINE, ONLINE
from tests.support.runs import Runs
from tests.support.shell_command import serving_commands

# The time of an example depends on the machine; a busy one must not fail a property.
hypothesis.settings.register_profile("tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("tests")

pytest_plugins = ["tests.support.conda", "tests.support.compiled_channel", "tests.support.world"]

PASSED_ON = (
    *("PATH", "SYSTEMROOT", "COMSPEC", "PATHEXT", "LOCALAPPDATA", "APPDATA"),
    *("UV_CACHE_DIR", "UV_INDEX_URL", "PIP_INDEX_URL", "PIP_CACHE_DIR", "PIP_CERT"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
)
INDEX = "https://pypi.org/simple/flit-core/"
LONGEST = ("container", "act", "registry", "slow")
"""Markers, those of the longest tests first."""


@dataclass(frozen=True)
class Said:
    """Describe what the command answered."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]
"""Calls the command with arguments; keywords are added to its environment."""


@cache
def unreachable() -> str:
    """Return why no package index can be reached; empty where one can."""
    try:
        proxy = ONLINE.get("HTTPS_PROXY") or ONLINE.get("https_proxy")
        with build_opener(ProxyHandler({"https": proxy} if proxy else {})).open(INDEX, timeout=5):
            return ""
    except (URLError, OSError) as error:
        return str(error)


def pytest_configure() -> None:
    network.guard()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules whose tests take longest, so that no worker is left with one of them at the end."""
    ranks: dict[Path, int] = {}
    for item in items:
        ranks[item.path] = min(ranks.get(item.path, len(LONGEST)), _rank(item))
    items.sort(key=lambda item: ranks[item.path])


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, name in enumerate(LONGEST) if item.get_closest_marker(name)), len(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Fail a test that reached out, even where it took the refusal for a lost network.

    With the registry's network comes the asking of every place, as on a person's machine; there it is only refused.
    """
    network.beyond.clear()
    yield
    assert network.beyond == [] or item.get_closest_marker("registry")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("registry") and (reason := unreachable()):
        pytest.skip(f"needs a package index to build from: {reason}")


def make_environment(home: Path, network: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a person who has nothing configured in that home, with these network variables."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    cache = passed.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")
    homes = dict.fromkeys(("HOME", "USERPROFILE", "XDG_CONFIG_HOME"), str(home))
    return {**passed, **network, **homes, "UV_CACHE_DIR": cache}


@pytest.fixture
def env(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a person who has nothing configured; the network is there only for who needs the registry."""
    network = ONLINE if request.node.get_closest_marker("registry") else OFFLINE
    return make_environment(tmp_path_factory.mktemp("home"), network)


@pytest.fixture(scope="session")
def command_folder() -> Iterator[Path]:
    """A folder with our command, for the PATH of a shell."""
    with serving_commands() as folder:
        yield folder


@pytest.fixture(scope="session")
def runs() -> Iterator[Runs]:
    """The command in processes of its own, forked from one that has imported everything; POSIX only."""
    with Runs() as server:
        yield server


@pytest.fixture
def run(
    env: Mapping[str, str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Run]:
    """The command, in this process; afterwards its scratch folders must be gone."""
    scratch = tmp_path_factory.mktemp("scratch")
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    def call(*arguments: str | Path, **variables: str) -> Said:
        capsys.readouterr()
        try:
            code = main.main([str(argument) for argument in arguments], {**env, **variables})
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        said = capsys.readouterr()
        assert not said.err.startswith("Traceback")
        return Said(code, said.out, said.err)

    yield call
    assert list(scratch.iterdir()) == []
