"""Find files of a project's packages that are in no wheel: tracked ones, and generated ones that git ignores.

A backend leaves out what its settings do not name, and says nothing. Both checks are advice: a project may mean it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
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
    tracked = _list_tracked(context, release)
    known = tracked or [name for sdist in subject.sdists for name in (m.name.partition("/")[2] for m in sdist.members)]
    packages = find_packages(subject.wheels, known)
    notes = []
    lost = list(find_lost_files(packages, known))
    if lost:
        notes.append(
            Note(
                State.WARNING,
                f"{'tracked files' if tracked else 'files of the sdist'} in the package's folder are in no wheel",
                list_some(lost),
                "Name them as package data in your build backend's settings, or ignore this warning if that is"
                " intended.",
            )
        )
    generated = list(_find_generated(context, release, packages, subject))
    if generated:
        notes.append(
            Note(
                State.WARNING,
                "generated files that git ignores are in no artifact: a clean clone does not have them",
                list_some(generated),
                "Have the build generate them (a build hook), or commit them.",
            )
        )
    return tuple(notes)


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
    roots = Counter[tuple[str, str]]()
    for name in known:
        parts = name.split("/")
        for start in range(len(parts) - 1):
            if "/".join(parts[start:]) in installed:
                roots["/".join(parts[:start]), parts[start]] += 1
                break
    folders: dict[str, str] = {}
    for (root, package), _ in roots.most_common():
        folders.setdefault(package, "/".join(filter(None, (root, package))))
    return tuple(
        PackageFolder(
            folder,
            frozenset(path.partition("/")[2] for path in installed if path.startswith(f"{package}/")),
        )
        for package, folder in sorted(folders.items())
    )


def find_lost_files(packages: Iterable[PackageFolder], known: Iterable[str]) -> Iterator[str]:
    """Yield the files of packages that are not installed, tests and sources of extensions aside."""
    known = sorted(known)
    for package in packages:
        for name in known:
            inner = name.removeprefix(f"{package.path}/")
            if inner != name and inner not in package.installed and _is_expected(inner, package.installed):
                yield name


def _is_expected(inner: str, installed: frozenset[str]) -> bool:
    """Return whether a file would be missed: not a source of a build, and in no folder that was left out as a whole."""
    path = PurePosixPath(inner)
    if _BUILD_FILES.fullmatch(path.name) or path.name == "py.typed":  # the latter has a check of its own
        return False
    for parent in path.parents:
        is_left_out = not any(name.startswith(f"{parent}/") for name in installed)
        if parent.name.lower().lstrip("_") in _DEVELOPMENT and is_left_out:
            return False
        if parent.name.startswith("."):
            return False
    return True


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
    context: Context, release: Release, packages: Iterable[PackageFolder], subject: ReleaseFiles
) -> Iterator[str]:
    """Yield files of packages that git ignores, that the project's settings name, and that no artifact has."""
    if release.source is None:
        return
    shipped = {member.name.partition("/")[2] for sdist in subject.sdists for member in sdist.members}
    ignored = _list_files(context.project, context, "--others", "--ignored", "--exclude-standard")
    patterns = _find_named_patterns(context.project)
    for package in packages:
        for name in find_lost_files([package], ignored):
            inner = name.removeprefix(f"{package.path}/")
            if name not in shipped and any(_matches(name, inner, pattern) for pattern in patterns):
                yield name


def _find_named_patterns(project: Path) -> frozenset[str]:
    """Return the words of the project's settings that may be file names or patterns of these."""
    patterns = set[str]()
    for name in _SETTINGS:
        path = project / name
        if not path.is_file() or path.stat().st_size > _LARGEST_SETTINGS:
            continue
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if not line.lstrip().startswith(("#", *_LEFT_OUT_ON_PURPOSE)):
                patterns.update(word.rstrip(".-/[") for word in _PATTERN.findall(line) if set("./*") & set(word))
    return frozenset(filter(None, patterns))


def _matches(name: str, inner: str, pattern: str) -> bool:
    candidates = (name, inner, PurePosixPath(name).name)
    return any(fnmatch(candidate, pattern) for candidate in candidates)
