"""Compare wheels with the conda packages that a build tool made from a recipe, pair by pair.

A pair is a wheel and a conda package of one project, platform and Python. Such a package is built again from source,
so that it is compared by what both promise: version, commands, requirements and the files that are not compiled.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import Any, Final, cast

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import canonicalize_name

from release_tools.artifacts import CondaPackage, Wheel
from release_tools.artifacts.core_metadata import CoreMetadata, parse_entry_points, parse_metadata
from release_tools.builders.conda.normalise import iterate_members
from release_tools.model.note import Note, State
from release_tools.recipe.names import Names
from release_tools.wording import list_some

NOARCH: Final = "noarch"
_COMMANDS: Final = frozenset({"console_scripts", "gui_scripts"})
_DIST_INFO: Final = re.compile(r"(?:.*/)?site-packages/(?P<folder>[^/]+\.dist-info)/(?P<name>[^/]+)")
_INSTALLED: Final = re.compile(r"(?:lib/python3\.\d+/|Lib/)?site-packages/(?P<path>.+)")
_COMPILED: Final = re.compile(r"\.(?:so(?:\.\d+)*|pyd|dll|dylib)$")
_EXTENSION: Final = re.compile(r"(?P<module>[^.]+)(?:\.[^/]*)?\.(?:so|pyd)$")
_PYTHON_ABI: Final = re.compile(r"python_abi 3\.(?P<minor>\d+)\b")
_PYTHON_FOLDER: Final = re.compile(r"lib/python3\.(?P<minor>\d+)/")
# Of one installation, or conda's own.
_DIFFERING: Final = ("INSTALLER", "METADATA", "RECORD", "REQUESTED", "WHEEL", "direct_url.json")
_SYSTEMS: Final = {
    "linux": {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
    "osx": {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"},
    "win": {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"},
}
_MACHINES: Final = {
    "linux-64": "x86_64",
    "linux-aarch64": "aarch64",
    "osx-64": "x86_64",
    "osx-arm64": "arm64",
    "win-64": "AMD64",
    "win-arm64": "ARM64",
}
_PLATFORM_TAGS: Final = {
    "linux-64": r"(?:manylinux\w*|musllinux\w*|linux)_x86_64",
    "linux-aarch64": r"(?:manylinux\w*|musllinux\w*|linux)_aarch64",
    "linux-ppc64le": r"(?:manylinux\w*|musllinux\w*|linux)_ppc64le",
    "osx-64": r"macosx_\d+_\d+_(?:x86_64|universal2|intel)",
    "osx-arm64": r"macosx_\d+_\d+_(?:arm64|universal2)",
    "win-64": r"win_amd64",
    "win-arm64": r"win_arm64",
}
_VIRTUAL: Final = {"__win": ("win",), "__unix": ("linux", "osx"), "__linux": ("linux",), "__osx": ("osx",)}
_SUPPORTED: Final = range(10, 15)


@dataclass(eq=False)
class ProjectPackage:
    """A conda package in which the project itself is installed.

    Attributes:
        package: the package.
        metadata: its METADATA.
        entry_points: of its ``entry_points.txt``.
        dist_info: the name of its ``.dist-info`` folder.
    """

    package: CondaPackage
    metadata: CoreMetadata
    entry_points: tuple[EntryPoint, ...]
    dist_info: str

    @cached_property
    def files(self) -> Mapping[str, str]:
        """Return the digests of what is in ``site-packages``, by the path there."""
        found = ((_INSTALLED.fullmatch(member.name), member.sha256) for member in self.package.members)
        return {match["path"]: digest for match, digest in found if match}

    def pairs_with(self, wheel: Wheel) -> bool:
        """Return whether a wheel is of the same platform and Python; a pure wheel pairs with every package."""
        return any(self._fits(tag) for tag in wheel.tags)

    def _fits(self, tag: Tag) -> bool:
        if tag.platform == "any":
            return True
        subdir = self.package.subdir
        pattern = _PLATFORM_TAGS.get(subdir)
        if pattern is None or re.fullmatch(pattern, tag.platform) is None:
            return False
        minor = find_python(self.package)
        if not minor:  # one package for every Python: CEP 20
            return tag.abi == "abi3"
        return (tag.interpreter == f"cp3{minor}" and tag.abi != "abi3") or tag.abi == "abi3"


def find_python(package: CondaPackage) -> str:
    """Return the minor version of the Python 3 that a package is built for, such as ``12``; empty for every one."""
    if package.noarch:
        return ""
    found = [match["minor"] for spec in package.depends if (match := _PYTHON_ABI.match(spec))]
    found += [match["minor"] for member in package.members if (match := _PYTHON_FOLDER.match(member.name))]
    return found[0] if found else ""


def compare_pairs(
    wheels: Sequence[Wheel], packages: Sequence[CondaPackage], names: Names, *, by_project: bool
) -> Iterator[Note]:
    """Compare each conda package that holds the project with the wheel of the same platform and Python.

    Args:
        wheels: of the release; there may be none.
        packages: of the release, built by a recipe.
        names: the way from PyPI names to conda names.
        by_project: whether the recipe is the project's own, which may add and change files on purpose.
    """
    for package in packages:
        found = _find_project_package(package, {canonicalize_name(wheel.metadata.name) for wheel in wheels})
        if found is None:
            continue
        wheel = next((wheel for wheel in _sort_by_similarity(wheels, package) if found.pairs_with(wheel)), None)
        if wheel is None:
            yield Note(State.INFO, f"{package.path.name}: there is no wheel to compare it with")
        else:
            yield from _compare(wheel, found, names, State.WARNING if by_project else State.FAILED)


def _compare(wheel: Wheel, found: ProjectPackage, names: Names, severity: State) -> Iterator[Note]:
    """Yield how a package differs from a wheel, or that it does not; other files are as bad as ``severity`` says."""
    notes = [
        *_check_version(wheel, found),
        *_check_commands(wheel, found),
        *_check_requirements(wheel, found, names),
        *_check_files(wheel, found, severity),
    ]
    yield from notes
    if not any(note.state is State.FAILED for note in notes):
        said = "version, commands and requirements agree"
        yield Note(State.DONE, f"{found.package.path.name} is equal to {wheel.path.name}", said)


def _sort_by_similarity(wheels: Sequence[Wheel], package: CondaPackage) -> list[Wheel]:
    """Return the wheels with those first that are for one Python, as is the package."""
    tag = f"cp3{find_python(package)}"
    return sorted(wheels, key=lambda wheel: not any(one.interpreter == tag and one.abi != "abi3" for one in wheel.tags))


def _find_project_package(package: CondaPackage, projects: set[str]) -> ProjectPackage | None:
    """Return the package with its metadata; None where no project of these names is installed in it."""
    found = (_DIST_INFO.fullmatch(member.name) for member in package.members)
    ours = {match[0]: match for match in found if match and _is_metadata_of(match, projects)}
    if not ours:
        return None
    contents = {ours[name]["name"]: content for name, content in _read_members(package, ours.keys()).items()}
    shown = f"{package.path.name}: METADATA"
    points = parse_entry_points(contents.get("entry_points.txt", b""), package.path.name)
    folder = next(iter(ours.values()))["folder"]
    return ProjectPackage(package, parse_metadata(contents.get("METADATA", b""), shown), points, folder)


def _is_metadata_of(match: re.Match[str], projects: set[str]) -> bool:
    """Return whether a file is metadata of one of these projects."""
    is_metadata = match["name"] in ("METADATA", "entry_points.txt")
    return is_metadata and canonicalize_name(match["folder"].partition("-")[0]) in projects


def _read_members(package: CondaPackage, names: AbstractSet[str]) -> dict[str, bytes]:
    """Return the contents of files of a package."""
    contents: dict[str, bytes] = {}
    for archive, member in iterate_members(package.path):
        if member.name in names and (file := archive.extractfile(member)) is not None:
            contents[member.name] = file.read()
    return contents


def _check_version(wheel: Wheel, found: ProjectPackage) -> Iterator[Note]:
    theirs, ours = found.metadata.version, wheel.metadata.version
    if theirs != ours:
        yield Note(
            State.FAILED,
            f"{found.package.path.name}: the project installed in it says version {theirs}, its wheel says {ours}",
            advice="The recipe's build does not find the tag: build from the clone (path: ..), not from an archive.",
        )


def _check_commands(wheel: Wheel, found: ProjectPackage) -> Iterator[Note]:
    """Compare the commands; a recipe may add some, and those of a noarch package are in ``link.json``."""
    name = found.package.path.name
    ours, theirs = _map_commands(wheel.entry_points), _map_installed_commands(found)
    scripts = {member.name.rpartition("/")[2].removesuffix(".exe") for member in found.package.members}
    if missing := sorted(ours.keys() - theirs.keys() - scripts):
        advice = "Add them to the recipe: build.entry_points (meta.yaml), build.python.entry_points (recipe.yaml)."
        yield Note(State.FAILED, f"{name}: commands of the wheel are missing", ", ".join(missing), advice)
    for command in sorted(ours.keys() & theirs.keys()):
        if ours[command] != theirs[command]:
            detail = f"{theirs[command]}, in the wheel {ours[command]}"
            yield Note(State.FAILED, f"{name}: the command {command} is another one", detail)
    if added := sorted(theirs.keys() - ours.keys()):
        yield Note(State.INFO, f"{name}: commands that the recipe adds", ", ".join(added))


def _map_commands(points: Iterable[EntryPoint]) -> dict[str, str]:
    """Return what each command calls."""
    return {point.name: f"{point.module}:{point.attr}" for point in points if point.group in _COMMANDS}


def _map_installed_commands(found: ProjectPackage) -> dict[str, str]:
    """Return what each command calls that the package installs."""
    linked = (point.partition("=") for point in found.package.entry_points)
    commands = {} if found.package.noarch else _map_commands(found.entry_points)
    return commands | {name.strip(): target.strip() for name, _, target in linked}


def _check_requirements(wheel: Wheel, found: ProjectPackage, names: Names) -> Iterator[Note]:
    """Find what the wheel requires and the package does not, in the environments that the package is for."""
    package = found.package
    specs = {spec.split()[0]: spec for spec in package.depends}
    environments = list(_list_environments(package, wheel))
    needed = _count_needed(wheel, environments, names)
    missing = sorted(needed.keys() - specs.keys())
    if always := [name for name in missing if needed[name] == len(environments)]:
        text = f"{package.path.name}: requirements of the wheel are missing"
        advice = "Add them to the recipe, or set [tool.release-tools.conda.names] if conda uses other names."
        yield Note(State.FAILED, text, list_some(always), advice)
    if sometimes := [name for name in missing if name not in always]:
        text = f"{package.path.name}: requirements of some systems or Pythons are missing"
        yield Note(State.WARNING, text, list_some(sometimes))
    if added := sorted(specs[name] for name in specs.keys() - needed.keys() - {"python"}):
        yield Note(State.INFO, f"{package.path.name}: requirements that the recipe adds", ", ".join(added))


def _count_needed(wheel: Wheel, environments: Sequence[dict[str, str]], names: Names) -> dict[str, int]:
    """Return the packages that a wheel requires, with the number of environments that need each."""
    needed: dict[str, int] = {}
    for text in wheel.metadata.raw.get("requires_dist", []):
        requirement = Requirement(text)
        times = sum(requirement.marker is None or requirement.marker.evaluate(env) for env in environments)
        if times:
            conda = names.conda_name(requirement.name).conda
            needed[conda] = max(times, needed.get(conda, 0))
    return needed


def _list_environments(package: CondaPackage, wheel: Wheel) -> Iterator[dict[str, str]]:
    """Yield the values of environment markers for each system and Python that a package is for (PEP 508)."""
    base = cast("dict[str, Any]", default_environment())
    for system in _list_systems(package):
        for one in _list_minors(package, wheel):
            version = {"python_version": f"3.{one}", "python_full_version": f"3.{one}.9", "extra": ""}
            machine = {"platform_machine": _MACHINES.get(package.subdir, "x86_64")}
            implementation = {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
            yield {**base, **_SYSTEMS.get(system, {}), **version, **machine, **implementation}


def _list_systems(package: CondaPackage) -> Iterable[str]:
    """Return the systems that a package is for."""
    if package.subdir not in ("", NOARCH):
        return [package.subdir.partition("-")[0]]
    systems = [system for spec in package.depends for system in _VIRTUAL.get(spec.split()[0], ())]
    return dict.fromkeys(systems) or _SYSTEMS


def _list_minors(package: CondaPackage, wheel: Wheel) -> list[int]:
    """Return the minor versions of Python 3 that a package is for, and of these what the wheel admits, if anything."""
    minor = find_python(package)
    minors = [int(minor)] if minor else list(_SUPPORTED)
    required = wheel.metadata.parsed.requires_python
    return [one for one in minors if required is None or required.contains(f"3.{one}.9")] or minors


def _check_files(wheel: Wheel, found: ProjectPackage, severity: State) -> Iterator[Note]:
    """Compare the files that are not compiled by content, and the extension modules by name."""
    ours = {member.name: member.sha256 for member in wheel.members}
    pure, theirs = _keep_compared(ours, wheel.dist_info), _keep_compared(found.files, found.dist_info)
    differing = sorted(name for name in pure.keys() & theirs.keys() if pure[name] != theirs[name])
    modules, built = _list_extensions(ours), _list_extensions(found.files)
    faults = {
        "files of other content than in the wheel": differing,
        "files of the wheel are missing": sorted(pure.keys() - theirs.keys()),
        "extension modules of the wheel are missing": sorted(modules - built),
        "extension modules that the wheel lacks": sorted(built - modules),
    }
    for fault, paths in faults.items():
        if paths:
            yield Note(severity, f"{found.package.path.name}: {fault}", list_some(paths))
    if added := sorted(theirs.keys() - pure.keys()):
        state = State.INFO if severity is State.WARNING else severity
        yield Note(state, f"{found.package.path.name}: files that the wheel lacks", list_some(added))


def _keep_compared(files: Mapping[str, str], dist_info: str) -> dict[str, str]:
    return {name: digest for name, digest in files.items() if _is_compared(name, dist_info)}


def _is_compared(name: str, dist_info: str) -> bool:
    """Return whether a file must be the same in both.

    Not compared is what a compiler makes, byte code, what an installer writes, libraries that `auditwheel` and its like
    put into the wheel, and what is installed outside of ``site-packages``.
    """
    folder, _, rest = name.partition("/")
    if _COMPILED.search(name) or name.endswith(".pyc") or folder.endswith((".data", ".libs")) or "/.dylibs/" in name:
        return False
    return not (folder == dist_info and (rest in _DIFFERING or rest.startswith("sboms/")))


def _list_extensions(files: Mapping[str, str]) -> set[str]:
    """Return the extension modules by their import names, however the platform spells the file."""
    names: set[str] = set()
    for path in files:
        folder, _, name = path.rpartition("/")
        found = _EXTENSION.fullmatch(name)
        if found and not folder.partition("/")[0].endswith((".libs", ".data")) and not folder.endswith(".dylibs"):
            names.add("/".join(filter(None, (folder, found["module"]))))
    return names
