"""Publish the conda packages of a release to one channel."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from release_tools.artifacts.manifest import copy_privately
from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import ReleaseToolsError
from release_tools.model.action import Receipt
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Document, Note, Skip, State
from release_tools.model.release import Release
from release_tools.model.versions import format_conda_version
from release_tools.publishers.base import (
    BasePublisher,
    CheckResult,
    FileStatus,
    JobNeeds,
    Phase,
    PublisherStatus,
    StatusQuery,
    compare_files,
)
from release_tools.publishers.cached_query import CachedQuery
from release_tools.publishers.conda_channel.channel_server import MAIN_LABEL, ChannelEntry, ChannelFile, ChannelServer
from release_tools.publishers.conflicts import find_conflicts, find_missing, wait_until_served

BROKEN_LABEL: Final = "broken"
"""The label under which Anaconda.org's users keep what nobody should install any more."""
SUBDIRS: Final = frozenset({"noarch", "linux-64", "linux-aarch64", "osx-64", "osx-arm64", "win-64", "win-arm64"})
"""The subdirs that are searched for a version's packages."""


class ChannelPublisher(BasePublisher):
    """Publishes conda packages to one channel.

    One package is uploaded at a time: a release has few, and a folder is indexed after each.

    Attributes:
        server: the channel's server.
    """

    phases = (Phase.UPLOAD,)

    def __init__(self, context: Context, server: ChannelServer) -> None:
        self._context = context
        self.server = server
        self.name = server.channel.name
        self.title = server.title
        self._queries: dict[str, CachedQuery[Mapping[str, ChannelFile]]] = {}

    @property
    def group(self) -> str:
        """Return the name under which reports group it."""
        return self.server.group

    def skip(self, release: Release) -> Skip | None:
        """Skip a release without conda packages."""
        return None if release.artifacts_of_kind(ArtifactKind.CONDA) else Skip("no conda package was built")

    def first_query(self, release: Release) -> Callable[[], object] | None:
        """Return the query for the packages that the server has already; None before any package is built."""
        return self._make_query(release) if self.skip(release) is None else None

    def preflight(self, release: Release) -> Iterator[CheckResult]:
        """Check for conflicts, and for write access where something is missing.

        Raises:
            RemoteError: the server could not be queried.
        """
        found = self._find_receipts(release)
        published = sum(receipt is not None for receipt in found.values())
        yield from find_conflicts(self.title, found, "Release a new version, or raise conda.build-number.")
        if published < len(found):
            yield from self.server.check_write_access()
        yield Note(State.INFO, f"{self.title} has {published} of {len(found)} files", self._page)

    def check_credentials(self, release: Release) -> Iterator[CheckResult]:  # noqa: ARG002 - the channel is enough
        """Check whether the server accepts the token of this process.

        Raises:
            RemoteError: the server could not be queried.
        """
        if self.server.has_credentials:
            yield from self.server.check_write_access()
        else:
            yield make_no_credentials_note(self.title)

    def actions(self, release: Release, phase: Phase) -> Iterator[Action]:  # noqa: ARG002 - there is one phase
        """Yield one action a package: upload it, or add the label that it lacks."""
        for artifact in release.artifacts_of_kind(ArtifactKind.CONDA):
            yield Action(
                f"upload {artifact.key} to {self.title}",
                self._make_expected_receipt(artifact),
                partial(self._find, release, artifact),
                partial(self._apply, release, artifact),
            )

    def confirm(self, release: Release, phase: Phase, *, is_changed: bool) -> Iterator[Note]:  # noqa: ARG002 - there is one phase
        """Wait until the server lists the packages, with our digests.

        Raises:
            ConflictError: it has other bytes.
            RemoteError: it does not list them in time, or cannot be queried.
        """
        if is_changed:
            query = self._make_query(release)
            wait_until_served(
                self._context, self.title, lambda: find_missing(self.title, self._find_receipts(release)), query.forget
            )
            yield Note(State.DONE, f"{self.title} has every package, with our digests", self._page)

    def status(self, query: StatusQuery) -> PublisherStatus:
        """Return the packages of a version on the channel, under any label."""
        try:
            found = self._find_published(query)
        except ReleaseToolsError as error:
            return PublisherStatus(self.name, self.title, self.server.channel.url, error=error)
        published = {}
        for basename, file in found.items():
            is_withdrawn = bool(file.labels) and set(file.labels) <= {BROKEN_LABEL}
            state = State.WARNING if is_withdrawn else State.DONE
            published[basename] = FileStatus(basename, file.sha256, state, file.labels)
        files = compare_files(published, query.artifacts(ArtifactKind.CONDA))
        return PublisherStatus(self.name, self.title, self.server.channel.url, files)

    def retract(self, query: StatusQuery, reason: str) -> Iterator[Action | Note | Document]:  # noqa: ARG002 - a label has no text
        """Move the version's packages to the label ``broken`` on Anaconda.org; nothing is deleted.

        Raises:
            RemoteError: the server cannot be queried.
        """
        server = self.server
        published = CachedQuery(partial(self._find_published, query))
        if not published():
            yield Note(State.SKIPPED, f"{self.title} has no {query.conda_name} {query.version}")
        elif not server.has_labels:
            yield Note(
                State.WARNING,
                f"delete {len(published())} packages from {self.title} by hand",
                ", ".join(published()),
                "The server has no labels that could hide them.",
            )
        else:
            for basename, file in published().items():
                yield self._make_retraction(server, published, basename, file)

    def jobs(self) -> tuple[JobNeeds, ...]:
        """Return one job with the server's token; none for a folder, which a runner does not have."""
        variable = self.server.token_variable
        if not variable:
            return ()
        job = make_job_id(self.name)
        return (
            JobNeeds(
                job,
                self.server.job_title,
                self.name,
                environment=job,
                secrets=(variable,),
                secret_advice=self.server.token_advice or f"Create it at {self.title}.",
                url_output=self.server.url_output,
            ),
        )

    @property
    def _page(self) -> str:
        return self.server.channel.url if self.server.channel.url != self.title else ""

    def _make_expected_receipt(self, artifact: Artifact) -> Receipt:
        entry, label = ChannelEntry.from_artifact(artifact), self.server.channel.label
        key = f"{self.name}:{label}:{entry.basename}" if label else f"{self.name}:{entry.basename}"
        return Receipt(key, self.server.page(entry), artifact.sha256, output=self.server.url_output)

    def _make_query(self, release: Release) -> CachedQuery[Mapping[str, ChannelFile]]:
        return self._queries.setdefault(release.version, CachedQuery(partial(self._query_files, release)))

    def _query_files(self, release: Release) -> Mapping[str, ChannelFile]:
        artifacts = release.artifacts_of_kind(ArtifactKind.CONDA)
        entries = [ChannelEntry.from_artifact(artifact) for artifact in artifacts]
        subdirs = frozenset(artifact.subdir for artifact in artifacts)
        found: dict[str, ChannelFile] = {}
        for package, version in sorted({(entry.package, entry.version) for entry in entries}):
            found |= self.server.find_files(package, version, subdirs)
        return found

    def _find_published(self, query: StatusQuery) -> dict[str, ChannelFile]:
        found: dict[str, ChannelFile] = {}
        for name in query.conda_names:
            found |= self.server.find_files(name, format_conda_version(query.version), SUBDIRS)
        return found

    def _find(self, release: Release, artifact: Artifact) -> Receipt | None:
        file = self._make_query(release)().get(ChannelEntry.from_artifact(artifact).basename)
        if file is None or (file.sha256 == artifact.sha256 and not self.server.has_label(file)):
            return None
        return replace(self._make_expected_receipt(artifact), digest=file.sha256)

    def _find_receipts(self, release: Release) -> dict[Artifact, Receipt | None]:
        artifacts = release.artifacts_of_kind(ArtifactKind.CONDA)
        return {artifact: self._find(release, artifact) for artifact in artifacts}

    def _apply(self, release: Release, artifact: Artifact) -> Receipt:
        entry, query = ChannelEntry.from_artifact(artifact), self._make_query(release)
        try:
            if entry.basename in query():
                self.server.add_label(entry)
            else:
                self.server.upload(artifact, copy_privately(artifact, self._context.scratch).path)
        except ReleaseToolsError:
            query.forget()
            raise
        return self._make_expected_receipt(artifact)

    def _make_retraction(
        self,
        server: ChannelServer,
        published: CachedQuery[dict[str, ChannelFile]],
        basename: str,
        file: ChannelFile,
    ) -> Action:
        entry = ChannelEntry.from_basename(basename)
        expected = Receipt(f"{self.name}:{BROKEN_LABEL}:{basename}", server.page(entry), file.sha256)

        def find() -> Receipt | None:
            now = published().get(basename)
            return replace(expected, digest=now.sha256) if now and now.labels == (BROKEN_LABEL,) else None

        def apply() -> Receipt:
            labels = published()[basename].labels
            try:  # first the new label, so that the file can be found at any time
                server.with_label(BROKEN_LABEL).add_label(entry)
                for label in labels:
                    if label != BROKEN_LABEL:
                        server.with_label(label).remove_label(entry)
            finally:
                published.forget()
            return expected

        old = ", ".join(label for label in file.labels if label != BROKEN_LABEL) or "no label"
        title = server.with_label(MAIN_LABEL).title
        return Action(f"move {basename} on {title} from {old} to {BROKEN_LABEL}", expected, find, apply)


def make_no_credentials_note(title: str) -> Note:
    """Return a note that this process has no credentials for a destination, which is no fault outside its job."""
    return Note(State.SKIPPED, f"no credentials for {title} here", "the job that publishes there has its own")


def make_job_id(name: str) -> str:
    """Return a publisher's name as the id of a job, which may hold letters, digits and hyphens."""
    words = "".join(character if character.isalnum() else " " for character in name).split()
    return "-".join(words) or "publish"
