"""The artifacts and ``release.json`` in the output folder, all or nothing."""

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from release_tools import manifest
from release_tools.context import Context
from release_tools.errors import OutputError
from release_tools.model import Note, Release, State


def store(context: Context, release: Release) -> Release:
    """Move the files to the output folder; those of a former run are replaced, files of others are left alone.

    Raises:
        OutputError: the folder cannot be written; it is then as it was before.
    """
    folder = context.output
    try:
        former = {artifact.filename for artifact in manifest.load(folder).artifacts}
    except OutputError:
        former = set()
    ours = {artifact.filename for artifact in release.artifacts}
    try:
        _write(folder, release, stale=former - ours)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written to: {error.strerror or error}", "Choose another folder with --output-dir."
        ) from None
    stored = tuple(replace(artifact, path=folder / artifact.filename) for artifact in release.artifacts)
    strangers = sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.name not in ours | manifest.OWN_FILES and not entry.name.startswith(".")
    )
    notes = [Note(State.DONE, f"{len(stored)} files and {manifest.FILENAME} in {folder}")]
    if strangers:
        advice = f"Empty {folder} before you publish from it."
        notes.append(Note(State.WARNING, "other files lie there too", ", ".join(strangers), advice))
    return replace(release, artifacts=stored).telling(*notes)


def _write(folder: Path, release: Release, stale: set[str]) -> None:
    fresh = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if fresh:
        (folder / ".gitignore").write_text("*\n", encoding="utf-8", newline="\n")  # artifacts are never committed
    with tempfile.TemporaryDirectory(dir=folder, prefix=".release-tools-") as part:
        for artifact in release.artifacts:
            shutil.copyfile(artifact.path, Path(part) / artifact.filename)
        (Path(part) / manifest.FILENAME).write_text(manifest.dump(release), encoding="utf-8", newline="\n")
        for name in stale:
            (folder / name).unlink(missing_ok=True)
        for entry in os.scandir(part):
            Path(entry.path).replace(folder / entry.name)
