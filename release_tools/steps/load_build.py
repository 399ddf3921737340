"""What ``build`` made, taken up by another job: the files that ``release.json`` names, and no others."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Final

from release_tools.artifacts import manifest
from release_tools.engine.context import Context
from release_tools.errors import OutputError, PreflightError, RepositoryError
from release_tools.forges.origin import origin
from release_tools.git.repository import Repository
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.model.release import Kind, Release
from release_tools.report.text import size_text

_OTHER: Final = (*manifest.OWN_FILES, "SHA256SUMS")
"""What may lie beside the artifacts."""


def load_build(context: Context, _: Release) -> Release:
    """The release whose files lie in the output folder, each compared with the digests that were told.

    Digests travel by another way than the files (a job's output), so that whoever can change the files cannot change
    what they are compared with.

    Raises:
        OutputError: there is no ``release.json``.
        PreflightError: files are missing, differ, or do not belong to the release; all are told.
    """
    folder = context.output
    release = manifest.load(folder)
    faults = [*_faults(context, release), *_untagged(context, release)]
    if faults:
        raise PreflightError(
            f"{folder} does not hold what was built for {release.name} {release.version}:",
            "Nothing was published. Build again, or fetch the files of the build again.",
            faults=faults,
        )
    trusted = "as expected from outside" if context.request.expect else f"as {manifest.FILENAME} says"
    return release.with_notes(
        Note(State.INFO, f"{release.name} {release.version}, built from {release.commit[:12]}", release.tag),
        *(Note(State.DONE, one.filename, f"{size_text(one.size)}, sha256 {one.sha256}") for one in release.artifacts),
        Note(State.DONE, f"every digest is {trusted}"),
    )


def _faults(context: Context, release: Release) -> Iterator[str]:
    folder, expect = context.output, context.request.expect
    ours = {artifact.filename: artifact for artifact in release.artifacts}
    if not ours:
        yield f"{manifest.FILENAME} names no file"
    with ThreadPoolExecutor() as pool:
        answers = [pool.submit(lambda one: tuple(_differs(one, expect)), one) for one in release.artifacts]
        context.background.meanwhile(lambda: all(answer.done() for answer in answers))
    yield from chain.from_iterable(answer.result() for answer in answers)
    for name in sorted(set(expect or ()) - set(ours)):
        yield f"{name}: expected, but {manifest.FILENAME} does not name it"
    for entry in sorted(folder.iterdir()):
        if entry.name not in ours and entry.name not in _OTHER and not entry.name.startswith("."):
            yield f"{entry.name}: not of this release"


def _differs(artifact: Artifact, expect: Mapping[str, str] | None) -> Iterator[str]:
    path = artifact.path
    if path.is_symlink() or not path.is_file():
        yield f"{artifact.filename}: {'not a regular file' if path.exists() or path.is_symlink() else 'missing'}"
        return
    try:
        digest = Artifact.of(path, artifact.kind).sha256
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from None
    if digest != artifact.sha256:
        yield f"{artifact.filename}: its sha256 is {digest}, {manifest.FILENAME} says {artifact.sha256}"
    expected = artifact.sha256 if expect is None else expect.get(artifact.filename, "no such file")
    if expected not in (digest, artifact.sha256):
        yield f"{artifact.filename}: its sha256 is {digest}, expected was {expected}"


def _untagged(context: Context, release: Release) -> Iterator[str]:
    if release.kind is Kind.DEV or context.gate.is_dry_run:
        return
    if not release.tagged and not _tagged_since(context, release):
        yield f"{release.version} was only rehearsed: its commit carried no tag when it was built"


def _tagged_since(context: Context, release: Release) -> bool:
    """Whether the commit got its tag after it was built, as a job between the two does once all is verified."""
    try:
        if Repository.open(context.project, context.env).commit_of_tag(release.tag) == release.commit:
            return True
        there = origin(context)
        return there is not None and there.commit_of_tag(release.tag) == release.commit
    except RepositoryError:
        return False
