"""Read what a project's own build code needs: an in-tree backend, and build hooks that run npm. Nothing is executed."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Final

from release_tools.recipe.evidence import Sources

_REQUIRES: Final = frozenset({"get_requires_for_build_wheel", "get_requires_for_build_sdist"})
# The distribution that a project's own backend is made of, by the module that it imports.
_PROJECT_OF_MODULE: Final[Mapping[str, str]] = {
    "Cython": "cython",
    "cffi": "cffi",
    "flit_core": "flit-core",
    "hatchling": "hatchling",
    "maturin": "maturin",
    "mesonpy": "meson-python",
    "numpy": "numpy",
    "pdm": "pdm-backend",
    "poetry": "poetry-core",
    "pybind11": "pybind11",
    "scikit_build_core": "scikit-build-core",
    "setuptools": "setuptools",
    "setuptools_rust": "setuptools-rust",
    "setuptools_scm": "setuptools-scm",
    "uv_build": "uv-build",
    "versioneer": "versioneer",
    "versioningit": "versioningit",
}
_NPM: Final = re.compile(
    r"""["'](?:npm|npx|yarn|pnpm|jlpm)(?:\.cmd)?["']|\b(?:npm|yarn|pnpm|jlpm)\s(?:ci|install|run|build)\b"""
    r"""|\b(?:npm_builder|install_npm)\b"""
)
_HOOK_FILES: Final = ("hatch_build.py", "setup.py")


def list_backend_requires(sources: Sources) -> tuple[str, ...]:
    """Return what a backend in the project's own tree needs: what it asks for in plain lists, and what it imports."""
    found: list[str] = []
    for text in _list_backend_texts(sources):
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError):
            continue
        found += _list_requires(tree)
    return tuple(dict.fromkeys(found))


def runs_npm(sources: Sources) -> bool:
    """Return whether the build of a wheel runs npm, and does not stop because the sdist has the result already."""
    if not any(path.rpartition("/")[2] == "package.json" for path in sources.paths):
        return False
    build = sources.table("tool", "hatch", "build")
    tables = (build.get("hooks"), sources.table("tool", "hatch", "build", "targets", "wheel").get("hooks"))
    for table in tables:
        for hook in table.values() if isinstance(table, dict) else ():
            if isinstance(hook, dict) and _NPM.search(str(hook)) and not _is_built(hook, sources):
                return True
    return any(_NPM.search(text) for text in (*_list_hook_texts(sources), *_list_backend_texts(sources)))


def _is_built(hook: Mapping[str, object], sources: Sources) -> bool:
    """Return whether a hook is skipped because a file that it makes is in the sdist."""
    made = hook.get("skip-if-exists")
    return isinstance(made, list) and any(path in sources.paths for path in made)


def _list_hook_texts(sources: Sources) -> Iterator[str]:
    yield from (sources.texts[name] for name in _HOOK_FILES if name in sources.texts)


def _list_backend_texts(sources: Sources) -> Iterator[str]:
    """Yield the files of the backend that ``backend-path`` leads to (PEP 517)."""
    system = sources.table("build-system")
    folders, name = system.get("backend-path"), system.get("build-backend")
    if not isinstance(folders, list) or not isinstance(name, str):
        return
    module = name.partition(":")[0].replace(".", "/")
    for folder in folders:
        prefix = "" if folder in (".", "./") else f"{str(folder).removeprefix('./').rstrip('/')}/"
        for path in (f"{prefix}{module}.py", f"{prefix}{module}/__init__.py"):
            if path in sources.texts:
                yield sources.texts[path]


def _list_requires(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        elif isinstance(node, ast.FunctionDef) and node.name in _REQUIRES:
            yield from _list_literals(node)
            continue
        else:
            continue
        yield from (project for name in names if (project := _PROJECT_OF_MODULE.get(name.partition(".")[0])))


def _list_literals(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the texts of the plain lists that a function returns or adds to what it returns."""
    for node in ast.walk(function):
        if isinstance(node, ast.List):
            for item in node.elts:
                if isinstance(item, ast.Constant) and isinstance(item.value, str):
                    yield item.value
