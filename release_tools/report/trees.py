"""Arrange the contents of artifacts for people: folded folders, and the files of wheel and conda package in pairs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from release_tools.artifacts import Member
from release_tools.recipe import noarch


class File(NamedTuple):
    """One file of an archive's folder; the page's template unpacks it, which is faster than asking it for each field.

    Attributes:
        name: its own.
        link: the target of a symbolic link; empty for any other file.
        size: in bytes.
    """

    name: str
    link: str
    size: int


@dataclass(frozen=True)
class Folder:
    """One folder of an archive.

    Attributes:
        name: its own, or several joined by slashes where each contains only the next.
        size: of all files in it, in bytes.
        count: of all files in it.
        folders: those in it, by name.
        files: those directly in it, by name.
    """

    name: str
    size: int
    count: int
    folders: tuple["Folder", ...]
    files: tuple[File, ...]


class Pair(NamedTuple):
    """One file in both packages; a path is empty where the package lacks it. The page's template unpacks it.

    Attributes:
        wheel: its path in the wheel.
        conda: its path in the conda package.
        size: in bytes.
        same: whether the bytes are the same.
    """

    wheel: str
    conda: str
    size: int
    same: bool


def build_tree(members: Iterable[Member]) -> Folder:
    """Return the members as nested folders; a chain of folders with nothing else in them is one."""
    return _build_folder("", [(member.name, member) for member in members])


def _build_folder(name: str, members: list[tuple[str, Member]]) -> Folder:
    """Return a folder of members, each with its path from there."""
    files: list[File] = []
    inner: dict[str, list[tuple[str, Member]]] = {}
    for path, member in members:
        head, slash, rest = path.partition("/")
        if slash:
            inner.setdefault(head, []).append((rest, member))
        else:
            files.append(File(path, member.link, member.size))
    folders = tuple(_build_folder(head, inner[head]) for head in sorted(inner))
    if name and len(folders) == 1 and not files:
        (only,) = folders
        return Folder(f"{name}/{only.name}", only.size, only.count, only.folders, only.files)
    return _sum_up_folder(name, folders, files)


def _sum_up_folder(name: str, folders: tuple[Folder, ...], files: Iterable[File]) -> Folder:
    """Return a folder with the size and the count of all files in it."""
    own = tuple(sorted(files))
    size = sum(file.size for file in own) + sum(folder.size for folder in folders)
    return Folder(name, size, len(own) + sum(folder.count for folder in folders), folders, own)


def pair_trees(wheel: Iterable[Member], conda: Iterable[Member]) -> tuple[Pair, ...]:
    """Return each file of the wheel with the one that the conda package installs for it, then those only there."""
    left = {member.name: member for member in conda}
    pairs = []
    for member in wheel:
        twin = left.pop(noarch.find_installed_path(member.name), None)
        pairs.append(_pair_members(member, twin))
    alone = (Pair("", member.name, member.size, same=False) for member in left.values())
    return (*pairs, *alone)


def _pair_members(member: Member, twin: Member | None) -> Pair:
    """Return a file of the wheel with its twin in the conda package, if it has one."""
    if twin is None:
        return Pair(member.name, "", member.size, same=False)
    return Pair(member.name, twin.name, member.size, same=twin.sha256 == member.sha256)
