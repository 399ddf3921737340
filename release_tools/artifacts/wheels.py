"""Read wheels member by member, without unpacking them.

https://packaging.python.org/specifications/binary-distribution-format/ and
https://packaging.python.org/specifications/recording-installed-packages/
"""

import base64
import csv
import io
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Final, NamedTuple

from packaging.tags import InvalidTag, Tag, parse_tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from release_tools.artifacts.binaries import BinaryFacts, count_needed_bytes, is_binary, read_binary
from release_tools.artifacts.core_metadata import CoreMetadata, check_identity, parse_entry_points, parse_metadata
from release_tools.artifacts.install_scheme import InstallScheme, import_names, install_path_of
from release_tools.artifacts.members import (
    LIMITS,
    PLACEHOLDER_START,
    REBUILD,
    Limits,
    Member,
    MemberNames,
    describe_encryption,
    describe_placeholder,
    join_lines,
    open_regular,
    refuse_member,
)
from release_tools.artifacts.streams import translate_errors
from release_tools.artifacts.zips import Content, Entry, Zip, open_zip
from release_tools.errors import ArchiveError

_HASHES: Final = ("", "sha256", "sha384", "sha512")
_UNRECORDED: Final = ("RECORD", "RECORD.jws", "RECORD.p7s")
_KEPT: Final = 64 << 20
"""The most bytes of memory that a thread keeps from one binary to the next."""
_LICENSES: Final = ("LICEN", "COPYING", "NOTICE", "AUTHORS")


@dataclass(frozen=True)
class Wheel:
    """A wheel whose every byte has been checked against its RECORD.

    Attributes:
        path: of the file.
        metadata: its METADATA.
        build: its build tag, a number and the text after it; ``()`` without one.
        tags: what it runs on.
        pure: whether its root goes to purelib.
        generator: the tool that built it, as its file WHEEL says.
        members: its files, in their order in the archive.
        dist_info: the name of its ``.dist-info`` folder.
        entry_points: of every group.
        license_files: the names of the members that hold its license texts.
        binaries: what each member that is a program or a library runs on, by its name.
        entries: where each member is in the file.
        streaming_fault: why a program that reads only the local headers of the file would fail; empty where it would
            not. PyPI refuses such wheels.
    """

    path: Path
    metadata: CoreMetadata
    build: tuple[()] | tuple[int, str]
    tags: frozenset[Tag]
    pure: bool
    generator: str
    members: tuple[Member, ...]
    dist_info: str
    entry_points: tuple[EntryPoint, ...]
    license_files: tuple[str, ...]
    binaries: Mapping[str, BinaryFacts] = field(repr=False)
    entries: Mapping[str, Entry] = field(repr=False, compare=False)
    streaming_fault: str

    def read(self, *names: str) -> tuple[bytes, ...]:
        """Return the whole contents of some members.

        Raises:
            ArchiveError: a name is missing, or the file is no longer the one that was checked.
        """
        if not names:
            return ()
        with self._reopen() as archive:
            return tuple(archive.read(name) for name in names)

    def stream(self) -> Iterator[tuple[Member, Content]]:
        """Yield every member with its content, to be read in this order; nothing is held in memory.

        Raises:
            ArchiveError: the file is no longer the one that was checked.
        """
        with self._reopen() as archive:
            for member in self.members:
                content = archive.open(member.name)
                yield member, content
                if content.finish().digest().hex() != member.sha256:
                    raise refuse_member(self.path.name, member.name, "has changed since the wheel was checked")

    @contextmanager
    def _reopen(self) -> Iterator[Zip]:
        """Open the file again, with the members where they were; one that changed fails its checksum."""
        with open_regular(self.path) as (file, _):
            yield Zip(file, self.path.name, self.entries, LIMITS, self.streaming_fault)

    @property
    def top_level(self) -> tuple[str, ...]:
        """Return the folders and files that the wheel installs into site-packages, except its ``.dist-info``."""
        return tuple(sorted({path.partition("/")[0] for path in self._list_lib_paths()} - {self.dist_info}))

    @property
    def import_names(self) -> tuple[str, ...]:
        """Return the outermost modules and packages that it installs: its Import-Name (PEP 794), or by its files.

        Those of an extra are left out: to import them may need what the extra requires.
        """
        found = import_names(path for path in self._list_lib_paths() if not path.startswith(f"{self.dist_info}/"))
        return self._stated_import_names or tuple(name for name in found if name not in self.extra_modules) or found

    @property
    def _stated_import_names(self) -> tuple[str, ...]:
        stated = [name.partition(";") for name in self.metadata.raw.get("import_names", [])]
        return tuple(sorted(name.strip() for name, _, private in stated if name.strip() and not private))

    @property
    def extra_modules(self) -> frozenset[str]:
        """Return the modules that only commands of an extra use."""
        behind = {point.module for point in self.entry_points if point.extras}
        return frozenset(behind - {point.module for point in self.entry_points if not point.extras})

    def _list_lib_paths(self) -> list[str]:
        places = (install_path_of(member.name) for member in self.members)
        return [place.path for place in places if place and place.scheme is InstallScheme.LIB]


def read_wheel(path: Path, limits: Limits = LIMITS) -> Wheel:
    """Read a wheel and check every byte of it.

    Raises:
        ArchiveError: it is corrupt, hostile, or not what its file name, WHEEL or RECORD says.
    """
    try:
        name, version, build, tags = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise ArchiveError(f"{path.name}: {error}", "A wheel is called name-version-tags.whl.") from error
    with open_zip(path, limits) as archive:
        dist_info = _find_dist_info(archive)
        metadata = parse_metadata(archive.read(f"{dist_info}/METADATA"), f"{path.name}: METADATA")
        check_identity(metadata, name, str(version), path.name, "its file name")
        stem = dist_info.removesuffix(".dist-info").rpartition("-")
        check_identity(metadata, stem[0], stem[2], path.name, f"its folder {dist_info}")
        pure, generator = _check_wheel_file(archive, dist_info, tags)
        _check_places(archive, dist_info, limits)
        members, binaries = _read_verified_members(archive, dist_info)
        points = f"{dist_info}/entry_points.txt"
        has_points = points in archive.entries
        return Wheel(
            path=path,
            metadata=metadata,
            build=build,
            tags=tags,
            pure=pure,
            generator=generator,
            members=members,
            dist_info=dist_info,
            entry_points=parse_entry_points(archive.read(points), f"{path.name}: {points}") if has_points else (),
            license_files=_list_license_files(archive, dist_info, metadata),
            binaries=binaries,
            entries=archive.entries,
            streaming_fault=archive.streaming_fault,
        )


def _find_dist_info(archive: Zip) -> str:
    tops = {name.partition("/")[0] for name in archive.entries if ".dist-info/" in name}
    folders = sorted(top for top in tops if top.endswith(".dist-info"))
    if len(folders) != 1:
        found = ", ".join(folders) or "none"
        raise ArchiveError(f"{archive.shown}: exactly one .dist-info folder is needed, found {found}", REBUILD)
    return folders[0]


def _check_wheel_file(archive: Zip, dist_info: str, tags: frozenset[Tag]) -> tuple[bool, str]:
    """Compare WHEEL with the file name; return whether the root is purelib, and the generator."""
    shown = f"{archive.shown}: {dist_info}/WHEEL"
    with translate_errors(shown):
        wheel = BytesParser().parsebytes(archive.read(f"{dist_info}/WHEEL"))
        stated = {tag for line in wheel.get_all("Tag", []) for tag in _read_tags(str(line))}
    _check_format_version(str(wheel.get("Wheel-Version", "")), shown)
    if stated != tags:
        shown_tags = ", ".join(sorted(map(str, stated))) or "none"
        raise ArchiveError(f"{shown}: its tags ({join_lines(shown_tags)}) are not those of the file name", REBUILD)
    return str(wheel.get("Root-Is-Purelib", "")).lower() == "true", str(wheel.get("Generator", ""))


def _check_format_version(version: str, shown: str) -> None:
    if version.partition(".")[0] != "1":
        raise ArchiveError(f"{shown}: Wheel-Version is {join_lines(version) or 'missing'}, not 1.x", REBUILD)


def _read_tags(line: str) -> frozenset[Tag]:
    try:
        return parse_tag(line.strip())
    except InvalidTag:
        return frozenset()


def _check_places(archive: Zip, dist_info: str, limits: Limits) -> None:
    """Refuse members that would be installed to one path, or to no path at all."""
    stem = canonicalize_name(dist_info.removesuffix(".dist-info"))
    if not any(".data/" in name for name in archive.entries):
        return
    places = MemberNames(archive.shown, limits)
    for name in (entry.name for entry in archive.entries.values() if not entry.folder):
        place = install_path_of(name)
        if place is None or _is_in_foreign_data(name, stem):
            raise refuse_member(archive.shown, name, "is in a data folder that installers do not know")
        places.add(f"{place.scheme}/{place.path}")


def _is_in_foreign_data(name: str, stem: str) -> bool:
    """Return whether a member is in a ``.data`` folder of another project or version."""
    folder = name.partition("/")[0]
    return folder.endswith(".data") and canonicalize_name(folder.removesuffix(".data")) != stem


def _read_verified_members(archive: Zip, dist_info: str) -> tuple[tuple[Member, ...], dict[str, BinaryFacts]]:
    """Return every file, its size and digest compared with RECORD, and what those that are binaries run on.

    Raises:
        ArchiveError: some disagree; it names all of them.
    """
    record = _record(archive, dist_info)
    files = {entry.name: entry for entry in archive.entries.values() if not entry.folder}
    unrecorded = {f"{dist_info}/{name}" for name in _UNRECORDED}
    faults = [f"{name!r}: in RECORD, but not in the wheel" for name in sorted(record.keys() - files.keys())]
    members = []
    binaries = {}
    for entry in sorted(files.values(), key=lambda entry: entry.start):
        recorded = record.get(entry.name, _Recorded("sha256", b"", ""))
        content = archive.open(entry.name, recorded.algorithm)
        head = content.read(PLACEHOLDER_START)
        if is_binary(head):
            binaries[entry.name] = _read_whole(content, head, archive.limits)
        members.append(_make_member(content.finish(), head))
        if entry.name not in unrecorded:
            faults += _find_record_faults(content, recorded)
    if faults:
        raise ArchiveError(f"{archive.shown}: RECORD does not match the content", REBUILD, faults=faults)
    return tuple(members), binaries


def _make_member(content: Content, head: bytes) -> Member:
    """Return a file whose content was read to its end, and which begins with these bytes."""
    entry = content.entry
    return Member(
        entry.name,
        entry.size,
        content.digest().hex(),
        entry.executable,
        placeholder=describe_placeholder(head),
        encryption=describe_encryption(entry.name, head),
    )


def _find_record_faults(content: Content, recorded: "_Recorded") -> Iterator[str]:
    """Yield how a file whose content was read differs from its line in RECORD."""
    entry = content.entry
    if not recorded.digest:
        yield f"{entry.name!r}: in the wheel, but its digest is not in RECORD"
    elif content.digest(recorded.algorithm) != recorded.digest or recorded.size not in ("", str(entry.size)):
        yield f"{entry.name!r}: content does not match RECORD"


class _Memory(threading.local):
    """Memory that a thread reads one binary after another into, as the system takes long to give a process more."""

    def __init__(self) -> None:
        self.file = io.BytesIO()


_MEMORY: Final = _Memory()


def _read_whole(content: Content, head: bytes, limits: Limits) -> BinaryFacts:
    """Return what a binary runs on; what is read of it is held in memory until then, and of none but this one."""
    size = count_needed_bytes(head, content.entry.size)
    if size > limits.binary:
        return BinaryFacts("", fault=f"it has {size} bytes, more than {limits.binary}")
    memory = _MEMORY.file if size <= _KEPT else io.BytesIO()
    memory.seek(0)
    memory.write(head)
    while memory.tell() < size and (chunk := content.read_some()):
        memory.write(chunk[: size - memory.tell()])
    memory.truncate()
    return read_binary(memory)


class _Recorded(NamedTuple):
    """One line of RECORD."""

    algorithm: str
    digest: bytes
    size: str


def _record(archive: Zip, dist_info: str) -> dict[str, _Recorded]:
    """Return the lines of RECORD by the member's name."""
    name = f"{dist_info}/RECORD"
    record: dict[str, _Recorded] = {}
    with translate_errors(f"{archive.shown}: {name}"):
        for row in csv.reader(io.StringIO(archive.read(name).decode(), newline=""), strict=True):
            path, hashed, size = row
            algorithm, _, digest = hashed.partition("=")
            if path in record or algorithm not in _HASHES:
                raise ValueError(f"{path!r} is listed twice, or with a digest that is none of {', '.join(_HASHES)}")
            padded = digest + "=" * (-len(digest) % 4)
            record[path] = _Recorded(algorithm or "sha256", base64.b64decode(padded, b"-_", validate=True), size)
    return record


def _list_license_files(archive: Zip, dist_info: str, metadata: CoreMetadata) -> tuple[str, ...]:
    """Return the members that License-File names (PEP 639, or setuptools before it), else those named like licenses."""
    stated = metadata.raw.get("license_files", [])
    possible = (f"{folder}/{path}" for path in stated for folder in (f"{dist_info}/licenses", dist_info))
    names = [name for name in possible if name in archive.entries]
    return tuple(dict.fromkeys(names or _find_named_licenses(archive, dist_info)))


def _find_named_licenses(archive: Zip, dist_info: str) -> Iterator[str]:
    for name in archive.entries:
        if name.startswith(f"{dist_info}/") and _is_named_license(name):
            yield name


def _is_named_license(name: str) -> bool:
    return name.rpartition("/")[2].upper().startswith(_LICENSES)
