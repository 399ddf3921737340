"""``release.json``: the facts of a release beside its files, from which publishing goes on in another job."""

import json
from pathlib import Path
from typing import Any, Final

from release_tools.errors import OutputError, VerifyError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.release import Kind, Release

FILENAME: Final = "release.json"
REPORT_PAGE: Final = "report.html"
RECIPE_FOLDER: Final = "recipe"
OWN_FILES: Final = frozenset({FILENAME, REPORT_PAGE, RECIPE_FOLDER})
"""What lies in the output folder beside the artifacts."""

_SCHEMA: Final = 1
_LARGEST: Final = 10_000_000


def manifest(release: Release) -> dict[str, Any]:
    """The facts as plain data; the same release gives the same text on every machine."""
    return {
        "schema": _SCHEMA,
        "name": release.name,
        "version": release.version,
        "kind": release.kind.value,
        "tag": release.tag,
        "tagged": release.tagged,
        "commit": release.commit,
        "commit-time": release.commit_time,
        "artifacts": [artifact_data(artifact) for artifact in release.artifacts],
    }


def artifact_data(artifact: Artifact) -> dict[str, Any]:
    """One file's facts as plain data."""
    subdir = {"subdir": artifact.subdir} if artifact.subdir else {}
    return {
        "filename": artifact.filename,
        "kind": artifact.kind.value,
        "sha256": artifact.sha256,
        "size": artifact.size,
        **subdir,
    }


def dump(release: Release) -> str:
    """The text of ``release.json``."""
    return json.dumps(manifest(release), indent=2) + "\n"


def load(folder: Path) -> Release:
    """The release whose files lie in a folder; the files themselves are not looked at.

    Raises:
        OutputError: there is no ``release.json``, it cannot be read, or it is not one of ours.
    """
    path = folder / FILENAME
    advice = "Type: release-tools build"
    try:
        if path.stat().st_size > _LARGEST:
            raise OutputError(f"{path}: larger than {_LARGEST:,} bytes", advice)
        return _release(json.loads(path.read_text(encoding="utf-8")), folder)
    except FileNotFoundError:
        raise OutputError(f"{path}: there is none, so what lies there is not known", advice) from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}", advice) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OutputError(f"{path}: not written by release-tools ({type(error).__name__}: {error})", advice) from None


def _release(data: dict[str, Any], folder: Path) -> Release:
    if data["schema"] != _SCHEMA:
        raise ValueError(f"schema {data['schema']}, known is {_SCHEMA}")
    return Release(
        name=str(data["name"]),
        version=str(data["version"]),
        kind=Kind(data["kind"]),
        tag=str(data["tag"]),
        tagged=bool(data["tagged"]),
        commit=str(data["commit"]),
        commit_time=int(data["commit-time"]),
        artifacts=tuple(_artifact(item, folder) for item in data["artifacts"]),
    )


def _artifact(item: dict[str, Any], folder: Path) -> Artifact:
    filename = str(item["filename"])
    if Path(filename).name != filename or filename in ("", ".", ".."):
        raise ValueError(f"{filename!r} is no file name")
    return Artifact(
        folder / filename,
        ArtifactKind(item["kind"]),
        str(item["sha256"]),
        int(item["size"]),
        str(item.get("subdir", "")),
    )


def check_unchanged(artifact: Artifact) -> None:
    """Compare a file, right before it goes, with what was checked: other processes may have had time in between.

    Raises:
        VerifyError: it has other bytes by now, or is gone.
    """
    try:
        now = Artifact.of(artifact.path, artifact.kind).sha256
    except OSError as error:
        raise find_changed(artifact, error.strerror or "unreadable") from error
    if now != artifact.sha256 or artifact.path.is_symlink():
        raise find_changed(artifact, f"sha256 {now}")


def find_changed(artifact: Artifact, now: str) -> VerifyError:
    """The error for a file that has other bytes, right before it goes, than when it was checked, or is gone."""
    return VerifyError(
        f"{artifact.filename}: changed after it was checked: sha256 {artifact.sha256}, and now {now}",
        "Something else writes there. Build again, in a job of its own.",
    )
