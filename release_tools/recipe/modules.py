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
    project = canonicalize_name(evidence.metadata.get("name", ""))
    optional = evidence.built.extra_modules if evidence.built else ()
    found = import_names(path for path in paths if not path.split("/")[0].endswith(".dist-info"))
    names = [name for name in found if name not in optional] or list(found)
    files = {path.partition(".")[0] for path in paths}
    packages = [name for name in names if f"{name.replace('.', '/')}/__init__" in files]
    named = [name for name in names if canonicalize_name(name) == project]
    if any("." not in name for name in named):
        packages = [name for name in packages if "." not in name]
    shared = {name.partition(".")[0] for name in packages if "." in name}
    if any("." in name for name in named):
        return tuple(named)
    if len(shared) == 1 and len(packages) > MANY:
        return tuple(shared)
    return tuple(sorted({*_list_public(packages), *named})) or tuple(_list_public(names) or names)


def list_installed_paths(sources: Sources) -> tuple[str, ...]:
    """Guess which modules of an sdist a build would install, relative to ``site-packages``.

    A folder for sources wins. At the root is more than is installed: there counts what setuptools or hatchling say
    of it, or else the package with the project's name.
    """
    configured = [sources.table("tool", "maturin").get("python-source")]
    for root in [root for root in (*configured, "src", "python", "lib") if isinstance(root, str)]:
        found = [path.removeprefix(f"{root}/") for path in sources.paths if path.startswith(f"{root}/")]
        if any(path.endswith(CODE) for path in found):
            return tuple(found)
    stem = canonicalize_name(sources.filename.rpartition("-")[0])
    tops = {path.partition("/")[0].removesuffix(".py") for path in sources.paths if path.endswith(CODE)}
    hatch = sources.table("tool", "hatch", "build", "targets", "wheel").get("packages")
    listed = {*sources.egg_info("top_level.txt").split(), *(hatch if isinstance(hatch, list) else ())} & tops
    named = {top for top in tops if canonicalize_name(top) == stem}
    kept = listed or named or {top for top in tops if not top.startswith(NOT_INSTALLED)}
    return tuple(path for path in sources.paths if path.partition("/")[0].removesuffix(".py") in kept)


def _list_public(names: Iterable[str]) -> list[str]:
    return [name for name in names if not name.startswith(NOT_INSTALLED) and "._" not in f".{name}"]
