"""Every field that holds the version is found and edited, and nothing else changes by a byte."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from release_tools.project.version_field import Role, to_semver
from tests.prepare.trees import plan, prepared

STATIC = '[project]\nname = "demo"\nversion = "1.3.0"\n'
FROM_TAGS = (
    '[build-system]\nrequires = ["poetry-dynamic-versioning"]\n[project]\nname = "demo"\ndynamic = ["version"]\n'
)


def dynamic(backend: str, settings: str = "") -> str:
    return (
        f'[build-system]\nrequires = ["{backend}"]\nbuild-backend = "{backend}"\n'
        f'[project]\nname = "demo"\ndynamic = ["version"]\n{settings}'
    )


LISTED = STATIC + '[tool.bumpversion]\ncurrent_version = "1.3.0"\n'
EDITED: Mapping[str, tuple[str, str, str]] = {
    # what: the file, pyproject.toml (or the file itself), and the text in which 1.3.0 is what must change
    "project.version": ("pyproject.toml", "", STATIC),
    "a comment, other quotes and spaces": (
        "pyproject.toml",
        "",
        "[project]\nname='demo'\n  version   =  '1.3.0' # 1.3.0?\n",
    ),
    "an inline table": ("pyproject.toml", "", 'project = { name = "demo", version = "1.3.0" }\n'),
    "a dotted key": ("pyproject.toml", "", 'project.name = "demo"\nproject.version = "1.3.0"\n'),
    "a version that occurs elsewhere": (
        "pyproject.toml",
        "",
        '# 1.3.0\n[project]\nname = "demo"\ndependencies = ["other==1.3.0"]\nversion = "1.3.0"\n',
    ),
    "Windows line ends": ("pyproject.toml", "", STATIC.replace("\n", "\r\n")),
    "no line end at the end": ("pyproject.toml", "", STATIC.rstrip()),
    "a byte order mark": ("src/demo/__init__.py", STATIC, '\ufeff__version__ = "1.3.0"\n'),
    "poetry": ("pyproject.toml", "", '[tool.poetry]\nname = "demo"\nversion = "1.3.0"\n'),
    "setup.cfg": ("setup.cfg", "", "[metadata]\nname = demo\nversion = 1.3.0\n\n[other]\nversion = 9\n"),
    "setup.py": ("setup.py", "", "from setuptools import setup\nsetup(name='demo', version='1.3.0')\n"),
    "a name in setup.py": (
        "setup.py",
        "",
        "from setuptools import setup\nV = '1.3.0'\nsetup(name='demo', version=V)\n",
    ),
    "__init__.py": ("src/demo/__init__.py", STATIC, '"""Demo."""\n__version__ = "1.3.0"  # 1.3.0\n'),
    "an annotation": ("demo/__init__.py", STATIC, "__version__: str = '1.3.0'\n"),
    "not ASCII before it": ("demo/__init__.py", STATIC, "é = 'é'; __version__ = '1.3.0'\n"),
    "several targets": ("demo/_version.py", STATIC, "version = __version__ = '1.3.0'\n"),
    "hatch's file": (
        "src/demo/__about__.py",
        dynamic("hatchling.build", '[tool.hatch.version]\npath = "src/demo/__about__.py"\n'),
        "VERSION = '1.3.0'\n",
    ),
    "hatch's pattern": (
        "v.txt",
        dynamic("hatchling.build", "[tool.hatch.version]\npath = 'v.txt'\npattern = 'at (?P<version>\\S+)'\n"),
        "at 1.3.0\n",
    ),
    "flit's module": ("demo.py", dynamic("flit_core.buildapi"), '"""Demo."""\n__version__ = "1.3.0"\n'),
    "pdm's file": (
        "src/demo/v.py",
        dynamic("pdm.backend", '[tool.pdm.version]\nsource = "file"\npath = "src/demo/v.py"\n'),
        '__version__ = "1.3.0"\n',
    ),
    "setuptools' attribute": (
        "demo/v.py",
        dynamic("setuptools.build_meta", '[tool.setuptools.dynamic]\nversion = {attr = "demo.v.number"}\n'),
        "number = '1.3.0'\n",
    ),
    "setuptools' file": (
        "VERSION",
        dynamic("setuptools.build_meta", '[tool.setuptools.dynamic]\nversion = {file = ["VERSION"]}\n'),
        "1.3.0\n",
    ),
    "scikit-build-core's file": (
        "src/demo/__init__.py",
        dynamic(
            "scikit_build_core.build",
            '[tool.scikit-build.metadata.version]\ninput = "src/demo/__init__.py"\n',
        ),
        '__version__ = "1.3.0"\n',
    ),
    "maturin's Cargo.toml": (
        "Cargo.toml",
        dynamic("maturin"),
        '[package]\nname = "demo"\nversion = "1.3.0"\n[dependencies]\nx = "9.9.9"\n',
    ),
    "meson.build": ("meson.build", dynamic("mesonpy"), "project('demo', 'c',\n  version: '1.3.0',\n)\nversion = 'x'\n"),
    "CITATION.cff": (
        "CITATION.cff",
        STATIC,
        "cff-version: 1.2.0\nversion: 1.3.0 # 1.3.0 is cited\nreferences:\n  - version: 9\n",
    ),
    "quotes in CITATION.cff": ("CITATION.cff", STATIC, "cff-version: 1.2.0\n'version': 'v1.3.0'\n"),
    "codemeta.json": (
        "codemeta.json",
        STATIC,
        '{\n\t"name": "demo",\n\t"requires": {"version": "9"},\n\t"version": "1.3.0"\n}',
    ),
    ".zenodo.json": (".zenodo.json", STATIC, '{"title": "demo", "version": "1.3.0"}\n'),
    "package.json": ("package.json", STATIC, '{\n  "version": "1.3.0",\n  "dependencies": {"x": "9.9.9"}\n}\n'),
    "docs/conf.py": ("docs/conf.py", STATIC, "project = 'demo'\nrelease = '1.3.0'\n"),
    "a conda recipe": (
        "conda.recipe/meta.yaml",
        STATIC,
        '{% set version = "1.3.0" %}\npackage:\n  version: {{ version }}\n',
    ),
    "a conda recipe of the new form": (
        "recipe/recipe.yaml",
        STATIC,
        "context:\n  version: '1.3.0'\npackage:\n  version: ${{ version }}\n",
    ),
    "uv.lock": ("uv.lock", STATIC, '[[package]]\nname = "demo"\nversion = "1.3.0"\nsource = { editable = "." }\n'),
    "bump-my-version": (
        "README.md",
        LISTED + '[[tool.bumpversion.files]]\nfilename = "README.md"\nsearch = "demo=={current_version}"\n',
        "pip install demo==1.3.0\n",
    ),
    "bump-my-version's glob": (
        "docs/a.md",
        LISTED + '[[tool.bumpversion.files]]\nglob = "docs/*.md"\n',
        "It is 1.3.0.\n",
    ),
    "bump2version": ("README.md", STATIC, "pip install demo==1.3.0\n"),
    "Commitizen": (
        "src/v.txt",
        STATIC + '[tool.commitizen]\nversion = "1.3.0"\nversion_files = ["src/v.txt:^v"]\n',
        "v 1.3.0\n",
    ),
    "tbump": (
        "README.md",
        STATIC + '[tool.tbump.version]\ncurrent = "1.3.0"\n[[tool.tbump.file]]\n'
        'src = "README.md"\nsearch = "demo=={current_version}"\n',
        "demo==1.3.0\n",
    ),
    "python-semantic-release": (
        "v.cfg",
        STATIC + '[tool.semantic_release]\nversion_variables = ["v.cfg:version"]\n',
        "version = 1.3.0\n",
    ),
    "python-semantic-release's TOML": (
        "other.toml",
        STATIC + '[tool.semantic_release]\nversion_toml = ["other.toml:a.b"]\n',
        "[a]\nb = '1.3.0'\n",
    ),
    "release-please": ("README.md", STATIC, "demo 1.3.0 <!-- x-release-please-version -->\n"),
}
MORE: Mapping[str, Mapping[str, str]] = {
    "bump2version": {".bumpversion.cfg": "[bumpversion]\ncurrent_version = 1.3.0\n[bumpversion:file:README.md]\n"},
    "release-please": {"release-please-config.json": '{"packages": {".": {"extra-files": ["README.md"]}}}'},
    "maturin's Cargo.toml": {"Cargo.lock": '[[package]]\nname = "demo"\nversion = "1.3.0"\n'},
}


def as_prepared(text: str, comment: str = "#") -> str:
    """Return a text with another version in its first line that has one outside of a comment."""
    lines = text.splitlines(keepends=True)
    at = next(at for at, line in enumerate(lines) if "1.3.0" in line.partition(comment)[0] and '==1.3.0"]' not in line)
    lines[at] = lines[at].replace("1.3.0", "1.4.0", 1)
    return "".join(lines)


@pytest.mark.parametrize("what", EDITED)
def test_a_version_is_edited_and_nothing_else(what: str) -> None:
    path, pyproject, text = EDITED[what]
    files = {"src/demo/__init__.py": "", **({"pyproject.toml": pyproject} if pyproject else {}), **MORE.get(what, {})}
    assert prepared({**files, path: text})[path] == as_prepared(text)


def test_bytes_that_are_no_utf8_stay() -> None:
    module = "# -*- coding: latin-1 -*-\n# \xe9\n__version__ = '1.3.0'\n".encode("latin-1")
    changed = plan({"pyproject.toml": STATIC, "demo/__init__.py": module}).contents["demo/__init__.py"]
    assert changed == module.replace(b"1.3.0", b"1.4.0")


def test_a_lock_of_npm_has_the_version_twice() -> None:
    lock = '{"name": "demo", "version": "1.3.0", "packages": {"": {"version": "1.3.0"}, "a": {"version": "1.3.0"}}}'
    changed = prepared({"pyproject.toml": STATIC, "package-lock.json": lock})["package-lock.json"]
    assert changed == lock.replace("1.3.0", "1.4.0", 2)


@pytest.mark.parametrize(
    ("version", "text"),
    [("1.4.0rc1", "1.4.0-rc.1"), ("1.4.0a2", "1.4.0-alpha.2"), ("1.4", "1.4.0"), ("1.4.dev0", "1.4.0-dev.0")],
)
def test_npm_gets_its_own_spelling(version: str, text: str) -> None:
    files = {"pyproject.toml": STATIC, "package.json": '{"version": "1.3.0"}'}
    assert prepared(files, version)["package.json"] == f'{{"version": "{text}"}}'
    again = plan({**files, "package.json": f'{{"version": "{text}"}}'}, version)
    assert [field.path for field in again.done] == ["package.json"]


@pytest.mark.slow
@given(st.from_regex(r"[1-9]{1,2}\.[0-9]\.[0-9](a[0-9]|b[0-9]|rc[0-9])?(\.dev[0-9])?", fullmatch=True))
def test_the_spelling_of_npm_is_the_same_version(text: str) -> None:
    spelled = to_semver(Version(text))
    assert spelled == "" or Version(spelled.replace("alpha.", "a").replace("dev.", "dev")) == Version(text)


def test_a_short_version_of_sphinx_stays_short() -> None:
    conf = "version = '1.3'\nrelease = '1.3.0'\n"
    assert (
        prepared({"pyproject.toml": STATIC, "docs/conf.py": conf})["docs/conf.py"]
        == "version = '1.4'\nrelease = '1.4.0'\n"
    )


def test_the_day_of_a_release_goes_with_its_version() -> None:
    cff = "cff-version: 1.2.0\nversion: 1.3.0\ndate-released: '2020-01-01'\n"
    files = {
        "pyproject.toml": STATIC,
        "CITATION.cff": cff,
        "codemeta.json": '{"version": "1.3.0", "dateModified": "2020-01-01"}',
    }
    changed = prepared(files)
    assert "date-released: '2026-11-30'" in changed["CITATION.cff"]
    assert '"dateModified": "2026-11-30"' in changed["codemeta.json"]
    assert prepared({**files, **changed}) == {}


def test_a_number_without_quotes_gets_some_where_it_would_be_another_one() -> None:
    files = {"pyproject.toml": STATIC, "CITATION.cff": "version: 1.3\n"}
    assert prepared(files, "1.10", "1.3")["CITATION.cff"] == 'version: "1.10"\n'
    assert prepared(files, "1.4", "1.3")["CITATION.cff"] == "version: 1.4\n"


def test_what_is_cited_does_not_follow_a_development_version() -> None:
    files = {
        "pyproject.toml": STATIC,
        "demo/__init__.py": "__version__ = '1.3.0'\n",
        "CITATION.cff": "version: 1.3.0\n",
    }
    assert set(prepared(files, "1.4.0.dev0")) == {"pyproject.toml", "demo/__init__.py"}


ASSEMBLED: Mapping[str, tuple[str, str]] = {
    "a tuple": ("__version__ = (1, 3, 0)\n", "__version__ = (1, 4, 0)\n"),
    "a tuple and a string": (
        "__version__ = '1.3.0'\nversion_info = (1, 3, 0)  # 3\n",
        "__version__ = '1.4.0'\nversion_info = (1, 4, 0)  # 3\n",
    ),
    "a tuple alone": ("VERSION = (1, 3, 0, 'final', 0)\n", "VERSION = (1, 4, 0, 'final', 0)\n"),
    "a tuple that is joined": (
        "version_info = (\n    1,\n    3,\n    0,\n)\n__version__ = '.'.join(map(str, version_info))\n",
        "version_info = (\n    1,\n    4,\n    0,\n)\n__version__ = '.'.join(map(str, version_info))\n",
    ),
    "one by a comprehension": (
        "V = (1, 3, 0, 'final')\n__version__ = '.'.join(str(one) for one in V[:3])\n",
        "V = (1, 4, 0, 'final')\n__version__ = '.'.join(str(one) for one in V[:3])\n",
    ),
    "strings that are joined": (
        "__version__ = '.'.join(['1', '3', '0'])\n",
        "__version__ = '.'.join(['1', '4', '0'])\n",
    ),
    "numbers in a template": (
        "MAJOR = 1\nMINOR = 3\nMICRO = 0\nVERSION = '%d.%d.%d' % (MAJOR, MINOR, MICRO)\n__version__ = VERSION\n",
        "MAJOR = 1\nMINOR = 4\nMICRO = 0\nVERSION = '%d.%d.%d' % (MAJOR, MINOR, MICRO)\n__version__ = VERSION\n",
    ),
    "unpacked numbers": (
        "major, minor, micro = 1, 3, 0\n__version__ = '{}.{}.{}'.format(major, minor, micro)\n",
        "major, minor, micro = 1, 4, 0\n__version__ = '{}.{}.{}'.format(major, minor, micro)\n",
    ),
    "a list in a template": (
        "v = [1, 3, 0]\r\n__version__ = '{0}.{1}.{2}'.format(*v)\r\n",
        "v = [1, 4, 0]\r\n__version__ = '{0}.{1}.{2}'.format(*v)\r\n",
    ),
}


@pytest.mark.parametrize("what", ASSEMBLED)
def test_a_version_that_is_made_of_literals_is_edited_there(what: str) -> None:
    before, after = ASSEMBLED[what]
    files = {"pyproject.toml": STATIC, "demo/__init__.py": before}
    assert prepared(files)["demo/__init__.py"] == after
    assert not plan(files).untouched
    assert prepared({**files, **prepared(files)}) == {}


@pytest.mark.parametrize(
    ("version", "edited"), [("1.4", True), ("2.0.0", True), ("1.4.0rc1", False), ("1.4.0.1", False)]
)
def test_a_tuple_of_numbers_holds_final_versions_only(version: str, *, edited: bool) -> None:
    module = "version_info = (1, 3, 0)\n__version__ = '.'.join(map(str, version_info))\n"
    found = plan({"pyproject.toml": STATIC, "demo/__init__.py": module}, version)
    assert ("demo/__init__.py" in found.contents) is edited
    assert bool(found.untouched) is not edited


@pytest.mark.parametrize("attr", ["demo.VERSION", "demo.__version__"])
def test_a_tuple_that_setuptools_reads_is_what_is_built(attr: str) -> None:
    settings = f'[tool.setuptools.dynamic]\nversion = {{attr = "{attr}"}}\n'
    module = "VERSION = (1, 3, 0)\n__version__ = '.'.join(map(str, VERSION))\n"
    files = {"pyproject.toml": dynamic("setuptools.build_meta", settings), "demo/__init__.py": module}
    assert prepared(files)["demo/__init__.py"] == module.replace("1, 3", "1, 4")
    assert [change.field.role for change in plan(files).changes] == [Role.SOURCE]


UNTOUCHED: Mapping[str, tuple[str, str]] = {
    "two of them": ("demo/__init__.py", "__version__ = '1.3.0'\n__version__ = '1.3.0'\n"),
    "one in each branch": ("demo/__init__.py", "if x:\n    __version__ = '1.3.0'\nelse:\n    __version__ = '1.3.1'\n"),
    "an f-string": ("demo/__init__.py", "minor = 3\n__version__ = f'1.{minor}.0'\n"),
    "a sum": ("demo/__init__.py", "__version__ = '1.3' + '.0'\n"),
    "two strings": ("demo/__init__.py", "__version__ = '1.3' '.0'\n"),
    "escapes": ("demo/__init__.py", "__version__ = '1.3\\x2e0'\n"),
    "a number": ("demo/__init__.py", "__version__ = 1.3\n"),
    "a choice": ("demo/__init__.py", "__version__ = '1.3.0' if x else '1.3.1'\n"),
    "a value that grows": ("demo/__init__.py", "__version__ = '1.3.0'\nif x:\n    __version__ += '.dev0'\n"),
    "a template with a number in it": ("demo/__init__.py", "M = 3\n__version__ = '1.%d.0' % M\n"),
    "a tuple that is assigned twice": (
        "demo/__init__.py",
        "V = (1, 3, 0)\nV = (1, 3, 1)\n__version__ = '.'.join(map(str, V))\n",
    ),
    "a tuple that is too short": ("demo/__init__.py", "V = (1, 3)\n__version__ = '.'.join(map(str, V))\n"),
    "a tuple with a mark of its phase": ("demo/__init__.py", "__version__ = (1, 3, 0, 'rc', 1)\n"),
    "a tuple that counts something else": ("demo/__init__.py", "VERSION = (3, 0)\n"),
    "an object": ("demo/__init__.py", "__version__ = Version('1.3.0')\n"),
    "a default": ("demo/__init__.py", "__version__ = os.environ.get('V', '1.3.0')\n"),
    "no Python": ("demo/__init__.py", "__version__ = '1.3.0\n"),
    "no YAML": ("CITATION.cff", "version: 1.3.0\n\tauthors: [\n"),
    "a list": ("CITATION.cff", "- version: 1.3.0\n"),
    "twice in YAML": ("CITATION.cff", "version: 1.3.0\nversion: 1.3.0\n"),
    "no JSON": ("codemeta.json", '{"version": "1.3.0",}\n'),
    "escapes in JSON": ("codemeta.json", '{"version": "1.3\\u002e0"}\n'),
    "UTF-16": ("CITATION.cff", "version: 1.3.0\n"),
    "no version": ("CITATION.cff", "version: latest\n"),
    "a recipe with a digest": ("recipe/recipe.yaml", "context:\n  version: 1.3.0\nsource:\n  sha256: ab\n"),
}


@pytest.mark.parametrize("what", UNTOUCHED)
def test_what_is_ambiguous_is_listed_and_left(what: str) -> None:
    path, text = UNTOUCHED[what]
    content = text.encode("utf-16" if what == "UTF-16" else "utf-8")
    found = plan({"pyproject.toml": STATIC, path: content})
    assert set(found.contents) == {"pyproject.toml"}
    assert {field.path for field in found.untouched} == {path}
    assert all(field.problem for field in found.untouched)


def test_a_version_that_npm_cannot_have_is_listed() -> None:
    found = plan({"pyproject.toml": STATIC, "package.json": '{"version": "1.3.0"}'}, "1.3.0.post1")
    assert [field.path for field in found.untouched] == ["package.json"]


NO_FIELDS: Mapping[str, tuple[str, str]] = {
    "read from metadata": (
        "demo/__init__.py",
        "from importlib.metadata import version\n__version__ = version('demo')\n",
    ),
    "what holds without metadata": (
        "demo/__init__.py",
        "try:\n    __version__ = f()\nexcept E:\n    __version__ = '0.1.0'\n",
    ),
    "a placeholder": ("demo/__init__.py", "__version__ = '0.0.0'\n"),
    "within a function": ("demo/__init__.py", "def f():\n    __version__ = '1.3.0'\n"),
    "another project's lock": ("uv.lock", '[[package]]\nname = "other"\nversion = "1.3.0"\n'),
    "the same name in a registry": (
        "uv.lock",
        '[[package]]\nname = "demo"\nversion = "1.3.0"\nsource = { registry = "x" }\n',
    ),
    "a vendored package": ("demo/_vendor/six.py", "__version__ = '1.3.0'\n"),
    "a test": ("tests/__init__.py", "__version__ = '1.3.0'\n"),
    "a generated module": ("demo/_version.py", "# file generated by vcs-versioning\n__version__ = '1.3.0'\n"),
    "no version at all": ("package.json", '{"private": true}'),
    "a file outside": ("../other/__init__.py", "__version__ = '1.3.0'\n"),
}


@pytest.mark.parametrize("what", NO_FIELDS)
def test_what_only_resembles_the_version_is_no_field(what: str) -> None:
    path, text = NO_FIELDS[what]
    found = plan({"pyproject.toml": STATIC, "demo/__init__.py": "", path: text})
    assert set(found.contents) == {"pyproject.toml"}
    assert not found.untouched


def test_the_versions_in_the_settings_follow() -> None:
    settings = LISTED + '[tool.commitizen]\nversion = "1.3.0"\n[tool.tbump.version]\ncurrent = "1.3.0"\n'
    assert prepared({"pyproject.toml": settings})["pyproject.toml"] == settings.replace("1.3.0", "1.4.0")


def test_what_disagreed_is_named_and_brought_along() -> None:
    files = {
        "pyproject.toml": STATIC,
        "demo/__init__.py": "__version__ = '1.1.0'\n",
        "CITATION.cff": "version: 1.2.0\n",
    }
    found = plan(files)
    assert [change.field.path for change in found.changes if change.is_surprising] == [
        "demo/__init__.py",
        "CITATION.cff",
    ]
    assert len(found.contents) == 3


def test_what_is_cited_may_hold_the_released_version_while_another_is_worked_on() -> None:
    files = {"pyproject.toml": STATIC.replace("1.3.0", "1.4.0.dev0"), "CITATION.cff": "version: 1.3.0\n"}
    assert not [change for change in plan(files).changes if change.is_surprising]


def test_a_project_with_versions_from_tags_has_only_what_is_cited() -> None:
    files = {
        "pyproject.toml": FROM_TAGS + '[tool.poetry]\nversion = "0.0.0"\n',
        "demo/_version.py": "# generated by setuptools-scm\n__version__ = '1.3.0'\n",
        "demo/__init__.py": "from demo._version import __version__\n",
        "CITATION.cff": "version: 1.3.0\n",
    }
    assert set(prepared(files)) == {"CITATION.cff"}


@pytest.mark.slow
def test_preparing_twice_changes_nothing_more() -> None:
    for what, (path, pyproject, text) in EDITED.items():
        files = {
            "src/demo/__init__.py": "",
            **({"pyproject.toml": pyproject} if pyproject else {}),
            **MORE.get(what, {}),
        }
        files[path] = text
        assert prepared({**files, **prepared(files)}) == {}, what
