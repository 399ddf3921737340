"""Load the sdist and the build plan that the source job made, in a job that builds wheels from them."""

from collections.abc import Iterator
from dataclasses import replace

from release_tools.artifacts import manifest
from release_tools.engine.context import Context
from release_tools.errors import OutputError, PreflightError, RepositoryError
from release_tools.git.repository import Repository
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.planning.build_plan import PLAN_FILE, SOURCE_JOB, BuildPlan, read_plan
from release_tools.report.plan_table import format_targets


def load_plan(context: Context, _: Release) -> Release:
    """Return the release with its sdist, its build plan and the job that runs here.

    Raises:
        OutputError: there is no ``release.json`` or no ``plan.json``.
        PreflightError: with every fault: another commit, version, sdist or plan than expected.
        UsageError: the plan has no such job.
    """
    folder = context.output
    stored = manifest.load(folder)
    plan = read_plan(folder)
    sdists = stored.artifacts_of_kind(ArtifactKind.SDIST)
    source = replace(stored, artifacts=sdists, job="", left_out=(), plan=plan)
    faults = [*_find_faults(context, source, plan)]
    if faults:
        raise PreflightError(
            f"{folder} does not contain what the job {SOURCE_JOB} built for {stored.name} {stored.version}:",
            "Nothing was built. Download the artifact of that job again, and check out its commit.",
            faults=faults,
        )
    job = plan.job(context.request.job)
    trusted = "what the job expects" if context.request.expect else manifest.FILENAME
    context.report.add(
        Note(State.INFO, f"{source.name} {source.version}, commit {source.commit[:12]}", source.tag),
        Note(State.INFO, f"job {job.name} on {job.runner}", format_targets(job)),
        Note(State.DONE, f"sdist and build plan match {trusted}"),
    )
    return replace(source, job=job.name)


def _find_faults(context: Context, source: Release, plan: BuildPlan) -> Iterator[str]:
    expect = context.request.expect
    if expect is not None:
        sdists = replace(expect, artifacts=expect.artifacts_of_kind(ArtifactKind.SDIST))
        yield from manifest.find_differences(source, sdists)
    if plan.digest != source.plan_digest:
        yield f"{PLAN_FILE}: its sha256 is {plan.digest}, {manifest.FILENAME} says {source.plan_digest or 'nothing'}"
    if len(source.artifacts) != int(plan.has_sdist):
        yield f"{manifest.FILENAME} names {len(source.artifacts)} sdists"
    for sdist in source.artifacts:
        yield from _find_changed(sdist)
    commit = _find_checked_out(context)
    if commit not in ("", source.commit):
        yield f"the checkout is at commit {commit}, but the sdist was built from {source.commit}"


def _find_checked_out(context: Context) -> str:
    """Return the commit of the checkout; empty without one, as the sdist is all that is needed."""
    try:
        return Repository.open(context.project, context.env).head().commit
    except RepositoryError:
        return ""


def _find_changed(sdist: Artifact) -> Iterator[str]:
    try:
        found = "that of a link" if sdist.path.is_symlink() else Artifact.of(sdist.path, sdist.kind).sha256
    except FileNotFoundError:
        yield f"{sdist.filename}: missing"
        return
    except OSError as error:
        raise OutputError(f"{sdist.path}: cannot be read: {error.strerror}") from None
    if found != sdist.sha256:
        yield f"{sdist.filename}: its sha256 is {found}, {manifest.FILENAME} says {sdist.sha256}"
