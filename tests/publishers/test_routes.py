"""Routes: the publishers that each kind of version goes to."""

import io
from pathlib import Path

import pytest

from release_tools.cli.config_check import check_config
from release_tools.config.schema import AnacondaConfig, CondaForgeConfig, Config, GitHubConfig, RoutesConfig
from release_tools.engine.context import Context, Request
from release_tools.engine.gate import Gate
from release_tools.errors import ConfigError
from release_tools.model.release import Kind
from release_tools.publishers.base import Phase, Unconfigured
from release_tools.publishers.conda_channel.channel_server import Channel
from release_tools.publishers.conda_channel.servers import SERVERS
from release_tools.publishers.destinations import list_origins, parse_route
from release_tools.publishers.package_index.index import PYPI, TESTPYPI, Index
from release_tools.publishers.routes import Publishers
from release_tools.system.console import Console

OWNED = AnacondaConfig(owner="octo")


def final(*destinations: str, **config: object) -> Config:
    return Config(routes=RoutesConfig(final=destinations), **config)  # type: ignore[arg-type]  # settings by name


def publishers(config: Config, only: tuple[str, ...] = (), phase: str = "") -> Publishers:
    folder = Path("unused")
    console = Console({}, out=io.StringIO())
    return Publishers(
        Context(folder, config, {}, console, Gate(is_dry_run=True), folder, Request(only=only, phase=phase))
    )


def names(config: Config, kind: Kind, only: tuple[str, ...] = ()) -> list[str]:
    return [publisher.name for publisher in publishers(config, only).route(kind)]


@pytest.mark.parametrize(
    ("kind", "index", "label"),
    [(Kind.DEV, TESTPYPI, "dev"), (Kind.PRE, PYPI, "rc"), (Kind.FINAL, PYPI, "main"), (Kind.POST, PYPI, "main")],
)
def test_the_default_routes(kind: Kind, index: Index, label: str) -> None:
    first, second = parse_route(Config(anaconda=OWNED), kind)
    assert first == index
    assert isinstance(second, Channel)
    assert second.label == label


@pytest.mark.parametrize(
    ("written", "upload", "simple"),
    [
        ("https://pypi.example/legacy/", "https://pypi.example/legacy/", "https://pypi.example/simple/"),
        (
            "https://repo.example/api/pypi/x",
            "https://repo.example/api/pypi/x",
            "https://repo.example/api/pypi/x/simple/",
        ),
        ("company", "http://127.0.0.1:3141/root/dev/", "http://127.0.0.1:3141/root/dev/+simple/"),
        ("https://upload.pypi.org/legacy", PYPI.upload, PYPI.simple),
        ("https://test.pypi.org/legacy/", TESTPYPI.upload, TESTPYPI.simple),
    ],
)
def test_an_index_by_its_address(written: str, upload: str, simple: str) -> None:
    config = final(
        written,
        indexes={"company": "http://127.0.0.1:3141/root/dev/"},
        simple_urls={"company": "http://127.0.0.1:3141/root/dev/+simple/"},
    )
    [index] = parse_route(config, Kind.FINAL)
    assert isinstance(index, Index)
    assert (index.upload, index.simple) == (upload, simple)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("anaconda", ("https://conda.anaconda.org/octo", "https://api.anaconda.org", "octo", "main")),
        ("anaconda:rc", ("https://conda.anaconda.org/octo/label/rc", "https://api.anaconda.org", "octo", "rc")),
        ("file:///srv/channel", ("file:///srv/channel", "", "", "")),
        ("lab", ("https://quetz.example/get/lab", "https://quetz.example", "lab", "")),
        ("prefix+https://repo.prefix.dev/lab", ("https://repo.prefix.dev/lab", "https://prefix.dev", "lab", "")),
        (
            "cloudsmith+https://conda.cloudsmith.io/octo/lab",
            ("https://conda.cloudsmith.io/octo/lab", "https://api.cloudsmith.io/v1", "lab", ""),
        ),
        ("artifactory+https://x.example/a/lab", ("https://x.example/a/lab", "https://x.example/a", "lab", "")),
    ],
)
def test_a_channel_by_its_name_or_address(written: str, expected: tuple[str, ...]) -> None:
    config = final(written, anaconda=OWNED, channels={"lab": "quetz+https://quetz.example/get/lab"})
    [channel] = parse_route(config, Kind.FINAL)
    assert isinstance(channel, Channel)
    assert (channel.url, channel.api, channel.owner, channel.label) == expected


def test_every_kind_of_server_can_be_created() -> None:
    addresses = [f"{kind}+https://host.example/x/lab" for kind in SERVERS if kind not in {"anaconda", "file"}]
    config = final("anaconda", "file:///srv/x", *addresses, anaconda=OWNED)
    kinds = {destination.server for destination in parse_route(config, Kind.FINAL) if isinstance(destination, Channel)}
    assert kinds == set(SERVERS)
    for publisher in publishers(config).route(Kind.FINAL):
        assert publisher.title
        assert publisher.group
        assert publisher.phases


def test_a_channel_without_an_owner_is_skipped_with_its_reason() -> None:
    destination = parse_route(Config(), Kind.FINAL)[1]
    assert isinstance(destination, Unconfigured)
    assert "anaconda.owner" in destination.advice


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("testpipy", "did you mean testpypi?"),
        ("nowhere", "known: pypi, testpypi, anaconda, company, or an address"),
        ("svn+https://x.example/y", "known: prefix+"),
        ("anaconda+https://x.example/y", "known: prefix+"),
        ("quetz+https://x.example", "names no channel"),
        ("https://me:s3cret@pypi.example/legacy/", "holds a password"),
    ],
)
def test_an_unknown_destination_is_refused_with_the_known_ones(written: str, fault: str) -> None:
    config = final(written, indexes={"company": "https://x.example/"})
    for check in (lambda: parse_route(config, Kind.FINAL), lambda: check_config(config)):
        with pytest.raises(ConfigError) as raised:
            check()
        assert fault in str(raised.value)
        assert "s3cret" not in str(raised.value)


def test_the_faults_of_all_routes_are_listed() -> None:
    with pytest.raises(ConfigError) as raised:
        check_config(Config(routes=RoutesConfig(dev=("one",), final=("pypi", "two"))))
    assert [fault.partition(":")[0] for fault in raised.value.faults] == ["routes.dev", "routes.final"]


def test_testpypi_first_comes_right_before_pypi() -> None:
    assert parse_route(final("pypi", testpypi_first=True), Kind.FINAL) == (TESTPYPI, PYPI)
    assert parse_route(Config(testpypi_first=True), Kind.DEV)[:1] == (TESTPYPI,)


def test_the_order_within_a_route_is_the_written_one() -> None:
    config = final("anaconda", "pypi", "file:///srv/x", anaconda=OWNED)
    assert names(config, Kind.FINAL) == ["tag", "github", "anaconda", "pypi", "file:///srv/x", "conda-forge"]


def test_only_the_destinations_of_the_routes_may_be_asked() -> None:
    assert {address.split("/")[2] for address in list_origins(Config(anaconda=OWNED))} == {
        "upload.pypi.org", "pypi.org", "test.pypi.org", "api.anaconda.org", "conda.anaconda.org",
    }  # fmt: skip


def test_one_channel_under_several_labels_is_queried_once() -> None:
    found = [publisher.title for publisher in publishers(Config(anaconda=OWNED)).all() if publisher.name == "anaconda"]
    assert found == ["Anaconda.org/octo"]


def test_the_names_of_a_route_are_those_for_only() -> None:
    config = Config(
        anaconda=OWNED, testpypi_first=True, channels={"lab": "file:///srv/lab"}, routes=RoutesConfig(pre=("lab",))
    )
    known = publishers(config)
    assert known.names(Kind.FINAL) == ("github", "testpypi", "pypi", "anaconda", "conda-forge")
    assert known.names(Kind.PRE) == ("github", "lab")
    assert known.names(Kind.DEV) == ("testpypi", "anaconda")


@pytest.mark.parametrize("name", ["github", "testpypi", "pypi", "anaconda", "lab", "conda-forge"])
@pytest.mark.parametrize("kind", list(Kind))
def test_only_one_publisher_publishes_there_or_nowhere(kind: Kind, name: str) -> None:
    config = Config(
        anaconda=OWNED,
        testpypi_first=True,
        channels={"lab": "file:///srv/lab"},
        routes=RoutesConfig(final=("https://upload.pypi.org/legacy", "anaconda:stable", "lab")),
    )
    expected = [name] if name in names(config, kind) else []
    assert names(config, kind, (name,)) == expected


def test_the_github_release_can_be_switched_off() -> None:
    config = Config(github=GitHubConfig(enabled=False))
    assert publishers(config).names(Kind.FINAL) == ("pypi", "conda-forge")


@pytest.mark.parametrize(
    ("config", "kinds"),
    [
        (Config(), {Kind.FINAL, Kind.POST}),
        (Config(conda_forge=CondaForgeConfig(pre_branch="rc")), {Kind.PRE, Kind.FINAL, Kind.POST}),
        (Config(conda_forge=CondaForgeConfig(enabled=False)), set()),
        (Config(routes=RoutesConfig(final=("testpypi",), post=("anaconda",))), set()),
    ],
)
def test_conda_forge_follows_pypi(config: Config, kinds: set[Kind]) -> None:
    known = publishers(config)
    assert {kind for kind in Kind if "conda-forge" in known.names(kind)} == kinds
    assert {kind for kind in Kind if known.is_proposed(kind)} == kinds


def test_a_job_for_another_publisher_proposes_nothing() -> None:
    assert not publishers(Config(), ("pypi",)).is_proposed(Kind.FINAL)
    assert publishers(Config(), ("conda-forge",)).is_proposed(Kind.FINAL)


def test_a_name_on_no_route_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as raised:
        publishers(Config()).check_only(["pipy", "pypi"])
    assert "'pipy'" in str(raised.value)
    assert "conda-forge, github, pypi, testpypi" in str(raised.value)


@pytest.mark.parametrize(("phase", "expected"), [("", (Phase.STAGE, Phase.REVEAL)), ("stage", (Phase.STAGE,))])
def test_one_phase_of_a_publisher(phase: str, expected: tuple[Phase, ...]) -> None:
    known = publishers(Config(), phase=phase)
    [github] = [one for one in known.route(Kind.FINAL) if one.name == "github"]
    assert known.phases(github) == expected
