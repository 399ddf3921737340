"""Find the changelog of a project among its files: one file, one file per release, or a file that points to another."""

import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final

from packaging.version import InvalidVersion, Version

from release_tools.history.changelog import Changelog, Part
from release_tools.history.headings import Heading, find_headings, recognise_markup, split_lines

_NAMES: Final = (
    "changelog", "changes", "history", "news", "releasenotes", "releasehistory", "whatsnew", "releases",
    "versionhistory", "relnotes",
)  # fmt: skip
"""The names of changelogs, the most usual first, in lower case and without separators."""
_SUFFIXES: Final = (".md", ".rst", ".markdown", ".mdx", ".txt", ".adoc", ".asciidoc", ".rest", "")
_FOLDERS: Final = (
    "", "docs", "doc", "docs/source", "doc/source", "docs/src", "docs/about", "docs/project", "docs/en/docs",
    "documentation", "docs/content", "doc/src", ".github",
)  # fmt: skip
_INDEXES: Final = frozenset({"index", "readme", "changelog"})
_NOTES_FOLDERS: Final = frozenset(
    {*_NAMES, "release", "changelogs", "versions", "prevwhatsnew", "notes", "releaselog", "relnotes"}
)
_DOCUMENTED: Final = frozenset({"", "docs", "doc", "documentation", "website", "site"})
_NOTES_FILE: Final = re.compile(
    r"(?:(?:change-?log|changes|release-?notes?|release|notes|version|whats-?new|v|news|history)[-_.]?){0,4}v?"
    r"(?P<version>\d{1,8}(?:[._]\d{1,8}){0,4}(?:[-_.]?(?:a|b|rc|alpha|beta|dev|post)[-_.]?\d{0,4})?)"
    r"(?:[-_.]?(?:change-?log|changes|release-?notes?|notes|release))?",
    re.IGNORECASE,
)
_POINTER: Final = re.compile(r"[\w./-]{1,200}\.(?:md|rst|txt|adoc|markdown|asciidoc)\b|[\w./-]{1,200}/CHANGE\w*")
_LONGEST_STUB: Final = 40
_DEEPEST: Final = 5

Read = Callable[[str], str | None]


@dataclass(eq=False)
class ChangelogFiles:
    """The files of a project, searched for what they say of its versions.

    Attributes:
        paths: of all files, relative to the project, with ``/``.
        read: returns the text of a file.
        preferred: paths to try first.
        names: by which the project calls itself in headings.
        title_format: towncrier's setting of that name; empty where there is none.
    """

    paths: Collection[str]
    read: Read
    preferred: Sequence[str] = ()
    names: tuple[str, ...] = ()
    title_format: str = ""

    def find(self, version: Version | None = None) -> Changelog | None:
        """Return the changelog: the first file with a section of the version, else the first with any section.

        Args:
            version: whose section is looked for, in files about a single release too; None takes the first file.
        """
        whole = [changelog for changelog in self._candidates if changelog.parts]
        own = self._find_about(version, whole) if version is not None else None
        return own or next(iter(whole), None)

    def _find_about(self, version: Version, whole: Sequence[Changelog]) -> Changelog | None:
        """Return the first changelog with a section of the version, files about a single release after the others."""
        for changelog in whole:
            if changelog.find_part(version):
                return changelog
        for path in self._list_files(version):
            if own := self._read_release_file(path, version):
                return own
        return None

    @cached_property
    def _candidates(self) -> list[Changelog]:
        found: dict[str, Changelog] = {}
        for path in self._list_usual_paths():
            self._follow(path, found, deepest=2)
        return list(found.values())

    def _follow(self, path: str, found: dict[str, Changelog], deepest: int) -> None:
        """Read a file, and the files that it names where it is only a pointer to them."""
        text = None if path in found else self.read(path)
        if text is None:
            return
        changelog = found[path] = self._parse(path, text)
        if changelog.parts or deepest == 0 or text.count("\n") > _LONGEST_STUB:
            return
        for target in _POINTER.findall(text):
            if named := self._find_target(target.lstrip("/"), posixpath.dirname(path)):
                self._follow(named, found, deepest - 1)

    def _find_target(self, target: str, folder: str) -> str:
        """Return the file that a path means, relative to a folder or else to the project; empty where there is none."""
        named = (posixpath.normpath(posixpath.join(base, target)) for base in (folder, ""))
        return next((path for path in named if path in self._paths), "")

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(self.paths)

    def _list_usual_paths(self) -> Iterator[str]:
        """Yield the paths of changelogs, whatever their case, the most usual first."""
        yield from (path for path in dict.fromkeys(self.preferred) if path in self._paths)
        name = self.names[0] if self.names else ""
        ranked = [(rank, path) for path in self.paths if (rank := _rank_path(path, name)) is not None]
        yield from (path for _, path in sorted(ranked))

    def _list_files(self, version: Version) -> list[str]:
        """Return the files whose name is this version, then those named after the series that it belongs to."""
        named = [(path, own) for path in self.paths if (own := _parse_file_version(path))]
        exact = sorted(path for path, own in named if own == version)
        series = sorted((-len(own.release), path) for path, own in named if _is_series(own, version))
        return exact + [path for _, path in series]

    def _read_release_file(self, path: str, version: Version) -> Changelog | None:
        """Return a changelog with the version's section: one within the file, or the whole of a file about it alone."""
        text = self.read(path)
        if text is None:
            return None
        changelog = self._parse(path, text)
        if changelog.find_part(version):
            return changelog
        is_whole = _parse_file_version(path) == version and not any(part.version for part in changelog.parts)
        return _as_one_part(path, text, str(version)) if is_whole else None

    def _parse(self, path: str, text: str) -> Changelog:
        first, *others = self.names or ("",)
        return Changelog.parse(path, text, first, names=others, title_format=self.title_format)


def _is_series(named: Version, version: Version) -> bool:
    """Tell whether a version belongs to the series that a shorter version number names: 1.2.3 to 1.2."""
    length = len(named.release)
    is_shorter = length < len(version.release) and not named.is_prerelease
    return is_shorter and named != version and named.release == version.release[:length]


def is_named_after(path: str, name: str) -> bool:
    """Tell whether a file is one project's changelog among those of several, such as ``docs/history/hatch.md``."""
    file, plain = PurePosixPath(path), _plain(name)
    stem = _plain(file.stem)
    if not plain or stem == plain:
        return bool(plain) and _plain(file.parent.name) in _NOTES_FOLDERS
    return any(stem in (f"{plain}{known}", f"{known}{plain}") for known in _NAMES)


def _rank_path(path: str, name: str) -> tuple[int, int, int, int] | None:
    """Return how usual a path is for the changelog of a project, the lowest first; None for any other file."""
    *folders, file = PurePosixPath(path).parts
    stem, suffix = _split_suffix(file)
    known = _plain(stem)
    if is_named_after(path, name):
        known = _NAMES[0]
        if _plain(stem) == _plain(name):
            del folders[-1:]
    elif known in _INDEXES - {"changelog"} and folders and _plain(folders[-1]) in _NAMES:
        known = _plain(folders.pop())
    depth = _rank_folder(folders)
    if known not in _NAMES or depth is None:
        return None
    return depth, _NAMES.index(known), _SUFFIXES.index(suffix), len(path)


def _rank_folder(folders: Sequence[str]) -> int | None:
    """Return how usual a folder is for a changelog, the lowest first; None for any other folder."""
    folder = "/".join(folders).lower()
    if folder in _FOLDERS:
        return _FOLDERS.index(folder)
    if folder.partition("/")[0] in _DOCUMENTED and len(folders) <= _DEEPEST:
        return len(_FOLDERS) + len(folders)
    return None


def _split_suffix(file: str) -> tuple[str, str]:
    """Return a file's name without its suffix, and the suffix in lower case; empty where it is no suffix of a text."""
    suffix = PurePosixPath(file).suffix.lower()
    if suffix not in _SUFFIXES:
        return file, ""
    return file[: len(file) - len(suffix)], suffix


def _plain(name: str) -> str:
    return re.sub(r"[-_. '\u2019]", "", name.lower())


def _parse_file_version(path: str) -> Version | None:
    """Return the version that a file of release notes is named after (``docs/releases/1.2.0.md``); None without one."""
    *folders, name = PurePosixPath(path).parts
    stem, suffix = _split_suffix(name)
    found = _NOTES_FILE.fullmatch(stem)
    if not suffix or found is None or path.startswith("."):
        return None
    is_bare = found.start("version") <= 1
    if is_bare and _NOTES_FOLDERS.isdisjoint(map(_plain, folders)):
        return None
    try:
        return Version(found["version"].replace("_", "."))
    except InvalidVersion:
        return None


def _as_one_part(path: str, text: str, spelled: str) -> Changelog:
    """Return a file about a single release as a changelog with one section; a title at its top is left out."""
    markup = recognise_markup(path, text)
    lines = split_lines(text)
    title = next(iter(find_headings(text, markup)), None)
    is_at_top = title is not None and not "".join(lines[: title.start]).strip()
    heading = title if title is not None and is_at_top else Heading("", 1, 0, 0)
    body = "".join(line.rstrip("\r\n") + "\n" for line in lines[heading.end :])
    return Changelog(path, text, markup, (Part(heading, spelled, unreleased=False, text=body),))
