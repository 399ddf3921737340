"""Taking a version back: what a program can do as acts, what only a person may do as texts ready to use."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Final

from release_tools import addresses
from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.engine.routes import Channel, Index, Server
from release_tools.errors import CredentialError, ReleaseToolsError
from release_tools.forges.github.client import HostedRepository
from release_tools.forges.github.releases import mark, published_release
from release_tools.model.action import Receipt
from release_tools.model.note import Document, Note, State
from release_tools.publishers.cached_query import CachedQuery
from release_tools.publishers.conda_channel.servers import TOKENS, ChannelEntry, ChannelFile, relabel, token
from release_tools.publishers.package_index.index_publisher import version_of
from release_tools.publishers.package_index.simple_api import listing
from release_tools.publishers.status import StatusQuery, channel_files
from release_tools.system.sanitize import markdown_line, visible

BROKEN: Final = "broken"
"""The label under which Anaconda.org's users keep what nobody should install any more."""
CONDA_FORGE: Final = Channel(
    "conda-forge",
    Server.ANACONDA,
    addresses.CONDA_FORGE_CHANNEL,
    addresses.ANACONDA_API,
    addresses.CONDA_FORGE_OWNER,
    "main",
)


@dataclass(frozen=True)
class ChannelRetraction:
    """Moving a version's files on an Anaconda.org channel to the label ``broken``; nothing is deleted.

    Attributes:
        context: the run's surroundings.
        sought: the version.
        channel: of our own.
    """

    context: Context
    sought: StatusQuery
    channel: Channel

    @cached_property
    def look(self) -> CachedQuery[Mapping[str, ChannelFile]]:
        """The version's files there, with their labels."""
        return CachedQuery(lambda: channel_files(self.context, self.sought, self.channel))

    def acts(self) -> Iterator[Action]:
        """One a file.

        Raises:
            RemoteError: the server cannot be asked.
        """
        for basename, there in self.look().items():
            url = f"{addresses.ANACONDA_SITE}/{self.channel.owner}/{ChannelEntry.at(basename).package}"
            expected = Receipt(f"{self.channel.name}:{BROKEN}:{basename}", url, there.sha256)
            labels = ", ".join(label for label in there.labels if label != BROKEN) or "no label"
            yield Action(
                f"move {basename} on {self.channel.title} from {labels} to {BROKEN}",
                expected,
                partial(self._found, basename, expected),
                partial(self._move, basename, expected),
            )

    def _found(self, basename: str, expected: Receipt) -> Receipt | None:
        there = self.look().get(basename)
        return replace(expected, digest=there.sha256) if there and there.labels == (BROKEN,) else None

    def _move(self, basename: str, expected: Receipt) -> Receipt:
        """First the new label, then without the old ones: in between it can still be found."""
        labels = self.look()[basename].labels
        secret = token(self.channel, self.context.env)
        if secret is None:
            raise CredentialError(f"no token for {self.channel.title}", f"Set {TOKENS[self.channel.server]}.")
        entry = ChannelEntry.at(basename)
        try:
            relabel(self.context.http, self.channel.labelled(BROKEN), entry, secret, on=True)
            for label in labels:
                if label != BROKEN:
                    relabel(self.context.http, self.channel.labelled(label), entry, secret, on=False)
        finally:
            self.look.forget()
        return expected


def mark_retracted_action(
    context: Context, sought: StatusQuery, repository: HostedRepository, reason: str
) -> Action | None:
    """The act of marking the release on GitHub as retracted; None where it has none.

    It stays, with its files: what was built upon it must still be found.

    Raises:
        RemoteError: GitHub cannot be asked.
    """
    tag = sought.tag(context)
    first = published_release(repository, tag)
    if first is None:
        return None
    notice = f"> [!CAUTION]\n> **Retracted:** {markdown_line(reason)}\n\n"
    expected = Receipt(f"github:retracted:{tag}", first.url, hashlib.sha256(notice.encode()).hexdigest())

    def find() -> Receipt | None:
        there = published_release(repository, tag)
        return expected if there and "**Retracted:**" in there.text and there.prerelease else None

    def apply() -> Receipt:
        mark(repository, first, title=f"{first.title or tag} (retracted)", text=notice + first.text)
        return expected

    return Action(f"mark the GitHub release {tag} as retracted", expected, find, apply)


def yank_note(context: Context, sought: StatusQuery, index: Index, reason: str) -> Note:
    """What a person does at an index (PEP 592); there is no API for it.

    Raises:
        RemoteError: the index cannot be asked.
    """
    known = listing(context.http, index, sought.name)
    there = [served for name, served in known.files.items() if version_of(name) == sought.version]
    if not there:
        return Note(State.SKIPPED, f"{index.title} has no {sought.name} {sought.version}")
    if all(served.yanked for served in there):
        return Note(State.UNCHANGED, f"yanked on {index.title} already")
    where = index.page(sought.name, str(sought.version))
    if index.site:
        where = f"{index.site}/manage/project/{sought.name}/release/{sought.version}/"
    return Note(
        State.WARNING,
        f"yank it on {index.title} by hand",
        where,
        f"Options → Yank, with this reason: {_one_line(reason)}",
    )


def conda_forge_request(context: Context, sought: StatusQuery, reason: str) -> tuple[Note, Document | None]:
    """The text of a request to mark the version's packages on conda-forge as broken."""
    try:
        there = channel_files(context, sought, CONDA_FORGE)
    except ReleaseToolsError as error:
        return Note(State.WARNING, "could not look at conda-forge", error.message), None
    standing = [basename for basename, one in there.items() if set(one.labels) - {BROKEN}]
    if not standing:
        return Note(State.SKIPPED, f"conda-forge has no {sought.conda_name} {sought.version}"), None
    text = f"# {_one_line(reason)}\naction: broken\npackages:\n" + "".join(f"- {basename}\n" for basename in standing)
    note = Note(
        State.WARNING,
        f"{len(standing)} package{'s' if len(standing) > 1 else ''} on conda-forge: ask for the mark broken",
        f"{addresses.CONDA_FORGE_REQUESTS}/new/main/requests",
        f"Propose the file below as requests/{sought.conda_name}-{sought.version}.yml.",
    )
    return note, Document("Request to conda-forge/admin-requests", text, "yaml")


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())
