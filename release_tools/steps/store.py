"""Store the artifacts and ``release.json`` in the output folder, all or nothing."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from release_tools.artifacts import manifest
from release_tools.engine.context import Context
from release_tools.errors import OutputError
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.planning.build_plan import PLAN_FILE, BuildPlan, read_plan
from release_tools.report.output_files import is_page
from release_tools.wording import count


def store(context: Context, release: Release) -> Release:
    """Copy the files to the output folder; those of an earlier run are replaced, all other files are left alone.

    Raises:
        BuildError: the build wrote to the files that change later steps of a GitHub job.
        OutputError: the folder cannot be written, or has another file of such a name; it is then as it was before.
    """
    context.job_files.check()
    folder = context.output
    _refuse_links(folder, release)
    earlier = _list_earlier_files(folder)
    _refuse_foreign(folder, release, earlier)
    ours = {artifact.key for artifact in release.artifacts}
    try:
        _write(folder, release, stale={*(earlier - ours), *_list_earlier_pages(folder)})
    except OSError as error:
        raise OutputError(
            f"{folder}: not writable: {error.strerror or error}",
            "Choose another folder with --packages-dir.",
        ) from None
    stored = tuple(replace(artifact, path=folder / artifact.key) for artifact in release.artifacts)
    written = f"{count(len(stored), 'file')} and {manifest.FILENAME} written to {folder}"
    context.report.add(Note(State.DONE, written))
    others = list(manifest.other_files(folder, release.artifacts))
    if others:
        advice = f"Empty {folder} before you publish from it."
        context.report.add(Note(State.WARNING, "there are other files in this folder", ", ".join(others), advice))
    return replace(release, artifacts=stored)


def _refuse_links(folder: Path, release: Release) -> None:
    """Refuse to write through a link in place of the folder of a subdir.

    Raises:
        OutputError: there is one.
    """
    for subdir in {artifact.subdir for artifact in release.artifacts if artifact.subdir}:
        if (folder / subdir).is_symlink():
            raise OutputError(f"{folder / subdir}: a link to another folder", "Remove the link.")


def _refuse_foreign(folder: Path, release: Release, earlier: AbstractSet[str]) -> None:
    """Refuse to overwrite a file that no run of ours stored, or that was changed since.

    Raises:
        OutputError: there is one.
    """
    foreign = list(_find_foreign(folder, release, earlier))
    if foreign:
        raise OutputError(
            f"{folder}: not written by release-tools, or changed since: {', '.join(foreign)}",
            "Nothing was overwritten. Move these files away, or choose another folder with --packages-dir.",
        )


def _find_foreign(folder: Path, release: Release, earlier: AbstractSet[str]) -> Iterator[str]:
    """Yield the names of the files that would be overwritten, although no run of ours stored them like that."""
    for artifact in release.artifacts:
        if artifact.key not in earlier and _is_other(folder / artifact.key, artifact):
            yield artifact.key
    documents: dict[str, Callable[[Path], bool]] = {manifest.FILENAME: manifest.is_manifest}
    if _find_plan(release) is not None:
        documents[PLAN_FILE] = _is_plan
    for name, is_ours in documents.items():
        if os.path.lexists(folder / name) and not is_ours(folder):
            yield name


def _is_other(path: Path, artifact: Artifact) -> bool:
    """Return whether there is a file that is not the artifact."""
    return os.path.lexists(path) and not _is_same(path, artifact)


def _find_plan(release: Release) -> BuildPlan | None:
    """Return the plan that is stored: the one that the source job made, and that other jobs follow."""
    return release.plan if release.plan_digest else None


def _is_same(path: Path, artifact: Artifact) -> bool:
    """Return whether a file has the bytes of an artifact, and is no link to them."""
    if path.is_symlink() or (artifact.subdir and path.parent.is_symlink()):
        return False
    try:
        return Artifact.of(path, artifact.kind).sha256 == artifact.sha256
    except OSError:
        return False


def _is_plan(folder: Path) -> bool:
    try:
        read_plan(folder)
    except OutputError:
        return False
    return not (folder / PLAN_FILE).is_symlink()


def _list_earlier_files(folder: Path) -> set[str]:
    """Return the keys of the files that an earlier run stored, and that nobody has changed since."""
    try:
        known = manifest.load(folder).artifacts
    except OutputError:
        return set()
    with ThreadPoolExecutor() as pool:
        same = list(pool.map(lambda artifact: _is_same(artifact.path, artifact), known))
    return {artifact.key for artifact, is_same in zip(known, same, strict=True) if is_same}


def _list_earlier_pages(folder: Path) -> tuple[str, ...]:
    """Return the name of the report page of an earlier run, which is not about the files that are stored now."""
    return (manifest.REPORT_PAGE,) if is_page(folder / manifest.REPORT_PAGE) else ()


def _write(folder: Path, release: Release, stale: set[str]) -> None:
    missing = next((path for path in (*reversed(folder.parents), folder) if not path.exists()), None)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".release-tools-") as part:
            fresh, earlier = Path(part) / "fresh", Path(part) / "earlier"
            fresh.mkdir()
            earlier.mkdir()
            _fill(fresh, release)
            if missing:  # artifacts are never committed
                (fresh / ".gitignore").write_text("*\n", encoding="utf-8", newline="\n")
            _exchange(folder, fresh, earlier, stale)
    except BaseException:
        if missing:
            shutil.rmtree(missing, ignore_errors=True)
        raise


def _fill(folder: Path, release: Release) -> None:
    """Copy the artifacts to an empty folder, and write what is known about them."""
    for subdir in {artifact.subdir for artifact in release.artifacts if artifact.subdir}:
        (folder / subdir).mkdir()
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda artifact: shutil.copyfile(artifact.path, folder / artifact.key), release.artifacts))
    (folder / manifest.FILENAME).write_text(manifest.dump(release), encoding="utf-8", newline="\n")
    plan = _find_plan(release)
    if plan is not None:
        (folder / PLAN_FILE).write_text(plan.text, encoding="utf-8", newline="\n")


def _exchange(folder: Path, fresh: Path, earlier: Path, stale: set[str]) -> None:
    """Replace the files in a folder; put all of them back if that is interrupted.

    The manifest leaves last and comes first: a run that is killed leaves no file that it does not name.
    """
    names = sorted(_files_in(fresh), key=lambda name: (name != manifest.FILENAME, name))
    try:
        _move_all([*stale, *reversed(names)], folder, earlier)
        _move_all(names, fresh, folder)
    except BaseException:
        _put_back(folder, earlier, [name for name in names if not (fresh / name).exists()])
        raise
    finally:
        _remove_empty_folders(folder, {*stale, *names})


def _move_all(names: Iterable[str], folder: Path, to: Path) -> None:
    """Move those of some files that are in a folder, links included, to another one."""
    for name in names:
        if os.path.lexists(folder / name):
            _move(folder / name, to / name)


def _put_back(folder: Path, earlier: Path, moved: Iterable[str]) -> None:
    """Remove the new files that were moved to a folder, and move the earlier ones back."""
    for name in moved:
        (folder / name).unlink(missing_ok=True)
    _move_all(_files_in(earlier), earlier, folder)


def _remove_empty_folders(folder: Path, names: Iterable[str]) -> None:
    """Remove the folders of subdirs that have no file any more."""
    for parent in {(folder / name).parent for name in names} - {folder}:
        with suppress(OSError):  # it is not empty
            parent.rmdir()


def _files_in(folder: Path) -> list[str]:
    """Return the files in a folder and in the folders of it, by their paths in it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())


def _move(path: Path, to: Path) -> None:
    to.parent.mkdir(exist_ok=True)
    path.replace(to)
