"""Check, before anything is published, that the tag is where others see it, on the commit that was built."""

from typing import Final

from release_tools.engine.context import Context
from release_tools.errors import ConflictError, PreflightError, ReleaseToolsError, RepositoryError
from release_tools.forges.registry import JOB_REPOSITORY, choose_forge, find_git_remote
from release_tools.git.remote import make_github_header, open_remote
from release_tools.git.repository import Repository
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release

_OFFLINE: Final = "On a laptop without a network, add --offline-tag to trust the tag of the checkout."
_ADVICE: Final = (
    "In a job, set GITHUB_TOKEN in the environment of the step, with the permission contents: read. " + _OFFLINE
)


def check_released_tag(context: Context, release: Release) -> Release | Skip:
    """Compare the tag of the remote with the commit that was built.

    The remote is the checkout's own, or the job's repository where there is no checkout; never one that the files name.
    A dry run warns of what a real run refuses for want of a tag or an answer.

    Raises:
        ConflictError: the tag is on another commit.
        PreflightError: there is no such tag.
        RepositoryError: the remote does not let us in, or there is none to ask.
        RemoteError: the remote does not answer.
    """
    if release.is_untagged:
        return Skip("a version between two tags has no tag to check")
    try:
        note = _check_checkout(context, release) if context.request.is_tag_offline else _check_remote(context, release)
    except ConflictError:
        raise
    except ReleaseToolsError as error:
        if not isinstance(error, PreflightError):
            error.advice = _ADVICE
        if not context.gate.is_dry_run:
            raise
        note = _describe_unchecked(error)
    context.report.add(note)
    return release


def start_tag_query(context: Context, release: Release) -> None:
    """Start to ask the remote, which takes a program and a connection of its own."""
    if not release.is_untagged and not context.request.is_tag_offline:
        context.background.start(_name_query(release), _ask, context, release.tag)


def _name_query(release: Release) -> str:
    return f"query the tag {release.tag}"


def _describe_unchecked(error: ReleaseToolsError) -> Note:
    """Return the warning of a dry run about what stops a real one."""
    if isinstance(error, PreflightError):
        return Note(State.WARNING, error.message, advice="Push the tag first: release-tools tag")
    return Note(State.WARNING, f"the tag cannot be checked: {error.message}", advice=error.advice)


def _check_remote(context: Context, release: Release) -> Note:
    where, commit = context.background.result(_name_query(release), _ask, context, release.tag)
    if not commit:
        raise _make_missing_error(release, where)
    if commit != release.commit:
        raise _make_conflict(release, commit, where)
    return Note(State.DONE, f"{release.tag} is on {release.commit[:12]}", where)


def _ask(context: Context, tag: str) -> tuple[str, str]:
    """Return the address that was asked, and the commit that has the tag there.

    The checkout's remote is asked, or else the job's repository.

    Raises:
        RepositoryError: there is neither, or it does not let us in.
        RemoteError: it does not answer.
    """
    remote, header = find_git_remote(context), make_github_header(context.env)
    forge = choose_forge(context, remote.url if remote else "")
    slug = forge.slug(remote.url) if remote else context.env.get(JOB_REPOSITORY, "")
    if slug and (header or not remote):
        address = f"{forge.site}/{forge.repository(slug).slug}"
        with open_remote(address, context.env, context.config.network.timeout, header) as job_remote:
            return address, job_remote.commit_of_tag(tag)
    if remote:
        return remote.url, remote.commit_of_tag(tag)
    raise RepositoryError(
        f"no remote to ask about the tag: {context.project} is no checkout with a remote"
        f" {context.config.tag.remote}, and {JOB_REPOSITORY} is not set"
    )


def _check_checkout(context: Context, release: Release) -> Note:
    """Compare the tag of the checkout, where there is one, as somebody explicitly asked."""
    try:
        commit = Repository.open(context.project, context.env).commit_of_tag(release.tag)
    except RepositoryError:
        commit = ""
    if commit and commit != release.commit:
        raise _make_conflict(release, commit, "the checkout")
    if not commit and not release.tagged:
        raise _make_missing_error(release, "the checkout")
    seen = "the checkout has it" if commit else "it was there when it was built"
    return Note(State.WARNING, f"{release.tag} is not compared with the remote", seen)


def _make_missing_error(release: Release, where: str) -> PreflightError:
    return PreflightError(
        f"{where} has no tag {release.tag}; it was never pushed, or it was deleted",
        "Nothing was published. Push the tag of the commit that was built, or build again.",
    )


def _make_conflict(release: Release, commit: str, where: str) -> ConflictError:
    return ConflictError(
        f"{where} has {release.tag} on {commit}, but these files were built from {release.commit}",
        "Nothing was published. Find out who moved the tag; to release another commit, choose a new version.",
    )
