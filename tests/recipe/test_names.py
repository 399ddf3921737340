import pytest
from packaging.utils import canonicalize_name

from release_tools.errors import ConfigError
from release_tools.recipe.name_overrides import BOUNDS, EXTRA_PACKAGES, EXTRA_REQUIREMENTS, RENAMED, SAME
from release_tools.recipe.names import CONDA_NAME, Names, NameSource, _load_shipped_table

KNOWN = {
    "art": "ascii-art",
    "backports.zoneinfo": "backports.zoneinfo",
    "build": "python-build",
    "dask": "dask-core",
    "gmsh": "python-gmsh",
    "importlib-metadata": "importlib-metadata",
    "importlib_metadata": "importlib-metadata",
    "jupyter-client": "jupyter_client",
    "matplotlib": "matplotlib-base",
    "msgpack": "msgpack-python",
    "opencv-python": "py-opencv",
    "prometheus-client": "prometheus_client",
    "PyQt5": "pyqt",
    "PyYAML": "pyyaml",
    "ruamel-yaml": "ruamel.yaml",
    "ruamel.yaml": "ruamel.yaml",
    "seaborn": "seaborn",
    "tables": "pytables",
    "torch": "pytorch",
    "typing-extensions": "typing_extensions",
    "Typing.Extensions": "typing_extensions",
    "tzdata": "python-tzdata",
    "uv": "uv",
}


@pytest.mark.parametrize(("pypi", "conda"), KNOWN.items())
def test_a_known_project_gets_the_name_of_conda_forge(pypi: str, conda: str) -> None:
    name = Names().conda_name(pypi)
    assert (name.conda, name.confirmed) == (conda, True)


def test_a_name_that_holds_several_generations_is_bound() -> None:
    assert Names().conda_name("pyqt5").bound == "==5.*"


def test_an_unknown_name_is_kept_and_reported_with_what_was_tried() -> None:
    name = Names().conda_name("Nobody_Knows.Me")
    assert (name.conda, name.source, name.confirmed) == ("nobody-knows.me", NameSource.SAME_NAME, False)
    assert name.tried == (
        "configuration: not listed",
        "curated table: not listed",
        "table of conda-forge's names: not listed",
    )


@pytest.mark.parametrize("pypi", ["backports-unheard-of", "backports.unheard-of", "Backports_Unheard.Of"])
def test_an_unknown_name_in_a_known_namespace_has_its_dot(pypi: str) -> None:
    name = Names().conda_name(pypi)
    assert (name.conda, name.confirmed) == ("backports.unheard-of", False)


def test_the_users_own_table_is_asked_first_in_any_spelling() -> None:
    name = Names({"Typing_Extensions": "my-typing"}).conda_name("typing-extensions")
    assert (name.conda, name.source, name.confirmed) == ("my-typing", NameSource.CONFIG, True)


@pytest.mark.parametrize("conda", ["Upper", "with space", "", "a\nb", "${{ x }}", "x" * 65])
def test_a_users_table_with_impossible_names_is_refused_with_each_of_them(conda: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Names({"one": conda, "two": "Also Wrong", "three": "right"}).conda_name("one")
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["'one'", "'two'"]


def channel(*names: str) -> Names:
    return Names(exists=frozenset(names).__contains__)


def test_a_channel_confirms_what_a_table_says() -> None:
    name = channel("pytorch").conda_name("torch")
    assert (name.conda, name.source, name.confirmed) == ("pytorch", NameSource.TABLE, True)


@pytest.mark.parametrize("spelling", ["not-in-tables", "not_in_tables", "not.in.tables"])
def test_a_channel_finds_the_spelling_that_it_has(spelling: str) -> None:
    name = channel(spelling).conda_name("not_in.tables")
    assert (name.conda, name.source, name.confirmed) == (spelling, NameSource.CHANNEL, False)


def test_a_table_that_the_channel_contradicts_gives_way_to_the_channel() -> None:
    name = channel("torch").conda_name("torch")
    assert (name.conda, name.source, name.confirmed) == ("torch", NameSource.CHANNEL, False)
    assert "table of conda-forge's names: pytorch is not on the channel" in name.tried


def test_a_name_of_the_users_that_the_channel_lacks_is_kept_but_not_confirmed() -> None:
    name = Names({"one": "uno"}, exists=lambda _: False).conda_name("one")
    assert (name.conda, name.source, name.confirmed) == ("uno", NameSource.CONFIG, False)


def test_a_name_that_is_nowhere_on_the_channel_lists_the_spellings_tried() -> None:
    name = channel().conda_name("new_one")
    assert (name.conda, name.confirmed) == ("new-one", False)
    assert name.tried[-1] == "channel: no new-one, new_one, new.one"


def test_a_name_that_only_the_prefixed_one_resembles_is_left_to_a_person() -> None:
    name = channel("python-new-one").conda_name("new_one")
    assert (name.conda, name.source, name.confirmed) == ("python-new-one", NameSource.CHANNEL, False)


def test_a_name_that_the_channel_has_twice_is_not_taken_for_the_librarys() -> None:
    name = channel("new-one", "python-new-one").conda_name("new_one")
    assert (name.conda, name.source, name.confirmed) == ("python-new-one", NameSource.CHANNEL, False)
    assert name.tried[-1] == "channel: new-one may be a library"


@pytest.mark.parametrize(("pypi", "conda"), [("b2", "backblaze-b2"), ("scine-database", "scine-database-python")])
def test_a_homonym_on_a_channel_does_not_win_over_the_table(pypi: str, conda: str) -> None:
    name = channel(pypi, conda).conda_name(pypi)
    assert (name.conda, name.source, name.confirmed) == (conda, NameSource.TABLE, True)


def test_a_package_that_names_its_project_is_confirmed() -> None:
    own = {("of-a-private-channel", "of-a-private-channel")}
    names = Names(exists=lambda _: True, is_package_of=lambda conda, pypi: (conda, pypi) in own)
    assert not names.conda_name("python-of-a-private-channel").confirmed
    names = Names(exists=lambda conda: not conda.startswith("python-"), is_package_of=lambda *pair: pair in own)
    assert names.conda_name("of-a-private-channel").confirmed
    assert not names.conda_name("somebody-elses").confirmed


def test_the_table_has_each_project_once_with_a_name_that_conda_allows() -> None:
    lines = [line for line in _load_shipped_table().splitlines() if not line.startswith("#")]
    pairs = [line.split(" ") for line in lines]
    assert len({pair[0] for pair in pairs}) == len(pairs) > 10_000
    assert all(CONDA_NAME.fullmatch(pair[-1]) and canonicalize_name(pair[0]) == pair[0] for pair in pairs)


def test_the_curated_tables_do_not_contradict_each_other() -> None:
    assert not SAME & RENAMED.keys()
    assert not [name for name in RENAMED if RENAMED[name] == name]
    assert not EXTRA_PACKAGES.keys() & EXTRA_REQUIREMENTS.keys()
    assert BOUNDS.keys() <= RENAMED.keys()
