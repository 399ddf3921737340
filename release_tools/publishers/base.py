"""Define what a release can be published to.

A publisher says what is missing at its destination as actions; the gate applies them, or only shows them in a dry
run. One loop (`release_tools.steps.publish`) runs the phases in order, each over all publishers of the route.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Protocol, TypeAlias, TypeVar

from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.engine.context import Context
from release_tools.engine.gate import Action
from release_tools.errors import ReleaseToolsError
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Document, Note, Section, Skip, State
from release_tools.model.release import Kind, Release
from release_tools.project.tag_spelling import find_tag_format
from release_tools.publishers.package_index.index import Index


class Phase(IntEnum):
    """A time at which actions are applied, ordered from the most repairable to the least."""

    TAG = 1
    """The git tag is pushed: it can be deleted."""
    STAGE = 2
    """A draft is created that only people with write access see."""
    UPLOAD = 3
    """Files are uploaded where users install from: an index never takes other bytes under the same name."""
    REVEAL = 4
    """The draft is published, once the uploads are complete."""
    PROPOSE = 5
    """Other people's repositories get a pull request."""

    @property
    def option(self) -> str:
        """Return the phase's name for ``--phase``: ``stage``."""
        return self.name.lower()


Found = TypeVar("Found")

CheckResult: TypeAlias = Note | ReleaseToolsError
"""A line of the report, or an error that forbids the release; errors are returned so that all are shown together."""


def _assume_published() -> bool:
    """Return True, so that nothing is deleted where nobody looked."""
    return True


@dataclass(frozen=True)
class StatusQuery:
    """The version that ``status`` and ``retract`` ask about.

    Attributes:
        name: the project's name.
        version: the version.
        conda_names: the names of its conda packages: the package itself first, then its aliases, and what else was
            built, or is in the project's own recipe.
        tag: the version's tag.
        built: the release that was built here, to compare with; without artifacts where nothing was.
        is_published: tells whether a destination has files of it, or cannot say.
    """

    name: str
    version: Version
    conda_names: tuple[str, ...]
    tag: str
    built: Release = field(default_factory=Release)
    is_published: Callable[[], bool] = field(default=_assume_published, compare=False)

    @classmethod
    def create(cls, context: Context, name: str, version: Version, built: Release) -> "StatusQuery":
        """Return a query with the conda names and the tag that the project gives the version."""
        from release_tools.builders.conda.own_recipe import list_package_names

        conda = context.config.conda
        packages = (one.filename.rsplit("-", 2)[0] for one in built.artifacts_of_kind(ArtifactKind.CONDA))
        names = (conda.name or canonicalize_name(name), *conda.aliases, *packages, *list_package_names(context))
        return cls(
            name, version, tuple(dict.fromkeys(names)), built.tag or find_tag_format(context).tag(version), built
        )

    @property
    def conda_name(self) -> str:
        """Return the name of the conda package."""
        return self.conda_names[0]

    def artifacts(self, *kinds: ArtifactKind) -> dict[str, Artifact]:
        """Return what was built here, by file name; conda packages by ``subdir/file``."""
        found = (artifact for kind in kinds for artifact in self.built.artifacts_of_kind(kind))
        return {artifact.key: artifact for artifact in found}


@dataclass(frozen=True)
class FileStatus:
    """One file at one destination.

    Attributes:
        filename: with its subdir on a channel.
        sha256: empty where the destination does not say; for a missing file, of ours.
        state: DONE if published, FAILED if published with other bytes than ours, PLANNED if missing, WARNING if
            withdrawn.
        labels: on Anaconda.org; otherwise remarks for people.
    """

    filename: str
    sha256: str
    state: State
    labels: tuple[str, ...] = ()


_WORDS: Mapping[State, tuple[str, str]] = {
    State.DONE: ("is there", "there"),
    State.WARNING: ("was withdrawn", "withdrawn"),
    State.FAILED: ("is there with other bytes", "other bytes"),
    State.PLANNED: ("is missing", "missing"),
}
"""For people, and for the JSON of ``status``."""
_STAGE_WORDS: Mapping[State, str] = {
    State.DONE: "done",
    State.PLANNED: "pending",
    State.FAILED: "failed",
    State.WARNING: "unknown",
}


@dataclass(frozen=True)
class Stage:
    """One stage of a version's way to a destination that takes hours, such as the merge of a pull request.

    Attributes:
        name: one word, for programs.
        state: DONE, PLANNED where it is still to come, FAILED, or WARNING where it is not known.
        text: for people.
        detail: an address, names, or the reason.
    """

    name: str
    state: State
    text: str
    detail: str = ""


@dataclass(frozen=True)
class PublisherStatus:
    """The files of a version at one destination.

    Attributes:
        name: of the publisher, in the configuration.
        title: of the publisher, for people.
        url: its page for people; empty for a publisher that is not configured.
        files: published or missing.
        error: why it could not be queried; None where it could.
        stages: those of the way there, in order; empty where files are simply uploaded.
    """

    name: str
    title: str
    url: str
    files: tuple[FileStatus, ...] = ()
    error: ReleaseToolsError | None = None
    stages: tuple[Stage, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Return whether everything is there and, where there are stages, the last one is done."""
        states = [one.state for one in self.stages[-1:] or self.files]
        return self.error is None and bool(states) and all(state is State.DONE for state in states)

    @property
    def is_configured(self) -> bool:
        """Return whether there is anything to say: an address, or why there is none."""
        return bool(self.url or self.error)

    @property
    def has_files(self) -> bool:
        """Return whether the destination has any file of the version."""
        return any(file.state is not State.PLANNED for file in self.files)

    @property
    def section(self) -> Section:
        """Return a section for the terminal."""
        notes = []
        for file in self.files:
            detail = " ".join(filter(None, (file.sha256, *file.labels)))
            notes.append(Note(file.state, f"{file.filename} {_WORDS[file.state][0]}", detail))
        notes += [Note(stage.state, stage.text, stage.detail) for stage in self.stages]
        if self.error:
            notes.append(Note(State.WARNING, self.error.message, advice=self.error.advice))
        if not notes:
            notes.append(Note(State.SKIPPED, "nothing published"))
        return Section(f"{self.title}  {self.url}", tuple(notes), 0.0, self.title)

    @property
    def data(self) -> dict[str, object]:
        """Return the status as JSON data."""
        files = [
            {
                "filename": file.filename,
                "sha256": file.sha256,
                "state": _WORDS[file.state][1],
                "labels": list(file.labels),
            }
            for file in self.files
        ]
        return {
            "publisher": self.name,
            "title": self.title,
            "url": self.url,
            "files": files,
            "stages": [
                {"stage": one.name, "state": _STAGE_WORDS[one.state], "detail": one.detail} for one in self.stages
            ],
            "error": self.error.message if self.error else None,
        }


def compare_files(published: Mapping[str, FileStatus], built: Mapping[str, Artifact]) -> tuple[FileStatus, ...]:
    """Return the status of published files, compared with what was built here, then of those that are missing."""
    found = [_compare_file(file, built.get(name)) for name, file in published.items()]
    missing = (
        FileStatus(name, artifact.sha256, State.PLANNED) for name, artifact in built.items() if name not in published
    )
    return (*found, *missing)


def _compare_file(file: FileStatus, ours: Artifact | None) -> FileStatus:
    """Return the status of a published file, which has failed if it has other bytes than ours."""
    differs = ours is not None and file.sha256 and file.sha256 != ours.sha256
    return replace(file, state=State.FAILED) if differs and file.state is State.DONE else file


@dataclass(frozen=True)
class JobNeeds:
    """Describe what a workflow job needs to publish to one destination.

    Attributes:
        id: of the job.
        title: of the job, for people.
        publisher: the name for ``--only``.
        phase: the value for ``--phase``; None where the job runs all phases of its publisher.
        permissions: each with its reason.
        environment: of GitHub, which holds the job's secrets and may require approval; empty without one.
        secrets: the names of the secrets of that environment.
        secret_advice: where a person gets the secret.
        trusting: the index that must know the job as a trusted publisher; None where a secret is enough.
        removal_advice: how the project stops publishing there.
        url_output: the action's output that the environment links to.
        has_history: whether the job needs the full git history.
    """

    id: str
    title: str
    publisher: str
    phase: Phase | None = None
    permissions: tuple[tuple[str, str], ...] = (("contents: read", "to check out"),)
    environment: str = ""
    secrets: tuple[str, ...] = ()
    secret_advice: str = ""
    trusting: Index | None = None
    removal_advice: str = "remove it from the route"
    url_output: str = ""
    has_history: bool = False


class Publisher(Protocol):
    """Something that a release can be published to."""

    @property
    def name(self) -> str:
        """Return the name in the configuration and for ``--only``: ``pypi``."""

    @property
    def title(self) -> str:
        """Return the name for people: ``PyPI``."""

    @property
    def group(self) -> str:
        """Return the name under which reports group it: ``Anaconda.org`` for all its channels."""

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Return the phases in which it has actions."""

    @property
    def workers(self) -> int:
        """Return how many of its actions may run at the same time."""

    @property
    def is_selectable(self) -> bool:
        """Return whether ``--only`` can name it: whether it has no command of its own."""

    def takes(self, kind: Kind) -> bool:
        """Return whether a kind of version goes there at all."""

    def headline(self, phase: Phase) -> str:
        """Return the headline of the report's section about a phase."""

    def outcome(self, phase: Phase) -> str:
        """Return what a phase did if it succeeds: ``published to PyPI``."""

    def connection(self) -> AbstractContextManager[object]:
        """Return a context in which its actions run, for publishers that keep a connection."""

    def skip(self, release: Release) -> Skip | None:
        """Return why it does not apply to a release, or None."""

    def first_query(self, release: Release) -> Callable[[], object] | None:
        """Return a query that may be started before `preflight` asks for its result; None without one."""

    def resume(self, release: Release) -> tuple[Release, tuple[Note, ...]]:
        """Return the release with the files that an unfinished run left there, and notes about them.

        Nothing is changed there, and without such files the release is returned as it is.
        """

    def preflight(self, release: Release) -> Iterator[CheckResult]:
        """Check, read-only, what would make publishing fail: conflicts, credentials, older versions."""

    def check_credentials(self, release: Release) -> Iterator[CheckResult]:
        """Check, read-only, the credentials of this process, if it has any."""

    def actions(self, release: Release, phase: Phase) -> Iterable[Action | Note]:
        """Yield what is to be done in a phase; an action may depend on what the one before it did."""

    def confirm(self, release: Release, phase: Phase, *, is_changed: bool) -> Iterator[Note]:
        """Check that what was published in a phase is served, with our digests.

        Args:
            release: that was published.
            phase: that has run.
            is_changed: whether this run applied any action of the phase.
        """

    def recover(self, release: Release, error: ReleaseToolsError) -> Iterator[Note | Document] | None:
        """Return what is left to a person after an error that must not fail the release; None where it must."""

    def status(self, query: StatusQuery) -> PublisherStatus:
        """Return the files of a version there."""

    def retract(self, query: StatusQuery, reason: str) -> Iterator[Action | Note | Document]:
        """Yield what withdraws a version: actions, and instructions where only a person can do it."""

    def jobs(self) -> tuple[JobNeeds, ...]:
        """Return what the workflow jobs that publish there need; empty where a runner cannot."""


def require(value: Found | None) -> Found:
    """Return what a publisher has found; it is there for every release that the publisher does not skip."""
    if value is None:
        raise AssertionError("a release for which this is missing is skipped")
    return value


class BasePublisher:
    """The parts of `Publisher` that are the same for most."""

    name: str
    title: str

    @property
    def workers(self) -> int:
        """Return 1: one action at a time."""
        return 1

    @property
    def group(self) -> str:
        """Return the publisher's own title."""
        return self.title

    @property
    def is_selectable(self) -> bool:
        """Return True."""
        return True

    def takes(self, kind: Kind) -> bool:  # noqa: ARG002 - a default
        """Return True: the route decides."""
        return True

    def headline(self, phase: Phase) -> str:  # noqa: ARG002 - a default
        """Return ``Upload to`` with the publisher's title."""
        return f"Upload to {self.title}"

    def outcome(self, phase: Phase) -> str:  # noqa: ARG002 - a default
        """Return ``published to`` with the publisher's title."""
        return f"published to {getattr(self, 'title', '')}"

    def connection(self) -> AbstractContextManager[object]:
        """Return a context that does nothing."""
        return nullcontext()

    def skip(self, release: Release) -> Skip | None:  # noqa: ARG002 - a default
        """Return None: it applies to every release."""
        return None

    def first_query(self, release: Release) -> Callable[[], object] | None:  # noqa: ARG002 - a default
        """Return None."""
        return None

    def resume(self, release: Release) -> tuple[Release, tuple[Note, ...]]:
        """Return the release as it is."""
        return release, ()

    def check_credentials(self, release: Release) -> Iterator[CheckResult]:  # noqa: ARG002 - a default
        """Check nothing."""
        yield from ()

    def confirm(self, release: Release, phase: Phase, *, is_changed: bool) -> Iterator[Note]:  # noqa: ARG002 - a default
        """Confirm nothing: the actions' own receipts are enough."""
        yield from ()

    def recover(self, release: Release, error: ReleaseToolsError) -> Iterator[Note | Document] | None:  # noqa: ARG002 - a default
        """Return None: every error fails the release."""
        return None


@dataclass(frozen=True)
class Unconfigured:
    """A destination that lacks a setting.

    Attributes:
        name: as the route names it.
        reason: what is missing.
        advice: what to set.
        origins: none: it is never asked.
    """

    name: str
    reason: str
    advice: str
    origins: tuple[str, ...] = ()

    @property
    def base(self) -> "Unconfigured":
        """Return the destination itself."""
        return self


class UnconfiguredPublisher(BasePublisher):
    """A publisher that the route names but that lacks a setting."""

    phases = (Phase.UPLOAD,)

    def __init__(self, name: str, reason: str, advice: str) -> None:
        self.name = name
        self.title = name
        self._skip = Skip(reason, advice)

    def takes(self, kind: Kind) -> bool:  # noqa: ARG002 - it takes none
        """Return False."""
        return False

    def skip(self, release: Release) -> Skip | None:  # noqa: ARG002 - it applies to none
        """Return the setting that is missing."""
        return self._skip

    def preflight(self, release: Release) -> Iterator[CheckResult]:  # noqa: ARG002 - there is nothing to check
        """Check nothing."""
        yield from ()

    def actions(self, release: Release, phase: Phase) -> Iterable[Action | Note]:  # noqa: ARG002 - there are none
        """Return no actions."""
        return ()

    def status(self, query: StatusQuery) -> PublisherStatus:  # noqa: ARG002 - nothing can be queried
        """Return the setting that is missing."""
        return PublisherStatus(self.name, self.title, "", error=ReleaseToolsError(self._skip.reason, self._skip.advice))

    def retract(self, query: StatusQuery, reason: str) -> Iterator[Action | Note | Document]:  # noqa: ARG002 - nothing can be withdrawn
        """Yield the setting that is missing."""
        yield Note(State.SKIPPED, f"{self.name}: {self._skip.reason}", advice=self._skip.advice)

    def jobs(self) -> tuple[JobNeeds, ...]:
        """Return no jobs."""
        return ()
