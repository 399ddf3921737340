"""The fragments from which towncrier and scriv make the next part of a changelog: which there are, and what they say.

https://towncrier.readthedocs.io/en/stable/configuration.html, https://scriv.readthedocs.io/en/latest/configuration.html
"""

import configparser
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatch
from pathlib import PurePosixPath
from typing import Any, Final

from release_tools.history.changelog import Part
from release_tools.history.headings import Heading, Markup, find_headings, recognise_markup, split_lines
from release_tools.parsed_values import find_table, list_tables

_TOWNCRIER_TYPES: Final = {
    "feature": "Features",
    "bugfix": "Bugfixes",
    "doc": "Improved Documentation",
    "removal": "Deprecations and Removals",
    "misc": "Misc",
}
_NOT_FRAGMENTS: Final = frozenset({".gitignore", ".gitkeep", ".keep", "readme", "readme.md", "readme.rst"})
_SCRIV_FOLDER: Final = "changelog.d"
_SCRIV_SKIPPED: Final = ("README.*", "*.j2", "scriv.ini")
_RST_COMMENT: Final = re.compile(r"^\.\. (?![\w-]+::|_).*\n(?:[ \t].*\n|\n(?=[ \t]))*", re.MULTILINE)
_ISSUE: Final = re.compile(r"[0-9]+")


class Tool(Enum):
    """The programs that make a changelog from fragments."""

    TOWNCRIER = "towncrier"
    SCRIV = "scriv"


@dataclass(frozen=True)
class FragmentSettings:
    """Describe how a project keeps its fragments.

    Attributes:
        tool: that makes the changelog from them.
        folder: of the fragments, relative to the project, with ``/``.
        changelog: its path, relative to the project.
        types: towncrier's types of fragments and the titles of their groups, in their order.
        skipped: globs of the names that are no fragments.
    """

    tool: Tool
    folder: str
    changelog: str
    types: Mapping[str, str]
    skipped: tuple[str, ...] = ()

    @property
    def command(self) -> str:
        """Return the command that collects the fragments, as a person types it."""
        return "towncrier build" if self.tool is Tool.TOWNCRIER else "scriv collect"

    def fragments(self, paths: Iterable[str]) -> list[str]:
        """Return those of a project's files that are fragments, sorted."""
        inside = (PurePosixPath(path) for path in paths if path.startswith(f"{self.folder}/"))
        return sorted(str(path) for path in inside if self._is_fragment(path))

    def _is_fragment(self, path: PurePosixPath) -> bool:
        return self._is_named_for_tool(path) and not self._is_skipped(path.name)

    def _is_skipped(self, name: str) -> bool:
        return name.lower() in _NOT_FRAGMENTS or any(fnmatch(name, glob) for glob in self.skipped)

    def _is_named_for_tool(self, path: PurePosixPath) -> bool:
        """Tell whether the tool takes a file with this path for a fragment, unless it is skipped."""
        if self.tool is Tool.SCRIV:
            return str(path.parent) == self.folder and path.suffix in {".rst", ".md"}
        return bool(self.type_of(path.name))

    def type_of(self, name: str) -> str:
        """Return the type that the name of a towncrier fragment has, ``12.feature.rst``; empty where it has none."""
        return next((part for part in reversed(name.split(".")[1:]) if part in self.types), "")

    def issue_of(self, name: str) -> str:
        """Return the issue that the name of a towncrier fragment begins with; empty where it begins with a ``+``."""
        parts = name.split(".")
        end = max(at for at, part in enumerate(parts) if part in self.types)
        issue = ".".join(parts[:end]).strip()
        if issue.startswith("+"):
            return ""
        return _strip_zeros(issue)


def _strip_zeros(issue: str) -> str:
    """Return an issue's number as towncrier writes it, ``7`` for ``007``; a name stays as it is."""
    return str(int(issue)) if issue.isascii() and issue.isdecimal() else issue


def read_fragment_settings(read: Callable[[str], str | None], paths: Iterable[str]) -> FragmentSettings | None:
    """Return how a project keeps its fragments; None where it uses neither towncrier nor scriv.

    Args:
        read: gives the text of a file of the project, or None where there is none.
        paths: of the project's files; a folder of scriv's is known without any settings.
    """
    pyproject = _read_toml(read("pyproject.toml"))
    own = _read_toml(read("towncrier.toml"))
    towncrier = find_table(own, "tool", "towncrier") or find_table(pyproject, "tool", "towncrier")
    if towncrier:
        return _read_towncrier_settings(towncrier)
    scriv = find_table(pyproject, "tool", "scriv") or _read_scriv_ini(read)
    if scriv is None and _has_scriv_folder(paths):
        scriv = {}
    return None if scriv is None else _read_scriv_settings(scriv)


def _has_scriv_folder(paths: Iterable[str]) -> bool:
    return any(path.startswith(f"{_SCRIV_FOLDER}/") for path in paths)


def build_fragments_part(settings: FragmentSettings, texts: Mapping[str, str]) -> Part | None:
    """Return what fragments say as the unreleased part of a changelog; None where they say nothing.

    Args:
        settings: of the project.
        texts: of the fragments, by path.
    """
    markup = recognise_markup(settings.changelog, "")
    groups = _group_entries(settings, texts)
    titles = _sort_titles(groups, list(settings.types.values()))
    text = "\n".join(_choose_heading(title, markup) + "\n".join(groups[title]) + "\n" for title in titles)
    return Part(Heading("Unreleased", 1, 0, 0), "", unreleased=True, text=text) if text.strip() else None


def _group_entries(settings: FragmentSettings, texts: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the entries below the title of each group."""
    groups: dict[str, list[str]] = {}
    found = _list_towncrier_entries(settings, texts) if settings.tool is Tool.TOWNCRIER else _list_scriv_entries(texts)
    for title, entry in found:
        groups.setdefault(title, []).append(entry)
    return groups


def _sort_titles(titles: Iterable[str], order: Sequence[str]) -> list[str]:
    """Return the titles of groups in the order of the settings; those that the settings do not name come last."""
    return sorted(titles, key=lambda title: order.index(title) if title in order else len(order))


def _read_towncrier_settings(table: Mapping[str, Any]) -> FragmentSettings:
    folder = str(table.get("directory") or _find_towncrier_folder(table)).strip("./")
    changelog = str(table.get("filename") or "NEWS.rst")
    types = dict(_list_types(table)) or dict(_TOWNCRIER_TYPES)
    return FragmentSettings(Tool.TOWNCRIER, folder, changelog, types, _list_skipped(table))


def _list_skipped(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names that towncrier ignores, and that of its template, which may be among the fragments."""
    ignored = table.get("ignore")
    skipped = tuple(map(str, ignored)) if isinstance(ignored, list) else ()
    template = PurePosixPath(str(table.get("template") or "")).name
    return (*skipped, template) if template else skipped


def _find_towncrier_folder(table: Mapping[str, Any]) -> str:
    """Return the folder of fragments in the package, where the settings name no folder."""
    outer = str(table.get("package_dir") or ".").strip("./")
    inner = str(table.get("package") or "").replace(".", "/")
    return "/".join(filter(None, (outer, inner, "newsfragments")))


def _read_scriv_settings(table: Mapping[str, Any]) -> FragmentSettings:
    folder = str(table.get("fragment_directory") or _SCRIV_FOLDER).strip("./")
    skipped = (*_SCRIV_SKIPPED, *str(table.get("skip_fragments") or "").split(","))
    return FragmentSettings(Tool.SCRIV, folder, _find_scriv_changelog(table), {}, skipped)


def _find_scriv_changelog(table: Mapping[str, Any]) -> str:
    """Return the path of the changelog; in it scriv replaces ``${config:format}``, which is ``rst`` by default."""
    path = str(table.get("changelog") or table.get("output_file") or "CHANGELOG.${config:format}")
    return path.replace("${config:format}", str(table.get("format") or "rst"))


def _list_types(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for item in list_tables(table.get("type")):
        yield str(item.get("directory") or str(item.get("name", "")).lower()), str(item.get("name", ""))
    for key, item in find_table(table, "fragment").items():
        name = item.get("name") if isinstance(item, dict) else None
        yield str(key), str(name or str(key).capitalize())


def _list_towncrier_entries(settings: FragmentSettings, texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return each fragment as an entry of a list, with the issues that its name tells; one text once."""
    issues: dict[tuple[str, str], list[str]] = {}
    for path, text in texts.items():
        name = PurePosixPath(path).name
        key = (settings.types[settings.type_of(name)], text.replace("\r\n", "\n").strip())
        issues.setdefault(key, []).append(settings.issue_of(name))
    for (title, text), names in issues.items():
        if entry := _format_entry(text, sorted(set(names) - {""})):
            yield title, entry


def _format_entry(text: str, issues: Iterable[str]) -> str:
    """Return a fragment as an entry of a list, with its issues at the end; empty where it says nothing."""
    links = ", ".join(map(_write_issue, issues))
    body = f"{text} ({links})" if links and text else text or links
    return _indent_entry(body) if body else ""


def _write_issue(name: str) -> str:
    return f"#{name}" if _ISSUE.fullmatch(name) else name


def _indent_entry(text: str) -> str:
    """Return a text as an entry of a list: its later lines are indented like the first."""
    first, *others = text.splitlines()
    return "\n".join([f"- {first}", *(f"  {line}".rstrip() for line in others)])


def _list_scriv_entries(texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return the text below each heading of each fragment, without comments."""
    for path, text in texts.items():
        shown = _strip_comments(path, text.replace("\r\n", "\n").rstrip("\n") + "\n")
        yield from ((title, body.strip("\n")) for title, body in _split_at_headings(path, shown) if body.strip())


def _split_at_headings(path: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield each heading with the text below it; the text before the first one has an empty heading."""
    lines = split_lines(text)
    headings = [Heading("", 1, 0, 0), *find_headings(text, recognise_markup(path, text))]
    ends = [heading.start for heading in headings[1:]] + [len(lines)]
    for heading, end in zip(headings, ends, strict=True):
        yield heading.text, "".join(lines[heading.end : end])


def _strip_comments(path: str, text: str) -> str:
    """Return the text of a fragment without comments, in the markup that its path tells."""
    return _strip_html_comments(text) if path.endswith(".md") else _RST_COMMENT.sub("", text)


def _strip_html_comments(text: str) -> str:
    """Return a text without its HTML comments; one that is never closed stays."""
    shown, position = [], 0
    while (start := text.find("<!--", position)) >= 0 and (end := text.find("-->", start + len("<!--"))) >= 0:
        shown.append(text[position:start])
        position = end + len("-->")
    return "".join((*shown, text[position:]))


def _choose_heading(title: str, markup: Markup) -> str:
    if not title:
        return ""
    return f"### {title}\n\n" if markup is Markup.MARKDOWN else f"{title}\n{'-' * len(title)}\n\n"


def _read_scriv_ini(read: Callable[[str], str | None]) -> Mapping[str, Any] | None:
    for path in ("changelog.d/scriv.ini", "setup.cfg", "tox.ini"):
        sections = _parse_ini(read(path) or "")
        for name in ("tool.scriv", "scriv"):
            if name in sections:
                return sections[name]
    return None


def _parse_ini(text: str) -> dict[str, dict[str, str]]:
    """Return the keys of each section; nothing for a file that cannot be read."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return {}
    return {name: dict(parser[name]) for name in parser.sections()}


def _read_toml(text: str | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text or "")
    except (ValueError, RecursionError):
        return {}
