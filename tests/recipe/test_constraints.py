import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version
from rattler import Version as CondaVersion
from rattler import VersionSpec

from release_tools.errors import CondaError
from release_tools.model.versions import format_conda_version
from release_tools.recipe.constraints import Flavour, find_weakest, translate_constraint

PACKAGE = {
    "": "",
    ">=1.0": ">=1.0",
    "~=1.4.5": ">=1.4.5,1.4.*",
    "~=2.2": ">=2.2,2.*",
    "~=1!2.2": ">=1!2.2,1!2.*",
    "==1.5.*": "1.5.*",
    "!=1.5.*": "!=1.5.*",
    "===1.5": "==1.5",
    "<2": "<2a0",
    "<2.0": "<2a0",
    "<1!2.0": "<1!2a0",
    "<2.0rc1": "<2.0rc1",
    "<=2": "<=2",
    ">=1.0.dev1": ">=1.0dev1",
    "<3,>=1,!=2.1": ">=1,!=2.1,<3a0",
}


@pytest.mark.parametrize(("pep440", "conda"), PACKAGE.items())
def test_a_constraint_is_spelled_for_a_solver(pep440: str, conda: str) -> None:
    assert translate_constraint(SpecifierSet(pep440), Flavour.PACKAGE) == conda


RECIPE = {
    "<2": "<2",
    ">=1,<2.0": ">=1,<2.0",
    "~=1.4.5": ">=1.4.5,1.4.*",
    "!=2.0a1,>=1,!=2.0.dev3,!=1.5,!=1.6.*": ">=1,!=1.5,!=1.6.*",
    "!=3rc1": "",
    ">=3rc1": ">=3rc1",
}


@pytest.mark.parametrize(("pep440", "conda"), RECIPE.items())
def test_a_recipe_has_constraints_as_people_write_them(pep440: str, conda: str) -> None:
    assert translate_constraint(SpecifierSet(pep440), Flavour.RECIPE) == conda


def test_an_identity_with_something_that_is_no_version_is_refused() -> None:
    with pytest.raises(CondaError, match="not a PEP 440 version"):
        translate_constraint(SpecifierSet("===spam"), Flavour.PACKAGE)


numbers = st.integers(0, 3).map(str)
tails = st.tuples(
    st.sampled_from(["", "", "a1", "b2", "rc1"]),
    st.sampled_from(["", "", ".post1"]),
    st.sampled_from(["", "", ".dev1"]),
).map("".join)
# Three segments throughout, as the versions of one project have: conda tells 1.0a1 from 1.0.0a1, PEP 440 does not.
versions = st.builds(lambda release, tail: ".".join(release) + tail, st.lists(numbers, min_size=3, max_size=3), tails)
releases = st.lists(numbers, min_size=1, max_size=3).map(".".join)
long_releases = st.lists(numbers, min_size=2, max_size=3).map(".".join)
specifiers = st.one_of(
    st.builds(
        lambda operator, version: operator + version,
        st.sampled_from(["<", "<=", ">", ">=", "==", "!=", "==="]),
        st.one_of(releases, versions),
    ),
    st.builds(lambda operator, release: f"{operator}{release}.*", st.sampled_from(["==", "!="]), releases),
    st.builds(lambda version: f"~={version}", st.one_of(long_releases, versions)),
)


locals_ = st.sampled_from(["", "", "+1", "+1.2", "+10"])


@pytest.mark.slow
@given(
    st.builds("{}{}".format, versions, locals_),
    st.builds("{}{}".format, versions, locals_),
    st.sampled_from(["", "1!"]),
)
def test_conda_sorts_versions_as_pep_440_does(one: str, other: str, epoch: str) -> None:
    mine, yours = Version(epoch + one), Version(other)
    conda_mine, conda_yours = CondaVersion(format_conda_version(mine)), CondaVersion(format_conda_version(yours))
    assert (mine < yours, mine == yours) == (conda_mine < conda_yours, conda_mine == conda_yours)


@pytest.mark.slow
@given(versions, st.sampled_from(["", "+lab.7", "+dev1", "+a.dev1"]))
def test_the_spelling_for_conda_is_the_same_version_for_pep_440(version: str, local: str) -> None:
    assert Version(format_conda_version(Version(version + local))) == Version(version + local)


def not_expressible(specifier: Specifier, version: Version) -> bool:
    """The two points where conda has no word: posts of an excluded lower bound, devs of an excluded upper bound."""
    if specifier.operator == "===":
        return str(version) != specifier.version and version == Version(specifier.version)
    if specifier.operator not in "<>" or Version(Version(specifier.version).base_version) != Version(
        version.base_version
    ):
        return False
    return version.is_postrelease if specifier.operator == ">" else version.is_devrelease


@pytest.mark.slow
@given(specifiers, versions)
def test_a_translated_constraint_admits_the_same_versions(text: str, version: str) -> None:
    specifier, candidate = Specifier(text), Version(version)
    if not_expressible(specifier, candidate):
        return
    translated = translate_constraint(SpecifierSet(text), Flavour.PACKAGE)
    admitted = VersionSpec(translated).matches(CondaVersion(format_conda_version(candidate)))
    assert admitted == specifier.contains(candidate, prereleases=True)


@pytest.mark.slow
@given(
    st.lists(st.lists(specifiers.filter(lambda text: "===" not in text), max_size=2).map(",".join), max_size=3),
    versions,
)
def test_the_weakest_constraints_admit_exactly_what_one_of_them_admits(texts: list[str], version: str) -> None:
    alternatives = [SpecifierSet(text) for text in texts]
    joined = find_weakest(alternatives)
    assert any(one.contains(version, prereleases=True) for one in joined) == any(
        one.contains(version, prereleases=True) for one in alternatives
    )


WEAKEST = {
    (">=1.22", ">=1.23.2", ">=1.26"): {">=1.22"},
    (">=1,<2", ">=1.5,<3"): {">=1,<3"},
    (">=1,<2", ">=3"): {">=1,<2", ">=3"},
    ("", ">=2"): {""},
    ("==1.5", "==1.6"): {"==1.5", "==1.6"},
    (">=1.0", ">=1.0"): {">=1.0"},
}


@pytest.mark.parametrize(("alternatives", "kept"), WEAKEST.items())
def test_the_weakest_constraints_are_few(alternatives: tuple[str, ...], kept: set[str]) -> None:
    assert set(find_weakest(map(SpecifierSet, alternatives))) == set(map(SpecifierSet, kept))
