"""A commit among the releases of its project: the releases before it, the changes since, and the notes about them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self, TypeAlias

from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.config.schema import Config
from release_tools.engine.context import Context
from release_tools.errors import HistoryError, RepositoryError, VersionError
from release_tools.git import log as git_log
from release_tools.git.project_repository import open_repository
from release_tools.git.repository import Repository
from release_tools.git.tags import contains
from release_tools.history import bump_evidence
from release_tools.history.api import ApiChanges, compare
from release_tools.history.bump import (
    Bump,
    BumpEvidence,
    Level,
    Past,
    Recommendation,
    VersionScheme,
    bump_least,
    bump_version,
    find_demanded,
    free_version,
    recognise_scheme,
    recommend,
)
from release_tools.history.changelog import Changelog, Part
from release_tools.history.commits import (
    Author,
    Change,
    Commit,
    follow_main_line,
    list_changes,
    list_first_time_authors,
)
from release_tools.history.dates import parse_day
from release_tools.history.fragments import FragmentSettings, Tool
from release_tools.history.hosted_changes import HostedChanges
from release_tools.history.note_groups import CATEGORY_FILES, Categories, read_categories
from release_tools.history.notes import write_notes_from_changelog, write_notes_from_changes, write_thanks
from release_tools.history.packages import Layout, describes
from release_tools.history.preparation import is_preparation
from release_tools.history.tagged_releases import PastRelease, aim, find_last_final, find_newest, find_previous
from release_tools.model.release import Release
from release_tools.model.versions import TagFormat
from release_tools.parsed_values import find_table
from release_tools.project.committed_project import CommittedProject
from release_tools.project.tag_spelling import find_tag_format
from release_tools.project.version_field import VersionField
from release_tools.system import sanitize
from release_tools.system.process import ProcessError
from release_tools.wording import count

_SOURCES: Final = ("*.py", "*.pyi", ":(exclude,glob)**/tests/**", ":(exclude,glob)**/test/**")


@dataclass(frozen=True)
class Notes:
    """The notes of a release.

    Attributes:
        text: in GitHub's Markdown, sanitized.
        source: the changelog, or the commits, that they were made from.
        from_changelog: whether somebody wrote them, rather than commits being listed.
        silent_changelog: the path of a changelog that has no section about this version; empty without one.
        problem: why the hosting service could not be asked about the changes; empty where it was, or need not be.
        link: the line that leads to all changes since the previous release; empty without one.
    """

    text: str
    source: str
    from_changelog: bool
    silent_changelog: str = ""
    problem: str = ""
    link: str = ""


AskHost: TypeAlias = Callable[[Sequence[Commit], int], HostedChanges]
"""Ask the hosting service about commits, newest first, and pull requests since a time in seconds since the epoch."""


@dataclass(eq=False)
class ProjectHistory:
    """A commit and the releases before it.

    Attributes:
        repository: that contains the project.
        commit: whose history this is.
        head: the commit that is checked out, whose changelog is the newest.
        path: the project's folder in the repository; empty where it is the top one.
        config: the project's settings.
        scratch: a folder that is removed when the run ends.
        tag_format: the format of the project's tags.
    """

    repository: Repository
    commit: str
    head: str
    path: str
    config: Config
    scratch: Path
    tag_format: TagFormat
    _projects: dict[str, CommittedProject] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(cls, context: Context, version: Version | None = None) -> Self:
        """Return the history of the commit that a version is tagged on; of the one that is checked out, if none is.

        Raises:
            RepositoryError: there is no repository, or no commit.
        """
        repository = open_repository(context)
        path = context.project.resolve().relative_to(repository.root).as_posix()
        tag_format = find_tag_format(context)
        tagged = (commit for tag, commit in repository.tags().items() if tag_format.version(tag) == version)
        head = repository.head().commit
        commit = next(tagged, head) if version else head
        return cls(repository, commit, head, "" if path == "." else path, context.config, context.scratch, tag_format)

    @classmethod
    def reuse(cls, context: Context, release: Release) -> Self:
        """Return the history of a release's commit, which is read once for all steps of a run.

        Raises:
            RepositoryError: there is no repository, or no commit.
        """
        return context.background.result(f"history of {release.commit}", cls.of, context)

    @cached_property
    def releases(self) -> list[PastRelease]:
        """Return every version that was tagged before this commit or on it, the lowest first."""
        return git_log.read_releases(self.repository, self.tag_format, merged=self.commit)

    @cached_property
    def _elsewhere(self) -> list[PastRelease]:
        """Return every version that is tagged on a commit that this one does not come after, the lowest first."""
        known = {release.version for release in self.releases}
        return [
            release
            for release in git_log.read_releases(self.repository, self.tag_format)
            if release.version not in known
        ]

    @property
    def higher_release(self) -> tuple[str, bool] | None:
        """Return the tag of the highest final version of all, where this commit does not come after it; None otherwise.

        The second value tells whether the tag is on a later commit of the same branch.
        """
        highest, here = find_last_final(self._elsewhere), find_last_final(self.releases)
        if highest is None or (here is not None and highest.version < here.version):
            return None
        return highest.tag, contains(self.repository, highest.commit, self.commit)

    @property
    def changelog(self) -> Changelog | None:
        """Return the project's changelog; None where there is none.

        Raises:
            HistoryError: the configured one is not there.
        """
        return self._changelog

    @property
    def changelog_path(self) -> str:
        """Return the path of the changelog, or of the newest release's own file; empty where there is neither.

        Raises:
            HistoryError: the configured one is not there.
        """
        latest = find_newest(self.releases)
        found = self.changelog or (self._committed.find(latest.version) if latest else None)
        return found.path if found else ""

    @cached_property
    def _changelog(self) -> Changelog | None:
        return self._committed.find()

    @cached_property
    def _committed(self) -> CommittedProject:
        return self._at(self.commit)

    def _at(self, commit: str) -> CommittedProject:
        if commit not in self._projects:
            self._projects[commit] = CommittedProject(self.repository, commit, self.path, self.config)
        return self._projects[commit]

    @property
    def fragment_settings(self) -> FragmentSettings | None:
        """Return how the project keeps its changelog's fragments; None where it uses neither towncrier nor scriv."""
        return self._committed.fragment_settings

    @property
    def fragments(self) -> dict[str, str]:
        """Return the text of each fragment that the next part of the changelog will be made from, by its path."""
        return self._committed.fragments

    @cached_property
    def pending(self) -> Part | None:
        """Return the section of the changelog about changes that were not released yet; None without one."""
        if self.changelog is None:
            return None
        parts = (self.changelog.unreleased, *self._list_untagged_parts(self.changelog))
        return next((part for part in parts if part and part.text.strip()), None)

    def _list_untagged_parts(self, changelog: Changelog) -> list[Part]:
        """Return the sections about versions that come after the newest release."""
        latest = find_newest(self.releases)
        return [part for part in changelog.parts if part.version and (not latest or part.version > latest.version)]

    @cached_property
    def past(self) -> Past:
        """Return the facts from which the next version is recommended."""
        final, latest = find_last_final(self.releases), find_newest(self.releases)
        written = self._find_written_evidence() if latest else ()
        planned, by, doubted = self._plan(written)
        taken = frozenset(release.version for release in self._elsewhere)
        if latest is None:
            return Past(self.releases, planned=planned, planned_by=by, taken=taken)
        since_final = (*self._evidence(final), *written) if final else written
        since_newest = since_final if latest == final else self._evidence(latest)
        return Past(self.releases, since_final, since_newest, planned, by, taken, doubted)

    def _plan(self, written: tuple[BumpEvidence, ...]) -> tuple[Version | None, str, Version | None]:
        """Return the version that the project names for what is unreleased, and where; last, one that it contradicts.

        A changelog whose own entries list what was removed does not count for a version that promises otherwise.
        """
        latest, doubted = find_newest(self.releases), None
        for version, by in self._plans():
            if latest is not None and version <= latest.version:
                continue
            if self._is_path_of_changelog(by) and self._contradicts(version, written):
                doubted = version
                continue
            return version, by, doubted
        return None, "", doubted

    def _is_path_of_changelog(self, path: str) -> bool:
        return self.changelog is not None and path == self.changelog.path

    def _contradicts(self, version: Version, written: tuple[BumpEvidence, ...]) -> bool:
        """Tell whether the changelog's entries list breakages that its version may not have, by SemVer."""
        final, level = find_last_final(self.releases), find_demanded(written)
        if final is None or version.pre or level is not Level.MAJOR or self.scheme is not VersionScheme.SEMVER:
            return False
        return version.release < bump_least(final.version, level).release

    def _plans(self) -> Iterator[tuple[Version, str]]:
        """Yield the versions that the project names for what is unreleased, and where, the most binding first."""
        field = self._committed.version_field
        if field is not None and field.version is not None:
            yield aim(field.version), field.path
        if self.changelog and self.pending and self.pending.version:
            yield aim(self.pending.version), self.changelog.path
        if worked_on := self._find_highest_development_release():
            yield aim(worked_on.version), f"the tag {worked_on.tag}"

    def _find_highest_development_release(self) -> PastRelease | None:
        return max((release for release in self.releases if release.version.is_devrelease), default=None)

    def _find_written_evidence(self) -> tuple[BumpEvidence, ...]:
        """Return what the changelog and its fragments ask for."""
        found = list[BumpEvidence]()
        if self.changelog and self.pending:
            found += bump_evidence.from_changelog(self.changelog, self.pending)
        return (*found, *self._fragment_evidence())

    @property
    def version_field(self) -> VersionField | None:
        """Return the field that the project's version is built from; None where it comes from tags or from code."""
        return self._committed.version_field

    def recommend(self, day: date) -> Recommendation:
        """Return the version that should be released on a day, and why."""
        return recommend(self.past, self.scheme, day)

    def raise_version(self, bump: Bump | None, day: date) -> Version:
        """Return the version after the newest one, which no commit is tagged with.

        A commit that carries the raised version already is not raised again, so that a run can be repeated; only a
        pre-release is raised to the final version on the very same commit.

        Args:
            bump: the part to raise; None takes what is recommended.
            day: of the release, for a project that counts by the calendar.

        Raises:
            VersionError: nothing was released yet, the version has no such part or is tagged on another commit, or
                there is nothing to release.
        """
        here = self._find_version_here()
        if here and not here.is_prerelease:
            return here
        version = self._choose_raised(bump, day, find_newest(self.releases))
        if here and (version is None or version.is_prerelease):
            return here
        if version is None:
            rule = self.recommend(day).rule
            raise VersionError(f"there is nothing to release: {rule}", "To release it anyway, name the version.")
        return version

    def _find_version_here(self) -> Version | None:
        """Return the newest version, where it is tagged on this very commit; None otherwise."""
        latest = find_newest(self.releases)
        return latest.version if latest and latest.commit == self.commit else None

    def _choose_raised(self, bump: Bump | None, day: date, latest: PastRelease | None) -> Version | None:
        """Return the version with a part raised, or the recommended one; None where none is recommended.

        Raises:
            VersionError: nothing was released yet, or the version has no such part or is tagged on another commit.
        """
        if bump is None:
            return self.recommend(day).version
        if latest is None:
            raise VersionError(
                "there is no tagged version yet to raise", "Name the first version instead, such as 0.1.0."
            )
        return self._free(bump_version(latest.version, bump), bump)

    def _free(self, version: Version, bump: Bump) -> Version:
        taken = {release.version: release.tag for release in self._elsewhere}
        if version in taken and bump is Bump.FINAL:
            raise VersionError(
                f"{taken[version]} is tagged on another commit, so {version} cannot be released from this one",
                f"To release that commit, type: git checkout {taken[version]}",
            )
        return free_version(version, bump, taken)

    @property
    def scheme(self) -> VersionScheme:
        """Return how the project counts its versions, as its settings say or as its past shows."""
        return recognise_scheme(self.releases) if self.config.scheme == "auto" else VersionScheme(self.config.scheme)

    def api_changes(self, since: PastRelease) -> ApiChanges:
        """Return the changes of the public API since a release.

        Raises:
            HistoryError: the source cannot be read, or the project's folder did not exist.
        """
        try:
            layout = self._committed.layout
            packages = list(self.config.public_api) or layout.names
            self._check_comparable(since, packages)
            old, new = self._source(since.commit), self._source(self.commit)
        except ProcessError as error:
            raise HistoryError(f"git cannot read {since.tag}: {error.output or error.message}") from None
        except (RepositoryError, OSError) as error:
            raise HistoryError(f"the source of {since.tag} cannot be written: {error}") from None
        return compare(old, new, packages, layout.search_folders)

    def _check_comparable(self, since: PastRelease, packages: Sequence[str]) -> None:
        """Refuse to compare a project that was not in a release, or of which no package is known."""
        if self.path and not self._at(since.commit).files:
            raise HistoryError(f"{self.path}/ does not exist in {since.tag}")
        if not packages:
            raise HistoryError("no import package was found", "Name it in the setting public-api.")

    def notes(
        self,
        version: Version,
        *,
        planned: bool = True,
        offline: HostedChanges | None = None,
        ask: AskHost | None = None,
    ) -> Notes:
        """Return the notes of a version that this commit carries, or would.

        Args:
            version: of the notes.
            planned: whether this commit is about to get the version; a version that only somebody asks for must be
                known.
            offline: what is known of the hosting service without a request.
            ask: asks it for the rest, which happens only if commits are listed, or somebody new has no account yet.

        Raises:
            HistoryError: nothing is known of this version.
        """
        before = find_previous(self.releases, version)
        changelog = self._at(self.head).find(version)
        found = self._from_changelog(version, before, planned=planned)
        if not (found or planned):
            self._check_known(version, changelog)
        log = git_log.read_commits(self.repository, self.commit, before.commit if before else "", self.path)
        people = self._list_new_people(log, before)
        hosted = offline or HostedChanges()
        is_incomplete = found is None or not all(map(hosted.login_of, people))
        if ask is not None and log and is_incomplete:
            hosted = ask(log, self._find_time(before))
        listed = self._list_news(log, hosted, version, before)
        if found is None:
            source = _describe_commits(len(log), before)
            found = self._make_notes_from(listed, hosted, source, changelog)
        text = "\n\n".join(filter(None, (found.text, write_thanks(people, listed, hosted))))
        return replace(found, text=text, problem=hosted.problem)

    def _find_time(self, release: PastRelease | None) -> int:
        """Return the time of a release's commit, in seconds since the epoch; 0 for none."""
        return git_log.commit_time(self.repository, release.commit) if release else 0

    def _make_notes_from(
        self, changes: Sequence[Change], hosted: HostedChanges, source: str, changelog: Changelog | None
    ) -> Notes:
        """Return notes that list changes, with the changelog that says nothing about them."""
        text = write_notes_from_changes(changes, hosted, self._categories)
        return Notes(text, source, from_changelog=False, silent_changelog=changelog.path if changelog else "")

    def _list_new_people(self, log: Sequence[Commit], before: PastRelease | None) -> list[Author]:
        """Return who wrote a commit for the first time; nobody for the first release."""
        if before is None:
            return []
        return list_first_time_authors(log, git_log.read_identities(self.repository, before.commit))

    def _list_news(
        self, log: Sequence[Commit], hosted: HostedChanges, version: Version, before: PastRelease | None
    ) -> list[Change]:
        """Return the changes of commits, without those that only prepare the release or the one before it."""
        released, name = [version, *([before.version] if before else [])], self._committed.name
        listed = hosted.complete(list_changes(follow_main_line(log)))
        return [change for change in listed if not is_preparation(change.text, name, released)]

    def message_of_tag(self, tag: str) -> str | None:
        """Return the message of a tag; empty for one without a message, None where there is no such tag."""
        form = "--format=%(objecttype)%00%(contents:subject)%0a%0a%(contents:body)"
        kind, _, message = self.repository.git("for-each-ref", form, f"refs/tags/{tag}").partition("\0")
        return (message if kind == "tag" else "") if kind else None

    def notes_in_message(self, message: str, version: Version) -> str:
        """Return the notes in the message of a tag that ``release-tools tag`` made; empty for any other message."""
        subject, _, body = message.partition("\n")
        name, _, number = subject.rpartition(" ")
        if number != str(version) or not name or canonicalize_name(name) != canonicalize_name(self._committed.name):
            return ""
        return sanitize.escape_markdown(body.strip("\n"))

    @property
    def _categories(self) -> Categories | None:
        """Return the categories of the project's ``.github/release.yml``; None where it has none."""
        texts = (git_log.read_file(self.repository, self.commit, path) for path in CATEGORY_FILES)
        return next((read_categories(text) for text in texts if text is not None), None)

    def _check_known(self, version: Version, changelog: Changelog | None) -> None:
        """Refuse a version that was never tagged though a later one is known."""
        latest = find_newest(self.releases)
        later = [release for release in (latest.version if latest else None, changelog and changelog.newest) if release]
        if not self._is_tagged(version) and version < max(later, default=version):
            raise HistoryError(
                f"{version} is neither tagged nor in the changelog", "To list the versions, type: git tag"
            )

    def _is_tagged(self, version: Version) -> bool:
        return any(release.version == version for release in self.releases)

    def _from_changelog(self, version: Version, before: PastRelease | None, *, planned: bool) -> Notes | None:
        """Return what the changelog says of a version and of the pre-releases that led to it."""
        since = before.version if before else None
        for commit in dict.fromkeys((self.head, self.commit)):
            if notes := self._from_changelog_at(commit, version, since, planned=planned):
                return notes
        return self._from_changelog_above(version) if self.path else None

    def _from_changelog_at(
        self, commit: str, version: Version, since: Version | None, *, planned: bool
    ) -> Notes | None:
        """Return what the changelog of one commit says of a version; None where it says nothing."""
        changelog = self._at(commit).find(version)
        own = self._find_own_part(commit, changelog, version, planned=planned) if changelog else None
        if changelog is None or own is None:
            return None
        text = write_notes_from_changelog(changelog, [own, *changelog.find_leading_parts(version, since)])
        return Notes(text, changelog.path, from_changelog=True) if text else None

    def _find_own_part(self, commit: str, changelog: Changelog, version: Version, *, planned: bool) -> Part | None:
        """Return the section about a version, or about what is unreleased where the commit may still get it."""
        own = changelog.find_part(version)
        if own is None and self._may_be_unreleased(version, commit, planned=planned):
            return changelog.find_pending(version) or self._at(commit).uncollected
        return own

    def _from_changelog_above(self, version: Version) -> Notes | None:
        """Return what a changelog outside the project's folder says of a version."""
        above = self._at(self.head).find_above(version, is_shared=self.tag_format.is_plain)
        own = above.find_part(version) if above else None
        text = write_notes_from_changelog(above, [own]) if above and own else ""
        return Notes(text, above.path, from_changelog=True) if above and text else None

    def _may_be_unreleased(self, version: Version, commit: str, *, planned: bool) -> bool:
        """Tell whether a commit may describe a version as unreleased: before it is tagged, and where the tag is."""
        tagged = next((release for release in self.releases if release.version == version), None)
        if tagged is not None:
            return tagged.commit == commit
        latest = find_newest(self.releases)
        return planned or latest is None or version > latest.version

    def _evidence(self, since: PastRelease) -> tuple[BumpEvidence, ...]:
        """Return what files, metadata, public API and commits ask for, by the changes since a release."""
        changed = git_log.list_changed_files(self.repository, since.commit, self.commit, self.path)
        before, after = self._at(since.commit).pyproject, self._committed.pyproject
        installed = self._list_installed(changed, before)
        found = [bump_evidence.from_files(changed, installed, [path for path in changed if describes(path)])]
        if not installed:
            return tuple(found)
        found += bump_evidence.from_python(_find_python(before), _find_python(after))
        log = git_log.read_commits(self.repository, self.commit, since.commit, self.path)
        found += bump_evidence.from_commits(list_changes(log))
        return (*found, self._find_api_evidence(since))

    def _list_installed(self, changed: Sequence[str], before: Mapping[str, Any]) -> list[str]:
        """Return the changed files that are installed, and ``pyproject.toml`` where it gives other metadata.

        Args:
            changed: the changed files.
            before: the content of ``pyproject.toml`` before the changes.
        """
        layouts = self._committed.layout, Layout.of(changed, self._committed.name, before)
        installed = [path for path in changed if any(layout.installs(path) for layout in layouts)]
        if _describe(before) != _describe(self._committed.pyproject):
            installed.append("pyproject.toml")
        return installed

    def _find_api_evidence(self, since: PastRelease) -> BumpEvidence:
        """Return what the public API asks for, or why it could not be compared."""
        try:
            return bump_evidence.from_api(self.api_changes(since))
        except HistoryError as error:
            return BumpEvidence("public API", Level.NOTHING, f"not compared: {error.message}")

    def _fragment_evidence(self) -> tuple[BumpEvidence, ...]:
        """Return what fragments ask for: towncrier's by their names, scriv's by their headings."""
        settings, uncollected = self.fragment_settings, self._committed.uncollected
        if settings is None or settings.tool is Tool.TOWNCRIER:
            return tuple(bump_evidence.from_fragments(list(self.fragments)))
        changelog = Changelog.parse(settings.changelog, "", self._committed.name)
        return tuple(bump_evidence.from_changelog(changelog, uncollected)) if uncollected else ()

    def _source(self, commit: str) -> Path:
        """Write the Python source of a commit to a scratch folder, once."""
        folder = self.scratch / f"api-{commit}"
        if not folder.exists():
            git_log.export(self.repository, commit, folder, _SOURCES, self.path)
        return folder


def _describe_commits(number: int, before: PastRelease | None) -> str:
    return count(number, "commit") + (f" since {before.tag}" if before else "")


def find_today(env: Mapping[str, str]) -> date:
    """Return the day of the release: today, or the one of SOURCE_DATE_EPOCH, so that a run can be repeated later."""
    epoch = env.get("SOURCE_DATE_EPOCH", "")
    return parse_day(int(epoch)) if epoch.isascii() and epoch.isdecimal() else datetime.now(UTC).date()


def _describe(pyproject: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the tables of ``pyproject.toml`` that become metadata, without the version."""
    tables = (find_table(pyproject, "project"), find_table(pyproject, "tool", "poetry"))
    project, poetry = ({key: value for key, value in table.items() if key != "version"} for table in tables)
    return project, poetry


def _find_python(pyproject: Mapping[str, Any]) -> str:
    poetry = find_table(pyproject, "tool", "poetry", "dependencies")
    return str(find_table(pyproject, "project").get("requires-python") or poetry.get("python") or "")
