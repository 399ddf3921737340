"""A release and one conda channel, on a server or in a folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

from release_tools import addresses
from release_tools.artifacts.manifest import check_unchanged
from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.engine.routes import Channel, Server
from release_tools.errors import CredentialError, OutputError, ReleaseToolsError
from release_tools.model.action import Receipt
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, State
from release_tools.model.release import Release
from release_tools.publishers.cached_query import CachedQuery
from release_tools.publishers.check_results import CheckResult
from release_tools.publishers.conda_channel import folder
from release_tools.publishers.conda_channel.servers import (
    TOKENS,
    ChannelEntry,
    ChannelFile,
    check_token,
    find_channel_files,
    relabel,
    token,
    upload,
)
from release_tools.publishers.delivery import conflicts, not_served, wait_until


@dataclass(frozen=True)
class ChannelPublisher:
    """What there is to do for a release on a channel, and what stands in the way.

    Attributes:
        context: the run's surroundings.
        release: with its artifacts.
        channel: the place.
    """

    context: Context
    release: Release
    channel: Channel

    @property
    def title(self) -> str:
        """The channel's, for a person."""
        return self.channel.title

    @property
    def beside(self) -> int:
        """One at a time: a release has few packages, and a folder is indexed after each."""
        return 1

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The conda packages."""
        return self.release.artifacts_of_kind(ArtifactKind.CONDA)

    @cached_property
    def look(self) -> CachedQuery[Mapping[str, ChannelFile]]:
        """What the channel has, by ``subdir/file``; one request a package."""
        return CachedQuery(self._placed)

    def expected(self, artifact: Artifact) -> Receipt:
        """What stands there once a package is uploaded."""
        entry, channel = ChannelEntry.of(artifact), self.channel
        url = f"{channel.url}/{entry.basename}"
        if channel.server is Server.ANACONDA and channel.api == addresses.ANACONDA_API:
            url = f"{addresses.ANACONDA_SITE}/{channel.owner}/{entry.package}"
        label = f":{channel.label}" if channel.label else ""
        return Receipt(f"{channel.name}{label}:{entry.basename}", url, artifact.sha256)

    def found(self, artifact: Artifact) -> Receipt | None:
        """What stands there under a package's name and the channel's label."""
        there = self.look().get(ChannelEntry.of(artifact).basename)
        if there is None or (there.sha256 == artifact.sha256 and not self._labelled(there)):
            return None
        return replace(self.expected(artifact), digest=there.sha256)

    def checks(self) -> Iterator[CheckResult]:
        """Everything that can be known before the first upload.

        Raises:
            RemoteError: the server could not be asked.
        """
        found = self._found
        there = sum(receipt is not None for receipt in found.values())
        yield from conflicts(self.title, found, "Release under a new version, or raise conda.build-number.")
        if there < len(found):
            yield from self._may_write()
        yield Note(State.INFO, f"{self.title} has {there} of {len(found)} files", self._where)

    @property
    def has_login(self) -> bool:
        """Whether this process has anything to log in with; a folder needs nothing."""
        return self.channel.server is Server.FOLDER or token(self.channel, self.context.env) is not None

    def login_checks(self) -> Iterator[CheckResult]:
        """Whether the server would take the token of this process, as far as that can be known.

        Raises:
            RemoteError: the server could not be asked.
        """
        yield from self._may_write()

    def acts(self) -> Iterator[Action]:
        """One deed a package: its upload, or the label that it lacks."""
        for artifact in self.artifacts:
            yield Action(
                f"upload {artifact.filename} to {self.title}",
                self.expected(artifact),
                partial(self.found, artifact),
                partial(self._perform, artifact),
            )

    def wait_until_served(self) -> Note:
        """Wait until the server tells of the packages, and see that they are ours.

        Raises:
            ConflictError: it has other bytes.
            RemoteError: it does not tell of them in time, or cannot be asked.
        """
        wait_until(self.context, self.title, self._not_served, self.look.forget)
        return Note(State.DONE, f"{self.title} has every package with our digest", self._where)

    @property
    def _where(self) -> str:
        return self.channel.url if self.channel.url != self.title else ""

    @property
    def _secret(self) -> str:
        secret = token(self.channel, self.context.env)
        if secret is None:
            name = TOKENS[self.channel.server]
            raise CredentialError(f"no token for {self.title}", f"Set {name}, or take the channel out of the route.")
        return secret

    def _labelled(self, there: ChannelFile) -> bool:
        return not self.channel.label or self.channel.label in there.labels

    def _placed(self) -> Mapping[str, ChannelFile]:
        entries = {ChannelEntry.of(artifact) for artifact in self.artifacts}
        if self.channel.server is Server.FOLDER:
            digests = {one.basename: folder.digest_of(self.channel, one.basename) for one in entries}
            return {basename: ChannelFile(digest) for basename, digest in digests.items() if digest}
        subdirs = frozenset(artifact.subdir for artifact in self.artifacts)
        found: dict[str, ChannelFile] = {}
        for package, version in sorted({(entry.package, entry.version) for entry in entries}):
            found |= find_channel_files(self.context.http, self.channel, package, version, subdirs)
        return found

    def _perform(self, artifact: Artifact) -> Receipt:
        entry = ChannelEntry.of(artifact)
        check_unchanged(artifact)
        try:
            if self.channel.server is Server.FOLDER:
                folder.add(self.channel, artifact)
            elif entry.basename in self.look():
                relabel(self.context.http, self.channel, entry, self._secret, on=True)
            else:
                upload(self.context.http, self.channel, artifact, self._secret)
        except ReleaseToolsError:
            self.look.forget()
            raise
        return self.expected(artifact)

    @property
    def _found(self) -> dict[Artifact, Receipt | None]:
        return {artifact: self.found(artifact) for artifact in self.artifacts}

    def _not_served(self) -> list[str]:
        return not_served(self.title, self._found)

    def _may_write(self) -> Iterator[CheckResult]:
        if self.channel.server is Server.FOLDER:
            if not folder.writable(self.channel):
                yield OutputError(f"{self.channel.url}: cannot be written to")
            return
        login = check_token(self.context.http, self.channel, self._secret)
        name = TOKENS[self.channel.server]
        yield Note(State.DONE, f"{name} may write to {self.title}" if login else f"{name} is set", login)
