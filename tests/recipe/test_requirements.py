import pytest
from rattler import MatchSpec

from release_tools.errors import CondaError
from release_tools.recipe.names import Names
from release_tools.recipe.requirements import Flavour, Variant, translate

NAMES = Names()

# Requires-Dist, and what a package made for Python 3.9 and later depends on.
EVERYWHERE = {
    ("click>=8,<9",): ("click >=8,<9a0",),
    ("PyYAML",): ("pyyaml",),
    ("PyQt5>=5.15",): ("pyqt >=5.15,5.*",),
    ('tomli>=2; python_version < "3.11"',): ("tomli >=2",),
    ('tomli>=2; python_version < "3.9"',): (),
    ('attrs; python_version >= "3"',): ("attrs",),
    ('pytest; extra == "test"',): (),
    ('colorama>=0.4; sys_platform == "win32"',): ("colorama >=0.4",),
    ('numpy>=1.22; python_version < "3.11"', 'numpy>=1.26; python_version >= "3.11"'): ("numpy >=1.22",),
    ('pandas>=1.5,<2; python_version < "3.11"', 'pandas>=2.1; python_version >= "3.11"'): ("pandas >=1.5,<2a0|>=2.1",),
    ("attrs>=20", "attrs<23"): ("attrs >=20,<23a0",),
    ("uvicorn[standard]>=0.12",): ("uvicorn-standard >=0.12",),
    ("dask[array]>=2025.1",): ("dask-core >=2025.1", "numpy"),
    ("dask[array,dataframe]>=2025.1",): ("dask >=2025.1", "numpy"),
    ("dask",): ("dask-core",),
    ("SQLAlchemy[asyncio]>=2,<3",): ("sqlalchemy >=2,<3a0", "sqlalchemy-with-asyncio"),
    ("requests[socks]>=2",): ("requests >=2", "pysocks >=1.5.6,!=1.5.7"),
    ("coverage[toml]",): ("coverage",),  # whose conda package requires tomli anyway
    ("psycopg2>=2.9", "psycopg2-binary"): ("psycopg2 >=2.9",),
}


@pytest.mark.parametrize(("requires", "depends"), EVERYWHERE.items())
def test_requirements_that_hold_on_every_system_are_translated(
    requires: tuple[str, ...], depends: tuple[str, ...]
) -> None:
    translated = translate(requires, ">=3.9", NAMES)
    assert translated.depends == ("python >=3.9", *depends)
    assert translated.by_system == {}
    for spec in translated.depends:
        MatchSpec(spec)


def test_python_is_required_even_where_the_project_does_not_say_so() -> None:
    assert translate([], "", NAMES).depends == ("python",)


def test_an_upper_bound_on_python_is_kept() -> None:
    assert translate([], ">=3.9,<3.13", NAMES).depends == ("python >=3.9,<3.13a0",)


def test_a_recipe_is_bound_as_the_pythons_of_conda_forge_need_it() -> None:
    requires = [
        'exceptiongroup; python_version < "3.11"',
        'filelock<=3.19; python_version < "3.10"',
        'filelock>=3.20; python_version >= "3.10"',
        'backports.zoneinfo; python_version < "3.9"',
        'pytz>=2015.7; python_version < "3.9"',
        'importlib-resources; python_version < "3.7"',
        "click<9",
    ]
    assert translate(requires, ">=3.8", NAMES, flavour=Flavour.RECIPE).depends == (
        "python >=3.8",
        "exceptiongroup",
        "filelock >=3.20",
        "pytz >=2015.7",
        "click <9",
    )


IN_RECIPES = {
    ('colorama; sys_platform == "win32"', "click"): ("colorama", "click"),
    ('watchdog; platform_system != "Darwin"',): ("watchdog",),
}


@pytest.mark.parametrize(("requires", "depends"), IN_RECIPES.items())
def test_a_recipe_requires_everywhere_what_harms_nowhere(requires: tuple[str, ...], depends: tuple[str, ...]) -> None:
    translated = translate(requires, "", NAMES, flavour=Flavour.RECIPE)
    assert translated.depends[1:] == depends
    assert not translated.by_system


@pytest.mark.parametrize("requirement", ['colorama; os_name == "nt"', 'uvloop; sys_platform != "win32"'])
def test_a_recipe_stays_free_of_what_a_system_does_not_need(requirement: str) -> None:
    translated = translate([requirement], "", NAMES, flavour=Flavour.RECIPE)
    assert translated.depends == ("python",)
    assert set(translated.by_system) == {"__unix", "__win"}


BY_SYSTEM = {
    ('pywin32>=300; sys_platform == "win32"',): {"__win": ("pywin32 >=300",), "__unix": ()},
    ('uvloop; sys_platform != "win32"', "click"): {"__unix": ("uvloop",), "__win": ()},
    ('pyobjc-core; platform_system == "Darwin"', 'pywin32; os_name == "nt"'): {
        "__linux": (),
        "__osx": ("pyobjc-core",),
        "__win": ("pywin32",),
    },
    ('colorama; os_name == "nt"', 'pexpect; os_name != "nt"'): {"__unix": ("pexpect",), "__win": ("colorama",)},
    ('numpy>=1; os_name == "nt"', 'numpy>=2; os_name != "nt"'): {"__unix": ("numpy >=2",), "__win": ("numpy >=1",)},
}


@pytest.mark.parametrize(("requires", "added"), BY_SYSTEM.items())
def test_what_one_system_needs_goes_into_a_package_of_its_own(
    requires: tuple[str, ...], added: dict[str, tuple[str, ...]]
) -> None:
    translated = translate(requires, "", NAMES)
    assert translated.by_system == added
    assert set(translated.variants) == {
        Variant((*translated.depends, virtual, *specs), virtual) for virtual, specs in added.items()
    }


def test_whatever_is_required_more_widely_than_asked_is_reported() -> None:
    requires = ['tomli; python_version < "3.11"', 'numpy>=1; python_version < "3.12"', "numpy>=0"]
    notes = translate(requires, ">=3.9", NAMES).notes
    assert [note.split()[0] for note in notes] == ["tomli", "numpy"]


def test_names_that_nobody_confirmed_are_reported_once() -> None:
    translated = translate(["nobody-knows>=1", "nobody_knows<3", "click"], "", NAMES)
    assert [name.conda for name in translated.unconfirmed] == ["nobody-knows"]


def test_a_dependencys_extra_brings_that_dependencys_own_requirements() -> None:
    asked = {
        ("spam", "all"): ["eggs>=1", "spam[more]", "pywin32; sys_platform == 'win32'"],
        ("spam", "more"): ["ham; python_version < '3.9'", "spam[all]", "bacon"],
    }
    translated = translate(
        ["spam[All]>=2"], ">=3.9", Names(extras=lambda name, extra, _allowed: asked.get((name, extra)))
    )
    assert translated.depends == ("python >=3.9", "spam >=2", "eggs >=1", "bacon")
    assert translated.by_system["__win"] == ("pywin32",)


def test_a_package_that_the_channel_has_for_an_extra_is_required_next_to_the_projects_own() -> None:
    names = Names(exists={"spam", "spam-with-eggs", "click"}.__contains__, extras=lambda *_: ["click>=8"])
    translated = translate(["spam[eggs,ham]>=2,<3"], "", names)
    assert translated.depends == ("python", "spam >=2,<3a0", "spam-with-eggs", "click >=8")


def test_an_extra_asked_for_under_two_conditions_counts_under_both() -> None:
    requires = ['spam[all]; sys_platform == "win32"', 'spam[all]>=2; sys_platform != "win32"']
    names = Names(extras=lambda *_: ["eggs"])
    assert translate(requires, "", names).by_system == {"__win": ("spam",), "__unix": ("spam >=2",)}
    assert "eggs" in translate(requires, "", names).depends


def test_an_extra_that_cannot_be_looked_up_is_reported() -> None:
    assert "spam[all]" in translate(["spam[all]"], "", NAMES).notes[0]


def test_all_faults_are_reported_at_once() -> None:
    requires = [
        "one @ https://example.com/one.tar.gz",
        "two===spam",
        'three; platform_release >= "20"',
        "four<>1",
        "fine",
    ]
    with pytest.raises(CondaError) as caught:
        translate(requires, "", NAMES)
    assert [fault.split(":")[0].split()[0][:3] for fault in caught.value.faults] == ["one", "two", "thr", "fou"]
    assert "--no-conda" in caught.value.advice


def test_a_url_behind_the_projects_own_extra_does_no_harm() -> None:
    assert translate(['one @ https://example.com/one ; extra == "dev"'], "", NAMES).depends == ("python",)


LINUX_64, LINUX_ARM, OSX_64, OSX_ARM, WIN_64 = "linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64"
# Requires-Dist, and the platforms whose package requires each of these.
BY_SUBDIR = {
    ('foo>=1; platform_machine == "x86_64"',): {"foo >=1": {LINUX_64, OSX_64}},
    ('foo; platform_machine in "x86_64 AMD64"',): {"foo": {LINUX_64, OSX_64, WIN_64}},
    ('foo; platform_machine == "arm64" and sys_platform == "darwin"',): {"foo": {OSX_ARM}},
    ('foo; platform_machine != "aarch64"',): {"foo": {LINUX_64, OSX_64, OSX_ARM, WIN_64}},
    ('foo; platform_machine != "arm64"',): {"foo": {LINUX_64, LINUX_ARM, OSX_64, WIN_64}},
    ('foo; platform_machine not in "arm64 aarch64"',): {"foo": {LINUX_64, OSX_64, WIN_64}},
    ('foo; platform_machine != "AMD64" and sys_platform == "win32"',): {"foo": set()},
    ('foo; "arm" in platform_machine or os_name == "nt"',): {"foo": {OSX_ARM, WIN_64}},
    ('foo; sys_platform == "linux" and platform_machine == "aarch64" and python_version < "3.11"',): {
        "foo": {LINUX_ARM}
    },
    ('foo; python_version < "3.10"', 'foo; platform_machine == "aarch64" and python_version >= "3.10"'): {
        "foo": {LINUX_64, LINUX_ARM, OSX_64, OSX_ARM, WIN_64}
    },
    ('foo>=2; platform_machine == "arm64"', 'foo>=1; platform_machine != "arm64"'): {
        "foo >=2": {OSX_ARM},
        "foo >=1": {LINUX_64, LINUX_ARM, OSX_64, WIN_64},
    },
    ("foo>=1", 'foo>=2; platform_machine == "aarch64" and sys_platform == "linux"'): {
        "foo >=1": {LINUX_64, OSX_64, OSX_ARM, WIN_64},
        "foo >=1,>=2": {LINUX_ARM},
    },
    # If there is a package for each platform, what else differs is exact there too.
    (
        'foo; platform_machine == "x86_64"',
        'colorama; sys_platform == "win32"',
        'keyring; platform_machine != "ppc64le"',
        'lib[all]; platform_machine == "aarch64"',
        'bar; platform_machine == "x86_64" and extra == "more"',
    ): {
        "foo": {LINUX_64, OSX_64},
        "colorama": {WIN_64},
        "keyring": {LINUX_64, LINUX_ARM, OSX_64, OSX_ARM, WIN_64},
        "lib": {LINUX_ARM},
        "eggs": {LINUX_ARM},
    },
}


@pytest.mark.parametrize(("requires", "wanted"), BY_SUBDIR.items())
def test_what_only_some_machines_need_goes_into_a_package_for_each_platform(
    requires: tuple[str, ...], wanted: dict[str, set[str]]
) -> None:
    translated = translate(requires, ">=3.9", Names(extras=lambda *_: ["eggs"]))
    assert translated.by_system == {}
    assert [variant.subdir for variant in translated.variants] == [LINUX_64, LINUX_ARM, OSX_64, OSX_ARM, WIN_64]
    for variant in translated.variants:
        python, *specs = variant.depends
        assert python == "python >=3.9"
        assert sorted(specs) == sorted(spec for spec, subdirs in wanted.items() if variant.subdir in subdirs)
    assert any("noarch cannot express" in note for note in translated.notes)
    assert translated.warnings == ()


def test_the_platforms_that_get_a_package_can_be_chosen() -> None:
    translated = translate(['foo; platform_machine == "ARM64"'], "", NAMES, subdirs=[WIN_64, "win-arm64"])
    assert translated.by_subdir == {WIN_64: (), "win-arm64": ("foo",)}


def test_bounds_that_mean_the_same_on_all_machines_need_one_package() -> None:
    requires = ['numpy>=1.21.2; python_version >= "3.10"', 'numpy>=1.19.3; platform_machine == "aarch64"']
    assert translate(requires, ">=3.10", NAMES).by_subdir == {}


def test_what_only_rare_machines_need_is_required_on_none_with_a_warning() -> None:
    translated = translate(['foo; platform_machine == "ppc64le"', "click"], "", NAMES)
    assert translated.variants == (Variant(("python", "click")),)
    assert ["foo" in warning for warning in translated.warnings] == [True]


NAMED = " or ".join(f'platform_machine == "{name}"' for name in ("aarch64", "ppc64le", "x86_64", "AMD64", "win32"))


@pytest.mark.parametrize(
    "requirement",
    [
        'greenlet>=1; platform_machine != "ppc64le" and platform_machine != "s390x"',
        'greenlet>=1; platform_machine not in "ppc64le s390x"',
        f'greenlet>=1; python_version < "3.14" and ({NAMED})',
    ],
)
def test_what_all_but_rare_machines_need_is_required_on_all_with_a_warning(requirement: str) -> None:
    translated = translate([requirement], "", NAMES)
    assert translated.depends == ("python", "greenlet >=1")
    assert translated.by_system == {}
    assert len(translated.warnings) == 1


def test_what_all_but_rare_machines_of_one_system_need_is_required_on_that_system() -> None:
    requirement = 'greenlet>=1; sys_platform == "linux" and platform_machine != "ppc64le"'
    translated = translate([requirement], "", NAMES)
    assert translated.by_system["__linux"] == ("greenlet >=1",)
    assert [name for name, specs in translated.by_system.items() if specs] == ["__linux"]


@pytest.mark.parametrize(
    ("requirement", "differs"),
    [
        ('foo; platform_machine == "x86_64"', True),
        ('foo; platform_machine == "x86_64" and python_version < "3.10"', False),
        ('foo; python_version < "3.10" or platform_machine == "x86_64"', True),
    ],
)
def test_a_recipe_distinguishes_machines_for_the_pythons_of_conda_forge(requirement: str, *, differs: bool) -> None:
    translated = translate([requirement], ">=3.8", NAMES, flavour=Flavour.RECIPE)
    assert bool(translated.by_subdir) == differs
