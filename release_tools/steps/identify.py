"""Which commit, which version, which tag."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from packaging.version import Version

from release_tools.builders.python import PythonBuilder
from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.errors import RepositoryError, VersionError
from release_tools.git.describe import DescribedVersion, describe
from release_tools.git.project_repository import open_repository
from release_tools.git.repository import Head, Repository
from release_tools.history.bump import Bump
from release_tools.model.note import Note, State
from release_tools.model.release import Kind, Release
from release_tools.model.versions import TagFormat, is_safe_ref, kind_of, parse_version
from release_tools.project.facts import Project, VersionSource, is_python_project
from release_tools.project.project_history import ProjectHistory, today
from release_tools.system.credentials import refuse_credentials

_SHORT: Final = 12
_SHOWN: Final = 3
_ZIP_BEGINS: Final = 315_532_800  # 1980: zip files, and so wheels, know no earlier time


@dataclass(frozen=True)
class Chosen:
    """A version and how it was found.

    Attributes:
        version: what would be released.
        tag: the tag that carries it, or would.
        tagged: whether the tag is on the commit.
        reason: where the version comes from, in a few words.
        notes: what a person should know about it.
        counted: whether it is only counted from the commits since a tag.
    """

    version: Version
    tag: str
    tagged: bool
    reason: str
    notes: tuple[Note, ...] = ()
    counted: bool = False

    @property
    def kind(self) -> Kind:
        """The version's; one that nobody chose is a development version however it is spelled (``1.2.post3``)."""
        return Kind.DEV if self.counted else kind_of(self.version)


@dataclass(frozen=True)
class Checkout:
    """What the version is chosen from; what needs git is looked up only when it is asked for."""

    context: Context
    repository: Repository
    head: Head
    project: Project
    configured: TagFormat

    @cached_property
    def described(self) -> DescribedVersion | None:
        """The newest tag before this commit."""
        return describe(self.repository, self.head, self.project.versioningit, self.configured)

    @cached_property
    def here(self) -> Mapping[str, Version]:
        """The versions that this commit is tagged with, by tag."""
        described = self.described
        if described is None or described.distance or not described.tag:
            return {}
        if self.configured.version(described.tag) != described.base:  # the project spells its tags in its own way
            return {described.tag: described.base}
        tags = self.repository.tags(points_at=self.head.commit)
        return {tag: version for tag in tags if (version := self.configured.version(tag)) is not None}

    def spelled(self, version: Version) -> str:
        """The tag for a version, as the tags that are there are spelled."""
        tag = (self.described.tag_format if self.described else self.configured).tag(version)
        if not is_safe_ref(tag):
            raise VersionError(f"{tag!r} cannot be a tag", "See tag-format.")
        return tag


def identify(context: Context, release: Release) -> Release:
    """The version of the commit that is checked out, or the one that the run was asked to rehearse.

    Raises:
        RepositoryError: no repository, no commit, or a history cut off before the newest tag.
        VersionError: the version cannot be told, or does not agree with the tag.
    """
    repository = open_repository(context)
    head = repository.head()
    pyproject = read_pyproject(context.project)
    project = Project.of(pyproject)
    if not is_python_project(context.project, pyproject):
        project = replace(project, source=VersionSource.TAG)
    checkout = Checkout(context, repository, head, project, TagFormat.parse(context.config.tag_format))
    chosen = choose(checkout)
    if project.source is VersionSource.STATIC:
        _check_static(project, chosen)
    return replace(
        release,
        name=project.name,
        version=str(chosen.version),
        kind=chosen.kind,
        tag=chosen.tag,
        tagged=chosen.tagged,
        commit=head.commit,
        commit_time=max(head.time, _ZIP_BEGINS),
    ).with_notes(
        Note(
            State.INFO,
            f"{project.name or context.project.name} {chosen.version}",
            f"{chosen.kind} version, from {chosen.reason}",
        ),
        Note(
            State.INFO,
            f"commit {head.commit[:_SHORT]}",
            f"on {head.branch}" if head.branch else "no branch checked out",
        ),
        *chosen.notes,
        *_uncommitted(repository),
        *_absent(repository, head),
    )


def choose(checkout: Checkout) -> Chosen:
    """The version that is asked for, else that of the commit's tag, else the one between tags.

    Raises:
        RepositoryError: the history is cut off before the newest tag.
        VersionError: the version cannot be told, or its tag is on another commit.
    """
    request = checkout.context.request
    if request.tag:
        return _asked_tag(checkout, request.tag)
    if request.version:
        return _asked_version(checkout, parse_version(request.version, field="--version"))
    if request.bump:
        return _bumped(checkout, request.bump)
    if checkout.here:
        return _tagged(checkout.here)
    return _between_tags(checkout)


def _asked_tag(checkout: Checkout, tag: str) -> Chosen:
    field, configured = checkout.context.request.field, checkout.configured
    version = configured.version(tag) or checkout.here.get(tag)
    if version is None:
        raise VersionError(
            f"{field}: {tag!r} does not carry a version", f"Tags look like {configured.example}; see tag-format."
        )
    return Chosen(version, tag, _is_here(checkout, tag, field), f"the tag {tag}")


def _asked_version(checkout: Checkout, version: Version) -> Chosen:
    for tag, tagged in checkout.here.items():
        if tagged == version:
            return Chosen(tagged, tag, tagged=True, reason=f"the tag {tag}")
    tag = checkout.spelled(version)
    return Chosen(version, tag, _is_here(checkout, tag, "--version"), "--version")


def _bumped(checkout: Checkout, asked: str) -> Chosen:
    bump = None if asked == "auto" else Bump(asked)
    version = ProjectHistory.of(checkout.context).raised(bump, today(checkout.context.env))
    chosen = _asked_version(checkout, version)
    return chosen if chosen.tagged else replace(chosen, reason=f"--bump {asked}")


def _is_here(checkout: Checkout, tag: str, field: str) -> bool:
    """Whether the tag is on this commit, rather than not made yet."""
    commit = checkout.repository.commit_of_tag(tag)
    if commit and commit != checkout.head.commit:
        raise VersionError(
            f"{field}: {tag} is on another commit, {commit[:_SHORT]}", f"To see that release, type: git checkout {tag}"
        )
    return bool(commit)


def _tagged(here: Mapping[str, Version]) -> Chosen:
    """The highest version among the commit's tags; a ``v`` decides between spellings of the same one."""
    tag = max(here, key=lambda name: (here[name], name.startswith("v"), name))
    others = sorted(set(here) - {tag})
    notes = (
        (Note(State.INFO, f"{tag} is the highest of this commit's tags", f"also {', '.join(others)}"),)
        if others
        else ()
    )
    return Chosen(here[tag], tag, tagged=True, reason=f"the tag {tag}", notes=notes)


def _between_tags(checkout: Checkout) -> Chosen:
    source = checkout.project.source
    if source is VersionSource.STATIC:
        return _written(checkout, _static_version(checkout.project), "pyproject.toml")
    if source is VersionSource.BACKEND:
        return _written(checkout, _ask_backend(checkout), "the project's backend")
    if checkout.repository.shallow:
        raise RepositoryError(
            "The clone is shallow: the tag that the version is derived from may be missing",
            "Type: git fetch --unshallow --tags (in a workflow: actions/checkout with fetch-depth: 0)",
        )
    described = checkout.described
    if described is None or not described.tag:
        return _never_tagged(checkout)
    version = described.version
    if source is VersionSource.VCS:
        asked = Version(_ask_backend(checkout).public)
        legible = not (
            asked.is_postrelease and asked.is_devrelease
        )  # dunamai gives 1.2.post3.dev0 but reads no such tag
        version = asked if legible and asked > described.base else version
    commits = f"{described.distance} commit{'s' if described.distance > 1 else ''}"
    reason = f"{commits} after {described.tag}"
    return Chosen(version, checkout.spelled(version), tagged=False, reason=reason, counted=True)


def _written(checkout: Checkout, version: Version, reason: str) -> Chosen:
    """A version that stands in a file, and that nobody may have raised since it was released."""
    tag = checkout.spelled(version)
    elsewhere = checkout.repository.commit_of_tag(tag)
    notes = (
        Note(
            State.WARNING,
            f"{tag} was tagged before, on commit {elsewhere[:_SHORT]}",
            advice="Raise the version before you release this commit.",
        ),
    )
    return Chosen(version, tag, tagged=False, reason=reason, notes=notes if elsewhere else ())


def _never_tagged(checkout: Checkout) -> Chosen:
    described, tag_format = checkout.described, checkout.configured
    count = checkout.repository.count_commits(checkout.head.commit)
    version = described.version if described else Version(f"0.1.0.dev{count}")
    first = tag_format.tag(Version("0.1.0"))
    notes = [
        Note(
            State.INFO,
            "no version was tagged yet, so this is counted from the first commit",
            advice=f"For the first release, tag it: release-tools tag 0.1.0 (or: git tag -a {first} -m {first})",
        )
    ]
    others = [tag for tag in checkout.repository.tags() if is_safe_ref(tag)]
    if others:
        advice = f'If they are versions, say how they are spelled: tag-format, such as "{others[-1]}" with {{version}}.'
        notes.append(Note(State.WARNING, f"no tag looks like {tag_format.example}", _listed(others), advice))
    return Chosen(version, tag_format.tag(version), tagged=False, reason="the number of commits", notes=tuple(notes))


def _ask_backend(checkout: Checkout) -> Version:
    """What the project's own backend says, asked in a clean clone that has the repository's tags."""
    context, repository, head = checkout.context, checkout.repository, checkout.head
    refuse_credentials(context.env, allowed=context.config.allow_credentials_in_build)
    clone = repository.clone(context.scratch / "asked", head.commit, with_tags=True)
    source = clone / context.project.relative_to(repository.root)
    with PythonBuilder(context.scratch, context.env, max(head.time, _ZIP_BEGINS), context.background) as builder:
        text = builder.metadata_version(source)
    return parse_version(text, field="the version that the backend gives")


def _static_version(project: Project) -> Version:
    return parse_version(project.version, field="pyproject.toml: version")


def _check_static(project: Project, chosen: Chosen) -> None:
    if _static_version(project) != chosen.version:
        raise VersionError(
            f"pyproject.toml says version {project.version}, but {chosen.reason} says {chosen.version}",
            f'Set version = "{chosen.version}" in pyproject.toml and commit it, or tag the commit that says so.',
        )


def _uncommitted(repository: Repository) -> tuple[Note, ...]:
    changes = repository.changes()
    if not changes:
        return ()
    count = f"{len(changes)} uncommitted change{'s' if len(changes) > 1 else ''}"
    text, advice = f"{count} left out: only what is committed is built", "Commit what belongs to the release."
    return (Note(State.WARNING, text, _listed(changes), advice),)


def _absent(repository: Repository, head: Head) -> tuple[Note, ...]:
    absent = [submodule.path for submodule in repository.submodules(head.commit) if not submodule.present]
    if not absent:
        return ()
    text = "a submodule that is not checked out is left out" + (f" ({len(absent)} of them)" if absent[1:] else "")
    return (Note(State.WARNING, text, _listed(absent), "Type: git submodule update --init --recursive"),)


def _listed(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
