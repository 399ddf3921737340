"""Map a wheel's members to the paths where they are installed, and to what can be imported.

https://packaging.python.org/specifications/binary-distribution-format/#installing-a-wheel-distribution-1-0-py32-none-any-whl
"""

import keyword
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class InstallScheme(StrEnum):
    """The folders of an installation; purelib and platlib are the same on every Python that we support."""

    LIB = "lib"
    HEADERS = "headers"
    SCRIPTS = "scripts"
    DATA = "data"


_DATA_FOLDERS = {"purelib": InstallScheme.LIB, "platlib": InstallScheme.LIB} | {
    scheme.value: scheme for scheme in InstallScheme if scheme is not InstallScheme.LIB
}


@dataclass(frozen=True)
class InstallPath:
    """The path where one file is installed.

    Attributes:
        scheme: the folder of the installation.
        path: the path in it.
    """

    scheme: InstallScheme
    path: str


@lru_cache(1 << 15)  # asked for each file by a dozen checks
def install_path_of(member: str) -> InstallPath | None:
    """Return where a member of a wheel is installed; None for a ``.data`` folder that no installer knows."""
    folder, _, rest = member.partition("/")
    if not (rest and folder.endswith(".data")):
        return InstallPath(InstallScheme.LIB, member)
    scheme, _, path = rest.partition("/")
    return InstallPath(_DATA_FOLDERS[scheme], path) if path and scheme in _DATA_FOLDERS else None


def import_names(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the outermost modules and packages among files of the lib folder, sorted.

    A namespace package (a folder without ``__init__``) is not imported itself, but what it contains is.
    """
    stems = _list_stems(paths)
    packages = {stem[:-1] for stem in stems if stem[-1] == "__init__"}
    modules = {stem for stem in stems if stem[-1] != "__init__"}
    outermost = (name for name in packages | modules if not _is_inside(name, packages))
    return tuple(sorted(".".join(name) for name in outermost if _is_importable(name)))


def _list_stems(paths: Iterable[str]) -> set[tuple[str, ...]]:
    """Return the parts of the path of each module, the last without its suffixes."""
    parts = (path.split("/") for path in paths if path.endswith((".py", ".so", ".pyd")))
    return {(*folders, name.partition(".")[0]) for *folders, name in parts}


def _is_inside(name: tuple[str, ...], packages: set[tuple[str, ...]]) -> bool:
    return any(name[:end] in packages for end in range(1, len(name)))


def _is_importable(name: tuple[str, ...]) -> bool:
    return bool(name) and all(part.isidentifier() and not keyword.iskeyword(part) for part in name)
