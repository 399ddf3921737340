"""Conda packages of a build tool, rewritten so that the same commit gives the same bytes.

rattler-build and conda-build leave in a package when, where and from which channels it was built. None of it is used
by an installer. What is used stays: files, prefixes, requirements, tests and licenses.
"""

import base64
import csv
import hashlib
import io
import json
import posixpath
import re
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from release_tools.artifacts import CondaPackage
from release_tools.builders.conda.package_writer import Package, PackageEntry, Readable, Style, write_package

_MILLISECONDS: Final = 1000
_EXECUTABLE: Final = 0o100
_PYC_FLAGS, _PYC_TIME, _PYC_SIZE = slice(4, 8), slice(8, 12), slice(12, 16)
_CANONICAL: Final = "/opt/release-tools/"
_FILLER: Final = "placehold_"
# Where, when and with which tools it was built.
_ABOUT_LEFT_OUT: Final = ("channels", "conda_build_version", "conda_private", "conda_version", "env_vars", "root_pkgs")
_EXTRA_LEFT_OUT: Final = ("copy_test_source_files", "final", "flow_run_id", "parent_recipe", "remote_url", "sha")
_INFO_LEFT_OUT: Final = ("git", "recipe/rendered_recipe.yaml")
_OF_ONE_INSTALLATION: Final = re.compile(r"\.(?:dist|egg)-info/direct_url\.json$")
_CACHED: Final = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<module>[^/.]+)\.[^/]*\.pyc")
_RECORD: Final = re.compile(r"\.dist-info/RECORD$")
_BUILD_PREFIX: Final = re.compile(rb"/[ -~]{0,255}?_env_placehold[_placehod]*(?=/)")
_RENDERED, _TEMPLATE = "recipe/meta.yaml", "recipe/meta.yaml.template"


@dataclass
class _File:
    """A file of the payload while it is rewritten.

    Attributes:
        path: of its content on disk.
        executable: whether its owner may execute it.
        link: what it points to, where it is a symbolic link.
        is_folder: whether it is an empty folder.
        sha256: of its content as it is to be.
        size: of its content as it is to be.
    """

    path: Path
    executable: bool = False
    link: str = ""
    is_folder: bool = False
    sha256: str = ""
    size: int = 0

    @property
    def is_plain(self) -> bool:
        """Return whether it is a file with content of its own."""
        return not (self.link or self.is_folder)

    def write(self, content: bytes) -> None:
        """Replace the content."""
        self.path.write_bytes(content)
        self.sha256, self.size = hashlib.sha256(content).hexdigest(), len(content)


def normalise(
    package: CondaPackage, folder: Path, scratch: Path, styles: Sequence[Style], built_in: Sequence[Path] = ()
) -> tuple[Path, ...]:
    """Write a package again, in each of these styles, without a trace of the machine that built it.

    Args:
        package: as `archives.read_conda` checked it.
        folder: where the packages are written, without their subdir; made if it is missing.
        scratch: an empty folder for the content of the package.
        styles: of the files; the time of the first is that of the package.
        built_in: folders whose paths are replaced by ``.`` in the texts under ``info/``.

    Returns:
        The files, in the order of the styles.

    Raises:
        OSError: the scratch folder or the new file cannot be written.
    """
    scratch.mkdir(parents=True, exist_ok=True)
    documents, files = _unpack(package, scratch)
    time = styles[0].time
    recorded = {str(path["_path"]): path for path in json.loads(documents["paths.json"])["paths"]}
    placeholders = _rewrite_payload(files, recorded, time)
    info = _rewrite_info(documents, time, [*_sort_pairs(placeholders), *_find_relative_paths(built_in)])
    info["paths.json"] = _normalise_paths(files, recorded, placeholders)
    if "files" in info:
        info["files"] = "".join(f"{name}\n" for name, file in sorted(files.items()) if not file.is_folder).encode()
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{package.name}-{package.version}-{package.build}"
    ordered = sorted(files.items())
    entries = [PackageEntry(name, file.size, file.executable, file.link, file.is_folder) for name, file in ordered]
    return tuple(
        write_package(folder, Package(stem, info, entries, _read_contents([file for _, file in ordered])), style)
        for style in styles
    )


def _unpack(package: CondaPackage, scratch: Path) -> tuple[dict[str, bytes], dict[str, _File]]:
    """Return the documents under ``info/``, and the payload as files of the scratch folder."""
    documents: dict[str, bytes] = {}
    files: dict[str, _File] = {}
    folders: list[str] = []
    for archive, member in iterate_members(package.path):
        if member.isdir():
            folders.append(member.name.rstrip("/"))
        elif member.issym():
            files[member.name] = _File(scratch, link=member.linkname)
        elif content := archive.extractfile(member):
            _unpack_file(member, content, documents, files, scratch)
    for name in _list_empty(folders, files):
        files[name] = _File(scratch, is_folder=True)
    return documents, {name: file for name, file in files.items() if not _is_byte_code_of_others(name, files)}


def _unpack_file(
    member: tarfile.TarInfo, content: IO[bytes], documents: dict[str, bytes], files: dict[str, _File], scratch: Path
) -> None:
    """Take a document of ``info/``, or a file of the payload, into one of the two dictionaries."""
    if member.name.startswith("info/"):
        documents[member.name.removeprefix("info/")] = content.read()
    elif not _OF_ONE_INSTALLATION.search(member.name):
        file = files[member.name] = _File(scratch / str(len(files)), bool(member.mode & _EXECUTABLE))
        file.sha256, file.size = _store(content, file.path)


def _list_empty(folders: Sequence[str], files: Iterable[str]) -> list[str]:
    """Return the folders of the payload that have nothing in them."""
    every = (*files, *folders)
    of_payload = [name for name in folders if name.partition("/")[0] != "info"]
    return [name for name in of_payload if not any(path.startswith(f"{name}/") for path in every)]


def _is_byte_code_of_others(name: str, files: Mapping[str, _File]) -> bool:
    """Return whether a file is byte code of a module that another package brings, cached when the build used it."""
    found = _CACHED.fullmatch(name)
    return found is not None and f"{found['folder']}{found['module']}.py" not in files


def iterate_members(path: Path) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
    """Return each member of a package with the archive to read it from; the package was checked before."""
    from conda_package_streaming.package_streaming import stream_conda_component

    parts = ("pkg",) if path.name.endswith(".tar.bz2") else ("info", "pkg")
    with path.open("rb") as file:
        for part in parts:
            file.seek(0)
            yield from stream_conda_component(path.name, file, part)


def _store(content: IO[bytes], path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("wb") as file:
        while chunk := content.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return digest.hexdigest(), size


def _rewrite_payload(files: Mapping[str, _File], recorded: Mapping[str, Any], time: int) -> dict[str, str]:
    """Rewrite what depends on when and where the package was built.

    Args:
        files: of the payload, by their paths in the package.
        recorded: the entries of ``paths.json``, by path.
        time: of every source file, in seconds since the epoch.

    Returns:
        The prefix that the build wrote into files, by the path of each.
    """
    prefixes: dict[str, str] = {}
    changed: set[str] = set()
    for name, file in files.items():
        if file.is_plain:
            prefixes[name] = _read_prefix(recorded.get(name, {}))
            changed |= {name} if _rewrite_file(name, file, prefixes[name], time) else set()
    for name in filter(_RECORD.search, files):
        files[name].write(_record_of(name, files, changed))
    return {name: prefix for name, prefix in prefixes.items() if prefix.startswith("/")}


def _read_prefix(entry: Mapping[str, Any]) -> str:
    """Return the prefix that ``paths.json`` records for a file; empty for none."""
    return str(entry.get("prefix_placeholder") or "")


def _rewrite_file(name: str, file: _File, prefix: str, time: int) -> bool:
    """Rewrite the prefix and the time in one file; return whether it has changed."""
    is_byte_code = name.endswith(".pyc")
    if not (is_byte_code or prefix.startswith("/")):
        return False
    content = fresh = file.path.read_bytes()
    if prefix:
        fresh = fresh.replace(prefix.encode(), _canonicalise(prefix).encode())
    if is_byte_code:
        fresh = _normalise_pyc(fresh, time)
    if fresh != content:
        file.write(fresh)
    return fresh != content


def _canonicalise(placeholder: str) -> str:
    """Return a prefix of the same length that is the same on every machine; installers replace it in any case."""
    filled = _CANONICAL + _FILLER * (len(placeholder) // len(_FILLER) + 1)
    return filled[: len(placeholder)]


def _normalise_pyc(content: bytes, time: int) -> bytes:
    """Return byte code that is valid for a source file of this time (PEP 552), without the path of its build.

    The build tools do not list it among the files that contain the prefix. Byte code that checks its source by a hash
    has no time.
    """
    content = _BUILD_PREFIX.sub(lambda found: _canonicalise(found[0].decode()).encode(), content)
    if len(content) < _PYC_SIZE.stop or any(content[_PYC_FLAGS]):
        return content
    return content[: _PYC_TIME.start] + (time & 0xFFFFFFFF).to_bytes(4, "little") + content[_PYC_TIME.stop :]


def _record_of(name: str, files: Mapping[str, _File], changed: set[str]) -> bytes:
    """Return a RECORD that is true of the rewritten files."""
    root = posixpath.dirname(posixpath.dirname(name))
    rows = csv.reader(io.StringIO(files[name].path.read_text(encoding="utf-8")))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in sorted(filter(None, rows)):
        path = posixpath.normpath(posixpath.join(root, row[0]))
        if not _OF_ONE_INSTALLATION.search(path):
            has_digest = row[1:2] != [""]
            writer.writerow(_make_row(row[0], files[path]) if path in changed and has_digest else row)
    return text.getvalue().encode()


def _make_row(name: str, file: _File) -> list[str]:
    digest = base64.urlsafe_b64encode(bytes.fromhex(file.sha256)).rstrip(b"=").decode()
    return [name, f"sha256={digest}", str(file.size)]


def _rewrite_info(documents: Mapping[str, bytes], time: int, replaced: Sequence[tuple[str, str]]) -> dict[str, bytes]:
    """Return the documents under ``info/``, without ``paths.json``, as they are to be."""
    kept = {name: content for name, content in documents.items() if name not in _INFO_LEFT_OUT}
    if _TEMPLATE in kept:
        kept[_RENDERED] = kept.pop(_TEMPLATE)
    rewrite: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "index.json": lambda index: _normalise_index(index, time),
        "about.json": _normalise_about,
    }
    for name, change in rewrite.items():
        if name in kept:
            kept[name] = _dump_json(change(json.loads(kept[name])))
    return {name: _replace(content, replaced) for name, content in sorted(kept.items()) if name != "paths.json"}


def _normalise_index(index: dict[str, Any], time: int) -> dict[str, Any]:
    lists: dict[str, Any] = {field: sorted(index[field]) for field in ("depends", "constrains") if field in index}
    return index | lists | {"timestamp": time * _MILLISECONDS}


def _normalise_about(about: dict[str, Any]) -> dict[str, Any]:
    kept = {field: value for field, value in about.items() if field not in _ABOUT_LEFT_OUT}
    if isinstance(kept.get("extra"), dict):
        kept["extra"] = {field: value for field, value in kept["extra"].items() if field not in _EXTRA_LEFT_OUT}
    return kept


def _normalise_paths(files: Mapping[str, _File], recorded: Mapping[str, Any], placeholders: Mapping[str, str]) -> bytes:
    """Return ``paths.json`` of the rewritten files."""
    entries = []
    for name, file in sorted(files.items()):
        if file.is_folder:  # listed only where the build tool did: not every installer can link a folder
            entries += [recorded[name]] if name in recorded else []
            continue
        entry = {"path_type": "softlink" if file.link else "hardlink", **recorded.get(name, {}), "_path": name}
        target = _find_target(name, files)
        if target is not None:
            entry |= {"sha256": target.sha256, "size_in_bytes": target.size}
        if name in placeholders:
            entry["prefix_placeholder"] = _canonicalise(placeholders[name])
        entries.append(entry)
    return _dump_json({"paths": entries, "paths_version": 1})


def _find_target(name: str, files: Mapping[str, _File]) -> _File | None:
    """Return the file of this name, or the one that it links to; None where that is a link too, or not there."""
    file = files[name]
    if not file.link:
        return file
    target = files.get(posixpath.normpath(posixpath.join(posixpath.dirname(name), file.link)))
    return None if target is None or target.link else target


def _sort_pairs(placeholders: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(old, _canonicalise(old)) for old in sorted(set(placeholders.values()))]


def _find_relative_paths(folders: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Return each spelling of a folder's path, the longest first."""
    for folder in folders:
        for one in (folder, folder.resolve()):
            yield from ((one.as_uri(), "."), (one.as_posix(), "."), (str(one), "."))


def _replace(content: bytes, pairs: Sequence[tuple[str, str]]) -> bytes:
    for old, new in pairs:
        content = content.replace(old.encode(), new.encode())
    return content


def _read_contents(files: Sequence[_File]) -> Iterator[Readable]:
    """Return the content of each file, one open at a time; a link has none."""
    for file in files:
        if file.link or file.is_folder:
            yield io.BytesIO()
        else:
            with file.path.open("rb") as content:
                yield content


def _dump_json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=False).encode()
