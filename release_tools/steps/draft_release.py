"""A draft release on GitHub with all files: not seen yet, deletable, and the durable copy of what is published."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from packaging.utils import canonicalize_name

from release_tools.artifacts import manifest
from release_tools.checks.content_diff import content_differences
from release_tools.engine.context import Context
from release_tools.engine.executor import run_actions
from release_tools.engine.gate import Action
from release_tools.errors import ConflictError, OutputError
from release_tools.forges.github.releases import Draft
from release_tools.forges.origin import hosted
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, Skip, State
from release_tools.model.release import Release
from release_tools.project.project_history import release_notes
from release_tools.publishers.github_release import COMPLETION_MARKER, GitHubRelease
from release_tools.system.credentials import GITHUB_TOKEN

SUMS = "SHA256SUMS"


def resume_draft(context: Context, release: Release) -> Release | Skip:
    """Take the files of a draft that an earlier run sealed, where our own build gave other bytes; nothing is changed.

    Not every backend gives the same bytes twice, and what an index has already must be what is compared with it.

    Raises:
        ConflictError: the release on GitHub is of another commit, or its files are not what it says.
    """
    if not context.config.github.enabled or release.is_untagged:
        return Skip("no GitHub release is wanted")
    repository = hosted(context)
    if repository is None:
        return Skip("the project does not lie on GitHub")
    shelf = GitHubRelease(repository, release.tag, repository.hub.login())
    if not shelf.is_complete:
        return release.with_notes(Note(State.INFO, f"no draft of {release.tag or release.version} to go back to"))
    return _durable(context, shelf, release)


def draft_release(context: Context, release: Release) -> Release | Skip:
    """Draft the release and add its files, ``release.json`` last; where both are there already, see that they agree.

    A release that was sealed by an earlier run, from the same commit, holds what may have been published since. If our
    own build gave other bytes, its files are taken instead of ours. Where not only the packing differs but the content,
    that needs the same account to have uploaded them: whoever else may write drafts must not choose what is published.

    Raises:
        StoppedError: an act failed.
        ConflictError: the release on GitHub is of another commit, or its files are not what it says.
        CredentialError: there is no token.
    """
    if not context.config.github.enabled:
        return Skip("switched off", "Set github.enabled = true to have a GitHub release.")
    if release.is_untagged:
        return Skip("development versions get no GitHub release")
    repository = hosted(context)
    if repository is None:
        return Skip("the project does not lie on GitHub", "Set github.repository if it does.")
    shelf = GitHubRelease(repository, release.tag, repository.hub.login())
    ours = _durable(context, shelf, release.with_notes(*_told(shelf)))
    done = run_actions(context, ours, tuple(_acts(context, shelf, ours)))
    return done if shelf.is_complete or shelf.closed else run_actions(context, done, [_sealing(context, shelf, done)])


def _told(shelf: GitHubRelease) -> Iterator[Note]:
    if shelf.repository.hub.token is None:
        yield Note(State.INFO, "drafts cannot be seen without a token", f"{GITHUB_TOKEN} is not set")
    shelf.look()
    if shelf.others:
        yield Note(
            State.WARNING,
            f"{shelf.others} more draft{'s' if shelf.others > 1 else ''} of {shelf.tag} on GitHub",
            advice="Delete what is not needed.",
        )
    if shelf.closed:
        yield Note(State.WARNING, f"the GitHub release {shelf.tag} is immutable, and takes no file that it lacks")


def _durable(context: Context, shelf: GitHubRelease, release: Release) -> Release:
    """The release with the files of the sealed one, where ours are other bytes."""
    if not shelf.is_complete:
        return release
    folder = context.scratch / "durable"
    folder.mkdir(exist_ok=True)
    sealed = _sealed(shelf, folder, release)
    theirs, ours = _digests(sealed), _digests(release)
    if theirs == ours:
        return release
    for artifact in sealed.artifacts:
        _fetch(shelf, artifact, folder)
    compared = tuple(_compared(sealed, release))
    if not shelf.is_ours and any(note.state is State.WARNING for note in compared):
        raise ConflictError(
            f"the GitHub release {release.tag} holds other content than what was built, uploaded by another account",
            "Delete that draft if nothing of it was published; otherwise release under a new version.",
            faults=[": ".join(filter(None, (note.text, note.detail))) for note in compared],
        )
    taken = Note(State.INFO, f"the files of the GitHub release {release.tag} are published, not those built here")
    return replace(release, artifacts=sealed.artifacts).with_notes(taken, *compared)


def _sealed(shelf: GitHubRelease, folder: Path, release: Release) -> Release:
    """What the sealed release says of itself; it must be of this very commit."""
    shelf.fetch(COMPLETION_MARKER, folder)
    try:
        sealed = manifest.load(folder)
    except OutputError as error:
        raise ConflictError(f"the GitHub release {release.tag}: {error.message}", "Delete the draft.") from None
    facts = {
        "name": (canonicalize_name(sealed.name), canonicalize_name(release.name)),
        "version": (sealed.version, release.version),
        "tag": (sealed.tag, release.tag),
        "commit": (sealed.commit, release.commit),
    }
    wrong = [f"{fact}: {theirs} there, {ours} here" for fact, (theirs, ours) in facts.items() if theirs != ours]
    if wrong:
        raise ConflictError(
            f"the GitHub release {release.tag} was made from something else",
            "If nothing of it was published, delete the draft; otherwise release under a new version.",
            faults=wrong,
        )
    return sealed


def _fetch(shelf: GitHubRelease, artifact: Artifact, folder: Path) -> None:
    path = shelf.fetch(artifact.filename, folder)
    if path is None:
        raise ConflictError(
            f"the GitHub release {shelf.tag} lacks {artifact.filename}, which its {COMPLETION_MARKER} names"
        )
    found = Artifact.of(path, artifact.kind)
    if (found.sha256, found.size) != (artifact.sha256, artifact.size):
        raise ConflictError(
            f"{artifact.filename} on the GitHub release {shelf.tag} does not match its {COMPLETION_MARKER}:"
            f" sha256 {found.sha256}",
            "Somebody replaced it: find out who, and release under a new version.",
        )


def _compared(sealed: Release, release: Release) -> Iterator[Note]:
    """How the files of the sealed release differ from those built here; a warning where their content does."""
    built = {artifact.filename: artifact for artifact in release.artifacts}
    for theirs in sealed.artifacts:
        ours = built.get(theirs.filename)
        if ours is None:
            yield Note(State.WARNING, f"{theirs.filename} was not built here")
        elif ours.sha256 != theirs.sha256:
            members = content_differences(theirs, ours)
            more = f" and {len(members) - 1} more" if len(members) > 1 else ""
            if members:
                yield Note(State.WARNING, f"{theirs.filename} has other content", f"{members[0]}{more}")
            else:
                yield Note(State.INFO, f"{theirs.filename} is packed otherwise", "its content is the same")


def _digests(release: Release) -> dict[str, str]:
    return {artifact.filename: artifact.sha256 for artifact in release.artifacts}


def _acts(context: Context, shelf: GitHubRelease, release: Release) -> Iterator[Action]:
    notes = release_notes(release)
    title = f"{release.name} {release.version}".strip()
    yield shelf.drafting(Draft(release.tag, release.commit, title, notes, release.is_prerelease))
    sums = "".join(f"{artifact.sha256}  {artifact.filename}\n" for artifact in release.artifacts)
    files = [(artifact.path, artifact.sha256) for artifact in release.artifacts]
    files.append(_written(context, SUMS, sums))
    for path, sha256 in files:
        if not shelf.closed or shelf.has(path.name):
            yield shelf.shelving(path, sha256)


def _sealing(context: Context, shelf: GitHubRelease, release: Release) -> Action:
    """The last file, once every other one is there."""
    return shelf.shelving(*_written(context, COMPLETION_MARKER, manifest.dump(release)))


def _written(context: Context, name: str, text: str) -> tuple[Path, str]:
    folder = context.scratch / "github"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="\n")
    return path, hashlib.sha256(text.encode()).hexdigest()
