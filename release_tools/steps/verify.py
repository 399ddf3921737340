"""Verify that the artifacts are fit to be released."""

from dataclasses import replace

from release_tools.checks.artifacts import ReleaseFiles
from release_tools.checks.compatibility import check_compatibility
from release_tools.checks.contents import check_contents
from release_tools.checks.lost_files import check_lost_files
from release_tools.checks.metadata import check_metadata
from release_tools.checks.platform_tags import check_platform_tags
from release_tools.checks.sdist_build import check_sdist_build, start_sdist_build
from release_tools.checks.version_agreement import check_version_agreement
from release_tools.checks.wheel_install import check_installation, start_installation
from release_tools.checks.wheel_set import check_wheel_set, find_installable
from release_tools.engine.context import Context
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.destinations import leads_to_pypi


def start_installations(context: Context, release: Release) -> None:
    """Start to try out the wheel of this machine."""
    artifact = _find_installable(release)
    if artifact:
        start_installation(context, artifact)


def start_reading_back(context: Context, release: Release) -> None:
    """Start to have the conda packages read by rattler-build, which loads a large library and unpacks them."""
    from release_tools.checks import conda_install

    conda_install.start_reading_back(context, release)


def _find_installable(release: Release) -> Artifact | None:
    trial = [one for one in release.trial if one.kind is ArtifactKind.WHEEL]
    return find_installable((*release.artifacts_of_kind(ArtifactKind.WHEEL), *trial))


def verify(context: Context, release: Release) -> Release:
    """Run every check; each returns its notes, failed ones included.

    A wheel for this machine only is checked as well, but not by the rules of an index: it is not published.
    """
    subject = ReleaseFiles.read(context, release.artifacts)
    every = ReleaseFiles.read(context, (*release.artifacts, *release.trial))
    if every.faults:
        context.report.add(*every.faults)
        return release
    start_sdist_build(context, release, subject)
    start_installations(context, release)
    is_for_pypi = leads_to_pypi(context.config, release.kind)
    notes = [
        *check_compatibility(context, release),
        *check_metadata(context.config, release, subject, is_for_pypi=is_for_pypi),
        *check_contents(context.config.verify, every),
        *check_lost_files(context, release, every),
        *check_platform_tags(
            context, every.wheels, {wheel.filename for wheel in release.trial}, is_for_pypi=is_for_pypi
        ),
        *check_wheel_set(every),
        *check_version_agreement(context, release),
        *check_sdist_build(context, release, subject),
    ]
    chosen = _find_installable(release)
    if chosen:
        notes += check_installation(context, chosen)
    elif every.wheels:
        notes.append(Note(State.SKIPPED, "not installed: no wheel is for this Python and machine"))
    proofs, conda_notes = _check_conda_packages(context, release, every) if every.condas else ((), ())
    of_conda = map(_with_way_on, (*conda_notes, *proofs))
    context.report.add(*notes, *of_conda)
    return replace(release, parity=proofs)


def _check_conda_packages(
    context: Context, release: Release, files: ReleaseFiles
) -> tuple[tuple[Note, ...], tuple[Note, ...]]:
    """Return what the comparison of the conda packages with the wheels found, and what their installation did."""
    from release_tools.checks.conda_install import check_conda_installation, check_parity

    return check_parity(context, release, files), check_conda_installation(context, files)


def _with_way_on(note: Note) -> Note:
    """Return a line about a conda package; a failed one names the setting that releases the rest."""
    if note.state is not State.FAILED or "--no-conda" in note.advice:
        return note
    return replace(note, advice=f"{note.advice} To release without the conda package: --no-conda.".strip())
