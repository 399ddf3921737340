"""Find files of a project's packages that are in no wheel: tracked ones, and generated ones that git ignores.

A backend leaves out what its settings do not name, and says nothing. Both checks are advice: a project may mean it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Final

from release_tools.artifacts import Wheel
from release_tools.artifacts.install_scheme import InstallScheme, install_path_of
from release_tools.checks.artifacts import ReleaseFiles
from release_tools.engine.context import Context
from release_tools.errors import RepositoryError
from release_tools.git.project_repository import open_repository
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.system.process import ProcessError
from release_tools.wording import list_some

_DEVELOPMENT: Final = frozenset(
    {
        "benchmark", "benchmarks", "doc", "docs", "example", "examples", "node_modules", "notebooks", "scripts", "test",
        "testing", "tests", "tools", "__pycache__",
    }
)  # fmt: skip
"""Folders that many projects leave out of their wheels on purpose."""
_BUILD_FILES: Final = re.compile(
    r"\..*|setup\.py|conftest\.py|test_.*\.py|.*_test\.py|meson\.build|meson\.options|meson_options\.txt"
    r"|CMakeLists\.txt|Makefile.*|Cargo\.(?:toml|lock)|BUILD(?:\.bazel)?|(?:README|CHANGELOG|CONTRIBUTING|TODO)(?:\..*)?"
    r"|.*\.(?:md|rst|cmake|c|cc|cpp|cxx|cu|m|f|f77|f90|f95|for|pyf|src|in|tmpl|tp|tpl|h|hh|hpp|hxx|inl|pyx|pxd|pxi|rs|go|zig|nim|i"
    r"|pyc|pyo|so|pyd|dll|dylib|o|obj|a|lib|log|tmp|bak|orig|rej|swp|ipynb|diff|patch)",
    re.IGNORECASE,
)
"""Files that are compiled or only for developers, and files that a compiler or an editor leaves."""
_SETTINGS: Final = ("pyproject.toml", "setup.cfg", "setup.py", "MANIFEST.in")
_PATTERN: Final = re.compile(r"[\w.*?\[\]/-]+")
_LEFT_OUT_ON_PURPOSE: Final = ("exclude", "global-exclude", "recursive-exclude", "prune")
_LARGEST_SETTINGS: Final = 1 << 20


def check_lost_files(context: Context, release: Release, subject: ReleaseFiles) -> tuple[Note, ...]:
    """Return a warning about tracked files of a package that no wheel has, and one about generated files.

    Without a checkout, as for files that were built elsewhere, the wheels are compared with the sdist.
    """
    if not subject.wheels:
        return ()
    tracked, shipped = _list_tracked(context, release), _list_shipped(subject)
    packages = find_packages(subject.wheels, tracked or shipped)
    lost = [*find_lost_files(packages, tracked or shipped)]
    generated = [*_find_generated(context, release, packages, frozenset(shipped))]
    return (
        *_warn_of_lost(lost, "tracked files" if tracked else "files of the sdist"),
        *_warn_of_generated(generated),
    )


def _warn_of_lost(names: Sequence[str], kind: str) -> Iterator[Note]:
    if names:
        yield Note(
            State.WARNING,
            f"{kind} in the package's folder are in no wheel",
            list_some(names),
            "Name them as package data in your build backend's settings, or ignore this warning if that is intended.",
        )


def _warn_of_generated(names: Sequence[str]) -> Iterator[Note]:
    if names:
        yield Note(
            State.WARNING,
            "generated files that git ignores are in no artifact: a clean clone does not have them",
            list_some(names),
            "Have the build generate them (a build hook), or commit them.",
        )


def _list_shipped(subject: ReleaseFiles) -> list[str]:
    """Return the files of the sdists, by their paths in the project."""
    return [member.name.partition("/")[2] for sdist in subject.sdists for member in sdist.members]


@dataclass(frozen=True)
class PackageFolder:
    """The folder of the project from which a package of the wheels was built.

    Attributes:
        path: of its folder in the project, such as ``src/demo``.
        installed: its files in the wheels, by their path in the folder.
    """

    path: str
    installed: frozenset[str]


def find_packages(wheels: Iterable[Wheel], known: Iterable[str]) -> tuple[PackageFolder, ...]:
    """Return the folders of the project that the outermost packages of the wheels were built from.

    Args:
        wheels: of one release.
        known: the project's files, by their path in the project.
    """
    installed = {path for wheel in wheels for path in _find_library_files(wheel)}
    roots = Counter(filter(None, (_find_root(name, installed) for name in known)))
    folders: dict[str, str] = {}
    for (root, package), _ in roots.most_common():
        folders.setdefault(package, f"{root}/{package}" if root else package)
    return tuple(PackageFolder(folder, _list_inner(package, installed)) for package, folder in sorted(folders.items()))


def _list_inner(package: str, installed: Iterable[str]) -> frozenset[str]:
    """Return the installed files of a package, by their paths in it."""
    return frozenset(path.partition("/")[2] for path in installed if path.startswith(f"{package}/"))


def _find_root(name: str, installed: AbstractSet[str]) -> tuple[str, str] | None:
    """Return the folder that a file's outermost package is in, and the package; None for a file that is not installed.

    ``("src", "demo")`` of ``src/demo/data.json``, where ``demo/data.json`` is installed.
    """
    parts = name.split("/")
    for start in range(len(parts) - 1):
        if "/".join(parts[start:]) in installed:
            return "/".join(parts[:start]), parts[start]
    return None


def find_lost_files(packages: Iterable[PackageFolder], known: Iterable[str]) -> Iterator[str]:
    """Yield the files of packages that are not installed, tests and sources of extensions aside."""
    names = sorted(known)
    for package in packages:
        start = f"{package.path}/"
        for name in (name for name in names if name.startswith(start)):
            inner = name.removeprefix(start)
            if inner not in package.installed and _is_expected(inner, package.installed):
                yield name


def _is_expected(inner: str, installed: frozenset[str]) -> bool:
    """Return whether a file would be missed: not a source of a build, and in no folder that was left out as a whole."""
    path = PurePosixPath(inner)
    if _BUILD_FILES.fullmatch(path.name) or path.name == "py.typed":  # the latter has a check of its own
        return False
    return not any(parent.name.startswith(".") or _is_left_out(parent, installed) for parent in path.parents)


def _is_left_out(folder: PurePosixPath, installed: frozenset[str]) -> bool:
    """Return whether a folder is for developers, and nothing of it is installed."""
    if folder.name.lower().lstrip("_") not in _DEVELOPMENT:
        return False
    return not any(name.startswith(f"{folder}/") for name in installed)


def _find_library_files(wheel: Wheel) -> Iterator[str]:
    for member in wheel.members:
        place = install_path_of(member.name)
        if place and place.scheme is InstallScheme.LIB and not place.path.startswith(f"{wheel.dist_info}/"):
            yield place.path


def _list_tracked(context: Context, release: Release) -> list[str]:
    """Return the tracked files of the clone that was built, by their path in the project; empty without a clone."""
    if release.source is None:
        return []
    return _list_files(release.source, context, "--cached")


def _list_files(folder: Path, context: Context, *options: str) -> list[str]:
    try:
        repository = open_repository(context, folder)
        prefix = folder.resolve().relative_to(repository.root).as_posix()
        names = repository.git("ls-files", "-z", *options, "--", prefix).split("\0")
    except (RepositoryError, ProcessError, ValueError):
        return []
    start = "" if prefix == "." else f"{prefix}/"
    return [name.removeprefix(start) for name in names if name]


def _find_generated(
    context: Context, release: Release, packages: Iterable[PackageFolder], shipped: AbstractSet[str]
) -> Iterator[str]:
    """Yield files of packages that git ignores, that the project's settings name, and that no artifact has."""
    if release.source is None:
        return
    ignored = _list_files(context.project, context, "--others", "--ignored", "--exclude-standard")
    patterns = _find_named_patterns(context.project)
    for package in packages:
        for name in find_lost_files([package], ignored):
            if name not in shipped and _is_named(name, package, patterns):
                yield name


def _is_named(name: str, package: PackageFolder, patterns: Iterable[str]) -> bool:
    """Return whether a pattern fits a file's path in the project or in its package, or its name."""
    candidates = (name, name.removeprefix(f"{package.path}/"), PurePosixPath(name).name)
    return any(fnmatch(candidate, pattern) for pattern in patterns for candidate in candidates)


def _find_named_patterns(project: Path) -> frozenset[str]:
    """Return the words of the project's settings that may be file names or patterns of these."""
    patterns = set[str]()
    for line in _iterate_settings(project):
        if not line.lstrip().startswith(("#", *_LEFT_OUT_ON_PURPOSE)):
            patterns.update(
                word.rstrip(".-/[").lstrip("/") for word in _PATTERN.findall(line) if set("./*") & set(word)
            )
    return frozenset(filter(None, patterns))


def _iterate_settings(project: Path) -> Iterator[str]:
    """Yield the lines of the files in which build backends read what to pack."""
    for name in _SETTINGS:
        path = project / name
        if path.is_file() and path.stat().st_size <= _LARGEST_SETTINGS:
            yield from path.read_text(encoding="utf-8", errors="replace").splitlines()
