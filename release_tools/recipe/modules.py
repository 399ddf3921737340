"""Choose the modules that show, when imported, that a package is installed: its public top-level ones."""

from collections.abc import Iterable
from typing import Final

from packaging.utils import canonicalize_name

from release_tools.artifacts.install_scheme import import_names
from release_tools.recipe.evidence import Evidence, Sources

CODE: Final = (".py", ".pyi", ".so", ".pyd")
MANY: Final = 3  # packages in one namespace; more than these say less than their common name
# Beginnings of names at the root of a repository that are not the package, and now and then slip into a wheel.
NOT_INSTALLED: Final = (
    "asv", "bench", "build", "ci", "conftest", "dist", "doc", "example", "noxfile", "script", "setup", "task", "test",
    "tool", "tutorial", "versioneer",
)  # fmt: skip


def choose_modules_to_test(evidence: Evidence) -> tuple[str, ...]:
    """Return the modules to import in a test: those of the wheel, or those that the sdist would install.

    Packages are preferred to single modules next to them, which are shims (``py.py`` of pytest). A namespace is
    followed down to the packages in it (``google.auth``); of many, the one with the project's name is enough. Next to
    a package with the project's name it is left out (``mpl_toolkits`` of matplotlib).
    """
    paths = list_installed_paths(evidence.sources) if evidence.built is None else evidence.built.paths
    names = _list_importable(evidence, paths)
    project = canonicalize_name(evidence.metadata.get("name", ""))
    named = [name for name in names if canonicalize_name(name) == project]
    packages = _list_packages(names, paths)
    if any(_is_in_namespace(name) for name in named):
        return tuple(named)
    if named:
        packages = [name for name in packages if not _is_in_namespace(name)]
    namespaces = {name.partition(".")[0] for name in packages if _is_in_namespace(name)}
    if len(namespaces) == 1 and len(packages) > MANY:
        return tuple(namespaces)
    return tuple(sorted({*_list_public(packages), *named})) or tuple(_list_public(names) or names)


def _list_importable(evidence: Evidence, paths: Iterable[str]) -> list[str]:
    """Return the names that these paths can be imported by, without those of an extra where there are others."""
    optional = evidence.built.extra_modules if evidence.built else ()
    found = list(import_names(path for path in paths if not path.split("/")[0].endswith(".dist-info")))
    return [name for name in found if name not in optional] or found


def _list_packages(names: Iterable[str], paths: Iterable[str]) -> list[str]:
    """Return the names that are packages rather than single modules."""
    files = {path.partition(".")[0] for path in paths}
    return [name for name in names if f"{name.replace('.', '/')}/__init__" in files]


def _is_in_namespace(name: str) -> bool:
    return "." in name


def list_installed_paths(sources: Sources) -> tuple[str, ...]:
    """Guess which modules of an sdist a build would install, relative to ``site-packages``.

    A folder for sources wins. At the root is more than is installed: there counts what setuptools or hatchling say
    of it, or else the package with the project's name.
    """
    for root in _list_source_folders(sources):
        found = [path.removeprefix(f"{root}/") for path in sources.paths if path.startswith(f"{root}/")]
        if any(path.endswith(CODE) for path in found):
            return tuple(found)
    tops = {_find_top(path) for path in sources.paths if path.endswith(CODE)}
    listed = _list_stated(sources) & tops
    project = canonicalize_name(sources.filename.rpartition("-")[0])
    named = {top for top in tops if canonicalize_name(top) == project}
    kept = listed or named or {top for top in tops if not top.startswith(NOT_INSTALLED)}
    return tuple(path for path in sources.paths if _find_top(path) in kept)


def _list_source_folders(sources: Sources) -> list[str]:
    configured = sources.table("tool", "maturin").get("python-source")
    return [*([configured] if isinstance(configured, str) else []), "src", "python", "lib"]


def _list_stated(sources: Sources) -> set[str]:
    """Return the top-level names that setuptools or hatchling say are installed."""
    hatch = sources.table("tool", "hatch", "build", "targets", "wheel").get("packages")
    return {*sources.egg_info("top_level.txt").split(), *(hatch if isinstance(hatch, list) else ())}


def _find_top(path: str) -> str:
    return path.partition("/")[0].removesuffix(".py")


def _list_public(names: Iterable[str]) -> list[str]:
    return [name for name in names if not name.startswith(NOT_INSTALLED) and "._" not in f".{name}"]
