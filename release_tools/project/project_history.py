"""A commit among the releases of its project: what came before it, what changed since, and how that is told."""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Self

from packaging.version import InvalidVersion, Version

from release_tools.config.schema import Config
from release_tools.engine.context import Context
from release_tools.errors import HistoryError, VersionError
from release_tools.git import log as git_log
from release_tools.git.repository import Repository
from release_tools.history import bump_evidence
from release_tools.history.api import ApiChanges, compare, find_packages, is_shipped
from release_tools.history.bump import (
    Bump,
    BumpEvidence,
    Level,
    Past,
    Recommendation,
    VersionScheme,
    bumped,
    recommend,
    scheme_of,
)
from release_tools.history.changelog import USUAL_PATHS, Changelog, Part
from release_tools.history.commits import changes, first_time_authors, main_line
from release_tools.history.dates import day_of
from release_tools.history.fragments import FragmentSettings, Tool, fragment_settings, fragments_part
from release_tools.history.notes import notes_from_changelog, notes_from_changes, thanks
from release_tools.history.tagged_releases import PastRelease, aim, last_final, newest, previous
from release_tools.model.release import Release
from release_tools.model.versions import TagFormat
from release_tools.project.facts import Project

_SOURCES: Final = ("*.py", "*.pyi", ":(exclude,glob)**/tests/**", ":(exclude,glob)**/test/**")


NOTES: Final = "Release notes"
"""The title of the document that holds them."""


@dataclass(frozen=True)
class Notes:
    """The notes of a release.

    Attributes:
        text: in GitHub's Markdown, inert.
        source: what they were made from, in a few words.
        from_changelog: whether somebody wrote them, or commits had to do.
    """

    text: str
    source: str
    from_changelog: bool


@dataclass(frozen=True)
class ProjectHistory:
    """A commit and the releases before it.

    Attributes:
        repository: that the project lies in.
        commit: that is looked at.
        head: the commit that is checked out, whose changelog is the newest.
        path: the project's folder in the repository; empty where it is the top one.
        config: the project's settings.
        scratch: a folder that is removed when the run ends.
    """

    repository: Repository
    commit: str
    head: str
    path: str
    config: Config
    scratch: Path

    @classmethod
    def of(cls, context: Context, version: Version | None = None) -> Self:
        """The survey of the commit that a version is tagged on; of the one that is checked out, if none is.

        Raises:
            RepositoryError: there is no repository, or no commit.
        """
        repository = Repository.open(context.project, context.env)
        path = context.project.resolve().relative_to(repository.root).as_posix()
        tag_format = TagFormat.parse(context.config.tag_format)
        tagged = (commit for tag, commit in repository.tags().items() if tag_format.version(tag) == version)
        head = repository.head().commit
        commit = next(tagged, head) if version else head
        return cls(repository, commit, head, "" if path == "." else path, context.config, context.scratch)

    @cached_property
    def releases(self) -> list[PastRelease]:
        """Every version that was tagged before this commit or on it, the lowest first."""
        return git_log.read_releases(self.repository, self.commit, TagFormat.parse(self.config.tag_format))

    @property
    def elsewhere(self) -> str:
        """The tag of the highest final version of all, where this commit does not come after it; empty otherwise."""
        tag_format = TagFormat.parse(self.config.tag_format)
        versions = {tag: version for tag in self.repository.tags() if (version := tag_format.version(tag))}
        finals = [tag for tag, version in versions.items() if not version.is_prerelease]
        highest = max(finals, key=versions.__getitem__, default="")
        return "" if any(release.version == versions.get(highest) for release in self.releases) else highest

    @cached_property
    def changelog(self) -> Changelog | None:
        """The project's changelog; None where there is none.

        Raises:
            HistoryError: the configured one is not there.
        """
        return self._changelog(self.commit)

    @cached_property
    def pending(self) -> Part | None:
        """What the changelog says of changes that were not released yet; None where it says nothing."""
        if self.changelog is None:
            return None
        latest = newest(self.releases)
        ahead = (
            part for part in self.changelog.parts if part.version and (not latest or part.version > latest.version)
        )
        return next((part for part in (self.changelog.unreleased, *ahead) if part and part.text.strip()), None)

    @cached_property
    def past(self) -> Past:
        """What is known before the next version is recommended."""
        final, latest = last_final(self.releases), newest(self.releases)
        higher = ((version, by) for version, by in self._plans() if not latest or version > latest.version)
        planned, by = next(higher, (None, ""))
        if latest is None:
            return Past(self.releases, planned=planned, planned_by=by)
        told = (
            tuple(bump_evidence.from_changelog(self.changelog, self.pending)) if self.changelog and self.pending else ()
        )
        told += self._said_by_fragments()
        since_final = (*self._evidence(final), *told) if final else told
        since_newest = since_final if latest == final else self._evidence(latest)
        return Past(self.releases, since_final, since_newest, planned, by)

    def _plans(self) -> Iterator[tuple[Version, str]]:
        """The versions that the project names for what is unreleased, and where it does, the most binding first."""
        project = Project.of(self._pyproject(self.commit))
        with suppress(InvalidVersion):
            yield aim(Version(project.version)), "pyproject.toml"
        if self.pending and self.pending.version:
            yield self.pending.version, "the changelog"
        if worked_on := max((release for release in self.releases if release.version.is_devrelease), default=None):
            yield aim(worked_on.version), f"the tag {worked_on.tag}"

    def recommended(self, day: date) -> Recommendation:
        """The version that should be released on a day, and why."""
        return recommend(self.past, self.scheme, day)

    def raised(self, bump: Bump | None, day: date) -> Version:
        """The version after the newest one.

        A commit that carries the raised version already is not raised again, so that a run can be repeated; only a
        pre-release is raised to the final version on the very same commit.

        Args:
            bump: the part to raise; None takes what is recommended.
            day: of the release, for a project that counts by the calendar.

        Raises:
            VersionError: nothing was released yet, the version has no such part, or there is nothing to release.
        """
        latest = newest(self.releases)
        here = latest if latest and latest.commit == self.commit else None
        if here and not here.version.is_prerelease:
            return here.version
        if bump is None:
            advice = self.recommended(day)
            version, rule = advice.version, advice.rule
        elif latest is None:
            raise VersionError("no version was tagged yet that could be raised", "Name the first one, such as 0.1.0.")
        else:
            version, rule = bumped(latest.version, bump), ""
        if here and (version is None or version.is_prerelease):
            return here.version
        if version is None:
            raise VersionError(f"there is nothing to release: {rule}", "If it is meant, name the version.")
        return version

    @property
    def scheme(self) -> VersionScheme:
        """How the project counts its versions, as it says or as its past shows."""
        return scheme_of(self.releases) if self.config.scheme == "auto" else VersionScheme(self.config.scheme)

    def api_changes(self, since: PastRelease) -> ApiChanges:
        """What changed in the public API since a release.

        Raises:
            HistoryError: the source cannot be read.
        """
        packages = self.config.public_api or find_packages(self._files, self._name)
        return compare(self._source(since.commit), self._source(self.commit), packages)

    def notes(self, version: Version, *, planned: bool = True) -> Notes:
        """The notes of a version that this commit carries, or would.

        Args:
            version: of the notes.
            planned: whether this commit is about to get the version; a version that only somebody asks for must be
                known.

        Raises:
            HistoryError: nothing is known of this version.
        """
        before, latest = previous(self.releases, version), newest(self.releases)
        told = self._told(version, before)
        if told is None and not planned and latest is not None and version < latest.version:
            raise HistoryError(
                f"{version}: there is no such tag, and no such part in the changelog", "See the versions: git tag"
            )
        log = git_log.read_commits(self.repository, self.commit, before.commit if before else "", self.path)
        if told is None:
            since = f" since {before.tag}" if before else ""
            text = notes_from_changes(changes(main_line(log)))
            told = Notes(text, f"{len(log)} commit{'' if len(log) == 1 else 's'}{since}", from_changelog=False)
        known = git_log.read_identities(self.repository, before.commit) if before else None
        new = thanks(first_time_authors(log, known) if known is not None else ())
        return replace(told, text="\n\n".join(filter(None, (told.text, new))))

    def _told(self, version: Version, before: PastRelease | None) -> Notes | None:
        """What the changelog says of a version and of the pre-releases that led to it."""
        for commit in dict.fromkeys((self.head, self.commit)):
            changelog = self._changelog(commit)
            own = changelog.part(version) if changelog else None
            if own is None and all(release.version != version for release in self.releases):
                own = self.pending or self._uncollected
            if changelog and own:
                parts = [own, *changelog.leading_to(version, before.version if before else None)]
                if text := notes_from_changelog(changelog, parts):
                    return Notes(text, changelog.path, from_changelog=True)
        return None

    def _changelog(self, commit: str) -> Changelog | None:
        configured = self.config.changelog_file
        files = set(git_log.list_files(self.repository, commit, self.path))
        collected = self.fragment_settings.changelog if self.fragment_settings else ""
        found = configured or next((path for path in (collected, *USUAL_PATHS) if path in files), "")
        if not found and self.fragments:  # the first ones, from which the changelog will be made
            return Changelog.parse(collected, "", self._name)
        text = self._read(commit, found) if found else None
        if configured and text is None:
            raise HistoryError(
                f"changelog-file: {configured} is not in the commit", "Correct the setting, or commit the file."
            )
        return None if text is None else Changelog.parse(found, text, self._name)

    def _evidence(self, since: PastRelease) -> tuple[BumpEvidence, ...]:
        """What files, metadata, public API and commits say of the changes since a release."""
        changed = git_log.changed_files(self.repository, since.commit, self.commit, self.path)
        shipped = [path for path in changed if is_shipped(path)]
        before, after = (self._pyproject(commit) for commit in (since.commit, self.commit))
        if _described(before) != _described(after):
            shipped.append("pyproject.toml")
        found = [bump_evidence.from_files(changed, shipped)]
        if not shipped:
            return tuple(found)
        found += bump_evidence.from_python(_python(before), _python(after))
        log = git_log.read_commits(self.repository, self.commit, since.commit, self.path)
        found += bump_evidence.from_commits(changes(log))
        try:
            found.append(bump_evidence.from_api(self.api_changes(since)))
        except HistoryError as error:
            found.append(BumpEvidence("public API", Level.NOTHING, f"not compared: {error.message}"))
        return tuple(found)

    @cached_property
    def _files(self) -> list[str]:
        return git_log.list_files(self.repository, self.commit, self.path)

    @cached_property
    def fragment_settings(self) -> FragmentSettings | None:
        """How the project keeps the fragments of its changelog; None where it uses neither towncrier nor scriv."""
        return fragment_settings(lambda path: self._read(self.commit, path), self._files)

    @cached_property
    def fragments(self) -> dict[str, str]:
        """The text of each fragment that the next part of the changelog will be made from, by its path."""
        paths = self.fragment_settings.fragments(self._files) if self.fragment_settings else []
        return {path: self._read(self.commit, path) or "" for path in paths}

    @cached_property
    def _uncollected(self) -> Part | None:
        """What the fragments say; None where there are none."""
        return fragments_part(self.fragment_settings, self.fragments) if self.fragment_settings else None

    def _said_by_fragments(self) -> tuple[BumpEvidence, ...]:
        """What fragments ask for: towncrier's by their names, scriv's by their headings."""
        if self.fragment_settings is None or self.fragment_settings.tool is Tool.TOWNCRIER:
            return tuple(bump_evidence.from_fragments(list(self.fragments)))
        changelog = Changelog.parse(self.fragment_settings.changelog, "", self._name)
        return tuple(bump_evidence.from_changelog(changelog, self._uncollected)) if self._uncollected else ()

    @cached_property
    def _name(self) -> str:
        return Project.of(self._pyproject(self.commit)).name

    def _source(self, commit: str) -> Path:
        """The Python source of a commit, written once."""
        folder = self.scratch / f"api-{commit}"
        if not folder.exists():
            git_log.export(self.repository, commit, folder, _SOURCES, self.path)
        return folder

    def _pyproject(self, commit: str) -> dict[str, Any]:
        try:
            return tomllib.loads(self._read(commit, "pyproject.toml") or "")
        except tomllib.TOMLDecodeError:
            return {}

    def _read(self, commit: str, path: str) -> str | None:
        return git_log.read_file(self.repository, commit, f"{self.path}/{path}".lstrip("/"))


def release_notes(release: Release) -> str:
    """The notes of a release, as an earlier step wrote them; empty where none did."""
    return next((document.text for document in release.documents if document.title == NOTES), "")


def today(env: Mapping[str, str]) -> date:
    """The day of the release: today, or what SOURCE_DATE_EPOCH says, so that an answer can be had again later."""
    epoch = env.get("SOURCE_DATE_EPOCH", "")
    return day_of(int(epoch)) if epoch.isascii() and epoch.isdecimal() else datetime.now(UTC).date()


def _described(pyproject: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What of ``pyproject.toml`` becomes metadata, but for the version."""
    tables = (_table(pyproject, "project"), _table(pyproject, "tool", "poetry"))
    project, poetry = ({key: value for key, value in table.items() if key != "version"} for table in tables)
    return project, poetry


def _python(pyproject: Mapping[str, Any]) -> str:
    poetry = _table(pyproject, "tool", "poetry", "dependencies")
    return str(_table(pyproject, "project").get("requires-python") or poetry.get("python") or "")


def _table(data: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    """A table within tables; empty where it is missing or something else."""
    for key in path:
        inner = data.get(key)
        data = inner if isinstance(inner, dict) else {}
    return data
