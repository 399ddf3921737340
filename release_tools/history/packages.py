"""Find a project's import packages among its files, and tell which files are installed with them.

The build backend's settings decide; without settings, packages are found as setuptools finds them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final

from release_tools.parsed_values import find_table, list_tables, list_texts

SOURCE_FOLDERS: Final = ("src", "lib", "python", "")
"""The folders in which packages are looked for, the most usual first; empty is the project's own."""

_NOT_SHIPPED: Final = frozenset(
    {"test", "tests", "testing_data", "doc", "docs", "example", "examples", "bench", "benchmark", "benchmarks"}
    | {"asv_bench", "ci", "scripts", "tasks", "tools", "typing_tests", "requirements", "newsfragments", "changelog.d"}
    | {"changes", "changelog", "noxfile", "conftest", "devtools", "dev", "env", "envs", "environments", "fixture"}
    | {"fixtures", "build", "dist", "build_tools", "buildscripts", "docker", "conda", "conda-recipe", "recipe"}
    | {"notebooks", "tutorial", "tutorials", "samples", "demos", "paper", "papers", "website", "site", "admin"}
    | {
        "maint",
        "maintenance",
        "utils_dev",
        "release",
        "releases",
        "perf",
        "setup",
        "fabfile",
        "dodo",
        "toxfile",
        "vendor",
    }
)
_TESTS: Final = frozenset({"test", "tests", "_tests", "conftest"})
_WORKSPACES: Final = frozenset({"packages", "projects", "libs", "apps", "components", "plugins", "modules", "crates"})
_BUILD_FILES: Final = frozenset(
    {"setup.py", "setup.cfg", "MANIFEST.in", "CMakeLists.txt", "meson.build", "meson.options", "meson_options.txt"}
    | {"Cargo.toml", "Cargo.lock", "build.rs", "build.py", "hatch_build.py", "pdm_build.py"}
)
_COMPILED: Final = frozenset(
    {".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".pyx", ".pxd", ".pxi", ".pyf", ".f", ".f77", ".f90"}
    | {".f95", ".for", ".rs", ".go", ".cu", ".cuh", ".m", ".mm", ".s", ".asm", ".cmake"}
)
_DESCRIBING: Final = ("readme", "license", "licence", "copying", "notice", "authors", "copyright")


@dataclass(frozen=True, order=True)
class Package:
    """A package or module that users import.

    Attributes:
        name: as it is imported, dotted within a namespace.
        path: of its folder or file, relative to the project, with ``/``.
    """

    name: str
    path: str

    @property
    def search_folder(self) -> str:
        """Return the folder that must be on the import path; empty for the project's own."""
        depth = self.name.count(".") + 1
        return "/".join(PurePosixPath(self.path).parts[:-depth])


@dataclass(frozen=True)
class Layout:
    """Describe where a project keeps the code that it installs.

    Attributes:
        packages: that users import; without any, each Python file counts as installed.
    """

    packages: tuple[Package, ...]

    @classmethod
    def of(cls, files: Collection[str], project: str, pyproject: Mapping[str, Any]) -> "Layout":
        """Return the layout of a project.

        Args:
            files: paths relative to the project's folder, with ``/``.
            project: its name.
            pyproject: the content of ``pyproject.toml``.
        """
        known = frozenset(files)
        declared = _locate_all(_list_declared(pyproject, project), known)
        return cls(tuple(declared or _find(known, project)))

    @property
    def names(self) -> list[str]:
        """Return the names of the packages, as they are imported."""
        return [package.name for package in self.packages]

    @property
    def search_folders(self) -> tuple[str, ...]:
        """Return the folders in which the packages are found, also where an earlier commit had them elsewhere."""
        return tuple(dict.fromkeys((*(package.search_folder for package in self.packages), *SOURCE_FOLDERS)))

    def installs(self, path: str) -> bool:
        """Tell whether a file is installed, or decides how the project is built."""
        *folders, name = PurePosixPath(path).parts
        if not folders:
            return name in _BUILD_FILES or self._is_module(path)
        if folders[0].startswith("."):
            return False
        if self._is_in_package(path):
            return _TESTS.isdisjoint({*folders, name.removesuffix(".py")})
        return _NOT_SHIPPED.isdisjoint(folders) and self._is_source(folders[0], name)

    def _is_in_package(self, path: str) -> bool:
        return any(path.startswith(f"{package.path}/") for package in self.packages)

    def _is_source(self, top: str, name: str) -> bool:
        """Tell whether a file outside of the packages is compiled, or read by a build."""
        if top in SOURCE_FOLDERS or name in _BUILD_FILES:
            return True
        suffix = PurePosixPath(name).suffix.lower()
        return suffix in _COMPILED or (suffix == ".py" and not self.packages)

    def _is_module(self, path: str) -> bool:
        if self.packages:
            return any(package.path == path for package in self.packages)
        return path.endswith(".py") and path.removesuffix(".py") not in _NOT_SHIPPED


def describes(path: str) -> bool:
    """Tell whether a file of the top folder becomes part of the metadata that an index shows: README, LICENSE, ..."""
    return "/" not in path and path.lower().startswith(_DESCRIBING)


def find_packages(files: Iterable[str], project: str) -> list[str]:
    """Return the import packages of a project, dotted within a namespace.

    Args:
        files: paths relative to the project's folder, with ``/``.
        project: its name, which decides where several folders look like packages.
    """
    return [package.name for package in _find(frozenset(files), project)]


def _find(files: frozenset[str], project: str) -> list[Package]:
    """Return the packages in the first of the usual folders that has any, sorted by name."""
    own = _normalize(project)
    paths = [PurePosixPath(path).parts for path in files]
    for folder in SOURCE_FOLDERS:
        found = _find_in_source_folder(folder, paths, own) if folder else _find_in_project_folder(paths, own)
        if found:
            return sorted(_make_found_package(folder, parts, files) for parts in set(found))
    return []


def _find_in_source_folder(folder: str, paths: Iterable[tuple[str, ...]], own: str) -> list[tuple[str, ...]]:
    """Return the packages and modules in a folder for sources: each of them is the project's."""
    inside = [parts[1:] for parts in paths if parts[0] == folder]
    return _find_packages_below(inside, own, has_folder=True)


def _find_in_project_folder(paths: Collection[tuple[str, ...]], own: str) -> list[tuple[str, ...]]:
    """Return the package with the project's name in its own folder; without one, all that look like packages."""
    found = _find_packages_below(paths, own, has_folder=False)
    return [parts for parts in found if _normalize(".".join(parts)) == own] or found


def _make_found_package(folder: str, parts: tuple[str, ...], files: Collection[str]) -> Package:
    path = "/".join((folder, *parts) if folder else parts)
    module = f"{path}.py"
    return Package(".".join(parts), module if module in files else path)


def _find_packages_below(paths: Collection[tuple[str, ...]], own: str, *, has_folder: bool) -> list[tuple[str, ...]]:
    """Return the packages and modules in a folder; folders without ``__init__.py`` only where there is nothing else.

    Args:
        paths: of all files, in parts.
        own: the project's name, normalized.
        has_folder: whether the folder is for sources, so that every package in it is the project's.
    """
    found = {parts[:-1] for parts in paths if len(parts) > 1 and parts[-1] == "__init__.py"}
    modules = _list_top_modules(paths)
    found |= modules if has_folder else modules & {(own,)}
    chosen = [parts for parts in _list_shipped(found) if _is_outermost(parts, found)]
    return chosen or _find_implicit(paths, own, has_folder=has_folder)


def _list_top_modules(paths: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    return {(parts[0].removesuffix(".py"),) for parts in paths if len(parts) == 1 and parts[0].endswith(".py")}


def _find_implicit(paths: Iterable[tuple[str, ...]], own: str, *, has_folder: bool) -> list[tuple[str, ...]]:
    """Return the top folders with Python files; without a folder for sources only the one with the project's name."""
    shipped = _list_shipped({parts[:1] for parts in paths if len(parts) > 1 and parts[-1].endswith(".py")})
    return shipped if has_folder else [parts for parts in shipped if parts[0].lower() == own]


def _list_shipped(packages: Iterable[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return the packages that may be the project's, sorted, without tests and tools."""
    return [parts for parts in sorted(packages) if _is_shipped(parts)]


def _is_outermost(parts: tuple[str, ...], packages: Collection[tuple[str, ...]]) -> bool:
    return not any(parts[:end] in packages for end in range(1, len(parts)))


def _is_shipped(parts: tuple[str, ...]) -> bool:
    if parts[0].startswith("_") or parts[0] in _WORKSPACES:
        return False
    return _can_be_imported(parts) and _NOT_SHIPPED.isdisjoint(parts)


def _can_be_imported(parts: Iterable[str]) -> bool:
    return all(map(str.isidentifier, parts))


def _normalize(name: str) -> str:
    return name.lower().replace("-", "_").replace(".", "_")


def _locate_all(packages: Iterable[Package], files: Collection[str]) -> list[Package]:
    """Return those packages that are among the files, with the paths of their folders or files; sorted."""
    folders = {parent.as_posix() for path in files for parent in PurePosixPath(path).parents}
    located = (_locate(package, files, folders) for package in packages)
    return sorted({package for package in located if package is not None})


def _locate(package: Package, files: Collection[str], folders: Collection[str]) -> Package | None:
    """Return a package with the path of its folder or file; None where there is neither."""
    if not _can_be_imported(package.name.split(".")):
        return None
    if package.path in folders or package.path in files:
        return package
    module = f"{package.path}.py"
    return Package(package.name, module) if module in files else None


def _list_declared(pyproject: Mapping[str, Any], project: str) -> Iterator[Package]:
    """Yield the packages that the settings of a build backend name; not all of them need exist."""
    tool = find_table(pyproject, "tool")
    scikit = find_table(tool, "scikit-build", "wheel").get("packages")
    for paths in (
        find_table(tool, "hatch", "build", "targets", "wheel").get("packages"),
        list(scikit.values()) if isinstance(scikit, dict) else scikit,
        find_table(tool, "pdm", "build").get("includes"),
    ):
        yield from map(_make_package, list_texts(paths))
    yield from _list_poetry_packages(find_table(tool, "poetry"))
    yield from _list_setuptools_packages(find_table(tool, "setuptools"))
    yield from _list_flit_modules(find_table(tool, "flit", "module"))
    yield from _list_maturin_packages(find_table(tool, "maturin"), project)
    uv = find_table(tool, "uv", "build-backend")
    for name in list_texts(uv.get("module-name")):
        yield _make_subpackage(str(uv.get("module-root", "src")), name)


def _list_flit_modules(table: Mapping[str, Any]) -> Iterator[Package]:
    module = table.get("name")
    if isinstance(module, str):
        yield from (_make_subpackage(folder, module) for folder in ("src", ""))


def _list_maturin_packages(table: Mapping[str, Any], project: str) -> Iterator[Package]:
    folder = table.get("python-source")
    if isinstance(folder, str):
        name = str(table.get("module-name") or _normalize(project))
        yield _make_subpackage(folder, name.split(".", maxsplit=1)[0])


def _list_poetry_packages(table: Mapping[str, Any]) -> Iterator[Package]:
    for item in list_tables(table.get("packages")):
        if isinstance(item.get("include"), str):
            yield _make_subpackage(str(item.get("from") or ""), item["include"].replace("/", "."))


def _list_setuptools_packages(table: Mapping[str, Any]) -> Iterator[Package]:
    """Yield packages and modules that are listed; those that setuptools finds are found in the usual folders."""
    folders = find_table(table, "package-dir")
    root = str(folders.get("", ""))
    for name in _list_outermost(list_texts(table.get("packages"))):
        path = folders.get(name)
        yield Package(name, path) if isinstance(path, str) else _make_subpackage(root, name)
    for name in list_texts(table.get("py-modules")):
        yield Package(name, f"{root}/{name}.py".lstrip("/"))


def _list_outermost(names: Collection[str]) -> list[str]:
    """Return the names of those packages that are within no other one."""
    return [name for name in names if name.rpartition(".")[0] not in names]


def _make_package(path: str) -> Package:
    path = path.strip("/").removeprefix("./").removesuffix("/**")
    return Package(PurePosixPath(path).name, path)


def _make_subpackage(folder: str, name: str) -> Package:
    path = "/".join((folder.strip("/").removeprefix("./"), name.replace(".", "/"))).strip("/")
    return Package(name, path)
