"""Gather the files of all build jobs into one release, after comparing each with what the source job made."""

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Final

from release_tools.artifacts import manifest
from release_tools.artifacts.members import join_lines
from release_tools.engine.context import Context
from release_tools.errors import OutputError, PreflightError, UsageError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.planning.build_plan import PLAN_FILE, SOURCE_JOB, BuildPlan, read_plan
from release_tools.planning.completeness import is_wheel_of
from release_tools.planning.conda_targets import find_conda_faults
from release_tools.planning.gathering import Gathering, JobFiles, gather_jobs
from release_tools.publishers.served_files import start_served_files, take_served_files
from release_tools.report.text import format_size

_SOURCE: Final = ("", SOURCE_JOB)
_SUFFIXES: Final = (".whl", ".tar.gz", ".conda", ".tar.bz2")
_ADVICE: Final = "Nothing was published. Run the jobs that failed again; release-tools plan lists all of them."


def gather(folders: Sequence[Path]) -> Callable[[Context, Release], Release]:
    """Return a step that gathers the files in these folders, one for each build job, or a folder of such folders."""

    def gather_files(context: Context, _: Release) -> Release:
        output = context.output.resolve()
        return _gather(context, [folder for given in folders for folder in _list_job_folders(given.absolute(), output)])

    return gather_files


def _list_job_folders(given: Path, output: Path) -> list[Path]:
    """Return the folder itself if it has a manifest, else the folders in it that have one, but for the output folder.

    Raises:
        PreflightError: there are built files in it that are of no job.
        UsageError: there is no such folder, or none with a manifest; or it is the output folder.
    """
    if given.resolve() == output:
        raise UsageError(
            f"{given}: the files of all jobs would be written there, so it is not the folder of one",
            "Choose another folder with --packages-dir.",
        )
    if _has_manifest(given):
        return [given]
    if not given.is_dir():
        raise UsageError(f"{given}: no such folder", "Pass the folders that the build jobs wrote.")
    entries = sorted(entry for entry in given.iterdir() if entry.resolve() != output)
    found = list(filter(_has_manifest, entries))
    if not found:
        raise UsageError(
            f"{given}: no {manifest.FILENAME} in this folder or its subfolders",
            "Pass a folder that release-tools build --job wrote.",
        )
    _refuse_built_files((given, *(entry for entry in entries if entry not in found)))
    return found


def _has_manifest(folder: Path) -> bool:
    return (folder / manifest.FILENAME).exists()


def _refuse_built_files(folders: Iterable[Path]) -> None:
    """Refuse files of a release in folders without a manifest, such as that of a job whose manifest was lost.

    Raises:
        PreflightError: with each of them.
    """
    found = [path for folder in folders for suffix in _SUFFIXES for path in folder.glob(f"*{suffix}")]
    if found:
        faults = [f"{path.parent / join_lines(path.name)}: no {manifest.FILENAME} is next to it" for path in found]
        advice = "Download the files of its job again, or remove it."
        raise PreflightError("built files that are of no job:", advice, faults=sorted(faults))


def _gather(context: Context, folders: Sequence[Path]) -> Release:
    """Return the release with the files of all jobs.

    Raises:
        OutputError: a manifest or the build plan cannot be read.
        PreflightError: with every fault.
        UsageError: no folder is that of the source job, and nothing was expected from outside.
    """
    releases = [manifest.load(folder) for folder in folders]
    source = context.request.expect or _find_source(releases, folders)
    plan = _find_plan(source, folders)
    start_served_files(context, source)
    with ThreadPoolExecutor() as pool:
        file_faults = list(chain.from_iterable(pool.map(_find_file_faults, folders, releases)))
    for folder, release in zip(folders, releases, strict=True):
        file_faults += _find_fact_faults(folder, release, source)
    jobs = [_read_job_files(folder, release) for folder, release in zip(folders, releases, strict=True)]
    gathering = gather_jobs(plan, jobs, _find_sdist(source))
    artifacts = _collect_artifacts(source, releases, gathering)
    faults = [
        *file_faults,
        *gathering.faults,
        *_find_package_faults(plan, releases),
        *_find_strays(artifacts, folders),
    ]
    if faults:
        raise PreflightError(
            f"files of {source.name} {source.version} are missing or were changed:",
            _ADVICE,
            faults=list(dict.fromkeys(faults)),
        )
    left_out = tuple(target.identifier for target in gathering.left_out)
    context.report.add(*_make_notes(context, source, artifacts, releases))
    gathered = replace(source, artifacts=artifacts, plan=plan, job="", left_out=left_out)
    completed = take_served_files(context, gathered)
    context.report.add(*(_report_left_out(plan, name) for name in completed.left_out))
    return completed


def _find_source(releases: Sequence[Release], folders: Sequence[Path]) -> Release:
    for release in releases:
        if release.job in _SOURCE:
            return release
    raise UsageError(
        f"{', '.join(map(str, folders))}: none of these is the folder of the job {SOURCE_JOB}",
        "Pass that folder too, or its output artifacts with --expect.",
    )


def _find_plan(source: Release, folders: Sequence[Path]) -> BuildPlan:
    """Return the build plan whose digest the source job reported.

    Raises:
        OutputError: a file ``plan.json`` is not one of ours.
        PreflightError: none of the folders has it.
        UsageError: the source job made no plan, or another number of sdists than the plan says.
    """
    plan = _read_plan_of(source, folders) if source.plan_digest else None
    if plan is None or len(source.artifacts_of_kind(ArtifactKind.SDIST)) != int(plan.has_sdist):
        raise UsageError(
            f"{source.name} {source.version}: built without a build plan, so the required files are unknown",
            "Build the sdist with: release-tools build --job source",
        )
    return plan


def _read_plan_of(source: Release, folders: Sequence[Path]) -> BuildPlan:
    plans = (read_plan(folder) for folder in folders if (folder / PLAN_FILE).exists())
    for plan in plans:
        if plan.digest == source.plan_digest:
            return plan
    raise PreflightError(
        f"{PLAN_FILE}: the build plan of {source.name} {source.version} is in none of the folders",
        f"Its sha256 is {source.plan_digest}. Download the artifact of the job {SOURCE_JOB} again.",
    )


def _find_fact_faults(folder: Path, release: Release, source: Release) -> Iterator[str]:
    """Yield every fact by which a job's manifest is that of another release."""
    found, wanted = manifest.build_manifest(release), manifest.build_manifest(source)
    for key in ("name", "version", "kind", "tag", "tagged", "commit", "commit-time", "plan"):
        if found.get(key) != wanted.get(key):
            yield f"{folder}: its {key} is {found.get(key)!r}, expected was {wanted.get(key)!r}"
    for wheel in release.artifacts_of_kind(ArtifactKind.WHEEL):
        if not is_wheel_of(wheel.filename, source.name, source.version):
            yield f"{wheel.path}: not a wheel of {source.name} {source.version}"
    if (folder / PLAN_FILE).exists() and read_plan(folder).digest != source.plan_digest:
        yield f"{folder / PLAN_FILE}: not the build plan of this release"


def _find_file_faults(folder: Path, release: Release) -> list[str]:
    """Return what is wrong with the files of one folder, each of which is read once."""
    faults = list(filter(None, map(_find_file_fault, release.artifacts)))
    faults += [
        f"{folder / join_lines(name)}: not listed in {manifest.FILENAME}"
        for name in manifest.other_files(folder, release.artifacts)
    ]
    return faults


def _find_file_fault(artifact: Artifact) -> str:
    """Return how a file differs from its job's manifest; empty where it does not.

    Raises:
        OutputError: it cannot be read.
    """
    path = artifact.path
    if path.is_symlink() or not path.is_file():
        return f"{path}: missing, or not a regular file"
    try:
        found = Artifact.of(path, artifact.kind)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read: {error.strerror}") from None
    if found.sha256 != artifact.sha256:
        return f"{path}: its sha256 is {found.sha256}, {manifest.FILENAME} says {artifact.sha256}"
    if found.size != artifact.size:
        return f"{path}: its size is {found.size}, {manifest.FILENAME} says {artifact.size}"
    return ""


def _find_sdist(source: Release) -> tuple[str, str]:
    """Return name and sha256 of the sdist; both are empty where there is none."""
    sdists = source.artifacts_of_kind(ArtifactKind.SDIST)
    return (sdists[0].filename, sdists[0].sha256) if sdists else ("", "")


def _read_job_files(folder: Path, release: Release) -> JobFiles:
    sdists = [(one.filename, one.sha256) for one in release.artifacts_of_kind(ArtifactKind.SDIST)]
    wheels = {one.filename: one.sha256 for one in release.artifacts_of_kind(ArtifactKind.WHEEL)}
    return JobFiles(str(folder), release.job or SOURCE_JOB, sdists[0] if len(sdists) == 1 else ("", ""), wheels)


def _collect_artifacts(source: Release, releases: Sequence[Release], gathering: Gathering) -> tuple[Artifact, ...]:
    """Return what the source job made, and every wheel and conda package, each where it is now."""
    every = [_index_files(release) for release in releases]
    there = ChainMap(*every)
    sdists = [there.get(one.filename, one) for one in source.artifacts_of_kind(ArtifactKind.SDIST)]
    wheels = [every[index][name] for name, index in sorted(gathering.wheels.items())]
    packages = {one.key: one for one in reversed(_list_packages(releases))}
    return (*sdists, *wheels, *(package for _, package in sorted(packages.items())))


def _index_files(release: Release) -> dict[str, Artifact]:
    """Return the files of a job by their names."""
    return {one.filename: one for one in release.artifacts}


def _list_packages(releases: Sequence[Release]) -> list[Artifact]:
    return [one for release in releases for one in release.artifacts_of_kind(ArtifactKind.CONDA)]


def _find_package_faults(plan: BuildPlan, releases: Sequence[Release]) -> Iterator[str]:
    """Yield a line for each conda package that is missing, not planned, or built twice with other bytes."""
    packages = _list_packages(releases)
    yield from find_conda_faults(plan, [(one.subdir, one.filename) for one in packages])
    yield from _find_conflicts(packages)


def _find_strays(artifacts: Sequence[Artifact], folders: Sequence[Path]) -> Iterator[str]:
    """Yield a line for each file that is in none of the folders, such as an sdist that was only expected."""
    known = set(folders)
    for one in artifacts:
        if known.isdisjoint(one.path.parents):
            yield f"{one.key}: in none of the folders"


def _find_conflicts(packages: Sequence[Artifact]) -> Iterator[str]:
    """Yield a line for each conda package that two jobs built with other bytes."""
    first: dict[str, Artifact] = {}
    for package in packages:
        other = first.setdefault(package.key, package)
        if other.sha256 != package.sha256:
            yield f"{package.key}: other bytes from {package.path.parent} than from {other.path.parent}"


def _make_notes(
    context: Context, source: Release, artifacts: Sequence[Artifact], releases: Sequence[Release]
) -> Iterator[Note]:
    trusted = "what the job expects" if context.request.expect else f"{manifest.FILENAME} of the job {SOURCE_JOB}"
    names = dict.fromkeys(release.job or SOURCE_JOB for release in releases)
    yield Note(State.INFO, f"{source.name} {source.version}, commit {source.commit[:12]}", source.tag)
    yield Note(State.DONE, f"sdist and build plan match {trusted}")
    for one in artifacts:
        yield Note(State.DONE, one.key, f"{format_size(one.size)}, sha256 {one.sha256}")
    yield Note(State.DONE, "every required wheel was built", f"from {', '.join(names)}")


def _report_left_out(plan: BuildPlan, name: str) -> Note:
    job = next(job.name for job, target in plan.targets if target.identifier == name)
    return Note(State.WARNING, f"{name} is optional and is left out", f"job {job} did not build it")
