"""The manifest of a release: its facts and its files, as JSON.

``build`` writes it to ``release.json`` next to the files, where a person reads it, and hands it to the jobs that
publish by another path, as the job output ``artifacts``: ``release.json`` and the files are compared with that one.
"""

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final, TypeVar

from packaging.version import InvalidVersion, Version

from release_tools.errors import OutputError, VerifyError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Kind, Release
from release_tools.model.versions import find_kind, is_safe_ref
from release_tools.planning.build_plan import PLAN_FILE
from release_tools.regular_files import open_regular_file, read_regular_file

FILENAME: Final = "release.json"
REPORT_PAGE: Final = "report.html"
RECIPE_FOLDER: Final = "recipe"
OWN_FILES: Final = frozenset({FILENAME, REPORT_PAGE, RECIPE_FOLDER, PLAN_FILE})
"""The entries of the output folder that are no artifacts."""
SCHEMA: Final = 1

_LARGEST: Final = 10_000_000
_PIECE: Final = 1 << 20
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,213}[A-Za-z0-9])?", re.ASCII)
_COMMIT: Final = re.compile(r"(?:[0-9a-f]{40}|[0-9a-f]{64})?", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SUBDIR: Final = re.compile(r"(?:noarch|[a-z0-9]{1,20}-[a-z0-9]{1,20})?", re.ASCII)
_T = TypeVar("_T")
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]{1,80}", re.ASCII)
_FACTS: Final = frozenset(
    {
        *("schema", "name", "version", "kind", "tag", "tagged", "commit", "commit-time", "artifacts"),
        *("plan", "job", "left-out"),  # of a compiled project alone
    }
)
_FILE_FACTS: Final = frozenset({"filename", "kind", "sha256", "size", "subdir"})


class ManifestError(ValueError):
    """A text is not a manifest, or one that contradicts itself."""


class SchemaError(ManifestError):
    """A manifest was written by another version of release-tools."""


def build_manifest(release: Release) -> dict[str, Any]:
    """Return the facts as plain data; the same release gives the same data on every machine."""
    return {
        "schema": SCHEMA,
        "name": release.name,
        "version": release.version,
        "kind": release.kind.value,
        "tag": release.tag,
        "tagged": release.tagged,
        "commit": release.commit,
        "commit-time": release.commit_time,
        **({"plan": release.plan_digest} if release.plan_digest else {}),
        **({"job": release.job} if release.job else {}),
        **({"left-out": list(release.left_out)} if release.left_out else {}),
        "artifacts": [describe_artifact(artifact) for artifact in release.artifacts],
    }


def describe_artifact(artifact: Artifact) -> dict[str, Any]:
    """Return one file's facts as plain data."""
    subdir = {"subdir": artifact.subdir} if artifact.subdir else {}
    return {
        "filename": artifact.filename,
        "kind": artifact.kind.value,
        "sha256": artifact.sha256,
        "size": artifact.size,
        **subdir,
    }


def dump(release: Release) -> str:
    """Return the text of ``release.json``."""
    return json.dumps(build_manifest(release), indent=2) + "\n"


def dump_canonical(release: Release) -> str:
    """Return the manifest on one line, keys sorted and without spaces: the job output ``artifacts``."""
    return json.dumps(build_manifest(release), sort_keys=True, separators=(",", ":"))


def load(folder: Path) -> Release:
    """Read the release whose files are in a folder; the files themselves are not opened.

    Raises:
        OutputError: there is no ``release.json``, it cannot be read, or it is not one of ours.
    """
    path = folder / FILENAME
    advice = "Type: release-tools build"
    try:
        return parse(read_regular_file(path, _LARGEST).decode("utf-8"), folder)
    except FileNotFoundError:
        raise OutputError(f"{path}: no such file, so the built files are unknown", advice) from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}", advice) from None
    except ValueError as error:
        raise OutputError(f"{path}: not written by this version of release-tools: {error}", advice) from None


def is_manifest(folder: Path) -> bool:
    """Return whether ``release.json`` of a folder is a manifest, of whichever version of release-tools."""
    path = folder / FILENAME
    try:
        if not path.is_symlink():
            parse(read_regular_file(path, _LARGEST).decode("utf-8"), folder)
    except SchemaError:
        return True
    except (OSError, ValueError):
        return False
    return not path.is_symlink()


def parse(text: str, folder: Path) -> Release:
    """Return the release that a manifest describes.

    Args:
        text: JSON, in any layout.
        folder: where the files are.

    Raises:
        SchemaError: it has another ``schema`` than ours.
        ManifestError: it is not JSON, a field is missing, unknown, repeated or malformed, or two fields contradict
            each other.
    """
    data = _parse_object(text)
    schema = _read_field(data, "schema", int)
    if schema != SCHEMA:
        raise SchemaError(f"its schema is {schema}, known is {SCHEMA}")
    _check_keys(data, _FACTS)
    items = _read_field(data, "artifacts", list)
    version = _read_version(data)
    release = Release(
        name=_read_text(data, "name", _NAME),
        version=str(version),
        kind=_read_kind(data, version),
        tag=_read_tag(data),
        tagged=_read_field(data, "tagged", bool),
        commit=_read_text(data, "commit", _COMMIT),
        commit_time=_read_number(data, "commit-time"),
        artifacts=tuple(_read_artifact(item, folder) for item in items),
        plan_digest=_read_text(data, "plan", _SHA256) if "plan" in data else "",
        job=_read_text(data, "job", _IDENTIFIER) if "job" in data else "",
        left_out=tuple(map(_read_identifier, _read_field({"left-out": [], **data}, "left-out", list))),
    )
    if len({artifact.key.casefold() for artifact in release.artifacts}) < len(items):
        raise ManifestError("a file is listed twice")
    return release


def _parse_object(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text, object_pairs_hook=_reject_duplicates)
    except RecursionError:
        raise ManifestError("nested too deeply") from None
    except ValueError as error:
        raise ManifestError(str(error)) from None
    if not isinstance(data, dict):
        raise ManifestError("not a JSON object")
    return data


def find_differences(release: Release, expected: Release) -> Iterator[str]:
    """Yield one line for each fact in which a release is not the expected one."""
    yield from _find_other_facts(build_manifest(release), build_manifest(expected))
    ours = {artifact.key: artifact for artifact in release.artifacts}
    theirs = {artifact.key: artifact for artifact in expected.artifacts}
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in theirs:
            yield f"{name}: listed in {FILENAME}, but not expected"
        elif name not in ours:
            yield f"{name}: expected, but not listed in {FILENAME}"
        else:
            yield from _find_file_differences(ours[name], theirs[name])


def _find_other_facts(found: dict[str, Any], wanted: dict[str, Any]) -> Iterator[str]:
    for key in wanted | found:
        if key != "artifacts" and found.get(key) != wanted.get(key):
            yield f"{FILENAME}: {key} is {found.get(key)!r}, expected {wanted.get(key)!r}"


def other_files(folder: Path, artifacts: Sequence[Artifact]) -> Iterator[str]:
    """Yield the entries of an output folder that are neither an artifact nor `OWN_FILES`, by their paths in it.

    Only folders of conda packages are searched; hidden entries are left out.
    """
    known = {artifact.key for artifact in artifacts} | OWN_FILES
    subdirs = {artifact.subdir for artifact in artifacts}
    for entry in sorted(folder.iterdir()):
        yield from (name for name in _list_names(entry, is_subdir=entry.name in subdirs) if name not in known)


def _list_names(entry: Path, *, is_subdir: bool) -> list[str]:
    """Return the files of a channel's subdir by their paths, or the entry itself unless it is hidden."""
    if is_subdir and entry.is_dir() and not entry.is_symlink():
        return [f"{entry.name}/{path.name}" for path in sorted(entry.iterdir())]
    return [] if entry.name.startswith(".") else [entry.name]


def copy_privately(artifact: Artifact, scratch: Path) -> Artifact:
    """Copy a file to a folder that only we can enter, and return the copy; its bytes were hashed as they were written.

    What is published must be what was checked, though another process may replace the file at any moment.

    Raises:
        VerifyError: it has other bytes by now, or is gone.
    """
    copy = Path(tempfile.mkdtemp(prefix="checked-", dir=scratch), artifact.filename)
    digest = hashlib.sha256()
    try:
        with open_regular_file(artifact.path) as source, copy.open("xb") as sink:
            while piece := source.read(_PIECE):
                digest.update(piece)
                sink.write(piece)
    except OSError as error:
        raise find_changed(artifact, error.strerror or "unreadable") from error
    if digest.hexdigest() != artifact.sha256 or artifact.path.is_symlink():
        raise find_changed(artifact, f"sha256 {digest.hexdigest()}")
    return replace(artifact, path=copy)


def find_changed(artifact: Artifact, now: str) -> VerifyError:
    """Return the error for a file that is gone, or has other bytes than when it was checked."""
    return VerifyError(
        f"{artifact.filename}: changed after it was checked: sha256 {artifact.sha256}, and now {now}",
        "Another process writes to this folder. Build again in a separate job.",
    )


def _reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ManifestError("a key occurs twice in one object")
    return data


def _check_keys(data: dict[str, Any], known: frozenset[str]) -> None:
    unknown = sorted(data.keys() - known)
    if unknown:
        raise ManifestError(f"unknown key {unknown[0][:40]!r}")


def _read_field(data: dict[str, Any], key: str, kind: type[_T]) -> _T:
    if key not in data:
        raise ManifestError(f"{key} is missing")
    value = data[key]
    if type(value) is not kind:
        raise ManifestError(f"{key} is of the wrong type")
    return value


def _read_text(data: dict[str, Any], key: str, pattern: re.Pattern[str]) -> str:
    value = _read_field(data, key, str)
    if not pattern.fullmatch(value):
        raise ManifestError(f"{key} is {value[:80]!r}")
    return value


def _read_number(data: dict[str, Any], key: str) -> int:
    value = _read_field(data, key, int)
    if value < 0:
        raise ManifestError(f"{key} is negative")
    return value


def _read_version(data: dict[str, Any]) -> Version:
    text = _read_field(data, "version", str)
    try:
        version = Version(text)
    except InvalidVersion:
        raise ManifestError(f"version is {text[:80]!r}") from None
    if str(version) != text:
        raise ManifestError(f"version is {text!r}, which PEP 440 writes as {version}")
    return version


def _read_kind(data: dict[str, Any], version: Version) -> Kind:
    kind = _read_field(data, "kind", str)
    if kind != find_kind(version).value:
        raise ManifestError(f"kind is {kind[:20]!r}, but {version} is a {find_kind(version)} version")
    return find_kind(version)


def _read_tag(data: dict[str, Any]) -> str:
    tag = _read_field(data, "tag", str)
    if tag and not is_safe_ref(tag):
        raise ManifestError(f"tag is {tag[:80]!r}")
    return tag


def _read_identifier(item: object) -> str:
    if not isinstance(item, str) or not _IDENTIFIER.fullmatch(item):
        raise ManifestError(f"left-out has {str(item)[:80]!r}")
    return item


def _read_artifact(item: object, folder: Path) -> Artifact:
    if not isinstance(item, dict):
        raise ManifestError("a file is not described by a JSON object")
    _check_keys(item, _FILE_FACTS)
    filename = _read_file_name(item)
    kind = _read_file_kind(item, filename)
    subdir = _read_text(item, "subdir", _SUBDIR) if "subdir" in item else ""
    if subdir and kind is not ArtifactKind.CONDA:
        raise ManifestError(f"{filename}: only conda packages have a subdir")
    return Artifact(
        folder / subdir / filename, kind, _read_text(item, "sha256", _SHA256), _read_number(item, "size"), subdir
    )


def _read_file_name(item: dict[str, Any]) -> str:
    filename = _read_field(item, "filename", str)
    if not _is_file_name(filename):
        raise ManifestError(f"{filename[:80]!r} is not a file name")
    return filename


def _read_file_kind(item: dict[str, Any], filename: str) -> ArtifactKind:
    try:
        return ArtifactKind(_read_field(item, "kind", str))
    except ManifestError:
        raise
    except ValueError:
        raise ManifestError(f"{filename}: kind is unknown") from None


def _is_file_name(text: str) -> bool:
    """Return whether a text is the name of one file, on every system."""
    return (
        text.isprintable()
        and not text.startswith(".")
        and PurePosixPath(text).name == text
        and PureWindowsPath(text).name == text
    )


def _find_file_differences(ours: Artifact, theirs: Artifact) -> Iterator[str]:
    for key, expected in describe_artifact(theirs).items():
        found = describe_artifact(ours).get(key, "")
        if found != expected:
            yield f"{ours.key}: its {key} is {found} in {FILENAME}, expected was {expected}"
