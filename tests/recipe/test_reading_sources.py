"""Test what sources say without being built or run."""

import pytest

from release_tools.recipe.evidence import Built
from release_tools.recipe.modules import choose_modules_to_test
from release_tools.recipe.setup_py import read_setup_py
from release_tools.recipe.toolchain import build_requires, find_toolchain, list_bundled, list_host_requires
from release_tools.recipe.unbuilt_metadata import complete_evidence, read_entry_points
from tests.recipe.evidence import make_evidence

PLAIN = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"

EXTENSIONS = {
    "setup(ext_modules=[Extension('a', ['a.c'])])": True,
    "from Cython.Build import cythonize\nsetup(ext_modules=cythonize('a.pyx'))": True,
    "setup(rust_extensions=[1])": True,
    "setup(cffi_modules=['build.py:ffi'])": True,
    "kwargs = {}\nkwargs['ext_modules'] = [setuptools.Extension('a', ['a.c'])]\nsetup(**kwargs)": True,
    "setup(name='a', ext_modules=[])": False,
    "setup(name='a')": False,
    "setup(": False,
    "\0": False,
    "print 'Python 2'": False,
}


@pytest.mark.parametrize(("text", "made"), EXTENSIONS.items())
def test_a_setup_py_that_makes_extensions_is_known_without_running_it(text: str, made: bool) -> None:  # noqa: FBT001 - data
    assert read_setup_py(text).extensions is made


def test_literals_are_followed_through_names_sums_and_nothing_else() -> None:
    found = read_setup_py(
        "import os\nos.abort()\nbase = ['a>=1']\nsetup(install_requires=base + ('b',) if 0 else base + ['b'],"
        "extras=open('x'), name='n' + 'm', zip_safe=False, package_data={'n': ['*.json']}, loop=loop)\nloop = loop"
    )
    assert found.keywords == {"name": "nm", "zip_safe": False, "package_data": {"n": ["*.json"]}}
    assert found.unknown == {"install_requires", "extras", "loop"}


def test_code_nested_too_deep_says_nothing() -> None:
    assert read_setup_py("x = " + "(" * 100_000 + ")" * 100_000).keywords == {}
    assert read_setup_py("setup(a=" + "-" * 50_000 + "1)").keywords == {}


REQUIREMENTS: dict[str, dict[str, str]] = {
    "pyproject.toml": {"pyproject.toml": "[project]\ndependencies = ['click>=8', 'six']\n"},
    "egg-info": {"demo.egg-info/requires.txt": "click>=8\nsix\n\n[:python_version < '3.9']\nzipp\n\n[dev]\npytest\n"},
    "setup.cfg": {"setup.cfg": "[options]\ninstall_requires =\n  click>=8\n  six\n"},
    "setup.py": {"setup.py": "from setuptools import setup\nsetup(install_requires='click>=8\\nsix')\n"},
}


@pytest.mark.parametrize("where", REQUIREMENTS)
def test_requirements_left_to_the_build_are_found_where_they_are_written(where: str) -> None:
    found = complete_evidence(make_evidence(PLAIN, REQUIREMENTS[where])).metadata["requires_dist"]
    extra = ["zipp ; (python_version < '3.9')", "pytest ; extra == 'dev'"] if where == "egg-info" else []
    assert found == ["click>=8", "six", *extra]


@pytest.mark.parametrize(
    "metadata",
    [
        "Metadata-Version: 2.2\nName: demo\nVersion: 1.0\n",
        PLAIN + "Requires-Dist: attrs\n",
    ],
)
def test_metadata_that_is_complete_is_left_alone(metadata: str) -> None:
    evidence = make_evidence(metadata, REQUIREMENTS["setup.py"])
    assert complete_evidence(evidence) is evidence


SCRIPTS: dict[str, dict[str, str]] = {
    "pyproject": {"pyproject.toml": "[project.scripts]\nDemo = 'demo:main'\n[project.gui-scripts]\nwin = 'demo:gui'\n"},
    "poetry": {"pyproject.toml": "[tool.poetry.scripts]\nDemo = 'demo:main'\nother = {reference = 'x'}\n"},
    "egg-info": {"src/demo.egg-info/entry_points.txt": "[console_scripts]\nDemo = demo:main\n[x]\ny = z\n"},
    "setup.cfg": {"setup.cfg": "[options.entry_points]\nconsole_scripts =\n  Demo = demo:main\n"},
    "setup.py": {"setup.py": "setup(entry_points={'console_scripts': ['Demo=demo:main']})"},
    "setup.py text": {"setup.py": "setup(entry_points='[console_scripts]\\nDemo = demo:main')"},
}


@pytest.mark.parametrize("where", SCRIPTS)
def test_scripts_are_found_where_they_are_written(where: str) -> None:
    points, gui = read_entry_points(make_evidence(PLAIN, SCRIPTS[where]).sources)
    assert points[0] == "Demo = demo:main"
    assert gui == ({"win"} if where == "pyproject" else set())


BUILD = {
    "": ("setuptools",),
    "[build-system]\nrequires = ['setuptools', 'wheel', 'setuptools-scm']": ("setuptools", "setuptools-scm"),
    "[build-system]\nrequires = ['setuptools', 'coherent.licensed']": ("setuptools",),
    "[build-system]\nrequires = []\nbuild-backend = 'b'\nbackend-path = ['.']": (),
    "not = [toml": ("setuptools",),
    "[build-system]\nrequires = 'text'": ("setuptools",),
}


@pytest.mark.parametrize(("pyproject", "requires"), BUILD.items())
def test_build_requirements_are_those_of_pep_518(pyproject: str, requires: tuple[str, ...]) -> None:
    assert build_requires(make_evidence(PLAIN, pyproject=pyproject).sources) == requires


# Additions of setuptools, wherever they are written.
SETUP_REQUIRES: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "setup.py": ({"setup.py": "setup(setup_requires=['pbr>=2', 'wheel'], pbr=True)"}, ("setuptools", "pbr>=2")),
    "setup.cfg": ({"setup.cfg": "[options]\nsetup_requires =\n  pbr>=2\n  setuptools\n"}, ("setuptools", "pbr>=2")),
    "another backend": (
        {
            "setup.py": "setup(setup_requires='pbr')",
            "pyproject.toml": "[build-system]\nrequires = ['b']\nbuild-backend = 'b'",
        },
        ("b",),
    ),
}


@pytest.mark.parametrize("name", SETUP_REQUIRES)
def test_build_requirements_are_also_those_of_setuptools(name: str) -> None:
    files, requires = SETUP_REQUIRES[name]
    assert build_requires(make_evidence(PLAIN, files).sources) == requires


def system(*requires: str, backend: str = "setuptools.build_meta") -> str:
    return f"[build-system]\nrequires = {list(requires)!r}\nbuild-backend = {backend!r}\n"


# Packages that reviewers put into host next to the build requirements.
ADDED = {
    "C written by Cython": ({"pyproject.toml": system("setuptools"), "a/_c.pyx": "", "a/_c.c": ""}, ("cython",)),
    "reported": ({"pyproject.toml": system("setuptools", "Cython>=3"), "a/_c.pyx": ""}, ()),
    "tests": ({"pyproject.toml": system("setuptools"), "tests/_c.pyx": "", "a.c": ""}, ()),
    "meson": ({"pyproject.toml": system("meson-python", backend="mesonpy"), "meson.build": "project('a')"}, ("ninja",)),
}


@pytest.mark.parametrize("name", ADDED)
def test_what_a_build_needs_beyond_its_requirements_is_known(name: str) -> None:
    files, added = ADDED[name]
    chain = find_toolchain(make_evidence(PLAIN, files, Built(pure=False, paths=())))
    assert chain
    assert chain.host == added


# A project's requirements, the files of its sdist and wheel, and whether Babel belongs into host.
CATALOGS: dict[str, tuple[str, str, str, bool]] = {
    "compiled in the build": (
        "Babel>=2",
        "demo/locale/de/LC_MESSAGES/demo.po",
        "demo/locale/de/LC_MESSAGES/demo.mo",
        True,
    ),
    "compiled before": ("Babel", "demo/locale/de/LC_MESSAGES/demo.mo", "demo/locale/de/LC_MESSAGES/demo.mo", True),
    "not installed": ("Babel", "demo/locale/de/LC_MESSAGES/demo.po", "demo/__init__.py", False),
    "compiled by another": ("click", "demo/locale/de/LC_MESSAGES/demo.po", "demo/locale/de/LC_MESSAGES/demo.mo", False),
    "an extra": ("Babel; extra == 'i18n'", "demo/x.po", "demo/locale/de/LC_MESSAGES/demo.mo", False),
    "sdist only": ("Babel", "src/demo/locale/de/LC_MESSAGES/demo.po", "", True),
    "sdist only, tests": ("Babel", "tests/locale/de/LC_MESSAGES/demo.mo", "", False),
}


@pytest.mark.parametrize("name", CATALOGS)
def test_babel_is_there_where_it_compiles_what_is_installed(name: str) -> None:
    requirement, source, installed, wanted = CATALOGS[name]
    built = Built(pure=True, paths=(installed,)) if installed else None
    evidence = make_evidence(f"{PLAIN}Requires-Dist: {requirement}\n", {source: ""}, built)
    assert list_host_requires(evidence) == (("setuptools", "babel") if wanted else ("setuptools",))


def test_babel_is_asked_for_once() -> None:
    files = {"pyproject.toml": system("setuptools", "Babel>=2.9"), "a/LC_MESSAGES/a.po": ""}
    assert list_host_requires(make_evidence(f"{PLAIN}Requires-Dist: babel\n", files)) == ("setuptools", "Babel>=2.9")


TOOLCHAINS: dict[str, tuple[dict[str, str], tuple[str, ...] | None]] = {
    "pure": ({"pyproject.toml": system("hatchling", backend="hatchling.build"), "x.c": ""}, None),
    "setup.py": ({"setup.py": "setup(ext_modules=[Extension('a')])", "a.c": ""}, ("c",)),
    "pybind11": ({"pyproject.toml": system("setuptools", "pybind11"), "a.cpp": ""}, ("cxx",)),
    "C and C++": ({"pyproject.toml": system("setuptools", "pybind11"), "a.c": ""}, ("c", "cxx")),
    "c++ in tests only": ({"pyproject.toml": system("setuptools", "cython"), "tests/a.cpp": ""}, ("c",)),
    "cibuildwheel": ({"pyproject.toml": "[tool.cibuildwheel]\nskip = 'x'\n", "a.f90": ""}, ("c", "fortran")),
    "setuptools-rust": ({"pyproject.toml": system("setuptools", "setuptools-rust")}, ("c", "rust")),
    "scikit-build-core": (
        {"pyproject.toml": system("scikit-build-core", backend="scikit_build_core.build"), "a.cpp": ""},
        ("cxx",),
    ),
    "meson, pure": ({"pyproject.toml": system("meson-python", backend="mesonpy"), "meson.build": "project('a')"}, None),
    "meson": (
        {"pyproject.toml": system("meson-python", backend="mesonpy"), "meson.build": "project('a',\n 'c', 'cython')"},
        ("c",),
    ),
    "hatchling hook": (
        {
            "pyproject.toml": system("hatchling", backend="hatchling.build") + "[tool.hatch.build.hooks.custom]\n",
            "a.c": "",
        },
        ("c",),
    ),
}


@pytest.mark.parametrize("name", TOOLCHAINS)
def test_compiled_code_is_known_from_the_sources(name: str) -> None:
    files, languages = TOOLCHAINS[name]
    chain = find_toolchain(make_evidence(PLAIN, files))
    assert (chain and chain.languages) == languages


@pytest.mark.parametrize("pure", [True, False])
def test_a_wheel_decides_whether_a_project_is_compiled(pure: bool) -> None:  # noqa: FBT001 - data
    evidence = make_evidence(PLAIN, {"setup.py": "setup(ext_modules=[Extension('a')])"}, Built(pure, ()))
    assert (find_toolchain(evidence) is None) is pure


def test_the_libraries_that_a_wheel_brings_along_are_known_without_those_of_compilers() -> None:
    paths = (
        "shapely.libs/libgeos-3ef06f11.so.3.13.1",
        "shapely.libs/libgeos_c-abcdd5fa.so.1.19.2",
        "shapely.libs/libgomp-a34b3233.so.1.0.0",
        "h5py/.dylibs/libhdf5.320.dylib",
        "shapely/lib.cpython-311-x86_64-linux-gnu.so",
    )
    assert list_bundled(Built(pure=False, paths=paths)) == ("libgeos", "libgeos_c", "libhdf5")
    assert list_bundled(None) == ()


WHEELS = {
    ("demo/__init__.py", "demo/sub/__init__.py", "demo-1.0.dist-info/RECORD"): ("demo",),
    ("demo.py", "_demo.py"): ("demo",),
    ("pytest/__init__.py", "_pytest/__init__.py", "py.py"): ("pytest",),
    ("bson/__init__.py", "gridfs/__init__.py"): ("bson", "gridfs"),
    ("demo/__init__.py", "tests/__init__.py", "docs/conf.py"): ("demo",),
    ("_demo/__init__.py",): ("_demo",),
    ("yaml/__init__.py", "_yaml.cpython-312-x86_64-linux-gnu.so"): ("yaml",),
    ("google/auth/__init__.py", "google/oauth2/__init__.py"): ("google.auth", "google.oauth2"),
    ("google/demo/__init__.py", "google/_demo/__init__.py"): ("google.demo",),
    ("demo/__init__.py", "tools/a/__init__.py", "kits/a/__init__.py", "kits/b/__init__.py", "kits/c/__init__.py"): (
        "demo",
    ),
    ("de/mo/__init__.py", "de/x/__init__.py"): ("de.mo", "de.x"),
    tuple(f"space/p{number}/__init__.py" for number in range(9)): ("space",),
    (): (),
}


@pytest.mark.parametrize(("paths", "modules"), WHEELS.items())
def test_a_test_imports_what_a_person_would(paths: tuple[str, ...], modules: tuple[str, ...]) -> None:
    assert choose_modules_to_test(make_evidence(PLAIN, built=Built(pure=True, paths=paths))) == modules


@pytest.mark.parametrize(
    ("extra_modules", "modules"),
    [({"served"}, ("demo",)), ({"demo", "served"}, ("demo", "served")), ({"demo.cli"}, ("demo", "served"))],
)
def test_a_test_imports_nothing_behind_an_extra(extra_modules: set[str], modules: tuple[str, ...]) -> None:
    built = Built(pure=True, paths=("demo/__init__.py", "served/__init__.py"), extra_modules=frozenset(extra_modules))
    assert choose_modules_to_test(make_evidence(PLAIN, built=built)) == modules


SDISTS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "src": ({"src/demo/__init__.py": "", "tests/__init__.py": "", "src/build/__init__.py": ""}, ("demo",)),
    "flat": ({"demo/__init__.py": "", "docs_src/__init__.py": "", "benchmarks/__init__.py": ""}, ("demo",)),
    "top_level.txt": (
        {"a/__init__.py": "", "b/__init__.py": "", "demo.egg-info/top_level.txt": "a\nb\n"},
        ("a", "b"),
    ),
    "hatch": (
        {
            "a/__init__.py": "",
            "b/__init__.py": "",
            "pyproject.toml": "[tool.hatch.build.targets.wheel]\npackages = ['a']\n",
        },
        ("a",),
    ),
    "module": ({"demo.py": "", "setup.py": ""}, ("demo",)),
}


@pytest.mark.parametrize("name", SDISTS)
def test_the_modules_of_an_sdist_are_guessed_from_its_layout(name: str) -> None:
    files, modules = SDISTS[name]
    assert choose_modules_to_test(make_evidence(PLAIN, files)) == modules
