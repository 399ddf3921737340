"""Choose the modules that show, when imported, that a package is installed: its public top-level ones."""

from collections.abc import Iterable, Sequence
from typing import Final

from packaging.utils import canonicalize_name

from release_tools.artifacts.install_scheme import import_names
from release_tools.parsed_values import list_texts
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
    paths = evidence.built.paths if evidence.built else list_installed_paths(evidence.sources)
    names = _list_importable(evidence, paths)
    named = _select_named(names, evidence.metadata.get("name", ""))
    if any(map(_is_in_namespace, named)):
        return tuple(named)
    packages = _list_packages(names, paths)
    if named:
        packages = _drop_namespaces(packages)
    elif namespace := _find_common_namespace(packages):
        return (namespace,)
    public = {*_list_public(packages), *named}
    return tuple(sorted(public) or _list_public(names) or names)


def _list_importable(evidence: Evidence, paths: Iterable[str]) -> list[str]:
    """Return the names that these paths can be imported by, without those of an extra where there are others."""
    found = import_names(paths)
    optional = evidence.built.extra_modules if evidence.built else ()
    return [name for name in found if name not in optional] or list(found)


def _select_named(names: Iterable[str], project: str) -> list[str]:
    """Return the names that are the project's own, spelled in any way."""
    return [name for name in names if canonicalize_name(name) == canonicalize_name(project)]


def _is_in_namespace(name: str) -> bool:
    return "." in name


def _drop_namespaces(names: Iterable[str]) -> list[str]:
    return [name for name in names if not _is_in_namespace(name)]


def _list_packages(names: Iterable[str], paths: Iterable[str]) -> list[str]:
    """Return the names that are packages rather than single modules."""
    files = {path.partition(".")[0] for path in paths}
    return [name for name in names if f"{name.replace('.', '/')}/__init__" in files]


def _find_common_namespace(packages: Sequence[str]) -> str:
    """Return the only namespace that there is, where there are many packages; else nothing."""
    namespaces = {name.partition(".")[0] for name in packages if _is_in_namespace(name)}
    if len(packages) > MANY and len(namespaces) == 1:
        return namespaces.pop()
    return ""


def _list_public(names: Iterable[str]) -> list[str]:
    return [name for name in names if not name.startswith(NOT_INSTALLED) and "._" not in f".{name}"]


def list_installed_paths(sources: Sources) -> tuple[str, ...]:
    """Guess which modules of an sdist a build would install, relative to ``site-packages``.

    A folder for sources wins. At the root is more than is installed: there counts what setuptools or hatchling say
    of it, or else the package with the project's name.
    """
    for folder in _list_source_folders(sources):
        below = _list_below(f"{folder}/", sources.paths)
        if any(map(_is_code, below)):
            return below
    installed = _choose_installed(sources)
    return tuple(path for path in sources.paths if _find_top(path) in installed)


def _list_source_folders(sources: Sources) -> list[str]:
    return [*list_texts(sources.table("tool", "maturin").get("python-source")), "src", "python", "lib"]


def _list_below(folder: str, paths: Iterable[str]) -> tuple[str, ...]:
    """Return the paths in a folder as they are relative to it."""
    return tuple(path.removeprefix(folder) for path in paths if path.startswith(folder))


def _is_code(path: str) -> bool:
    return path.endswith(CODE)


def _choose_installed(sources: Sources) -> set[str]:
    """Return the modules and packages at the root that are likely to be installed."""
    tops = set(map(_find_top, filter(_is_code, sources.paths)))
    named = _select_named(tops, sources.filename.rpartition("-")[0])
    usual = [top for top in tops if not top.startswith(NOT_INSTALLED)]
    return _list_stated(sources) & tops or set(named) or set(usual)


def _find_top(path: str) -> str:
    return path.partition("/")[0].removesuffix(".py")


def _list_stated(sources: Sources) -> set[str]:
    """Return the top-level names that setuptools or hatchling say are installed."""
    hatch = sources.table("tool", "hatch", "build", "targets", "wheel").get("packages")
    return {*sources.egg_info("top_level.txt").split(), *list_texts(hatch)}
