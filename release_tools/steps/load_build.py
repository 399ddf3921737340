"""Load what ``build`` made, in another job: the files that ``release.json`` names, and no others."""

import os
from collections.abc import Iterator
from typing import Final

from packaging.utils import canonicalize_name, canonicalize_version

from release_tools.artifacts import CondaPackage, manifest
from release_tools.engine.archives import open_archive, read_each
from release_tools.engine.context import Context
from release_tools.errors import ArchiveError, OutputError, PreflightError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.model.versions import is_tag_of
from release_tools.planning.build_plan import PLAN_FILE, read_plan
from release_tools.planning.completeness import check_completeness
from release_tools.planning.conda_targets import find_conda_faults
from release_tools.project.tag_spelling import find_tag_format
from release_tools.report.page import start_template
from release_tools.report.text import format_size

_SUMS: Final = "SHA256SUMS"
"""A file that may accompany the artifacts."""


def load_build(context: Context, _: Release) -> Release:
    """Return the release whose files are in the output folder, after comparing it with what was expected.

    The expected manifest arrives by another path than the files (a job's output), so that changing the files
    cannot change what they are compared with. Name, version and tag are compared with the files' own metadata in any
    case.

    Raises:
        OutputError: there is no ``release.json``.
        PreflightError: with every fault: files that are missing, differ, or do not belong to the release.
    """
    folder = context.output
    release = manifest.load(folder)
    start_template(context.background)  # the files are read without Python's lock
    faults = tuple(_find_faults(context, release))
    if faults:
        raise PreflightError(
            f"{folder} does not contain the files that were built for {release.name} {release.version}:",
            "Nothing was published. Build again, or download the files of the build job again.",
            faults=faults,
        )
    trusted = "what the job expects" if context.request.expect else manifest.FILENAME
    context.report.add(
        Note(State.INFO, f"{release.name} {release.version}, built from {release.commit[:12]}", release.tag),
        *(Note(State.DONE, one.key, f"{format_size(one.size)}, sha256 {one.sha256}") for one in release.artifacts),
        Note(State.DONE, f"all facts and digests match {trusted}"),
    )
    return release


def load_release(context: Context, release: Release) -> Release:
    """Return the same for publishing: the files of one build job are not all files of a release.

    Raises:
        OutputError: as from `load_build`.
        PreflightError: as from `load_build`, or the files are those of one job.
    """
    loaded = load_build(context, release)
    if loaded.job:
        raise PreflightError(
            f"{context.output}: contains only the files of the build job {loaded.job}",
            "Nothing was published. Collect the files of all jobs with: release-tools gather",
        )
    return loaded


def _find_faults(context: Context, release: Release) -> Iterator[str]:
    if context.request.expect is not None:
        yield from manifest.find_differences(release, context.request.expect)
    yield from _find_manifest_faults(context, release)
    for faults in read_each(release.artifacts, lambda one: [*_find_file_faults(context, one, release)]):
        yield from faults
    if release.plan_digest:
        yield from _find_incomplete(context, release)
    others = set(manifest.other_files(context.output, release.artifacts)) - {_SUMS}
    yield from (f"{name}: not of this release" for name in sorted(others))


def _find_manifest_faults(context: Context, release: Release) -> Iterator[str]:
    """Yield what is wrong with the manifest by itself."""
    if not release.artifacts:
        yield f"{manifest.FILENAME} lists no files"
    if release.tag and not is_tag_of(release.tag, release.version, find_tag_format(context)):
        yield f"{manifest.FILENAME}: the tag {release.tag} is not one of version {release.version}"


def _find_incomplete(context: Context, release: Release) -> Iterator[str]:
    """Yield a line for every wheel of the build plan that is missing, and for every other one that is not of it."""
    try:
        plan = read_plan(context.output)
    except OutputError as error:
        yield error.message
        return
    if plan.digest != release.plan_digest:
        yield f"{PLAN_FILE}: not the build plan of this release"
        return
    wheels = [artifact.filename for artifact in release.artifacts_of_kind(ArtifactKind.WHEEL)]
    job = plan.job(release.job) if release.job else None
    yield from check_completeness(plan, wheels, job).faults
    packages = [(artifact.subdir, artifact.filename) for artifact in release.artifacts_of_kind(ArtifactKind.CONDA)]
    yield from find_conda_faults(plan, packages, job)


def _find_file_faults(context: Context, artifact: Artifact, release: Release) -> Iterator[str]:
    path = artifact.path
    if path.is_symlink() or not path.is_file():
        yield f"{artifact.key}: {'not a regular file' if os.path.lexists(path) else 'missing'}"
        return
    difference = _compare_bytes(artifact, _read_artifact(artifact))
    if difference:
        yield f"{artifact.key}: its {difference}"
        return
    try:
        yield from _find_identity_faults(context, artifact, release)
    except ArchiveError as error:
        yield "; ".join([error.message, *error.faults])


def _compare_bytes(artifact: Artifact, found: Artifact) -> str:
    """Return how a file differs from what the manifest says of it; empty where it does not."""
    if found.sha256 != artifact.sha256:
        return f"sha256 is {found.sha256}, {manifest.FILENAME} says {artifact.sha256}"
    if found.size != artifact.size:
        return f"size is {found.size}, {manifest.FILENAME} says {artifact.size}"
    return ""


def _read_artifact(artifact: Artifact) -> Artifact:
    """Return an artifact with the digest and the size that its file has.

    Raises:
        OutputError: it cannot be read.
    """
    try:
        return Artifact.of(artifact.path, artifact.kind)
    except OSError as error:
        raise OutputError(f"{artifact.path}: cannot be read: {error.strerror}") from None


def _find_identity_faults(context: Context, artifact: Artifact, release: Release) -> Iterator[str]:
    """Yield the differences between what the manifest says and the file's own metadata."""
    package = open_archive(context.background, artifact)
    if isinstance(package, CondaPackage):
        version = package.version
        if artifact.subdir not in ("", package.subdir):
            yield f"{artifact.key}: its metadata says {package.subdir}, {manifest.FILENAME} says {artifact.subdir}"
    else:
        version = str(package.metadata.version)
        if canonicalize_name(package.metadata.name) != canonicalize_name(release.name):
            yield f"{artifact.key}: it is of {package.metadata.name}, {manifest.FILENAME} says {release.name}"
    if canonicalize_version(version, strip_trailing_zero=False) != release.version:
        yield f"{artifact.key}: its version is {version}, {manifest.FILENAME} says {release.version}"
