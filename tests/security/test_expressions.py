"""No regular expression of ours can be made slow by what it reads."""

import ast
import builtins
import importlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import release_tools
from tests.support.ambiguity import slow

PACKAGE = Path(release_tools.__file__).parent
CALLS = {"compile", "match", "fullmatch", "search", "findall", "finditer", "sub", "subn", "split"}
ANCHORED = {"match", "fullmatch"}

JUDGED = [
    (r"(a+)+b", False, "exponential"),
    (r"(?:a*)*b", False, "exponential"),
    (r"(?:a|a)*b", False, "exponential"),
    (r"(a|b|ab)*c", False, "exponential"),
    (r"a*a*b", False, "more than linear"),
    (r"<[^>]*>", True, "more than linear"),
    (r"\s+x", True, "more than linear"),
    (r"(?m)^\s*x", True, "more than linear"),
    (r"(?=a*b)c", True, "more than linear"),
    (r"<[^<>]*>", True, ""),
    (r"\s+x", False, ""),
    (r"(?m)^[ \t]*x", True, ""),
    (r"\b\w+x", True, ""),
    (r"(?<!\w)\w+x", True, ""),
    (r"\w{1,50}x", True, ""),
    (r"a*+a*b", False, ""),
    (r"(?:x?)*y", False, ""),
    (r"(a|ab)*c", False, ""),
]


@dataclass(frozen=True)
class Expression:
    """One expression in our sources.

    Attributes:
        where: file and line.
        pattern: compiled as it is there.
        searched: whether any use looks for it anywhere in a text.
    """

    where: str
    pattern: re.Pattern[str] | re.Pattern[bytes]
    searched: bool


def modules() -> Iterator[tuple[Path, ModuleType, list[ast.Call | ast.Attribute]]]:
    """Yield every module with what its code calls and names."""
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name != "release_tools.__main__":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Attribute)]
            yield path, importlib.import_module(name), nodes


class _Reported(str):
    """Stands for what is only known when the code runs: a version, a name."""

    __slots__ = ()

    def __getattr__(self, name: str) -> "_Reported":
        return _Reported("x")

    def __iter__(self) -> "Iterator[_Reported]":
        return iter([self])


class _Names(dict[str, object]):
    def __missing__(self, name: str) -> object:
        if hasattr(builtins, name):
            raise KeyError(name)
        return _Reported("x")


def calls(nodes: Iterable[ast.AST]) -> Iterator[ast.Call]:
    for node in nodes:
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=name)) if name in CALLS:
                yield node


def methods(nodes: Iterable[ast.AST], module: ModuleType) -> Iterator[tuple[object, str]]:
    """Return the uses of compiled expressions under their names, those of other modules too."""
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=method):
                yield vars(module).get(name), method
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=other), attr=name), attr=method):
                yield getattr(vars(module).get(other), name, None), method


def evaluated(node: ast.expr | None, module: ModuleType) -> Any:  # noqa: ANN401 - a text, bytes or flags
    if node is None:
        return 0
    return eval(compile(ast.Expression(node), "", "eval"), _Names(vars(module)))  # noqa: S307 - our own sources


def flags(call: ast.Call, method: str) -> ast.expr | None:
    """The argument of a call that says which flags hold."""
    at = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(method, 2)
    named = [word.value for word in call.keywords if word.arg == "flags"]
    return next(iter((*named, *call.args[at : at + 1])), None)


def expressions() -> Iterator[Expression]:
    every = list(modules())
    done: dict[object, set[str]] = {}
    for _, module, nodes in every:
        for pattern, method in methods(nodes, module):
            if isinstance(pattern, re.Pattern):
                done.setdefault(pattern, set()).add(method)
    for path, module, nodes in every:
        for call in calls(nodes):
            assert isinstance(call.func, ast.Attribute)
            method = call.func.attr
            pattern = re.compile(evaluated(call.args[0], module), evaluated(flags(call, method), module))
            uses = done.get(pattern, {"search"}) if method == "compile" else {method}
            yield Expression(f"{path.relative_to(PACKAGE)}:{call.lineno}", pattern, not uses <= ANCHORED)


@pytest.mark.parametrize(("pattern", "searched", "judged"), JUDGED)
def test_what_can_be_made_slow_is_reported(pattern: str, searched: bool, judged: str) -> None:  # noqa: FBT001 - a column
    assert slow(re.compile(pattern), searched=searched).startswith(judged)
    assert bool(slow(re.compile(pattern), searched=searched)) is bool(judged)


@pytest.mark.slow
def test_none_of_ours_can_be_made_slow() -> None:
    every = list(expressions())
    assert len(every) > 100
    found = {f"{one.where} {one.pattern.pattern!r}": slow(one.pattern, searched=one.searched) for one in every}
    assert {where: how for where, how in found.items() if how} == {}
