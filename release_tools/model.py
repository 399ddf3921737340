"""The nouns: everything that the steps hand on, frozen."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path


class Kind(StrEnum):
    """What kind of version is released (PEP 440); routes are chosen by it."""

    DEV = "dev"
    PRE = "pre"
    FINAL = "final"
    POST = "post"


class ArtifactKind(StrEnum):
    """The three artifacts of one source."""

    SDIST = "sdist"
    WHEEL = "wheel"
    CONDA = "conda"


class State(StrEnum):
    """How a line of the report stands."""

    FACT = "fact"  # something learned
    DONE = "done"  # a check that passed, or a deed done by this run
    ALREADY = "already"  # found done on the other side, with our digest
    WOULD = "would"  # a deed that a real run would do
    SKIPPED = "skipped"  # does not apply, or is not configured
    WARNING = "warning"  # goes on, but a person should look
    FAILED = "failed"  # forbids the release
    UNREACHED = "unreached"  # a step that an earlier failure kept from running


@dataclass(frozen=True)
class Artifact:
    """A file to release.

    Attributes:
        path: where it lies now.
        kind: sdist, wheel or conda package.
        sha256: lower-case hexadecimal digest of its bytes.
        size: in bytes.
        subdir: the channel folder of a conda package (``noarch``, ``linux-64``); empty for the others.
    """

    path: Path
    kind: ArtifactKind
    sha256: str
    size: int
    subdir: str = ""

    @classmethod
    def of(cls, path: Path, kind: ArtifactKind, subdir: str = "") -> "Artifact":
        """The facts of a file that lies there.

        Raises:
            OSError: it cannot be read.
        """
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(path, kind, digest, path.stat().st_size, subdir)

    @property
    def filename(self) -> str:
        """The file's name, which is its name on every index and channel."""
        return self.path.name


@dataclass(frozen=True)
class Receipt:
    """What stands on the other side when an act is done.

    Attributes:
        key: of the act, such as ``pypi:demo-1.0.tar.gz``.
        url: where a person finds it.
        digest: sha256 of a file, or the commit that a tag peels to.
        state: DONE by this run, ALREADY there, or WOULD be there after a real run.
    """

    key: str
    url: str
    digest: str
    state: State = State.DONE


@dataclass(frozen=True)
class Note:
    """One line of the report, rendered alike in the terminal, the step summary, the JSON and the page.

    Attributes:
        state: how it stands.
        text: what is said, in one line, without markup.
        detail: more about it: digests, paths, names. Shown dim.
        advice: what to do, for warnings, skips and failures.
    """

    state: State
    text: str
    detail: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Section:
    """What one step had to say, in the order in which it said it.

    Attributes:
        title: the step's headline.
        notes: its lines.
        seconds: how long it took.
        place: where it publishes, as a person calls it (``PyPI``); empty for a step that publishes nothing.
    """

    title: str
    notes: tuple[Note, ...]
    seconds: float = 0.0
    place: str = ""


@dataclass(frozen=True)
class Document:
    """A text that a report shows in full: the release notes, a recipe, its diff.

    Attributes:
        title: its headline.
        text: the whole of it.
        language: ``markdown``, ``yaml``, ``diff`` or another name that GitHub colours a fence by.
    """

    title: str
    text: str
    language: str = ""


class RecipeKind(StrEnum):
    """What a conda-forge recipe is to conda-forge."""

    NEW = "new"  # a package that it does not have: goes to staged-recipes
    UPDATE = "update"  # of a package that has a feedstock


@dataclass(frozen=True)
class RecipeFiles:
    """What the pull request to conda-forge would change: rendered once, shown and published alike.

    Attributes:
        package: the conda name.
        kind: a new package or an update.
        repository: the pull request's target as ``owner/name``; empty where it could not be looked up.
        branch: of the target; empty where it could not be looked up.
        base: the target's commit that the files were made from; empty where none was seen.
        files: every file that is new or changed, path in the target → text; empty where there is nothing to change.
        diff: of these files, as git writes it.
        changes: what the diff means, a line each.
        checklist: what is left to a person, a line each.
        unconfirmed: conda names that nothing confirms, each with what was tried.
    """

    package: str
    kind: RecipeKind
    repository: str = ""
    branch: str = ""
    base: str = ""
    files: Mapping[str, str] = field(default_factory=dict, repr=False)
    diff: str = field(default="", repr=False)
    changes: tuple[str, ...] = ()
    checklist: tuple[str, ...] = ()
    unconfirmed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Release:
    """The facts about one release; every step returns a fuller one.

    Attributes:
        name: the project's name as its metadata spells it.
        version: canonical PEP 440 text; empty until identified.
        kind: of the version.
        tag: the git tag that carries the version.
        tagged: whether that tag exists on the commit, or is only rehearsed.
        commit: 40 hexadecimal digits.
        commit_time: of the commit, in seconds since the epoch; the only clock that artifacts see.
        source: the scratch clone that is built, None when the artifacts come from elsewhere.
        artifacts: the files, in the order in which they were made.
        receipts: what stands on the other side.
        notes: what the step that runs has to say so far.
        sections: what the steps before it said.
        documents: the texts that the reports show in full.
        parity: what was found when wheel and conda package were held against each other.
        recipe: what the pull request to conda-forge would change; None until it was made.
    """

    name: str = ""
    version: str = ""
    kind: Kind = Kind.FINAL
    tag: str = ""
    tagged: bool = False
    commit: str = ""
    commit_time: int = 0
    source: Path | None = None
    artifacts: tuple[Artifact, ...] = ()
    receipts: tuple[Receipt, ...] = ()
    notes: tuple[Note, ...] = field(default=(), repr=False)
    sections: tuple[Section, ...] = field(default=(), repr=False)
    documents: tuple[Document, ...] = field(default=(), repr=False)
    parity: tuple[Note, ...] = field(default=(), repr=False)
    recipe: RecipeFiles | None = field(default=None, repr=False)

    @property
    def is_passing(self) -> bool:
        """Whether it is a development version that nobody tagged: it gets neither a tag nor a GitHub release."""
        return self.kind is Kind.DEV and not self.tagged

    @property
    def is_prerelease(self) -> bool:
        """Whether indexes and GitHub hold it for provisional."""
        return self.kind in {Kind.DEV, Kind.PRE}

    def telling(self, *notes: Note) -> "Release":
        """The same release with more to say."""
        return replace(self, notes=(*self.notes, *notes))

    def showing(self, *documents: Document) -> "Release":
        """The same release with more texts for its reports."""
        return replace(self, documents=(*self.documents, *documents))

    def of_kind(self, kind: ArtifactKind) -> tuple[Artifact, ...]:
        """The artifacts of one kind."""
        return tuple(artifact for artifact in self.artifacts if artifact.kind is kind)


@dataclass(frozen=True)
class Skip:
    """A step's answer when it does not apply.

    Attributes:
        reason: why, in one line.
        advice: what to set so that it applies; empty where nothing is to be done.
    """

    reason: str
    advice: str = ""
