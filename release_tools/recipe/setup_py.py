"""Read a ``setup.py`` as text: it is parsed, never run."""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

# Calls that make extension modules, however they reach setup().
EXTENSION_CALLS: Final = frozenset(
    {"CMakeExtension", "CppExtension", "CUDAExtension", "Extension", "Pybind11Extension", "RustExtension", "cythonize",
     "mypycify", "CMakeBuild"}
)  # fmt: skip
EXTENSION_KEYWORDS: Final = frozenset({"cffi_modules", "cmake_source_dir", "ext_modules", "rust_extensions"})
_DEEPEST: Final = 50  # names that are defined by other names


@dataclass(frozen=True)
class SetupPy:
    """The parts of a ``setup.py`` that can be known without running it.

    Attributes:
        keywords: the literal arguments of ``setup()``.
        unknown: the names of those whose value only a run would show.
        extensions: whether extension modules are made.
    """

    keywords: Mapping[str, Any]
    unknown: frozenset[str]
    extensions: bool


def read_setup_py(text: str) -> SetupPy:
    """Read a ``setup.py``; one that is no Python 3 says nothing."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return SetupPy({}, frozenset(), extensions=False)
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    keywords = _find_keywords(calls)
    known = _read_literals(keywords, _find_assigned(nodes))
    return SetupPy(
        known,
        frozenset(keywords.keys() - known.keys()),
        extensions=_has_extension_keywords(keywords, known) or _has_extension_calls(calls),
    )


def _find_keywords(calls: Iterable[ast.Call]) -> dict[str, ast.expr]:
    """Return the named arguments of ``setup()``."""
    arguments = [keyword for call in calls if _find_called(call) == "setup" for keyword in call.keywords]
    return {keyword.arg: keyword.value for keyword in arguments if keyword.arg}


def _find_assigned(nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """Return the expressions that names are bound to, the last one for each name."""
    assigned: dict[str, ast.expr] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                assigned[name] = value
    return assigned


def _has_extension_keywords(keywords: Iterable[str], known: Mapping[str, Any]) -> bool:
    """Return whether an argument of ``setup()`` makes extension modules; one that is not known is taken to do so."""
    return any(known.get(keyword, True) for keyword in EXTENSION_KEYWORDS.intersection(keywords))


def _has_extension_calls(calls: Iterable[ast.Call]) -> bool:
    return not EXTENSION_CALLS.isdisjoint(map(_find_called, calls))


def _find_called(call: ast.Call) -> str:
    """Return the name of what is called, without the module in front of it."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def _read_literals(expressions: Mapping[str, ast.expr], assigned: Mapping[str, ast.expr]) -> dict[str, Any]:
    """Return the values of those expressions that are literals."""
    known = {}
    for name, expression in expressions.items():
        try:
            known[name] = _read_literal(expression, assigned)
        except (ValueError, TypeError, RecursionError):
            continue
    return known


def _read_literal(node: ast.expr, assigned: Mapping[str, ast.expr], depth: int = 0) -> Any:  # noqa: ANN401 - a literal is anything
    """Return the value of an expression made of literals, names of such and sums of such.

    Raises:
        ValueError: it is not made of these.
    """
    if depth > _DEEPEST:
        raise ValueError("too deep")

    def read(inner: ast.expr) -> Any:  # noqa: ANN401 - a literal is anything
        return _read_literal(inner, assigned, depth + 1)

    match node:
        case ast.Name(id=name) if name in assigned:
            return read(assigned[name])
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return read(left) + read(right)
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [read(item) for item in items]
        case ast.Dict(keys=keys, values=values) if None not in keys:
            return dict(zip(map(read, filter(None, keys)), map(read, values), strict=True))
    return ast.literal_eval(node)
