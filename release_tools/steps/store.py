"""Store the artifacts and ``release.json`` in the output folder, all or nothing."""

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from release_tools.artifacts import manifest
from release_tools.engine.context import Context
from release_tools.errors import OutputError
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.planning.build_plan import PLAN_FILE


def store(context: Context, release: Release) -> Release:
    """Copy the files to the output folder; those of an earlier run are replaced, all other files are left alone.

    Raises:
        BuildError: the build wrote to the files that change later steps of a GitHub job.
        OutputError: the folder cannot be written; it is then as it was before.
    """
    context.job_files.check()
    folder = context.output
    ours = {artifact.filename for artifact in release.artifacts}
    try:
        _write(folder, release, stale=_list_earlier_files(folder) - ours)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written to: {error.strerror or error}",
            "Choose another folder with --packages-dir.",
        ) from None
    stored = tuple(replace(artifact, path=folder / artifact.filename) for artifact in release.artifacts)
    others = sorted(
        entry.name
        for entry in folder.iterdir()
        if entry.name not in ours | manifest.OWN_FILES and not entry.name.startswith(".")
    )
    notes = [Note(State.DONE, f"{len(stored)} files and {manifest.FILENAME} in {folder}")]
    if others:
        advice = f"Empty {folder} before you publish from it."
        notes.append(Note(State.WARNING, "there are other files in this folder", ", ".join(others), advice))
    context.report.add(*notes)
    return replace(release, artifacts=stored)


def _list_earlier_files(folder: Path) -> set[str]:
    """Return the names of the files that an earlier run stored, and that nobody has changed since."""
    try:
        known = manifest.load(folder).artifacts
    except OutputError:
        return set()
    return {
        artifact.filename
        for artifact in known
        if artifact.path.is_file() and Artifact.of(artifact.path, artifact.kind).sha256 == artifact.sha256
    }


def _write(folder: Path, release: Release, stale: set[str]) -> None:
    missing = next((path for path in (*reversed(folder.parents), folder) if not path.exists()), None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".release-tools-") as part:
            fresh, earlier = Path(part) / "fresh", Path(part) / "earlier"
            fresh.mkdir()
            earlier.mkdir()
            for artifact in release.artifacts:
                shutil.copyfile(artifact.path, fresh / artifact.filename)
            (fresh / manifest.FILENAME).write_text(manifest.dump(release), encoding="utf-8", newline="\n")
            if release.plan and release.plan_digest:
                (fresh / PLAN_FILE).write_text(release.plan.text, encoding="utf-8", newline="\n")
            if missing:
                (fresh / ".gitignore").write_text(
                    "*\n", encoding="utf-8", newline="\n"
                )  # artifacts are never committed
            _exchange(folder, fresh, earlier, stale)
    except BaseException:
        if missing:
            shutil.rmtree(missing, ignore_errors=True)
        raise


def _exchange(folder: Path, fresh: Path, earlier: Path, stale: set[str]) -> None:
    """Replace the files in a folder; put all of them back if that is interrupted."""
    names = sorted(path.name for path in fresh.iterdir())
    try:
        for name in {*stale, *names}:
            if os.path.lexists(folder / name):
                (folder / name).replace(earlier / name)
        for name in names:
            (fresh / name).replace(folder / name)
    except BaseException:
        for name in names:
            if not (fresh / name).exists():
                (folder / name).unlink(missing_ok=True)
        for path in earlier.iterdir():
            path.replace(folder / path.name)
        raise
