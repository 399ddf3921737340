"""Define the facts about one release."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from release_tools.model.action import Receipt
from release_tools.model.artifact import Artifact, ArtifactKind
from release_tools.model.note import Note
from release_tools.planning.build_plan import BuildPlan


class Kind(StrEnum):
    """Describe what kind of version is released (PEP 440); routes are chosen by it."""

    DEV = "dev"
    PRE = "pre"
    FINAL = "final"
    POST = "post"


class RecipeKind(StrEnum):
    """Describe what a conda-forge recipe is to conda-forge."""

    NEW = "new"  # a package that it does not have: goes to staged-recipes
    UPDATE = "update"  # of a package that has a feedstock


@dataclass(frozen=True)
class RecipeFiles:
    """Describe what the pull request to conda-forge would change: rendered once, shown and published alike.

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
        archive: address of GitHub's archive of the tag, where that is the source; empty for the sdist on PyPI.
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
    archive: str = ""


@dataclass(frozen=True)
class Release:
    """The facts about one release; every step returns a fuller one.

    Attributes:
        name: the project's name as its metadata spells it.
        version: canonical PEP 440 text; empty until identified.
        kind: of the version.
        tag: the git tag that carries the version.
        tagged: whether that tag exists on the commit already.
        commit: 40 hexadecimal digits.
        commit_time: of the commit, in seconds since the epoch; the only clock that artifacts see.
        source: the scratch clone that is built, None when the artifacts come from elsewhere.
        artifacts: the files, in the order in which they were made.
        receipts: the proofs of what was done, or would be.
        release_notes: the notes of the release, in Markdown; empty until written.
        parity: the result of comparing wheels and conda packages.
        recipe: what the pull request to conda-forge would change; None until it was made.
        is_prepared: whether every file says the version already; None where that was not asked.
        trial: wheels for this machine only: they are checked, and never published.
        plan: every file to be built; None for a pure project, and in jobs that publish.
        plan_digest: sha256 of the build plan; empty for a pure project.
        job: the build job that made the files; empty for all files of the release.
        left_out: identifiers of optional wheels that were not built.
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
    release_notes: str = field(default="", repr=False)
    parity: tuple[Note, ...] = field(default=(), repr=False)
    recipe: RecipeFiles | None = field(default=None, repr=False)
    is_prepared: bool | None = None
    trial: tuple[Artifact, ...] = ()
    plan: BuildPlan | None = field(default=None, repr=False)
    plan_digest: str = ""
    job: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def is_untagged(self) -> bool:
        """Return whether it is a development version without a tag: it gets neither a tag nor a GitHub release."""
        return self.kind is Kind.DEV and not self.tagged

    @property
    def is_prerelease(self) -> bool:
        """Return whether indexes and GitHub treat it as a pre-release."""
        return self.kind in {Kind.DEV, Kind.PRE}

    def artifacts_of_kind(self, kind: ArtifactKind) -> tuple[Artifact, ...]:
        """Return the artifacts of one kind."""
        return tuple(artifact for artifact in self.artifacts if artifact.kind is kind)
