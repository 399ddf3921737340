"""Read a ``setup.py`` as text: it is parsed, never run."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# Calls that make extension modules, however they reach setup().
EXTENSION_CALLS: Final = frozenset(
    {"CMakeExtension", "CppExtension", "CUDAExtension", "Extension", "Pybind11Extension", "RustExtension", "cythonize",
     "mypycify", "CMakeBuild"}
)  # fmt: skip
EXTENSION_KEYWORDS: Final = frozenset({"cffi_modules", "cmake_source_dir", "ext_modules", "rust_extensions"})


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
    names: dict[str, ast.expr] = {}
    keywords: dict[str, ast.expr] = {}
    calls: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = node.value
        elif isinstance(node, ast.Call):
            calls.add(_find_called(node))
            if _find_called(node) == "setup":
                keywords |= {keyword.arg: keyword.value for keyword in node.keywords if keyword.arg}
    known = {}
    for keyword, value in keywords.items():
        try:
            known[keyword] = _read_literal(value, names)
        except (ValueError, TypeError, RecursionError):
            continue
    asked = EXTENSION_KEYWORDS & keywords.keys()
    made = any(known.get(keyword, True) for keyword in asked) or bool(EXTENSION_CALLS & calls)
    return SetupPy(known, frozenset(keywords.keys() - known.keys()), extensions=made)


def _find_called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _read_literal(node: ast.expr, names: Mapping[str, ast.expr], depth: int = 0) -> Any:  # noqa: ANN401 - a literal is anything
    """Return the value of an expression made of literals, names of such and sums of such.

    Raises:
        ValueError: it is not made of these.
    """
    if depth > 50:  # noqa: PLR2004 - a name defined by itself
        raise ValueError("too deep")
    if isinstance(node, ast.Name) and node.id in names:
        return _read_literal(names[node.id], names, depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _read_literal(node.left, names, depth + 1) + _read_literal(node.right, names, depth + 1)
    if isinstance(node, ast.List | ast.Tuple):
        return [_read_literal(item, names, depth + 1) for item in node.elts]
    if isinstance(node, ast.Dict) and all(node.keys):
        return {
            _read_literal(key, names, depth + 1): _read_literal(value, names, depth + 1)
            for key, value in zip(node.keys, node.values, strict=True)
            if key
        }
    return ast.literal_eval(node)
