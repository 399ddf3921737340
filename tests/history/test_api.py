"""The public API of two sources, compared without importing either."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from release_tools.errors import HistoryError
from release_tools.history.api import compare, find_packages, is_shipped


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
        pytest.param("raise SystemExit('imported')", "import os; os._exit(1)", [], [], id="nothing is run"),
    ],
)
def test_what_users_meet_is_told(tmp_path: Path, before: str, after: str, broken: list[str], added: list[str]) -> None:
    old, new = write(tmp_path / "old", init(before)), write(tmp_path / "new", init(after))
    told = compare(old, new, ["demo"])
    assert (list(told.broken), list(told.added)) == (broken, added)


def test_names_are_followed_to_where_they_are_defined(tmp_path: Path) -> None:
    outer = {"demo/__init__.py": "from demo._inner import f\n__all__ = ['f']\n"}
    old = write(tmp_path / "old", {**outer, "demo/_inner.py": "def f(a): ...\n"})
    new = write(tmp_path / "new", {**outer, "demo/_inner.py": "def f(a, b=1): ...\ndef g(): ...\n"})
    assert compare(old, new, ["demo"]).added == ("demo._inner.f(b=)",)
    assert compare(new, old, ["demo"]).broken == ("demo._inner.f: Parameter was removed",)


def test_what_others_define_is_not_followed(tmp_path: Path) -> None:
    names = "from __future__ import annotations\nfrom typing import Any\nfrom other import thing\n__all__ = ['thing']\n"
    old = write(tmp_path / "old", {"src/demo/__init__.py": names, "src/demo/more.py": "from . import thing, gone\n"})
    new = write(tmp_path / "new", {"src/demo/__init__.py": names + "x = 1\n", "src/demo/more.py": names})
    told = compare(old, new, ["demo"])
    assert (told.broken, told.added) == ((), ())
    assert compare(new, old, ["demo"]).broken == ()


def test_packages_and_modules_come_and_go(tmp_path: Path) -> None:
    old = write(tmp_path / "old", {"src/demo/__init__.py": "", "src/demo/gone.py": "", "src/lost/__init__.py": ""})
    new = write(tmp_path / "new", {"src/demo/__init__.py": "", "src/demo/come.py": "", "src/found.py": ""})
    told = compare(old, new, ["demo", "found", "lost"])
    assert told.broken == ("demo.gone: Public object was removed", "lost: the package was removed")
    assert told.added == ("demo.come", "found")


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


@pytest.mark.parametrize(
    ("path", "shipped"),
    [
        ("src/demo/core.py", True),
        ("demo/data.json", True),
        ("src/lib.rs", True),
        ("setup.py", True),
        ("demo.py", True),
        ("demo/tests/test_core.py", False),
        ("tests/test_core.py", False),
        ("docs/conf.py", False),
        (".github/workflows/ci.yml", False),
        ("README.md", False),
        ("noxfile.py", False),
    ],
)
def test_a_file_is_installed_or_not(path: str, shipped: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_shipped(path) is shipped
