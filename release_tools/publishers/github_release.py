"""Publish a release with all files on GitHub: a draft first, revealed once the uploads elsewhere are complete.

The draft is the durable copy of what is published: not every backend gives the same bytes twice, so a rerun goes on
with the files of a complete draft instead of its own.
"""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.artifacts import manifest
from release_tools.checks.content_diff import find_content_differences
from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import ConflictError, OutputError, ReleaseToolsError, RemoteError
from release_tools.forges.base import Draft, HostedRepository
from release_tools.forges.registry import find_hosted_repository
from release_tools.model.action import Receipt
from release_tools.model.artifact import Artifact, asset_names
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Kind, Release
from release_tools.project.tag_spelling import find_tag_format
from release_tools.publishers.base import (
    BasePublisher,
    CheckResult,
    FileStatus,
    JobNeeds,
    Phase,
    PublisherStatus,
    StatusQuery,
    compare_files,
    require,
)
from release_tools.publishers.cached_query import CachedQuery
from release_tools.publishers.hosted_release import COMPLETION_MARKER, KnownRelease
from release_tools.system.credentials import GITHUB_TOKEN
from release_tools.system.sanitize import escape_markdown_line
from release_tools.wording import list_some

NAME: Final = "github"
SUMS: Final = "SHA256SUMS"
_RETRACTED: Final = "**Retracted:**"
_WRITE: Final = ("contents: write", "to create the release")


class GitHubReleasePublisher(BasePublisher):
    """Publishes a GitHub release in two phases: a draft with all files, and its publication."""

    name = NAME
    title = "GitHub"
    phases = (Phase.STAGE, Phase.REVEAL)

    def __init__(self, context: Context) -> None:
        self._context = context
        self._releases: dict[str, KnownRelease] = {}

    def takes(self, kind: Kind) -> bool:
        """Return whether versions of this kind get a release on GitHub."""
        return self._context.config.github.enabled and kind is not Kind.DEV

    def headline(self, phase: Phase) -> str:
        """Return ``GitHub draft`` or ``GitHub release``."""
        return "GitHub draft" if phase is Phase.STAGE else "GitHub release"

    def outcome(self, phase: Phase) -> str:
        """Return ``draft made`` or ``published on GitHub``."""
        return "draft made on GitHub" if phase is Phase.STAGE else "published on GitHub"

    def skip(self, release: Release) -> Skip | None:
        """Skip a release of a project that is not on GitHub, or that is not tagged."""
        if not self._context.config.github.enabled:
            return Skip("disabled", "Set github.enabled = true to create a GitHub release.")
        if release.is_untagged:
            return Skip("development versions get no GitHub release")
        if self._repository is None:
            return Skip("the project is not on GitHub", "Set github.repository if it is.")
        return None

    def first_query(self, release: Release) -> Callable[[], object] | None:
        """Return the query for what the token may do; None in a dry run, which has no token as a rule."""
        return None if self._context.gate.is_dry_run or self.skip(release) else self._write_access

    def preflight(self, release: Release) -> Iterator[CheckResult]:  # noqa: ARG002 - the repository is enough
        """Check that releases may be created.

        Raises:
            CredentialError: the token is missing, or may not create releases.
            RemoteError: GitHub could not be queried.
        """
        repository = require(self._repository)
        if self._context.gate.is_dry_run and not repository.has_token:
            text = f"write access to {repository.slug} was not checked"
            yield Note(State.INFO, text, f"{GITHUB_TOKEN} is not set")
        else:
            yield from self._write_access()

    def resume(self, release: Release) -> tuple[Release, tuple[Note, ...]]:
        """Return the release with the files of a complete draft of an earlier run, where ours are other bytes.

        Where not only the packing differs but the content, the draft must have been uploaded by the same account:
        others who may write drafts must not choose what is published.

        Raises:
            ConflictError: the release on GitHub is of another commit, or its files are not what it says.
            RemoteError: GitHub could not be queried.
        """
        if self.skip(release) is not None:
            return release, ()
        known = self._read_known(release.tag)
        if not known.is_complete:
            return release, ()
        folder = self._context.scratch / "draft"
        folder.mkdir(exist_ok=True)
        complete = _read_complete(known, folder, release)
        if _read_digests(complete) == _read_digests(release):
            return release, ()
        names = asset_names(complete.artifacts)
        for artifact in complete.artifacts:
            _download(known, artifact, names[artifact.key], folder)
        compared = tuple(_compare(complete, release))
        if not known.is_ours:
            _check_content(release.tag, compared)
        used = Note(State.INFO, f"using the files of the GitHub release {release.tag}, not those built here")
        return replace(release, artifacts=complete.artifacts), (used, *compared)

    def actions(self, release: Release, phase: Phase) -> Iterator[Action | Note]:
        """Yield the draft and its files, the completion marker last; or the publication of the draft.

        Raises:
            RemoteError: GitHub could not be queried.
        """
        known = self._read_known(release.tag)
        if phase is Phase.STAGE:
            yield from self._make_stage_actions(known, release)
        elif self._context.config.github.draft:
            yield Note(
                State.SKIPPED, "the release stays a draft", "", "Publish it on GitHub, or set github.draft = false."
            )
        else:
            yield self._publish_action(known, release)

    def _make_stage_actions(self, known: KnownRelease, release: Release) -> Iterator[Action | Note]:
        yield from _describe(known)
        yield _make_draft_action(known, release)
        for path, sha256 in self._list_files(release):
            if not known.is_immutable or known.asset(path.name):
                yield _upload_action(known, path, sha256)
        if not known.is_complete and not known.is_immutable:
            yield _upload_action(known, *self._write(COMPLETION_MARKER, manifest.dump(release)))

    def status(self, query: StatusQuery) -> PublisherStatus:
        """Return the files of the published release."""
        repository = self._repository
        if repository is None or not self._context.config.github.enabled:
            return PublisherStatus(NAME, self.title, "")
        url = f"{repository.url}/releases/tag/{query.tag}"
        try:
            release = repository.releases.find_published(query.tag)
        except ReleaseToolsError as error:
            return PublisherStatus(NAME, self.title, url, error=error)
        assets = release.assets if release else ()
        published = {asset.name: FileStatus(asset.name, asset.sha256, State.DONE) for asset in assets}
        names = asset_names(query.built.artifacts)
        built = {names[artifact.key]: artifact for artifact in query.built.artifacts}
        return PublisherStatus(NAME, self.title, url, compare_files(published, built))

    def retract(self, query: StatusQuery, reason: str) -> Iterator[Action | Note | Document]:
        """Mark the published release as retracted, and delete a draft that nobody saw.

        The published release stays, with its files: what was built upon it must still be found.

        Raises:
            RemoteError: GitHub cannot be queried.
        """
        repository = self._repository
        if repository is None or not self._context.config.github.enabled:
            yield Note(State.SKIPPED, "the project has no releases on GitHub")
            return
        release = self._read_known(query.tag).release
        if release is None:
            yield Note(State.SKIPPED, f"GitHub has no release {query.tag}")
        elif release.is_draft:
            yield self._delete_draft_action(query.tag)
        else:
            yield _retract_action(repository, query.tag, reason)

    def jobs(self) -> tuple[JobNeeds, ...]:
        """Return a job that stages the draft, and one that reveals it after all uploads."""
        permissions = (_WRITE,)
        stage = JobNeeds("github-draft", "GitHub draft", NAME, Phase.STAGE, permissions=permissions, has_history=True)
        reveal = JobNeeds(
            NAME,
            "GitHub release",
            NAME,
            Phase.REVEAL,
            permissions=permissions,
            url_output="release-url",
            has_history=True,
        )
        return (stage,) if self._context.config.github.draft else (stage, reveal)

    @cached_property
    def _write_access(self) -> CachedQuery[tuple[Note, ...]]:
        return CachedQuery(lambda: tuple(require(self._repository).check_write_access()))

    @cached_property
    def _repository(self) -> HostedRepository | None:
        return find_hosted_repository(self._context)

    def _read_known(self, tag: str) -> KnownRelease:
        return self._releases.setdefault(tag, KnownRelease(require(self._repository), tag))

    def _list_files(self, release: Release) -> Iterator[tuple[Path, str]]:
        names = asset_names(release.artifacts)
        for artifact in release.artifacts:
            yield self._copy_to_asset_name(artifact, names[artifact.key]), artifact.sha256
        sums = "".join(f"{artifact.sha256}  {names[artifact.key]}\n" for artifact in release.artifacts)
        yield self._write(SUMS, sums)

    def _copy_to_asset_name(self, artifact: Artifact, name: str) -> Path:
        """Return a path to a file that ends in the name of its asset."""
        if artifact.filename == name:
            return artifact.path
        folder = self._context.scratch / "github"
        folder.mkdir(exist_ok=True)
        return Path(shutil.copyfile(artifact.path, folder / name))

    def _write(self, name: str, text: str) -> tuple[Path, str]:
        folder = self._context.scratch / "github"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(text, encoding="utf-8", newline="\n")
        return path, hashlib.sha256(text.encode()).hexdigest()

    def _publish_action(self, known: KnownRelease, release: Release) -> Action:
        repository = known.repository
        url = f"{repository.url}/releases/tag/{release.tag}"
        expected = Receipt(f"{NAME}:{release.tag}", url, release.commit, output="release-url")

        def find() -> Receipt | None:
            known.forget()
            found = known.release
            if found is None or found.is_draft:
                return None
            return replace(expected, url=found.url, digest=repository.refs.commit_of_tag(release.tag))

        def apply() -> Receipt:
            draft = known.release
            if draft is None or not draft.is_draft:
                raise RemoteError(f"the draft release {release.tag} of {repository.slug} is gone")
            if repository.refs.commit_of_tag(release.tag) != release.commit:
                raise RemoteError(
                    f"{release.tag} of {repository.slug} is not on {release.commit}, so its release is not published",
                    "The tag was moved or deleted: find out who did it.",
                )
            is_latest = self._is_latest(release, repository.releases.list_published_tags())
            published = repository.releases.publish(draft, is_prerelease=release.is_prerelease, is_latest=is_latest)
            return replace(expected, url=published.url)

        return Action(f"publish the GitHub release {release.tag}", expected, find, apply)

    def _is_latest(self, release: Release, tags: tuple[str, ...]) -> bool:
        """Return whether this is a final version, and the highest of those released."""
        if release.kind not in {Kind.FINAL, Kind.POST}:
            return False
        tag_format = find_tag_format(self._context)
        others = filter(None, map(tag_format.version, tags))
        return all(Version(release.version) >= other for other in others if not other.is_prerelease)

    def _delete_draft_action(self, tag: str) -> Action:
        repository = require(self._repository)
        expected = Receipt(f"{NAME}:draft-deleted:{tag}", f"{repository.url}/releases", "")
        known = self._read_known(tag)

        def find() -> Receipt | None:
            known.forget()
            return expected if known.release is None else None

        def apply() -> Receipt:
            draft = known.release
            if draft is not None:
                repository.releases.delete_draft(draft)
            return expected

        return Action(f"delete the draft of the GitHub release {tag}", expected, find, apply)


def _describe(known: KnownRelease) -> Iterator[Note]:
    if not known.repository.has_token:
        yield Note(State.INFO, "drafts are not visible without a token", f"{GITHUB_TOKEN} is not set")
    is_immutable = known.is_immutable
    if known.extra_drafts:
        drafts = "draft" if known.extra_drafts == 1 else "drafts"
        text = f"{known.extra_drafts} more {drafts} of {known.tag} on GitHub"
        yield Note(State.WARNING, text, advice="Delete those that are not needed.")
    if is_immutable:
        yield Note(State.WARNING, f"the GitHub release {known.tag} is immutable: no missing file can be added")


def _make_draft_action(known: KnownRelease, release: Release) -> Action:
    """Return the creation of the draft; a release of that tag, draft or not, is used as it is."""
    repository = known.repository
    expected = Receipt(f"{NAME}-draft:{known.tag}", f"{repository.url}/releases", release.commit)
    title = f"{release.name} {release.version}".strip()
    draft = Draft(release.tag, release.commit, title, release.release_notes, release.is_prerelease)

    def find() -> Receipt | None:
        return replace(expected, url=known.release.url) if known.release else None

    def apply() -> Receipt:
        return replace(expected, url=known.create_draft(draft).url)

    return Action(f"draft the GitHub release {known.tag}", expected, find, apply)


def _upload_action(known: KnownRelease, path: Path, sha256: str) -> Action:
    """Return the upload of a file to the release.

    In an incomplete draft of ours, other bytes under the same name are what an earlier run left: nothing was published
    from them, so they are replaced.
    """
    name = path.name
    url = f"{known.repository.url}/releases/download/{known.tag}/{name}"
    expected = Receipt(f"{NAME}-file:{name}", url, sha256)

    def find() -> Receipt | None:
        asset = known.asset(name)
        if asset is None or not asset.is_complete:
            return None
        digest = known.sha256(asset)
        if digest != sha256 and known.is_leftover(asset):
            return None
        return replace(expected, digest=digest)

    def apply() -> Receipt:
        return replace(expected, digest=known.sha256(known.upload(path)))

    return Action(f"upload {name} to the GitHub release", expected, find, apply)


def _retract_action(repository: HostedRepository, tag: str, reason: str) -> Action:
    release = repository.releases.find_published(tag)
    if release is None:
        raise RemoteError(f"the GitHub release {tag} is gone")
    notice = f"> [!CAUTION]\n> {_RETRACTED} {escape_markdown_line(reason)}\n\n"
    expected = Receipt(f"{NAME}:retracted:{tag}", release.url, hashlib.sha256(notice.encode()).hexdigest())

    def find() -> Receipt | None:
        now = repository.releases.find_published(tag)
        return expected if now and _RETRACTED in now.text and now.is_prerelease else None

    def apply() -> Receipt:
        title = f"{release.title or tag} (retracted)"
        repository.releases.mark_prerelease(release, title=title, text=notice + release.text)
        return expected

    return Action(f"mark the GitHub release {tag} as retracted", expected, find, apply)


def _read_complete(known: KnownRelease, folder: Path, release: Release) -> Release:
    """Return what the complete release says about itself; it must be of the same commit."""
    known.download(COMPLETION_MARKER, folder)
    try:
        complete = manifest.load(folder)
    except OutputError as error:
        raise ConflictError(f"the GitHub release {release.tag}: {error.message}", "Delete the draft.") from None
    facts = {
        "name": (canonicalize_name(complete.name), canonicalize_name(release.name)),
        "version": (complete.version, release.version),
        "tag": (complete.tag, release.tag),
        "commit": (complete.commit, release.commit),
    }
    faults = [f"{fact}: {theirs} there, {ours} here" for fact, (theirs, ours) in facts.items() if theirs != ours]
    if faults:
        raise ConflictError(
            f"the GitHub release {release.tag} was made from other files",
            "If nothing of it was published, delete the draft; otherwise release a new version.",
            faults=faults,
        )
    return complete


def _download(known: KnownRelease, artifact: Artifact, name: str, folder: Path) -> None:
    path = known.download(name, folder)
    if path is None:
        raise ConflictError(
            f"the GitHub release {known.tag} lacks {name}, which its {COMPLETION_MARKER} lists",
            "Delete the draft if nothing of it was published; otherwise release a new version.",
        )
    found = Artifact.of(path, artifact.kind)
    if (found.sha256, found.size) != (artifact.sha256, artifact.size):
        raise ConflictError(
            f"{name} of the GitHub release {known.tag} does not match its {COMPLETION_MARKER}: sha256 {found.sha256}",
            "The file was replaced: find out who did it, and release a new version.",
        )
    artifact.path.parent.mkdir(exist_ok=True)
    path.replace(artifact.path)


def _check_content(tag: str, compared: Sequence[Note]) -> None:
    """Check that the files of a draft that another account uploaded are packed otherwise at most.

    Raises:
        ConflictError: their content differs.
    """
    if any(note.state is State.WARNING for note in compared):
        raise ConflictError(
            f"the GitHub release {tag} has files that differ from the build and were uploaded by another account",
            "Delete that draft if nothing of it was published; otherwise release a new version.",
            faults=[": ".join(filter(None, (note.text, note.detail))) for note in compared],
        )


def _compare(complete: Release, release: Release) -> Iterator[Note]:
    """Yield how the files of the complete release differ from those built here; a warning where their content does."""
    built = {artifact.key: artifact for artifact in release.artifacts}
    for theirs in complete.artifacts:
        ours = built.get(theirs.key)
        if ours is None:
            yield Note(State.WARNING, f"{theirs.key} was not built here")
        elif ours.sha256 != theirs.sha256:
            members = find_content_differences(theirs, ours)
            if members:
                yield Note(State.WARNING, f"{theirs.key} has different content", list_some(members, 1))
            else:
                yield Note(State.INFO, f"{theirs.key} is packed differently", "its content is the same")


def _read_digests(release: Release) -> dict[str, str]:
    return {artifact.key: artifact.sha256 for artifact in release.artifacts}
