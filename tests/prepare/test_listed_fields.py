"""Fields that settings of other tools and files of other build systems name, as their documentation shows them."""

from collections.abc import Mapping

import pytest

from tests.prepare.test_version_fields import FROM_TAGS, LISTED, STATIC, dynamic
from tests.prepare.trees import plan

# Projects as the tools' own documentation shows them: the files, and those in which every 1.3.0 must change.
TOOLS: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "bump-my-version's key path": (
        {
            "pyproject.toml": LISTED + '[[tool.bumpversion.files]]\nfilename = "x.toml"\nkey_path = "a.version"\n',
            "x.toml": "[b]\nversion = '1.2.9'\n[a]\nversion = '1.3.0'\n",
        },
        ("pyproject.toml", "x.toml"),
    ),
    "bump-my-version without a current version": (
        {
            "pyproject.toml": STATIC + '[tool.bumpversion]\n[[tool.bumpversion.files]]\nfilename = "README.md"\n',
            "README.md": "demo 1.3.0\n",
        },
        ("pyproject.toml", "README.md"),
    ),
    "bump-my-version, a version that may be missing": (
        {
            "pyproject.toml": LISTED + 'ignore_missing_version = true\n[[tool.bumpversion.files]]\nfilename = "x.md"\n',
            "x.md": "nothing\n",
        },
        ("pyproject.toml",),
    ),
    "bump2version, twice in a file": (
        {
            "setup.py": "from setuptools import setup\nsetup(name='demo', version='1.3.0')\n",
            ".bumpversion.cfg": "[bumpversion]\ncurrent_version = 1.3.0\ncommit = True\n\n[bumpversion:file:setup.py]\n"
            "search = version='{current_version}'\nreplace = version='{new_version}'\n\n"
            "[bumpversion:file (a badge):README.md]\nsearch = demo-{current_version}\n\n"
            "[bumpversion:file(text):README.md]\nsearch = demo {current_version}\n",
            "README.md": "demo-1.3.0\ndemo 1.3.0\n",
        },
        ("setup.py", ".bumpversion.cfg", "README.md"),
    ),
    "Commitizen's provider": (
        {
            "pyproject.toml": STATIC
            + '[tool.commitizen]\nversion_provider = "pep621"\nversion_files = ["docs/*.md"]\n',
            "docs/a.md": "demo 1.3.0\n",
        },
        ("pyproject.toml", "docs/a.md"),
    ),
    "Commitizen in YAML": (
        {
            "pyproject.toml": STATIC,
            ".cz.yaml": "commitizen:\n  version: 1.3.0\n  version_files:\n    - x.md\n",
            "x.md": "demo 1.3.0\n",
        },
        ("pyproject.toml", ".cz.yaml", "x.md"),
    ),
    "Commitizen in JSON": (
        {
            "pyproject.toml": STATIC,
            "cz.json": '{"commitizen": {"version": "1.3.0", "version_files": ["x.md"]}}',
            "x.md": "demo 1.3.0\n",
        },
        ("pyproject.toml", "cz.json", "x.md"),
    ),
    "tbump's own file": (
        {
            "pyproject.toml": STATIC,
            "tbump.toml": '[version]\ncurrent = "1.3.0"\n[git]\nx = "v{new_version}"\n[[file]]\nsrc = "x.md"\n',
            "x.md": "It is v1.3.0.\n",
        },
        ("pyproject.toml", "tbump.toml", "x.md"),
    ),
    "python-semantic-release": (
        {
            "pyproject.toml": STATIC + '[tool.semantic_release]\nversion_toml = ["pyproject.toml:project.version"]\n'
            'version_variables = ["demo/v.py:number", "action.yml:version:tf", "Makefile:VERSION"]\n',
            "demo/v.py": "number = '1.3.0'\n",
            "action.yml": "version: v1.3.0\n",
            "Makefile": "VERSION := 1.3.0\n",
        },
        ("pyproject.toml", "demo/v.py", "action.yml", "Makefile"),
    ),
    "python-semantic-release in setup.cfg": (
        {
            "setup.cfg": "[metadata]\nname = demo\n[semantic_release]\nversion_variable = a.py:number, b.py:number\n",
            "a.py": "number = '1.3.0'\n",
            "b.py": "number = '1.3.0'\n",
        },
        ("a.py", "b.py"),
    ),
    "release-please's blocks": (
        {
            "pyproject.toml": STATIC,
            "release-please-config.json": '{"packages": {".": {"release-type": "python"}}, "extra-files": ["x.md"]}',
            ".release-please-manifest.json": '{\n  ".": "1.3.0"\n}\n',
            "x.md": "0.9.9\n<!-- x-release-please-start-version -->\n1.3.0\n<!-- x-release-please-end -->\n",
        },
        ("pyproject.toml", ".release-please-manifest.json", "x.md"),
    ),
    "hatch's code": (
        {
            "pyproject.toml": dynamic(
                "hatchling.build",
                '[tool.hatch.version]\nsource = "code"\npath = "src/demo/v.py"\nexpression = "NUMBER"\n',
            ),
            "src/demo/v.py": "NUMBER = '1.3.0'\n",
        },
        ("src/demo/v.py",),
    ),
    "hatch with the version of npm": (
        {
            "pyproject.toml": dynamic("hatchling.build", '[tool.hatch.version]\nsource = "nodejs"\n'),
            "package.json": '{"version": "1.3.0"}',
        },
        ("package.json",),
    ),
    "scikit-build-core's expression": (
        {
            "pyproject.toml": dynamic(
                "scikit_build_core.build",
                "[tool.scikit-build.metadata.version]\nprovider = 'scikit_build_core.metadata.regex'\n"
                "input = 'CMakeLists.txt'\nregex = '(?sx)project\\([^)]*VERSION\\s+(?P<value>[0-9.]+)'\n",
            ),
            "CMakeLists.txt": "cmake_minimum_required(VERSION 3.15)\nproject(demo VERSION 1.3.0)\n",
        },
        ("CMakeLists.txt",),
    ),
    "CMake next to a static version": (
        {
            "pyproject.toml": STATIC,
            "CMakeLists.txt": "cmake_minimum_required(VERSION 3.15)\nproject(\n  demo\n  VERSION 1.3.0 LANGUAGES C)\n",
        },
        ("pyproject.toml", "CMakeLists.txt"),
    ),
    "meson next to a static version": (
        {"pyproject.toml": STATIC, "meson.build": "project('demo', 'c', version : '1.3.0')\n"},
        ("pyproject.toml", "meson.build"),
    ),
    "a crate next to a static version": (
        {
            "pyproject.toml": f'[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n{STATIC}',
            "Cargo.toml": '[package]\nname = "demo"\nversion = "1.3.0"\n',
            "Cargo.lock": 'version = 4\n\n[[package]]\nname = "demo"\nversion = "1.3.0"\n',
        },
        ("pyproject.toml", "Cargo.toml", "Cargo.lock"),
    ),
    "a crate of a workspace": (
        {
            "pyproject.toml": dynamic("maturin", '[tool.maturin]\nmanifest-path = "crates/py/Cargo.toml"\n'),
            "crates/py/Cargo.toml": '[package]\nname = "demo-py"\nversion.workspace = true\n',
            "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\n[workspace.package]\nversion = "1.3.0"\n',
            "Cargo.lock": 'version = 4\n\n[[package]]\nname = "demo-py"\nversion = "1.3.0"\n',
        },
        ("Cargo.toml", "Cargo.lock"),
    ),
    "a file VERSION that setup.py reads": (
        {
            "setup.py": "from setuptools import setup\nsetup(name='demo', version=open('VERSION').read().strip())\n",
            "VERSION": "1.3.0\n",
        },
        ("VERSION",),
    ),
    "setup.py of numbers": (
        {
            "setup.py": "from setuptools import setup\nV = '1.3.0'\nW = '%s' % V\nsetup(name='demo', version=W)\n",
        },
        ("setup.py",),
    ),
    "Sphinx with a short version": (
        {
            "pyproject.toml": STATIC,
            "docs/user/conf.py": "release = 'v1.3.0'\nversion = '.'.join(release.split('.')[:2])\n",
        },
        ("pyproject.toml", "docs/user/conf.py"),
    ),
    "pixi": (
        {"pyproject.toml": STATIC, "pixi.toml": '[workspace]\nversion = "1.3.0"\n[package]\nversion = "1.3.0"\n'},
        ("pyproject.toml", "pixi.toml"),
    ),
    "npm's workspaces": (
        {
            "pyproject.toml": STATIC,
            "package.json": '{"version": "1.3.0", "workspaces": ["packages/*"]}',
            "npm-shrinkwrap.json": '{"version": "1.3.0", "packages": {"": {"version": "1.3.0"}}}',
            "packages/a/package.json": '{"version": "1.3.0"}',
        },
        ("pyproject.toml", "package.json", "npm-shrinkwrap.json"),
    ),
    "pdm": (
        {
            "pyproject.toml": dynamic("pdm.backend", '[tool.pdm.version]\nsource = "file"\npath = "src/demo/v.py"\n'),
            "src/demo/v.py": '__version__ = "1.3.0"\n',
        },
        ("src/demo/v.py",),
    ),
    "setuptools in setup.cfg": (
        {
            "setup.cfg": "[metadata]\nname = demo\nversion = attr: demo.__version__\n[options]\npackage_dir = =src\n",
            "setup.py": "from setuptools import setup\nsetup()\n",
            "src/demo/__init__.py": "__version__ = '1.3.0'\n",
        },
        ("src/demo/__init__.py",),
    ),
}


@pytest.mark.parametrize("what", TOOLS)
def test_what_a_tool_is_set_up_for_is_edited_as_it_would(what: str) -> None:
    files, edited = TOOLS[what]
    found = plan({"src/demo/__init__.py": "", **files})
    assert {path: content.decode() for path, content in found.contents.items()} == {
        path: files[path].replace("1.3.0", "1.4.0") for path in edited
    }
    assert not found.untouched
    assert not [change for change in found.changes if change.is_surprising]


OTHERS: Mapping[str, Mapping[str, str]] = {
    "a crate with a version of its own": {"Cargo.toml": '[package]\nname = "x"\nversion = "0.7.0"\n'},
    "CMake with a version of its own": {"CMakeLists.txt": "project(x VERSION 0.7.0)\n"},
    "meson with a version of its own": {"meson.build": "project('x', 'c', version: '0.7.0')\n"},
    "a file VERSION of something else": {"VERSION": "0.7.0\n"},
}


@pytest.mark.parametrize("what", OTHERS)
def test_a_version_that_may_be_of_something_else_is_listed_and_left(what: str) -> None:
    maturin = f'[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n{STATIC}'
    found = plan({"pyproject.toml": maturin, **OTHERS[what]})
    assert set(found.contents) == {"pyproject.toml"}
    assert {field.path for field in found.untouched} == OTHERS[what].keys()


@pytest.mark.parametrize("what", OTHERS)
def test_a_project_with_versions_from_tags_does_not_list_it(what: str) -> None:
    found = plan({"pyproject.toml": FROM_TAGS, **OTHERS[what]})
    assert not found.contents
    assert not found.untouched


IN_ANOTHER_WAY: Mapping[str, str] = {
    "more than the version": (
        '[tool.bumpversion]\ncurrent_version = "1.3.0"\n[[tool.bumpversion.files]]\nfilename = "x.md"\n'
        'search = "{current_version} (unreleased)"\nreplace = "{new_version} ({now:%Y-%m-%d})"\n'
    ),
    "where no version is": (
        '[tool.bumpversion]\ncurrent_version = "1.3.0"\n[[tool.bumpversion.files]]\nfilename = "x.md"\n'
        'search = "Unreleased"\nreplace = "{new_version}"\n'
    ),
    "a template": (
        '[tool.tbump.version]\ncurrent = "1.3.0"\n[[tool.tbump.file]]\nsrc = "x.md"\nversion_template = "{major}"\n'
    ),
    "no expression": '[tool.commitizen]\nversion = "1.3.0"\nversion_files = ["x.md:[a-"]\n',
}


@pytest.mark.parametrize("what", IN_ANOTHER_WAY)
def test_what_a_tool_would_edit_in_another_way_is_listed_and_left(what: str) -> None:
    found = plan({"pyproject.toml": STATIC + IN_ANOTHER_WAY[what], "x.md": "## 1.3.0 (unreleased)\n"})
    assert set(found.contents) == {"pyproject.toml"}
    assert [field.path for field in found.untouched] == ["x.md"]
