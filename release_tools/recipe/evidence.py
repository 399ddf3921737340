"""The facts in built artifacts from which a recipe is made, as plain data.

Nothing is executed, and no network is used.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint
from typing import Any, Final

from packaging.metadata import RawMetadata

from release_tools.artifacts import Sdist, Wheel
from release_tools.artifacts.install_scheme import InstallScheme, install_path_of
from release_tools.parsed_values import find_table
from release_tools.recipe.linked_libraries import find_linked_libraries

_CPYTHON: Final = re.compile(r"cp3(\d{1,2})", re.ASCII)
BUILD_FILES: Final = frozenset(
    {"CMakeLists.txt", "Cargo.toml", "meson.build", "pyproject.toml", "setup.cfg", "setup.py"}
)
RECIPES: Final = frozenset({"meta.yaml", "recipe.yaml"})
EGG_INFO_FILES: Final = frozenset({"entry_points.txt", "requires.txt", "top_level.txt"})
LICENSE_STEMS: Final = ("licen", "copying", "notice", "unlicense")
DEEPEST_BACKEND: Final = 3  # parts of the path
LARGEST: Final = 1_000_000  # bytes; a larger text was not written by people
CODE_SUFFIXES: Final = (".c", ".h", ".html", ".js", ".json", ".py", ".pyi", ".tmpl", ".toml", ".yaml", ".yml")


@dataclass(eq=False)
class Sources:
    """The files of an sdist.

    Attributes:
        filename: of the sdist.
        sha256: of the sdist, lower-case hexadecimal.
        paths: every file, relative to the sdist's one folder.
        texts: those that say how the project is built, packaged and licensed, by path.
    """

    filename: str
    sha256: str
    paths: tuple[str, ...]
    texts: Mapping[str, str] = field(repr=False)

    @cached_property
    def pyproject(self) -> Mapping[str, Any]:
        """Return ``pyproject.toml``, parsed; empty where there is none that can be read."""
        try:
            return tomllib.loads(self.texts.get("pyproject.toml", ""))
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}

    def egg_info(self, name: str) -> str:
        """Return a file that setuptools left in the sdist; empty where there is none."""
        return next((text for path, text in self.texts.items() if path.endswith(f".egg-info/{name}")), "")

    def table(self, *keys: str) -> Mapping[str, Any]:
        """Return a table of ``pyproject.toml``; empty where there is none."""
        return find_table(self.pyproject, *keys)


@dataclass(frozen=True)
class Built:
    """Describe what a wheel holds.

    Attributes:
        pure: whether one file serves every system.
        paths: every file that it installs into ``site-packages``.
        entry_points: of console and gui scripts, ``name = module:function``, case kept.
        gui: the names of those that open windows.
        extra_modules: that only commands of an extra are made of, so that importing them may need what it brings.
        libraries: the shared libraries that its extension modules link to, as each system spells them, by system.
        abi: the oldest Python whose stable ABI it is built for, such as ``3.11``; empty for another ABI.
    """

    pure: bool
    paths: tuple[str, ...]
    entry_points: tuple[str, ...] = ()
    gui: frozenset[str] = frozenset()
    extra_modules: frozenset[str] = frozenset()
    libraries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    abi: str = ""


@dataclass(frozen=True)
class Evidence:
    """Describe what is known of a project from its artifacts.

    Attributes:
        metadata: of the wheel; PKG-INFO where only the sdist is there.
        sources: the sdist.
        built: the wheel; None where only the sdist is there.
    """

    metadata: RawMetadata
    sources: Sources
    built: Built | None = None


def says_something(path: str) -> bool:
    """Return whether a file of an sdist describes how the project is built, packaged or licensed."""
    folder, _, name = path.rpartition("/")  # each file of an sdist is asked about, which `pathlib` makes slow
    if name in EGG_INFO_FILES and folder.endswith(".egg-info"):
        return True
    return path in BUILD_FILES or name in RECIPES or is_license(path) or _may_be_backend(path)


def _may_be_backend(path: str) -> bool:
    """Return whether a file may be a backend of the project's own: near the root, with a name that says so."""
    if not path.endswith(".py") or path.count("/") >= DEEPEST_BACKEND:
        return False
    return any(word in path.lower() for word in ("backend", "build"))


def is_license(path: str) -> bool:
    """Return whether a file's name is that of a license text or a notice."""
    name = path.rpartition("/")[2].lower()
    return name.startswith(LICENSE_STEMS) and not name.endswith(CODE_SUFFIXES)


def gather(sdist: Sdist, sha256: str, wheel: Wheel | None = None, others: Iterable[Wheel] = ()) -> Evidence:
    """Return the evidence in artifacts that have been read.

    Args:
        sdist: read with `says_something` as what is wanted.
        sha256: of the sdist, lower-case hexadecimal.
        wheel: of the same release; None where there is none.
        others: the wheels for other platforms and Pythons, of which the libraries count.
    """
    sources = _read_sources(sdist, sha256)
    if wheel is None:
        return Evidence(sdist.metadata.raw, sources)
    return Evidence(wheel.metadata.raw, sources, _read_built(wheel, others))


def _read_sources(sdist: Sdist, sha256: str) -> Sources:
    return Sources(
        filename=sdist.path.name,
        sha256=sha256,
        paths=tuple(member.name.partition("/")[2] for member in sdist.members),
        texts={
            path: content.decode("utf-8", "replace")
            for path, content in sdist.documents.items()
            if len(content) <= LARGEST
        },
    )


def _read_built(wheel: Wheel, others: Iterable[Wheel]) -> Built:
    scripts = _list_scripts(wheel)
    return Built(
        pure=all(tag.platform == "any" for tag in wheel.tags),
        paths=_list_library_paths(wheel),
        entry_points=tuple(f"{point.name} = {point.value}" for point in scripts),
        gui=frozenset(point.name for point in scripts if point.group == "gui_scripts"),
        extra_modules=wheel.extra_modules,
        libraries=_merge_libraries((wheel, *others)),
        abi=find_wheel_abi(wheel),
    )


def _list_scripts(wheel: Wheel) -> list[EntryPoint]:
    return [point for point in wheel.entry_points if point.group in {"console_scripts", "gui_scripts"}]


def _list_library_paths(wheel: Wheel) -> tuple[str, ...]:
    """Return the files that go into ``site-packages``, by their paths there."""
    places = [install_path_of(member.name) for member in wheel.members]
    return tuple(place.path for place in places if place and place.scheme is InstallScheme.LIB)


def find_wheel_abi(wheel: Wheel) -> str:
    """Return the oldest Python whose stable ABI a wheel is built for, such as ``3.11``; empty for another ABI."""
    interpreters = [tag.interpreter for tag in wheel.tags if tag.abi == "abi3"]
    minors = [int(match[1]) for match in map(_CPYTHON.fullmatch, interpreters) if match]
    return f"3.{min(minors)}" if minors else ""


def _merge_libraries(wheels: Iterable[Wheel]) -> dict[str, tuple[str, ...]]:
    """Return the libraries that wheels link to, by system: ``linux``, ``osx``, ``win``."""
    found: dict[str, set[str]] = {}
    for wheel in wheels:
        systems = {_find_system(tag.platform) for tag in wheel.tags} - {""}
        for system in systems:
            found.setdefault(system, set()).update(find_linked_libraries(wheel))
    return {system: tuple(sorted(libraries)) for system, libraries in sorted(found.items())}


def _find_system(platform: str) -> str:
    """Return the word of a platform tag's system in recipes; empty for another one."""
    words = {"linux": "linux", "manylinux": "linux", "musllinux": "linux", "macosx": "osx", "win": "win"}
    return words.get(re.split(r"[_\d]", platform)[0], "")
