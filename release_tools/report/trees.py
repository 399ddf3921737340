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


def build_tree(members: Iterable[Member], name: str = "") -> Folder:
    """Return the members as nested folders; a chain of folders with nothing else in them is one."""
    files: list[File] = []
    inner: dict[str, list[Member]] = {}
    for member in members:
        head, slash, rest = member.name.partition("/")
        if slash:
            inner.setdefault(head, []).append(Member(rest, member.size, member.sha256, member.executable, member.link))
        else:
            files.append(File(member.name, member.link, member.size))
    folders = tuple(build_tree(inner[head], head) for head in sorted(inner))
    if name and len(folders) == 1 and not files:
        (only,) = folders
        return Folder(f"{name}/{only.name}", only.size, only.count, only.folders, only.files)
    return Folder(
        name,
        sum(file.size for file in files) + sum(folder.size for folder in folders),
        len(files) + sum(folder.count for folder in folders),
        folders,
        tuple(sorted(files)),
    )


def pair_trees(wheel: Iterable[Member], conda: Iterable[Member]) -> tuple[Pair, ...]:
    """Return each file of the wheel with the one that the conda package installs for it, then those only there."""
    left = {member.name: member for member in conda}
    pairs = []
    for member in wheel:
        twin = left.pop(noarch.find_installed_path(member.name), None)
        pairs.append(
            Pair(member.name, twin.name if twin else "", member.size, bool(twin and twin.sha256 == member.sha256))
        )
    alone = (Pair("", member.name, member.size, same=False) for member in left.values())
    return (*pairs, *alone)
