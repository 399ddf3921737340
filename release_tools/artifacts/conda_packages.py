"""Read conda packages of both formats without unpacking them.

A ``.conda`` file is a zip of two compressed tars, one for what is installed and one for ``info/``; a ``.tar.bz2`` has
both in one. https://github.com/conda/ceps (CEP 26 for names, CEP 34 for ``info/``, CEP 35 for the formats)
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from release_tools.artifacts.members import (
    LIMITS,
    REBUILD,
    Limits,
    Member,
    MemberNames,
    join_lines,
    open_regular,
    refuse_member,
)
from release_tools.artifacts.streams import Frame, Packing, translate_errors
from release_tools.artifacts.tars import read_members
from release_tools.artifacts.zips import Zip, open_zip
from release_tools.errors import ArchiveError

_FORMAT_VERSION: Final = 2
_INFO: Final = "info/"
_SUFFIXES: Final = (".conda", ".tar.bz2")
_CASELESS: Final = ("noarch", "osx", "win")
_DOCUMENTS: Final = tuple(
    _INFO + name
    for name in ("index.json", "paths.json", "link.json", "about.json", "tests/tests.yaml", "recipe/recipe.yaml")
)
_T = TypeVar("_T")


@dataclass(frozen=True)
class CondaPackage:
    """A conda package whose every installed file has been checked against its ``info/paths.json``.

    Attributes:
        path: of the file.
        name: of the package.
        version: as conda writes it.
        build: the build string.
        build_number: orders the builds of one version.
        subdir: the channel folder that it belongs in.
        noarch: ``python``, ``generic``, or empty.
        depends: what it needs, as match specs.
        constrains: versions of other packages that it can be installed with, as match specs.
        entry_points: the commands that its installer creates, each ``name = module:function``.
        members: the files that are installed, in their order in the archive.
        info: the files under ``info/``.
        documents: the content of the ``info/`` files that conda itself reads, by their name without ``info/``.
    """

    path: Path
    name: str
    version: str
    build: str
    build_number: int
    subdir: str
    noarch: str
    depends: tuple[str, ...]
    constrains: tuple[str, ...]
    entry_points: tuple[str, ...]
    members: tuple[Member, ...]
    info: tuple[Member, ...]
    documents: Mapping[str, bytes]


def read_conda(path: Path, limits: Limits = LIMITS) -> CondaPackage:
    """Read a conda package and check every file of it.

    Raises:
        ArchiveError: it is corrupt, hostile, or not what its file name or its ``info/paths.json`` says.
    """
    with _open_members(path, limits) as found:
        everything = list(found)
    documents = {member.name.removeprefix(_INFO): content for member, content in everything if content}
    index = _Fields.read(documents, "index.json", path.name)
    package = CondaPackage(
        path=path,
        name=index.get("name", str),
        version=index.get("version", str),
        build=index.get("build", str),
        build_number=index.get("build_number", int),
        subdir=index.get("subdir", str, ""),
        noarch=index.get("noarch", str, ""),
        depends=index.texts("depends"),
        constrains=index.texts("constrains"),
        entry_points=_read_entry_points(documents, path.name),
        members=tuple(member for member, _ in everything if not _is_info(member)),
        info=tuple(member for member, _ in everything if _is_info(member)),
        documents=documents,
    )
    _check_identity(package, limits)
    _check_paths(package, _Fields.read(documents, "paths.json", path.name))
    return package


def _is_info(member: Member) -> bool:
    return member.name.startswith(_INFO)


def _read_entry_points(documents: Mapping[str, bytes], archive: str) -> tuple[str, ...]:
    """Return the commands of a package for every platform; others have no ``link.json``."""
    if "link.json" not in documents:
        return ()
    link = _Fields.read(documents, "link.json", archive)
    return _Fields(link.get("noarch", dict, {}), archive).texts("entry_points")


@contextmanager
def _open_members(path: Path, limits: Limits) -> Iterator[Iterator[tuple[Member, bytes]]]:
    """Open a package; give the members of the payload, then those of ``info/``, in a ``.tar.bz2`` in their order."""
    names = MemberNames(path.name, limits, case_sensitive=True)
    if path.name.endswith(".tar.bz2"):
        with open_regular(path) as (file, size):
            ceiling = limits.compute_ceiling(size, limits.conda_ratio)
            frame = Frame(file, start=0, packed=size, packing=Packing.BZIP2, ceiling=ceiling, shown=path.name)
            yield read_members(frame, path.name, names, _DOCUMENTS.__contains__, limits)
        return
    if not path.name.endswith(".conda"):
        raise ArchiveError(f"{path.name}: neither a .conda nor a .tar.bz2 file", "Pass a conda package.")
    with open_zip(path, limits) as archive:
        metadata = _Fields.read({"metadata.json": archive.read("metadata.json")}, "metadata.json", path.name)
        if metadata.get("conda_pkg_format_version", int) != _FORMAT_VERSION:
            raise ArchiveError(f"{path.name}: not version {_FORMAT_VERSION} of the conda package format", REBUILD)
        yield chain.from_iterable(_read_component(archive, part, names) for part in ("pkg", "info"))


def _read_component(archive: Zip, part: str, names: MemberNames) -> Iterator[tuple[Member, bytes]]:
    """Yield the members of one of the two tars in a ``.conda`` file."""
    stem = archive.shown.removesuffix(".conda")
    wanted = {"metadata.json", f"pkg-{stem}.tar.zst", f"info-{stem}.tar.zst"}
    if archive.entries.keys() != wanted:
        found = ", ".join(map(repr, archive.entries))
        raise ArchiveError(f"{archive.shown}: exactly {', '.join(sorted(wanted))} are needed, found {found}", REBUILD)
    name = f"{part}-{stem}.tar.zst"
    shown = f"{archive.shown}: {name}"
    entry = archive.open(name).finish().entry
    if entry.packing is not Packing.STORED:
        raise ArchiveError(f"{shown}: compressed twice", REBUILD)
    frame = Frame(
        archive.file,
        start=entry.start,
        packed=entry.packed,
        packing=Packing.ZSTD,
        ceiling=archive.limits.compute_ceiling(entry.packed, archive.limits.conda_ratio),
        shown=shown,
    )
    for member, content in read_members(frame, shown, names, _DOCUMENTS.__contains__, archive.limits):
        if member.name.startswith(_INFO) != (part == "info"):
            raise refuse_member(shown, member.name, "belongs to the other part of the package")
        yield member, content


def _check_identity(package: CondaPackage, limits: Limits) -> None:
    """Compare ``info/index.json`` with the file name, and the names with what the package's systems can hold."""
    stem = f"{package.name}-{package.version}-{package.build}"
    if package.path.name.removeprefix(stem) not in _SUFFIXES:
        raise ArchiveError(f"{package.path.name}: its info/index.json says {join_lines(stem)}", REBUILD)
    if package.subdir.startswith(_CASELESS):
        names = MemberNames(package.path.name, limits)
        for member in package.members:
            names.add(member.name)


def _check_paths(package: CondaPackage, paths: "_Fields") -> None:
    """Compare ``info/paths.json`` with the files.

    Raises:
        ArchiveError: they disagree; it names all that do.
    """
    entries = [_Fields.of(fields, package.path.name) for fields in paths.get("paths", list)]
    stated = {entry.get("_path", str): entry for entry in entries}
    faults = [f"{name!r}: in paths.json twice" for name in _list_repeated(entry.get("_path", str) for entry in entries)]
    faults += filter(None, (_find_path_fault(member, stated.pop(member.name, None)) for member in package.members))
    faults += [f"{name!r}: in paths.json, but not in the package" for name in stated if not _is_folder(stated[name])]
    if faults:
        raise ArchiveError(f"{package.path.name}: info/paths.json does not match the content", REBUILD, faults=faults)


def _list_repeated(names: Iterable[str]) -> list[str]:
    return [name for name, times in Counter(names).items() if times > 1]


def _is_folder(stated: "_Fields") -> bool:
    return stated.get("path_type", str, "") == "directory"


def _find_path_fault(member: Member, stated: "_Fields | None") -> str:
    """Return how a file differs from its entry in ``info/paths.json``; empty where it does not."""
    if stated is None:
        return f"{member.name!r}: in the package, but not in paths.json"
    if member.link:
        return ""
    content = (stated.get("sha256", str), stated.get("size_in_bytes", int))
    return "" if content == (member.sha256, member.size) else f"{member.name!r}: content does not match paths.json"


@dataclass(frozen=True)
class _Fields:
    """A JSON object of ``info/``, its fields read by type."""

    fields: dict[str, Any]
    shown: str

    @classmethod
    def of(cls, value: object, shown: str) -> Self:
        """Return the fields of a value inside a document; a value that is no object has none."""
        return cls(value if isinstance(value, dict) else {}, shown)

    @classmethod
    def read(cls, documents: Mapping[str, bytes], name: str, archive: str) -> Self:
        """Read one document.

        Raises:
            ArchiveError: it is missing, or not a JSON object without repeated keys.
        """
        shown = f"{archive}: info/{name}"
        if name not in documents:
            raise ArchiveError(f"{shown} is missing", REBUILD)
        with translate_errors(shown):
            fields = json.loads(documents[name], object_pairs_hook=_reject_duplicates)
        if not isinstance(fields, dict):
            raise ArchiveError(f"{shown}: not an object", REBUILD)
        return cls(fields, shown)

    def get(self, field: str, kind: type[_T], default: _T | None = None) -> _T:
        """Return a field's value.

        Raises:
            ArchiveError: it is of another type, or missing (or null) and there is no default.
        """
        value = self.fields.get(field)
        value = default if value is None else value
        if not isinstance(value, kind):
            raise ArchiveError(f"{self.shown}: {field} is {value!r:.80}, not of type {kind.__name__}", REBUILD)
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        """Return a field's list of texts; empty where it is missing.

        Raises:
            ArchiveError: it is anything else.
        """
        values: list[Any] = self.get(field, list, [])
        if not all(isinstance(value, str) for value in values):
            raise ArchiveError(f"{self.shown}: {field} holds something else than texts", REBUILD)
        return tuple(values)


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; refuse a repeated key, which parsers read differently."""
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key is there twice")
    return fields
