"""Make release notes in GitHub's Markdown from a changelog or from commits; they mention, close and embed nothing."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from release_tools.history import asciidoc, rst
from release_tools.history.changelog import Changelog, Part
from release_tools.history.commits import Change, is_conventional
from release_tools.history.headings import Markup
from release_tools.system import sanitize

LONGEST: Final = 120_000
"""In characters; GitHub refuses the text of a release beyond 125,000."""

_TITLES: Final = {
    "feat": "Features", "fix": "Fixes", "perf": "Performance", "docs": "Documentation", "revert": "Reverted",
}  # fmt: skip
_BREAKING: Final = "Breaking changes"
_OTHERS: Final = "Maintenance"
_STARTS_BLOCK: Final = re.compile(r"\s*(?:[*+-]\s|\d{1,9}[.)]\s|[#>|<]|```|~~~|$)|\s*([-=*_])(?:\s*\1)*\s*$")
_STANDS_ALONE: Final = re.compile(r"\s*(?:#|\||<|```|~~~|([-=*_])(?:\s*\1){2,}\s*$|$)|.*(?:  |\\)$")
_FENCE: Final = re.compile(r"\s*(?:```|~~~)")
_REFERENCE: Final = re.compile(r"\[([^\[\]\n]+)\](?!\()")
_LABEL: Final = re.compile(r"\[([^\[\]]+)\]:")


def write_notes_from_changelog(changelog: Changelog, parts: Sequence[Part]) -> str:
    """Return what a changelog says of a version.

    Args:
        changelog: to read.
        parts: the version's own section, then those of the pre-releases that led to it, each below its version.
    """
    texts: list[str] = []
    for part in parts:
        text = _to_markdown(part.text, changelog.markup).strip("\n")
        if text:
            texts.append(f"## {part.spelled}\n\n{text}" if texts else text)
    body = "\n\n".join(texts)
    used = {found[1].lower() for found in _REFERENCE.finditer(body)}
    links = [line for line in changelog.link_definitions if (label := _LABEL.match(line)) and label[1].lower() in used]
    return _choose_fitting(sanitize.escape_markdown("\n\n".join(filter(None, (body, "\n".join(links))))))


def write_notes_from_changes(changes: Collection[Change]) -> str:
    """List commits and merged pull requests, by their types where a project keeps to Conventional Commits."""
    if not is_conventional(changes):
        return _choose_fitting("\n".join(map(_format_entry, changes)))
    groups: dict[str, list[Change]] = {title: [] for title in (_BREAKING, *_TITLES.values(), _OTHERS)}
    for change in changes:
        groups[_BREAKING if change.breaking else _TITLES.get(change.type, _OTHERS)].append(change)
    return _choose_fitting(
        "\n\n".join(
            f"### {title}\n\n" + "\n".join(map(_format_entry, group)) for title, group in groups.items() if group
        )
    )


def write_thanks(names: Iterable[str]) -> str:
    """Return the lines that name those who contributed for the first time; empty without any."""
    lines = [f"- {sanitize.escape_markdown_line(name)}" for name in names]
    return "### First contributions\n\n" + "\n".join(lines) if lines else ""


def _to_markdown(text: str, markup: Markup) -> str:
    if markup is Markup.RST:
        return rst.to_markdown(text)
    return _unwrap(asciidoc.to_markdown(text) if markup is Markup.ASCIIDOC else text)


def _format_entry(change: Change) -> str:
    pull = f" (#{change.pull})" if change.pull else ""
    names = ", ".join(sanitize.escape_markdown_line(name) for name in change.authors)
    by = f", by {names}" if names else ""
    return f"- {sanitize.escape_markdown_line(change.text)}{pull}{by}"


def _unwrap(text: str) -> str:
    """Join the lines of each paragraph: GitHub would show a line end in a release's notes as one."""
    lines: list[list[str]] = []
    fenced = indented = False
    before = ""
    for line in text.splitlines():
        fence = _FENCE.match(line) is not None
        indented = line.startswith("    ") and (indented or not before.strip())
        if fenced or fence or indented or _STARTS_BLOCK.match(line) or _STANDS_ALONE.match(before):
            lines.append([line])
        else:
            lines[-1].append(line.strip())
        fenced ^= fence
        before = line
    return "\n".join(map(" ".join, lines))


def _choose_fitting(text: str) -> str:
    """Cut the text at the end of a line where it is too long."""
    if len(text) <= LONGEST:
        return text
    end = text.rfind("\n", 0, LONGEST)
    return sanitize.escape_markdown(text[: end if end > 0 else LONGEST]) + "\n\n…"
