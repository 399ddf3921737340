"""Which commit, which version, which tag."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from packaging.version import Version

from release_tools.config import read_pyproject
from release_tools.context import Context
from release_tools.errors import RepositoryError, VersionError
from release_tools.model import Note, Release, State
from release_tools.project import Project, VersionSource
from release_tools.services.git import Head, Repository
from release_tools.services.sdist_wheel import Builder
from release_tools.services.versioning import describe
from release_tools.versions import TagFormat, is_safe_ref, kind_of, parse_version

_SHORT: Final = 12
_SHOWN: Final = 3
_FROM_TAGS: Final = (VersionSource.VERSIONINGIT, VersionSource.VCS)


@dataclass(frozen=True)
class Chosen:
    """A version and how it was found.

    Attributes:
        version: what would be released.
        tag: the tag that carries it, or would.
        tagged: whether the tag is on the commit.
        reason: where the version comes from, in a few words.
        notes: what a person should know about it.
    """

    version: Version
    tag: str
    tagged: bool
    reason: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Checkout:
    """What the version is chosen from."""

    context: Context
    repository: Repository
    head: Head
    project: Project
    tag_format: TagFormat


def identify(context: Context, release: Release) -> Release:
    """The version of the commit that is checked out, or the one that the run was asked to rehearse.

    Raises:
        RepositoryError: no repository, no commit, or a history cut off before the newest tag.
        VersionError: the version cannot be told, or does not agree with the tag.
    """
    repository = Repository.open(context.project, context.env)
    head = repository.head()
    project = Project.of(read_pyproject(context.project))
    checkout = Checkout(context, repository, head, project, TagFormat.parse(context.config.tag_format))
    chosen = choose(checkout)
    if project.source is VersionSource.STATIC:
        _check_static(checkout, chosen)
    kind = kind_of(chosen.version)
    name = project.name or context.project.name
    return replace(
        release,
        name=project.name,
        version=str(chosen.version),
        kind=kind,
        tag=chosen.tag,
        tagged=chosen.tagged,
        commit=head.commit,
        commit_time=head.time,
    ).telling(
        Note(State.FACT, f"{name} {chosen.version}", f"{kind} version, from {chosen.reason}"),
        Note(
            State.FACT,
            f"commit {head.commit[:_SHORT]}",
            f"on {head.branch}" if head.branch else "no branch checked out",
        ),
        *chosen.notes,
        *_uncommitted(repository),
    )


def choose(checkout: Checkout) -> Chosen:
    """The version that is asked for, else that of the commit's tag, else the one between tags."""
    request, tag_format = checkout.context.request, checkout.tag_format
    here = {
        tag: version
        for tag in checkout.repository.tags(points_at=checkout.head.commit)
        if (version := tag_format.version(tag)) is not None
    }
    if request.tag:
        return _asked_tag(checkout, request.tag, here)
    if request.version:
        version = parse_version(request.version, field="--version")
        tag = next((tag for tag, tagged in here.items() if tagged == version), "")
        reason = "--version"
        return Chosen(version, tag or _spelled(checkout, version), bool(tag), reason)
    if here:
        return _tagged(here)
    return _between_tags(checkout)


def _asked_tag(checkout: Checkout, tag: str, here: Mapping[str, Version]) -> Chosen:
    version = here.get(tag) or checkout.tag_format.version(tag)
    if version is None:
        form = f"{checkout.tag_format.prefix}1.2.3{checkout.tag_format.suffix}"
        raise VersionError(
            f"--tag: {tag!r} carries no PEP 440 version of ours", f"Tags look like {form}; see tag-format."
        )
    elsewhere = checkout.repository.commit_of_tag(tag)
    if elsewhere and tag not in here:
        raise VersionError(
            f"--tag: {tag} is on another commit, {elsewhere[:_SHORT]}", f"To see that release, type: git checkout {tag}"
        )
    return Chosen(version, tag, tag in here, f"the tag {tag}")


def _tagged(here: Mapping[str, Version]) -> Chosen:
    """The highest version among the commit's tags; a ``v`` decides between spellings of the same one."""
    tag = max(here, key=lambda name: (here[name], name.startswith("v"), name))
    others = sorted(set(here) - {tag})
    notes = (
        (Note(State.FACT, f"{tag} is the highest of this commit's tags", f"also {', '.join(others)}"),)
        if others
        else ()
    )
    return Chosen(here[tag], tag, tagged=True, reason=f"the tag {tag}", notes=notes)


def _between_tags(checkout: Checkout) -> Chosen:
    project = checkout.project
    if project.source is VersionSource.STATIC:
        return _static(checkout)
    if project.source is VersionSource.BACKEND:
        version = _ask_backend(checkout)
        return Chosen(version, _spelled(checkout, version), tagged=False, reason="the project's backend")
    if checkout.head.shallow:
        raise RepositoryError(
            "The clone is shallow: the tag that the version is derived from may be missing",
            "Type: git fetch --unshallow --tags (in a workflow: actions/checkout with fetch-depth: 0)",
        )
    described = describe(checkout.context.project, project.versioningit, checkout.tag_format)
    if described is None:
        count = checkout.repository.count_commits(checkout.head.commit)
        return _never_tagged(checkout, Version(f"0.1.0.dev{count}"))
    if not checkout.repository.commit_of_tag(described.tag):  # versioningit's default-tag, which nobody made
        return _never_tagged(checkout, described.version)
    version, reason = described.version, f"{described.distance} commits after {described.tag}"
    if project.source is VersionSource.VCS:
        asked = Version(_ask_backend(checkout).public)
        version = asked if asked > described.base else version
    return Chosen(version, checkout.tag_format.like(described.tag).tag(version), tagged=False, reason=reason)


def _static(checkout: Checkout) -> Chosen:
    version = parse_version(checkout.project.version, field="pyproject.toml: version")
    tag = _spelled(checkout, version)
    elsewhere = checkout.repository.commit_of_tag(tag)
    notes = (
        Note(
            State.WARNING,
            f"{tag} was tagged before, on commit {elsewhere[:_SHORT]}",
            advice="Raise version in pyproject.toml before you release this commit.",
        ),
    )
    return Chosen(version, tag, tagged=False, reason="pyproject.toml", notes=notes if elsewhere else ())


def _never_tagged(checkout: Checkout, version: Version) -> Chosen:
    first = checkout.tag_format.tag(Version("0.1.0"))
    note = Note(
        State.FACT,
        "no version was tagged yet, so this is counted from the first commit",
        advice=f"For the first release, tag it: release-tools tag 0.1.0 (or: git tag -a {first} -m {first})",
    )
    tag = checkout.tag_format.tag(version)
    return Chosen(version, tag, tagged=False, reason="the number of commits", notes=(note,))


def _ask_backend(checkout: Checkout) -> Version:
    """What the project's own backend says, asked in a clean clone that has the repository's tags."""
    context, repository, head = checkout.context, checkout.repository, checkout.head
    clone = repository.clone(context.scratch / "asked", head.commit, with_tags=True)
    source = clone / context.project.relative_to(repository.root)
    text = Builder(context.scratch, context.env, head.time).metadata_version(source)
    return parse_version(text, field="the version that the backend gives")


def _spelled(checkout: Checkout, version: Version) -> str:
    """The tag for a version, in the spelling of the tags that are there."""
    tag = checkout.tag_format.like(checkout.repository.nearest_tag(checkout.tag_format.globs) or "v").tag(version)
    if not is_safe_ref(tag):
        raise VersionError(f"{tag!r} cannot be a tag", "See tag-format.")
    return tag


def _check_static(checkout: Checkout, chosen: Chosen) -> None:
    static = parse_version(checkout.project.version, field="pyproject.toml: version")
    if static != chosen.version:
        raise VersionError(
            f"pyproject.toml says version {static}, but {chosen.reason} says {chosen.version}",
            f'Set version = "{chosen.version}" in pyproject.toml and commit it, or tag the commit that says so.',
        )


def _uncommitted(repository: Repository) -> tuple[Note, ...]:
    changes = repository.changes()
    if not changes:
        return ()
    shown = ", ".join(changes[:_SHOWN]) + (", …" if len(changes) > _SHOWN else "")
    count = f"{len(changes)} uncommitted change{'s' if len(changes) > 1 else ''}"
    return (
        Note(
            State.WARNING,
            f"{count} left out: only what is committed is built",
            shown,
            "Commit what belongs to the release.",
        ),
    )
