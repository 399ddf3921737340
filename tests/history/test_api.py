"""The public API of two sources, compared without importing either."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from release_tools.errors import HistoryError
from release_tools.history.api import ApiChanges, compare
from release_tools.history.packages import Layout, describes, find_packages


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def init(text: str) -> dict[str, str]:
    return {"src/demo/__init__.py": text}


@pytest.mark.parametrize(
    ("before", "after", "broken", "added"),
    [
        pytest.param("def f(a): ...", "def f(a): ...", [], [], id="the same"),
        pytest.param("def f(): ...", "", ["demo.f: Public object was removed"], [], id="a function removed"),
        pytest.param("", "def f(): ...", [], ["demo.f"], id="a function added"),
        pytest.param("def _f(): ...", "def _g(): ...", [], [], id="what is private moves freely"),
        pytest.param(
            "def f(a, b=1): ...", "def f(a): ...", ["demo.f: Parameter was removed"], [], id="parameter removed"
        ),
        pytest.param("def f(a): ...", "def f(a, b=1): ...", [], ["demo.f(b=)"], id="parameter added"),
        pytest.param(
            "def f(a): ...",
            "def f(a, b): ...",
            ["demo.f: Parameter was added as required"],
            ["demo.f(b=)"],
            id="required",
        ),
        pytest.param(
            "class A:\n  def m(self): ...", "class A: ...", ["demo.A.m: Public object was removed"], [], id="method"
        ),
        pytest.param("class A: ...", "class A:\n  def m(self): ...", [], ["demo.A.m"], id="a method added"),
        pytest.param(
            "class A:\n  def m(self): ...\nclass B(A): ...",
            "class A:\n  def m(self): ...\nclass B(A):\n  def m(self): ...",
            [],
            [],
            id="what was inherited before is not new",
        ),
        pytest.param("from typing import TypeVar\nT = TypeVar('T')", "", [], [], id="parameters of types are nobody's"),
        pytest.param(
            "class A:\n  def __del__(self): ...", "class A: ...", [], [], id="nor are the interpreter's hooks"
        ),
        pytest.param("x: int = 1", "x: str = ''", [], [], id="values and annotations break nobody by themselves"),
        pytest.param("def f(a=1): ...", "def f(a=2): ...", [], [], id="nor does a default"),
        pytest.param("def f(): ...", "def __getattr__(name): ...", [], [], id="still answered"),
        pytest.param('if __name__ == "__main__":\n    console = 1', "", [], [], id="what only a script makes"),
        pytest.param(
            "class A:\n  def __ne__(self, o): ...\n  def __str__(self): ...", "class A: ...", [], [], id="Python has it"
        ),
        pytest.param("class A: ...", "class A:\n  def __eq__(self, o): ...", [], [], id="nor is it new then"),
        pytest.param(
            "class E(AttributeError):\n  args = ()",
            "class E(AttributeError): ...",
            [],
            [],
            id="a base of Python has it",
        ),
        pytest.param(
            "import enum\nclass E(enum.Enum):\n  name = 1", "import enum\nclass E(enum.Enum): ...", [], [], id="an enum"
        ),
        pytest.param(
            "class A:\n  def m(self): ...\nclass B(A):\n  def m(self): ...",
            "class A:\n  def m(self): ...\nclass B(A): ...",
            [],
            [],
            id="a base of the project has it",
        ),
        pytest.param(
            "@dataclass\nclass A:\n  def __init__(self, a): ...",
            "@dataclass\nclass A:\n  a: int",
            [],
            ["demo.A.a"],
            id="a decorator writes it",
        ),
        pytest.param(
            "class A:\n  def __init__(self, a): ...",
            "class A: ...",
            ["demo.A.__init__: Public object was removed"],
            [],
            id="but a constructor with parameters is gone",
        ),
        pytest.param("def f(a): ...", "class f:\n  def __init__(self, a): ...", [], [], id="a class can be called"),
        pytest.param("def f(a): ...", "f = make()", [], [], id="an attribute may hold anything"),
        pytest.param("def f(a): ...", "from gone import *", [], [], id="everything of another package"),
        pytest.param("raise SystemExit('imported')", "import os; os._exit(1)", [], [], id="nothing is run"),
    ],
)
def test_changes_that_users_meet_are_found(
    tmp_path: Path, before: str, after: str, broken: list[str], added: list[str]
) -> None:
    old, new = write(tmp_path / "old", init(before)), write(tmp_path / "new", init(after))
    found = compare(old, new, ["demo"])
    assert (list(found.broken), list(found.added)) == (broken, added)


def test_names_are_followed_to_where_they_are_defined(tmp_path: Path) -> None:
    outer = {"demo/__init__.py": "from demo._inner import f\n__all__ = ['f']\n"}
    old = write(tmp_path / "old", {**outer, "demo/_inner.py": "def f(a): ...\n"})
    new = write(tmp_path / "new", {**outer, "demo/_inner.py": "def f(a, b=1): ...\ndef g(): ...\n"})
    assert compare(old, new, ["demo"]).added == ("demo._inner.f(b=)",)
    assert compare(new, old, ["demo"]).broken == ("demo._inner.f: Parameter was removed",)


def test_tests_and_their_fixtures_are_no_api(tmp_path: Path) -> None:
    gone = {
        f"demo/{name}": "def f(): ...\n" for name in ("conftest.py", "test_a.py", "tests/__init__.py", "__main__.py")
    }
    old, new = (
        write(tmp_path / "old", {"demo/__init__.py": "", **gone}),
        write(tmp_path / "new", {"demo/__init__.py": ""}),
    )
    assert compare(old, new, ["demo"]) == compare(new, old, ["demo"]) == ApiChanges()


def test_what_others_define_is_not_followed(tmp_path: Path) -> None:
    names = "from __future__ import annotations\nfrom typing import Any\nfrom other import thing\n__all__ = ['thing']\n"
    old = write(tmp_path / "old", {"src/demo/__init__.py": names, "src/demo/more.py": "from . import thing, gone\n"})
    new = write(tmp_path / "new", {"src/demo/__init__.py": names + "x = 1\n", "src/demo/more.py": names})
    found = compare(old, new, ["demo"])
    assert (found.broken, found.added) == ((), ())
    assert compare(new, old, ["demo"]).broken == ()


def test_packages_and_modules_come_and_go(tmp_path: Path) -> None:
    old = write(tmp_path / "old", {"src/demo/__init__.py": "", "src/demo/gone.py": "", "src/lost/__init__.py": ""})
    new = write(tmp_path / "new", {"src/demo/__init__.py": "", "src/demo/come.py": "", "src/found.py": ""})
    found = compare(old, new, ["demo", "found", "lost"])
    assert found.broken == ("demo.gone: Public object was removed", "lost: the package was removed")
    assert found.added == ("demo.come", "found")


def test_a_package_may_move_to_another_folder(tmp_path: Path) -> None:
    old = write(tmp_path / "old", {"demo/__init__.py": "def f(): ..."})
    new = write(tmp_path / "new", {"src/demo/__init__.py": "def f(): ..."})
    assert compare(old, new, ["demo"]).broken == ()


def test_a_package_in_a_namespace_is_read(tmp_path: Path) -> None:
    old = write(tmp_path / "old", {"src/big/demo/__init__.py": "def f(): ..."})
    new = write(tmp_path / "new", {"src/big/demo/__init__.py": ""})
    assert compare(old, new, ["big.demo"]).broken == ("big.demo.f: Public object was removed",)


def test_source_that_is_no_python_is_an_error_with_the_packages_name(tmp_path: Path) -> None:
    old, new = write(tmp_path / "old", init("def f(")), write(tmp_path / "new", init(""))
    with pytest.raises(HistoryError, match="demo: its source cannot be read"):
        compare(old, new, ["demo"])


@pytest.mark.parametrize(
    ("files", "project", "packages"),
    [
        (["src/demo/__init__.py", "src/demo/sub/__init__.py", "tests/__init__.py"], "demo", ["demo"]),
        (["src/attr/__init__.py", "src/attrs/__init__.py"], "attrs", ["attr", "attrs"]),
        (["src/demo.py"], "demo", ["demo"]),
        (["demo/__init__.py", "tests/__init__.py", "tools/__init__.py"], "demo", ["demo"]),
        (["demo/__init__.py", "helper/__init__.py"], "Demo", ["demo"]),
        (["demo.py", "setup.py", "noxfile.py"], "demo", ["demo"]),
        (["my_demo/__init__.py"], "my-demo", ["my_demo"]),
        (["other/__init__.py"], "demo", ["other"]),
        (["src/google/demo/__init__.py"], "google-demo", ["google.demo"]),
        (["src/_demo/__init__.py", "src/demo/__init__.py"], "demo", ["demo"]),
        (["README.md"], "demo", []),
    ],
)
def test_packages_are_found_by_themselves(files: list[str], project: str, packages: list[str]) -> None:
    assert find_packages(files, project) == packages


FILES = (
    "pyproject.toml", "setup.py", "noxfile.py", "README.md", "Makefile", "demo/__init__.py", "demo/data.json",
    "demo/tools/gain.py", "demo/tests/test_core.py", "src/lib.rs", "ext/fast.c", "devtools/conda-envs/base.yaml",
    "devtools/make.py", "env/requirements.txt", "fixture/a.json", "tests/test_core.py", "docs/conf.py",
    ".github/workflows/ci.yml",
)  # fmt: skip


@pytest.mark.parametrize(
    ("pyproject", "installed"),
    [
        ({}, {"setup.py", "demo/__init__.py", "demo/data.json", "demo/tools/gain.py", "src/lib.rs", "ext/fast.c"}),
        (
            {"tool": {"setuptools": {"packages": ["demo.tools"]}}},
            {"setup.py", "demo/tools/gain.py", "src/lib.rs", "ext/fast.c"},
        ),
    ],
)
def test_only_the_files_of_packages_and_their_build_are_installed(
    pyproject: dict[str, object], installed: set[str]
) -> None:
    layout = Layout.of([path for path in FILES if path != "src/lib.rs"], "demo", pyproject)
    assert {path for path in FILES if layout.installs(path)} == installed


def test_a_file_of_the_top_folder_may_describe_the_project() -> None:
    assert [path for path in ("README.md", "LICENSE", "docs/README.md", "Makefile") if describes(path)] == [
        "README.md",
        "LICENSE",
    ]


@pytest.mark.parametrize(
    ("files", "tool", "packages"),
    [
        (
            ["packages/core/demo_core/__init__.py", "packages/core/tests/__init__.py"],
            {"hatch": {"build": {"targets": {"wheel": {"packages": ["packages/core/demo_core"]}}}}},
            {"demo_core": "packages/core"},
        ),
        (
            ["python/demo/__init__.py", "src/lib.rs"],
            {"maturin": {"python-source": "python", "module-name": "demo._core"}},
            {"demo": "python"},
        ),
        (["lib/x/y/__init__.py"], {"poetry": {"packages": [{"include": "x/y", "from": "lib"}]}}, {"x.y": "lib"}),
        (
            ["code/demo/__init__.py"],
            {"setuptools": {"package-dir": {"": "code"}, "packages": ["demo"]}},
            {"demo": "code"},
        ),
        (["other.py", "demo/x.py"], {"flit": {"module": {"name": "other"}}}, {"other": ""}),
        (["demo/__init__.py"], {"hatch": 1, "poetry": [], "setuptools": {"packages": 1}, "flit": "x"}, {"demo": ""}),
    ],
)
def test_packages_are_where_the_settings_of_the_backend_say(
    files: list[str], tool: dict[str, object], packages: dict[str, str]
) -> None:
    layout = Layout.of(files, "demo", {"tool": tool})
    assert {package.name: package.search_folder for package in layout.packages} == packages


NAMES = [
    "tests",
    "test",
    "packages",
    "src",
    "lib",
    "demo",
    "a",
    "b",
    "_c",
    "docs",
    "x-y",
    "conftest.py",
    "__init__.py",
    "mod.py",
    "mod.pyi",
    "__main__.py",
    "data.json",
    "demo.py",
    "setup.py",
    "__init__.pyi",
]
PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4).map("/".join)
SOURCES = st.sampled_from(
    [
        "",
        "x = 1\n",
        "from . import mod\n",
        "from .mod import *\n",
        "from demo import *\n",
        "import demo.a as b\n",
        "from .. import a\n__all__ = ['a', 'gone']\n",
        "def f(:\n",
        "class A(A): ...\n",
        "class B(gone.C):\n  def f(self): ...\n",
        "__all__ += demo.__all__\n",
        "\x00",
        "class A: ...\nclass B(A, A): ...\n",
        "from .tests import x\n",
        "\ufeffx = 1\n",
    ]
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(PATHS, SOURCES, max_size=8), st.dictionaries(PATHS, SOURCES, max_size=8))
def test_no_shape_of_a_repository_crashes_the_comparison(
    tmp_path_factory: pytest.TempPathFactory, before: dict[str, str], after: dict[str, str]
) -> None:
    folder = tmp_path_factory.mktemp("shape")
    names = set[str]()
    for side, files in (("old", before), ("new", after)):
        written = {path: text for path, text in files.items() if path.rpartition(".")[2] in ("py", "pyi", "json")}
        kept = {p: t for p, t in written.items() if not any(q.startswith(f"{p}/") for q in written)}
        write(folder / side, kept)
        names |= set(Layout.of(list(kept), "demo", {}).names)
    (folder / "old").mkdir(exist_ok=True)
    (folder / "new").mkdir(exist_ok=True)
    with suppress(HistoryError):
        compare(folder / "old", folder / "new", sorted(names | {"packages.a.tests", "gone"}))
