"""A project as a commit has it: its files, its version, its changelog, and the fragments of the next section."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from release_tools.config.schema import Config
from release_tools.errors import HistoryError
from release_tools.git import log as git_log
from release_tools.git.repository import Repository
from release_tools.history.changelog import Changelog, Part
from release_tools.history.changelog_files import ChangelogFiles, is_named_after
from release_tools.history.fragments import FragmentSettings, build_fragments_part, read_fragment_settings
from release_tools.history.packages import Layout
from release_tools.project.name import read_name
from release_tools.project.version_field import VersionField
from release_tools.project.version_files import VersionFiles

_SHORTEST_NAME: Final = 3


@dataclass(eq=False)
class CommittedProject:
    """A project at one commit, as far as its next version and its notes depend on it.

    Attributes:
        repository: that contains the project.
        commit: to read.
        folder: of the project in the repository; empty where it is the top one.
        config: the project's settings.
    """

    repository: Repository
    commit: str
    folder: str
    config: Config
    _texts: dict[str, str | None] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def files(self) -> list[str]:
        """Return the paths of the project's files, relative to it."""
        return git_log.list_files(self.repository, self.commit, self.folder)

    @cached_property
    def pyproject(self) -> dict[str, Any]:
        """Return the content of ``pyproject.toml``; empty where there is none that can be read."""
        try:
            return tomllib.loads(self.read("pyproject.toml") or "")
        except (tomllib.TOMLDecodeError, RecursionError):
            return {}

    @cached_property
    def name(self) -> str:
        """Return the project's name; empty where only its backend knows it."""
        return read_name(self.read)

    @cached_property
    def layout(self) -> Layout:
        """Return where the project keeps the code that it installs."""
        return Layout.of(self.files, self.name, self.pyproject)

    @cached_property
    def fragment_settings(self) -> FragmentSettings | None:
        """Return how the project keeps its changelog's fragments; None where it uses neither towncrier nor scriv."""
        return read_fragment_settings(self.read, self.files)

    @cached_property
    def fragments(self) -> dict[str, str]:
        """Return the text of each fragment that the next part of the changelog will be made from, by its path."""
        paths = self.fragment_settings.fragments(self.files) if self.fragment_settings else []
        return {path: self.read(path) or "" for path in paths}

    @cached_property
    def uncollected(self) -> Part | None:
        """Return the fragments as a section of the changelog; None where there are none."""
        return build_fragments_part(self.fragment_settings, self.fragments) if self.fragment_settings else None

    @property
    def version_field(self) -> VersionField | None:
        """Return the field that the project's version is built from; None where it comes from tags or from code."""
        fields = VersionFiles(_Tree(self)).sources
        return next((field for field in fields if field.version and not field.is_placeholder), None)

    def read(self, path: str) -> str | None:
        """Return the text of a file of the project; None where there is none."""
        if path not in self._texts:
            exists = path in self._paths
            name = f"{self.folder}/{path}".lstrip("/")
            self._texts[path] = git_log.read_file(self.repository, self.commit, name) if exists else None
        return self._texts[path]

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(self.files)

    def find(self, version: Version | None = None) -> Changelog | None:
        """Return the changelog, the one with the section of a version if there are several; None where there is none.

        Raises:
            HistoryError: the configured one is not there.
        """
        configured = self.config.changelog_file
        collected = self.fragment_settings.changelog if self.fragment_settings else ""
        if configured:
            return self._read_configured(configured)
        files = ChangelogFiles(self.files, self.read, (collected,), self._names, self._title_format)
        found = files.find(version)
        if found is None and self.fragments:  # the first ones, from which the changelog will be made
            return Changelog.parse(collected, "", self.name)
        return found

    def _read_configured(self, path: str) -> Changelog:
        """Return the changelog that the settings name.

        Raises:
            HistoryError: it is not there.
        """
        text = self.read(path)
        if text is None:
            raise HistoryError(
                f"changelog-file: {path} is not in the commit", "Correct the setting, or commit the file."
            )
        first, *others = self._names
        return Changelog.parse(path, text, first, names=others, title_format=self._title_format)

    def find_above(self, version: Version, *, is_shared: bool) -> Changelog | None:
        """Return the changelog outside the project's folder that has a section of a version of this project.

        A file that is named after the project is its own, and so is a heading that names it. Any other heading is
        about this project only where all of the repository has one version.

        Args:
            version: whose section is looked for.
            is_shared: whether the project's tags carry no name, as those of a whole repository.
        """
        whole = CommittedProject(self.repository, self.commit, "", self.config)
        inside = f"{self.folder}/"
        paths = [path for path in whole.files if not path.startswith(inside)]
        is_shared = is_shared and whole.name in ("", self.name)
        found = ChangelogFiles(paths, whole.read, (), self._names, self._title_format).find(version)
        if found is None or found.find_part(version) is None:
            return None
        if not is_shared and not is_named_after(found.path, self.name):
            found = self._keep_own_parts(found)
        return replace(found, path=f"{'../' * (self.folder.count('/') + 1)}{found.path}")

    def _keep_own_parts(self, changelog: Changelog) -> Changelog:
        """Return a changelog with only the sections whose headings name the project."""
        parts = tuple(part for part in changelog.parts if self._is_named_in(part.heading.text))
        return replace(changelog, parts=parts)

    def _is_named_in(self, heading: str) -> bool:
        words = canonicalize_name(re.sub(r"[^\w.]+", "-", heading))
        names = "|".join(re.escape(canonicalize_name(name)) for name in self._names if name)
        return re.search(rf"(?<![a-z0-9])(?:{names})-(?:v|version|release)?-?\d", words) is not None

    @property
    def _names(self) -> tuple[str, ...]:
        """Return the names that the project may have in headings: its own, towncrier's, and those of its packages."""
        imported = (name for name in self.layout.names if len(name) >= _SHORTEST_NAME)
        named = (self._towncrier.get(key) for key in ("name", "package"))
        return (self.name, *(name for name in named if isinstance(name, str)), *imported)

    @property
    def _title_format(self) -> str:
        setting = self._towncrier.get("title_format")
        return setting if isinstance(setting, str) else ""

    @cached_property
    def _towncrier(self) -> dict[str, Any]:
        for text in (self.read("towncrier.toml") if "towncrier.toml" in self.files else None, None):
            try:
                tables = tomllib.loads(text) if text else self.pyproject
            except (ValueError, RecursionError):
                continue
            tool = tables.get("tool")
            table = tool.get("towncrier") if isinstance(tool, dict) else None
            if isinstance(table, dict):
                return table
        return {}


@dataclass(frozen=True)
class _Tree:
    """The files of a commit, as those who look for a version read them."""

    project: CommittedProject

    def paths(self) -> Sequence[str]:
        """Return the path of every file."""
        return self.project.files

    def read(self, path: str) -> bytes | None:
        """Return the content of a file; None where there is none."""
        text = self.project.read(path)
        return None if text is None else text.encode()
