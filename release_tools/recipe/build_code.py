"""Read what a project's own build code needs: an in-tree backend, and build hooks that run npm. Nothing is executed."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from release_tools.parsed_values import list_texts
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


def _list_backend_texts(sources: Sources) -> list[str]:
    """Return the files of the backend that ``backend-path`` leads to (PEP 517)."""
    return [sources.texts[path] for path in _list_backend_paths(sources) if path in sources.texts]


def _list_backend_paths(sources: Sources) -> Iterator[str]:
    """Yield where the module or the package of a backend in the project's own tree may be."""
    system = sources.table("build-system")
    backend = system.get("build-backend")
    if not isinstance(backend, str):
        return
    module = backend.partition(":")[0].replace(".", "/")
    for folder in list_texts(system.get("backend-path")):
        stem = PurePosixPath(folder, module)
        yield f"{stem}.py"
        yield f"{stem}/__init__.py"


def _list_requires(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in _REQUIRES:
            yield from _list_literals(node)
        for module in _list_imported(node):
            project = _PROJECT_OF_MODULE.get(module.partition(".")[0])
            if project:
                yield project


def _list_literals(function: ast.FunctionDef) -> Iterator[str]:
    """Yield the texts of the plain lists that a function returns or adds to what it returns."""
    for node in ast.walk(function):
        if isinstance(node, ast.List):
            yield from list_texts([item.value for item in node.elts if isinstance(item, ast.Constant)])


def _list_imported(node: ast.AST) -> list[str]:
    """Return the modules that a statement imports by their full names."""
    match node:
        case ast.Import(names=aliases):
            return [alias.name for alias in aliases]
        case ast.ImportFrom(module=str(module), level=0):
            return [module]
    return []


def runs_npm(sources: Sources) -> bool:
    """Return whether the build of a wheel runs npm, and does not stop because the sdist has the result already."""
    if not any(path.rpartition("/")[2] == "package.json" for path in sources.paths):
        return False
    hook_files = [sources.texts.get(name, "") for name in _HOOK_FILES]
    texts = (*_list_hook_settings(sources), *hook_files, *_list_backend_texts(sources))
    return any(map(_NPM.search, texts))


def _list_hook_settings(sources: Sources) -> list[str]:
    """Return the settings of hatchling's hooks, without those that are skipped as the sdist has what they make."""
    return [str(hook) for hook in read_hatch_hooks(sources).values() if not _is_built(hook, sources)]


def _is_built(hook: Mapping[str, Any], sources: Sources) -> bool:
    """Return whether a hook is skipped because a file that it makes is in the sdist."""
    made = hook.get("skip-if-exists")
    return isinstance(made, list) and any(path in sources.paths for path in made)


def read_hatch_hooks(sources: Sources) -> Mapping[str, Mapping[str, Any]]:
    """Return the build hooks of hatchling that run for a wheel, by name; the wheel's own settings of one win."""
    everywhere = sources.table("tool", "hatch", "build", "hooks")
    for_wheels = sources.table("tool", "hatch", "build", "targets", "wheel", "hooks")
    hooks = {**everywhere, **for_wheels}
    return {name: hook for name, hook in hooks.items() if isinstance(hook, dict) and _is_enabled(hook)}


def _is_enabled(hook: Mapping[str, Any]) -> bool:
    return bool(hook.get("enable-by-default", True))
