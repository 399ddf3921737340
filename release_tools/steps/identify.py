"""Identify the version of a commit, and the tag that carries it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from packaging.version import Version

from release_tools.config.loader import read_pyproject
from release_tools.engine.context import Context
from release_tools.errors import RepositoryError, VersionError
from release_tools.git.describe import DescribedVersion, describe
from release_tools.git.log import find_floating_tags
from release_tools.git.project_repository import open_repository
from release_tools.git.repository import Head, Repository
from release_tools.model.note import Note, State
from release_tools.model.release import Kind, Release
from release_tools.model.versions import TagFormat, find_kind, is_safe_ref, parse_version
from release_tools.project.facts import Project, VersionSource, is_python_project
from release_tools.project.name import find_stated_name
from release_tools.project.tag_spelling import (
    check_tags_are_read,
    find_tag_format,
    find_unrecognized_tags,
    suggest_template,
)
from release_tools.project.version_field import VersionField
from release_tools.system.process import ProcessError
from release_tools.wording import count, list_some

_SHORT: Final = 12
_SHOWN: Final = 3
_FIRST_ZIP_TIME: Final = 315_532_800  # 1980: zip files, and so wheels, know no earlier time


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
        name: the project's name, where the backend was asked; empty otherwise.
    """

    version: Version
    tag: str
    tagged: bool
    reason: str
    notes: tuple[Note, ...] = ()
    counted: bool = False
    name: str = ""

    @property
    def kind(self) -> Kind:
        """Return the version's kind; one that nobody chose is a development version however it is spelled."""
        return Kind.DEV if self.counted else find_kind(self.version)


@dataclass(eq=False)
class Checkout:
    """The facts that a version is chosen from; git is called only for those that are needed."""

    context: Context
    repository: Repository
    head: Head
    project: Project
    tag_format: TagFormat

    @cached_property
    def described(self) -> DescribedVersion | None:
        """Return the newest tag before this commit."""
        return describe(self.repository, self.head, self.project.versioningit, self.tag_format, self._floating)

    @property
    def last_tagged(self) -> DescribedVersion | None:
        """Return what is counted from the newest tag before this commit; None without such a tag."""
        return self.described if self.described is not None and self.described.tag else None

    @cached_property
    def _floating(self) -> set[str]:
        """Return the tags that only follow a series, such as ``v1``."""
        return find_floating_tags(self.repository, self.tag_format)

    @cached_property
    def here(self) -> Mapping[str, Version]:
        """Return the versions that this commit is tagged with, by tag."""
        described = self.last_tagged
        if described is None or described.distance:
            return {}
        if self.tag_format.version(described.tag) != described.base:  # the project spells its tags in its own way
            return {described.tag: described.base}
        tags = self.repository.tags(points_at=self.head.commit).keys() - self._floating
        return {tag: version for tag in sorted(tags) if (version := self.tag_format.version(tag))}

    @cached_property
    def field(self) -> VersionField | None:
        """Return the field of a file that the backend reads the version from; None where that is not known."""
        from release_tools.project.committed_project import CommittedProject

        project = CommittedProject(self.repository, self.head.commit, self.folder, self.context.config)
        return project.version_field

    @property
    def folder(self) -> str:
        """Return the project's folder in the repository, with forward slashes; empty for the top."""
        folder = self.context.project.resolve().relative_to(self.repository.root).as_posix()
        return "" if folder == "." else folder

    def spell(self, version: Version) -> str:
        """Return the tag for a version, spelled as the existing tags are."""
        tag = (self.described.tag_format if self.described else self.tag_format).tag(version)
        if not is_safe_ref(tag):
            raise VersionError(f"{tag!r} is not a valid tag name", "Correct the setting tag-format.")
        return tag


def identify(context: Context, release: Release) -> Release:
    """Find the version of the commit that is checked out, or take the one that the run was asked for.

    Raises:
        RepositoryError: no repository, no commit, or a history cut off before the newest tag.
        VersionError: the version cannot be found, or does not agree with the tag.
    """
    repository = open_repository(context)
    head = repository.head()
    pyproject = read_pyproject(context.project)
    project = Project.of(pyproject)
    if not is_python_project(context.project, pyproject):
        project = replace(project, source=VersionSource.TAG)
    checkout = Checkout(context, repository, head, project, find_tag_format(context))
    chosen = choose(checkout)
    if project.source is VersionSource.STATIC:
        _check_static(project, chosen)
    elif project.source is VersionSource.BACKEND:
        _check_field(checkout.field, chosen)
    name = find_stated_name(context.project) or chosen.name
    context.report.add(*_describe(checkout, chosen, name))
    return replace(
        release,
        name=name,
        version=str(chosen.version),
        kind=chosen.kind,
        tag=chosen.tag,
        tagged=chosen.tagged,
        commit=head.commit,
        commit_time=max(head.time, _FIRST_ZIP_TIME),
    )


def _describe(checkout: Checkout, chosen: Chosen, name: str) -> Iterator[Note]:
    """Yield the version and its commit, and what a person should know about them."""
    head, remark = checkout.head, checkout.context.request.remark
    yield Note(State.INFO, f"{name} {chosen.version}".strip(), f"{chosen.kind} version, from {chosen.reason}")
    branch = f"on {head.branch}" if head.branch else "no branch checked out"
    yield Note(State.INFO, f"commit {head.commit[:_SHORT]}", branch)
    yield from chosen.notes
    if remark:
        yield Note(State.INFO, remark)
    yield from _check_second_tag(checkout, chosen)
    yield from _check_uncommitted(checkout.repository)
    yield from _check_absent(checkout.repository, head)


def choose(checkout: Checkout) -> Chosen:
    """Choose the version that is asked for, else that of the commit's tag, else the one between tags.

    Raises:
        RepositoryError: the history is cut off before the newest tag.
        VersionError: the version cannot be found, or its tag is on another commit.
    """
    request = checkout.context.request
    if request.tag:
        return _choose_asked_tag(checkout, request.tag)
    if request.version:
        return _choose_asked_version(checkout, parse_version(request.version, field=request.version_field))
    if request.bump:
        return _choose_bumped(checkout, request.bump)
    if checkout.here:
        return _choose_tagged(checkout.here)
    return _choose_between_tags(checkout)


def _choose_asked_tag(checkout: Checkout, tag: str) -> Chosen:
    field, tag_format = checkout.context.request.field, checkout.tag_format
    version = tag_format.version(tag) or checkout.here.get(tag)
    if version is None:
        raise VersionError(
            f"{field}: {tag!r} does not contain a version",
            f"Tags look like {tag_format.example}; the setting tag-format changes that.",
        )
    return Chosen(version, tag, _is_here(checkout, tag, field), f"the tag {tag}")


def _choose_asked_version(checkout: Checkout, version: Version) -> Chosen:
    for tag, tagged in checkout.here.items():
        if tagged == version:
            return Chosen(tagged, tag, tagged=True, reason=f"the tag {tag}")
    request = checkout.context.request
    tag, option = checkout.spell(version), "--bump" if request.remark else request.version_field
    return Chosen(version, tag, _is_here(checkout, tag, option), option)


def _choose_bumped(checkout: Checkout, asked: str) -> Chosen:
    from release_tools.history.bump import Bump
    from release_tools.project.project_history import ProjectHistory, find_today

    bump = None if asked == "auto" else Bump(asked)
    history = ProjectHistory.of(checkout.context)
    version = history.raise_version(bump, find_today(checkout.context.env))
    chosen = _choose_asked_version(checkout, version)
    return chosen if chosen.tagged else replace(chosen, reason=f"--bump {asked}")


def _is_here(checkout: Checkout, tag: str, field: str) -> bool:
    """Check whether the tag is on this commit, rather than not made yet."""
    commit = checkout.repository.commit_of_tag(tag)
    if commit and commit != checkout.head.commit:
        raise VersionError(
            f"{field}: {tag} is on another commit, {commit[:_SHORT]}", f"To check out that release: git checkout {tag}"
        )
    return bool(commit)


def _choose_tagged(here: Mapping[str, Version]) -> Chosen:
    """Choose the highest version among the commit's tags; of two spellings of it the one with a ``v``."""
    tag = max(here, key=lambda name: (here[name], name.startswith("v"), name))
    others, notes = sorted(set(here) - {tag}), tuple[Note, ...]()
    if others:
        notes = (Note(State.INFO, f"{tag} is the highest of this commit's tags", f"also {', '.join(others)}"),)
    return Chosen(here[tag], tag, tagged=True, reason=f"the tag {tag}", notes=notes)


def _choose_between_tags(checkout: Checkout) -> Chosen:
    source = checkout.project.source
    if source is VersionSource.STATIC:
        return _choose_from_file(checkout, _read_static_version(checkout.project), "pyproject.toml")
    if source is VersionSource.BACKEND:
        return _choose_by_backend(checkout)
    if checkout.repository.shallow:
        raise RepositoryError(
            "The clone is shallow: the tag that the version is derived from may be missing",
            "Type: git fetch --unshallow --tags (in a workflow: actions/checkout with fetch-depth: 0)",
        )
    if source is VersionSource.VCS and _has_start(checkout):
        return _choose_by_plugin(checkout)
    return _choose_by_count(checkout)


def _choose_by_count(checkout: Checkout) -> Chosen:
    """Choose what is counted from the newest tag, or else from the first commit."""
    tagged = checkout.last_tagged
    if tagged is None:
        return _choose_never_tagged(checkout)
    reason = _describe_since(tagged)
    return Chosen(tagged.version, checkout.spell(tagged.version), tagged=False, reason=reason, counted=True)


def _has_start(checkout: Checkout) -> bool:
    """Return whether a version plugin has something to count from: a tag, or a version in its settings."""
    if checkout.last_tagged or checkout.project.fallback:
        return True
    return bool(checkout.repository.tags())


def _choose_by_plugin(checkout: Checkout) -> Chosen:
    """Choose what the project's own plugin counts, so far as it can be uploaded."""
    from release_tools.builders.backend_facts import ask_backend

    facts = ask_backend(checkout.context)
    if tag := _find_legible_tag(checkout, facts.version):
        return Chosen(facts.version, tag, tagged=True, reason=f"the tag {tag}", name=facts.name)
    tagged, notes = checkout.last_tagged, list[Note]()
    version = _find_uploadable(facts.version, tagged, checkout)
    if version is None or not _is_legible(version, checkout.project):
        version = tagged.version if tagged else _count_from_first(checkout)
        text = f"the project's version plugin returns {facts.version}, which cannot be used for this commit"
        notes.append(Note(State.INFO, text, f"using {version} instead"))
    reason = "the project's plugin"
    if tagged is None:
        notes += _make_first_tag_notes(checkout)
    else:
        reason = _describe_since(tagged)
    tag = checkout.spell(version)
    return Chosen(version, tag, tagged=False, reason=reason, notes=tuple(notes), counted=True, name=facts.name)


def _find_legible_tag(checkout: Checkout, version: Version) -> str:
    """Return the tag on this commit that only the plugin can read; empty without one, and for counted versions."""
    if version.local or find_kind(version) not in {Kind.FINAL, Kind.PRE}:
        return ""
    tags = checkout.repository.tags(points_at=checkout.head.commit)
    return next((tag for tag in tags if is_safe_ref(tag) and str(version) in tag), "")


def _is_legible(version: Version, project: Project) -> bool:
    """Return whether the project's plugin reads a tag with the version: dunamai reads no 1.2.0.post1.dev0."""
    return not (version.is_postrelease and version.is_devrelease and "dunamai" in project.plugins)


def _find_uploadable(version: Version, tagged: DescribedVersion | None, checkout: Checkout) -> Version | None:
    """Return a counted version without its local part; None where that would be a released version.

    Where nothing else tells two commits apart, it becomes the ``.devN`` of that version.
    """
    public = Version(version.public)
    if tagged is not None and public == tagged.base:
        return None
    if version.local and not public.is_devrelease and not public.is_postrelease:
        distance = tagged.distance if tagged else checkout.repository.count_commits(checkout.head.commit)
        return Version(f"{public}.dev{distance}")
    return public


def _choose_by_backend(checkout: Checkout) -> Chosen:
    """Choose the version that only the backend knows: one that a file holds, or one that it counts by itself."""
    from release_tools.builders.backend_facts import ask_backend

    field = checkout.field
    if field is not None and field.version is not None:
        return _choose_from_file(checkout, field.version, field.path)
    facts = ask_backend(checkout.context)
    if not _is_counted(checkout, facts.version):
        return replace(_choose_from_file(checkout, facts.version, "the project's backend"), name=facts.name)
    tagged = checkout.last_tagged
    version = _find_uploadable(facts.version, tagged, checkout) or (tagged.version if tagged else facts.version)
    tag = checkout.spell(version)
    return Chosen(version, tag, tagged=False, reason="the project's backend", counted=True, name=facts.name)


def _is_counted(checkout: Checkout, version: Version) -> bool:
    """Return whether a backend counted a version: it has a local part, or a number that no file holds."""
    if version.local:
        return True
    return (version.is_postrelease or version.is_devrelease) and not _occurs(checkout, version)


def _occurs(checkout: Checkout, version: Version) -> bool:
    """Check whether a file of the commit holds a version, in any spelling."""
    pattern = "[^0-9]{1,3}".join(map(str, version.release))
    for word, number in (("post|rev|r", version.post), ("dev", version.dev)):
        if number is not None:
            pattern += f"[^0-9]{{0,3}}({word})" + (f"[^0-9]{{0,3}}{number}" if number else "")
    try:
        checkout.repository.git("grep", "--quiet", "-I", "-i", "-E", "-e", pattern, checkout.head.commit, "--")
    except ProcessError:
        return False
    return True


def _describe_since(described: DescribedVersion) -> str:
    return f"{count(described.distance, 'commit')} after {described.tag}"


def _choose_from_file(checkout: Checkout, version: Version, reason: str) -> Chosen:
    """Choose a version that a file holds, and that nobody may have raised since it was released."""
    tag = checkout.spell(version)
    elsewhere = checkout.repository.commit_of_tag(tag)
    if not elsewhere:
        return Chosen(version, tag, tagged=False, reason=reason)
    warning = Note(
        State.WARNING,
        f"{tag} already exists on another commit, {elsewhere[:_SHORT]}",
        advice="Raise the version before you release this commit.",
    )
    return Chosen(version, tag, tagged=False, reason=reason, notes=(warning,))


def _choose_never_tagged(checkout: Checkout) -> Chosen:
    described, tag_format = checkout.described, checkout.tag_format
    version = described.version if described else _count_from_first(checkout)
    tag, notes = tag_format.tag(version), _make_first_tag_notes(checkout)
    return Chosen(version, tag, tagged=False, reason="the number of commits", notes=notes, counted=True)


def _count_from_first(checkout: Checkout) -> Version:
    return Version(f"0.1.0.dev{checkout.repository.count_commits(checkout.head.commit)}")


def _make_first_tag_notes(checkout: Checkout) -> tuple[Note, ...]:
    described = checkout.described
    version = described.base if described else Version("0.1.0")  # the default tag of the project's own settings
    first = checkout.spell(version)
    untagged = Note(
        State.INFO,
        "no version is tagged yet, so this version is counted from the first commit",
        advice=f"For the first release, tag it: release-tools tag {version} (or: git tag -a {first} -m {first})",
    )
    return (untagged, *check_tags_are_read(checkout.context, checkout.repository, checkout.head.commit))


def _check_second_tag(checkout: Checkout, chosen: Chosen) -> tuple[Note, ...]:
    """Warn of a tag on this commit that seems to carry the same version, but is not recognized."""
    if chosen.tagged or checkout.context.config.tag_format:
        return ()
    twins = find_unrecognized_tags(checkout.repository, checkout.head.commit, chosen.version, checkout.tag_format)
    if not twins:
        return ()
    template = suggest_template(checkout.context, checkout.head.commit, str(chosen.version))
    advice = f'If that is this release, set tag-format = "{template}"; if not, set tag-format = "v{{version}}".'
    return (
        Note(State.WARNING, f"this commit is tagged {twins[0]}, but a release would tag it {chosen.tag}", "", advice),
    )


def _read_static_version(project: Project) -> Version:
    return parse_version(project.version, field="pyproject.toml: version")


def _check_static(project: Project, chosen: Chosen) -> None:
    if _read_static_version(project) != chosen.version:
        raise _explain_disagreement("pyproject.toml", project.version, chosen)


def _check_field(field: VersionField | None, chosen: Chosen) -> None:
    if field is not None and field.version not in {None, chosen.version}:
        raise _explain_disagreement(field.where, field.value, chosen)


def _explain_disagreement(where: str, value: str, chosen: Chosen) -> VersionError:
    """Return the error about a version in a file that is not the chosen one."""
    if chosen.tagged:
        advice = f"Tag the commit that has {chosen.version}. To make one: release-tools prepare {chosen.version}"
    else:
        advice = f"To set and commit it: release-tools prepare {chosen.version}"
    return VersionError(f"{where} says version {value}, but {chosen.reason} says {chosen.version}", advice)


def _check_uncommitted(repository: Repository) -> tuple[Note, ...]:
    changes = repository.changes()
    if not changes:
        return ()
    counted = count(len(changes), "uncommitted change")
    text, advice = f"{counted} left out: only what is committed is built", "Commit what belongs to the release."
    return (Note(State.WARNING, text, list_some(changes, _SHOWN), advice),)


def _check_absent(repository: Repository, head: Head) -> tuple[Note, ...]:
    absent = [submodule.path for submodule in repository.submodules(head.commit) if not submodule.present]
    if not absent:
        return ()
    text = "a submodule that is not checked out is left out"
    if len(absent) > 1:
        text = f"{len(absent)} submodules that are not checked out are left out"
    return (Note(State.WARNING, text, list_some(absent, _SHOWN), "Type: git submodule update --init --recursive"),)
