"""What of one version is where: one look at each place that any route leads to."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.engine.routes import Channel, Index, Server, all_publishers
from release_tools.errors import ReleaseToolsError
from release_tools.forges.github.client import HostedRepository
from release_tools.forges.github.releases import published_release
from release_tools.forges.origin import hosted
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note, Section, State
from release_tools.model.release import Release
from release_tools.model.versions import conda_version
from release_tools.project.tag_spelling import find_tag_format
from release_tools.publishers.conda_channel import folder
from release_tools.publishers.conda_channel.servers import ChannelFile, find_channel_files
from release_tools.publishers.package_index.index_publisher import version_of
from release_tools.publishers.package_index.simple_api import listing


@dataclass(frozen=True)
class StatusQuery:
    """The version that is looked for.

    Attributes:
        name: the project's.
        version: of it.
        conda_names: what its conda packages are called: the package itself first, then its other spellings.
        built: what was built of it here, to compare with; without artifacts where nothing was.
    """

    name: str
    version: Version
    conda_names: tuple[str, ...]
    built: Release = field(default_factory=Release)

    @classmethod
    def of(cls, context: Context, name: str, version: Version, built: Release) -> "StatusQuery":
        """What is looked for, with the conda names that the settings give it."""
        conda = context.config.conda
        return cls(name, version, (conda.name or canonicalize_name(name), *conda.aliases), built)

    @property
    def conda_name(self) -> str:
        """The conda package's name."""
        return self.conda_names[0]

    def tag(self, context: Context) -> str:
        """The version's tag: the one that was built, or as the settings spell it."""
        return self.built.tag or find_tag_format(context).tag(self.version)


@dataclass(frozen=True)
class FileStatus:
    """One file at one place.

    Attributes:
        filename: with its subdir on a channel.
        sha256: empty where the place does not say; for a missing file, of ours.
        state: DONE there, FAILED with other bytes than ours, WOULD be there after publishing, WARNING if taken back.
        labels: on Anaconda.org.
    """

    filename: str
    sha256: str
    state: State
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class PublisherStatus:
    """What one place has of the version.

    Attributes:
        name: in the config.
        title: for a person.
        url: where to look.
        files: there or missing.
        error: why it could not be looked at; None where it could.
    """

    name: str
    title: str
    url: str
    files: tuple[FileStatus, ...] = ()
    error: ReleaseToolsError | None = None

    @property
    def section(self) -> Section:
        """For the terminal."""
        words = {
            State.DONE: "is there",
            State.WARNING: "was taken back",
            State.FAILED: "is there with other bytes",
            State.PLANNED: "missing",
        }
        notes = [
            Note(one.state, f"{one.filename} {words[one.state]}", " ".join(filter(None, (one.sha256, *one.labels))))
            for one in self.files
        ]
        if self.error:
            notes.append(Note(State.WARNING, self.error.message, advice=self.error.advice))
        return Section(f"{self.title}  {self.url}", tuple(notes or [Note(State.INFO, "nothing")]), 0.0, self.title)

    @property
    def data(self) -> dict[str, Any]:
        """For machines."""
        return {
            "publisher": self.name,
            "title": self.title,
            "url": self.url,
            "files": [
                {"filename": one.filename, "sha256": one.sha256, "state": _WORDS[one.state], "labels": list(one.labels)}
                for one in self.files
            ],
            "error": self.error.message if self.error else None,
        }


_WORDS = {State.DONE: "there", State.WARNING: "taken back", State.FAILED: "other bytes", State.PLANNED: "missing"}


def publisher_statuses(context: Context, sought: StatusQuery) -> Iterator[PublisherStatus]:
    """Look at every place, one after the other; one that cannot be reached is told with its error."""
    every = all_publishers(context.config)
    for index in every.indexes:
        yield _on_index(context, sought, index)
    for channel in every.channels:
        yield _on_channel(context, sought, channel)
    if context.config.github.enabled:
        repository = hosted(context)
        if repository is not None:
            yield _on_github(context, sought, repository)
    for place in every.unconfigured:
        yield PublisherStatus(place.name, place.name, "", error=ReleaseToolsError(place.reason, place.advice))


def _on_index(context: Context, sought: StatusQuery, index: Index) -> PublisherStatus:
    url = index.page(sought.name, str(sought.version))
    try:
        known = listing(context.http, index, sought.name)
    except ReleaseToolsError as error:
        return PublisherStatus(index.name, index.title, url, error=error)
    ours = _ours(sought, ArtifactKind.WHEEL, ArtifactKind.SDIST)
    there = {name: served for name, served in known.files.items() if version_of(name) == sought.version}
    files = [
        FileStatus(name, served.sha256, State.WARNING if served.yanked else _compared(served.sha256, ours.get(name)))
        for name, served in there.items()
    ]
    return PublisherStatus(index.name, index.title, url, (*files, *_missing(ours, set(there))))


def _on_channel(context: Context, sought: StatusQuery, channel: Channel) -> PublisherStatus:
    ours = _ours(sought, ArtifactKind.CONDA)
    try:
        there = channel_files(context, sought, channel)
    except ReleaseToolsError as error:
        return PublisherStatus(channel.name, channel.title, channel.url, error=error)
    files = [
        FileStatus(name, one.sha256, _label_state(one) or _compared(one.sha256, ours.get(name)), one.labels)
        for name, one in there.items()
    ]
    return PublisherStatus(channel.name, channel.title, channel.url, (*files, *_missing(ours, set(there))))


def _on_github(context: Context, sought: StatusQuery, repository: HostedRepository) -> PublisherStatus:
    tag = sought.tag(context)
    url = f"{repository.url}/releases/tag/{tag}"
    try:
        release = published_release(repository, tag)
    except ReleaseToolsError as error:
        return PublisherStatus("github", "GitHub", url, error=error)
    ours = {one.filename: one for one in sought.built.artifacts}
    there = {file.name: file for file in release.files} if release else {}
    files = [FileStatus(name, one.sha256, _compared(one.sha256, ours.get(name))) for name, one in there.items()]
    return PublisherStatus("github", "GitHub", url, (*files, *_missing(ours, set(there))))


def channel_files(context: Context, sought: StatusQuery, channel: Channel) -> dict[str, ChannelFile]:
    """What a channel has of the version, by ``subdir/file``, under whatever label.

    Raises:
        RemoteError: it cannot be asked.
    """
    found: dict[str, ChannelFile] = {}
    for name in sought.conda_names:
        found |= _of_package(context, channel, name, conda_version(sought.version))
    return found


def _of_package(context: Context, channel: Channel, name: str, version: str) -> Mapping[str, ChannelFile]:
    if channel.server is not Server.FOLDER:
        return find_channel_files(context.http, channel, name, version, frozenset({"noarch"}))
    return {basename: ChannelFile(digest) for basename, digest in folder.digests_of(channel, name, version).items()}


def _label_state(one: ChannelFile) -> State | None:
    return State.WARNING if one.labels and set(one.labels) <= {"broken"} else None


def _ours(sought: StatusQuery, *kinds: ArtifactKind) -> dict[str, Artifact]:
    artifacts = (one for kind in kinds for one in sought.built.artifacts_of_kind(kind))
    return {f"{one.subdir}/{one.filename}".lstrip("/"): one for one in artifacts}


def _compared(sha256: str, ours: Artifact | None) -> State:
    return State.FAILED if ours and sha256 and sha256 != ours.sha256 else State.DONE


def _missing(ours: dict[str, Artifact], there: set[str]) -> Iterator[FileStatus]:
    return (FileStatus(name, one.sha256, State.PLANNED) for name, one in ours.items() if name not in there)
