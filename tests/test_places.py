"""Routes: what each way of writing a place means."""

import pytest

from release_tools.config.schema import AnacondaConfig, CondaForgeConfig, Config, GitHubConfig, RoutesConfig
from release_tools.engine.routes import (
    PYPI,
    TESTPYPI,
    Index,
    all_publishers,
    includes_conda_forge,
    only_publishers,
    origins,
    publisher_names,
    route_for,
)
from release_tools.errors import ConfigError
from release_tools.model.release import Kind

OWNED = AnacondaConfig(owner="octo")


def final(*places: str, **config: object) -> Config:
    return Config(routes=RoutesConfig(final=places), **config)  # type: ignore[arg-type]  # settings by name


@pytest.mark.parametrize(
    ("kind", "index", "label"),
    [(Kind.DEV, TESTPYPI, "dev"), (Kind.PRE, PYPI, "rc"), (Kind.FINAL, PYPI, "main"), (Kind.POST, PYPI, "main")],
)
def test_the_routes_that_hold_by_default(kind: Kind, index: Index, label: str) -> None:
    taken = route_for(Config(anaconda=OWNED), kind)
    assert taken.indexes == (index,)
    assert [channel.label for channel in taken.channels] == [label]


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
    [index] = route_for(config, Kind.FINAL).indexes
    assert (index.upload, index.simple) == (upload, simple)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("anaconda", ("https://conda.anaconda.org/octo", "https://api.anaconda.org", "octo", "main")),
        ("anaconda:rc", ("https://conda.anaconda.org/octo/label/rc", "https://api.anaconda.org", "octo", "rc")),
        ("file:///srv/channel", ("file:///srv/channel", "", "", "")),
        ("lab", ("https://quetz.example/get/lab", "https://quetz.example", "lab", "")),
        ("prefix+https://prefix.dev/lab", ("https://prefix.dev/lab", "https://prefix.dev", "lab", "")),
    ],
)
def test_a_channel_by_its_name_or_address(written: str, expected: tuple[str, ...]) -> None:
    config = final(written, anaconda=OWNED, channels={"lab": "quetz+https://quetz.example/get/lab"})
    [channel] = route_for(config, Kind.FINAL).channels
    assert (channel.url, channel.api, channel.owner, channel.label) == expected


def test_a_channel_without_an_owner_is_skipped_with_its_reason() -> None:
    [place] = route_for(Config(), Kind.FINAL).unconfigured
    assert place.reason == "no Anaconda.org owner configured"


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("testpipy", "did you mean testpypi?"),
        ("nowhere", "known are pypi, testpypi, anaconda, company, or an address"),
        ("svn+https://x.example/y", "known are file://"),
        ("https://me:s3cret@pypi.example/legacy/", "TWINE_PASSWORD"),
    ],
)
def test_an_unknown_place_is_told_with_the_known_ones(written: str, fault: str) -> None:
    with pytest.raises(ConfigError) as raised:
        route_for(final(written, indexes={"company": "https://x.example/"}), Kind.FINAL)
    assert fault in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_a_rehearsal_leads_over_testpypi() -> None:
    assert route_for(Config(testpypi_first=True), Kind.FINAL).indexes == (TESTPYPI, PYPI)
    assert route_for(Config(testpypi_first=True), Kind.DEV).indexes == (TESTPYPI,)


def test_only_the_places_of_the_routes_may_be_asked() -> None:
    assert {address.split("/")[2] for address in origins(Config(anaconda=OWNED))} == {
        "upload.pypi.org", "pypi.org", "test.pypi.org", "api.anaconda.org", "conda.anaconda.org",
    }  # fmt: skip


def test_one_channel_under_several_labels_is_one_place_to_look_at() -> None:
    assert [channel.label for channel in all_publishers(Config(anaconda=OWNED)).channels] == ["main"]


def test_the_stops_of_a_release_are_its_places_by_name() -> None:
    config = Config(
        anaconda=OWNED, testpypi_first=True, channels={"lab": "file:///srv/lab"}, routes=RoutesConfig(pre=("lab",))
    )
    assert publisher_names(config, Kind.FINAL) == ("draft", "testpypi", "pypi", "anaconda", "github", "conda-forge")
    assert publisher_names(config, Kind.PRE) == ("draft", "lab", "github")
    assert publisher_names(config, Kind.DEV) == ("testpypi", "anaconda")


@pytest.mark.parametrize("name", ["draft", "testpypi", "pypi", "anaconda", "lab"])
@pytest.mark.parametrize("kind", list(Kind))
def test_narrowed_to_one_place_a_release_goes_there_or_nowhere(kind: Kind, name: str) -> None:
    config = Config(
        anaconda=OWNED,
        testpypi_first=True,
        channels={"lab": "file:///srv/lab"},
        routes=RoutesConfig(final=("https://upload.pypi.org/legacy", "anaconda:stable", "lab")),
    )
    one = only_publishers(config, [name])
    assert publisher_names(one, kind) == ((name,) if name in publisher_names(config, kind) else ())
    assert one.testpypi_first == (name == "testpypi")


def test_the_release_on_github_is_published_from_its_draft() -> None:
    assert publisher_names(only_publishers(Config(), ["github"]), Kind.FINAL) == ("draft", "github")
    assert publisher_names(Config(github=GitHubConfig(draft=True)), Kind.FINAL) == ("draft", "pypi", "conda-forge")
    assert publisher_names(Config(github=GitHubConfig(enabled=False)), Kind.FINAL) == ("pypi", "conda-forge")


@pytest.mark.parametrize(
    ("config", "kinds"),
    [
        (Config(), {Kind.FINAL, Kind.POST}),
        (Config(conda_forge=CondaForgeConfig(pre_branch="rc")), {Kind.PRE, Kind.FINAL, Kind.POST}),
        (Config(conda_forge=CondaForgeConfig(enabled=False)), set()),
        (Config(routes=RoutesConfig(final=("testpypi",), post=("anaconda",))), set()),
        (only_publishers(Config(), ["pypi"]), set()),
    ],
)
def test_conda_forge_follows_pypi(config: Config, kinds: set[Kind]) -> None:
    assert {kind for kind in Kind if "conda-forge" in publisher_names(config, kind)} == kinds


def test_narrowed_to_conda_forge_a_release_goes_there() -> None:
    config = only_publishers(Config(), ["conda-forge"])
    assert includes_conda_forge(config, Kind.FINAL)
    assert not includes_conda_forge(config, Kind.PRE)
    assert not includes_conda_forge(only_publishers(Config(), ["pypi"]), Kind.FINAL)


def test_all_narrowed_jobs_together_are_the_whole_release() -> None:
    config = Config(anaconda=OWNED, testpypi_first=True)
    whole, parts = (
        route_for(config, Kind.FINAL),
        [route_for(only_publishers(config, [name]), Kind.FINAL) for name in publisher_names(config, Kind.FINAL)],
    )
    assert tuple(index for part in parts for index in part.indexes) == whole.indexes
    assert tuple(channel for part in parts for channel in part.channels) == whole.channels


def test_narrowing_to_what_is_on_no_route_names_what_is() -> None:
    with pytest.raises(ConfigError, match="'pipy': on no route; there are conda-forge, draft, github, pypi, testpypi"):
        only_publishers(Config(), ["pipy", "pypi"])
