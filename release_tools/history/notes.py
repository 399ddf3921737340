"""Make release notes in GitHub's Markdown from a changelog or from commits; they mention, close and embed nothing."""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from release_tools.history import asciidoc, rst
from release_tools.history.changelog import Changelog, Part
from release_tools.history.commits import Author, Change
from release_tools.history.headings import Markup
from release_tools.history.hosted_changes import HostedChanges
from release_tools.history.note_groups import Categories, group_changes
from release_tools.system import sanitize

LONGEST: Final = 120_000
"""In characters; GitHub refuses the text of a release beyond 125,000."""

_STARTS_BLOCK: Final = re.compile(r"\s*(?:[*+-]\s|\d{1,9}[.)]\s|[#>|<]|```|~~~|$)|\s*([-=*_])(?:\s*\1)*\s*$")
_STANDS_ALONE: Final = re.compile(r"\s*(?:#|\||<|```|~~~|([-=*_])(?:\s*\1){2,}\s*$|$)|.*(?:  |\\)$")
_FENCE: Final = re.compile(r"\s*(?:```|~~~)")
_LINK: Final = re.compile(r"\[([^\[\]\n]+)\](?!\()")
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
    if links := _list_used_links(changelog, body):
        body = "\n\n".join(filter(None, (body, "\n".join(links))))
    return _cut_to_fit(sanitize.escape_markdown(body))


def _list_used_links(changelog: Changelog, text: str) -> list[str]:
    """Return the changelog's definitions of links that a text refers to."""
    used = {found[1].lower() for found in _LINK.finditer(text)}
    return [line for line in changelog.link_definitions if (label := _LABEL.match(line)) and label[1].lower() in used]


def write_notes_from_changes(
    changes: Collection[Change], hosted: HostedChanges | None = None, categories: Categories | None = None
) -> str:
    """List commits and merged pull requests, in groups where labels or Conventional Commits tell them apart.

    Args:
        changes: to list.
        hosted: what the hosting service says about them, if there is one.
        categories: of the project's own ``.github/release.yml``.
    """
    known = hosted or HostedChanges()
    texts: list[str] = []
    for title, group in group_changes(changes, known, categories):
        entries = "\n".join(_format_entry(change, known) for change in group)
        texts.append(f"### {sanitize.escape_markdown_line(title)}\n\n{entries}" if title else entries)
    return _cut_to_fit("\n\n".join(texts))


def write_thanks(people: Iterable[Author], changes: Sequence[Change] = (), hosted: HostedChanges | None = None) -> str:
    """Return the lines that name those who contributed for the first time; empty without any.

    Args:
        people: in the order in which they are named.
        changes: of the release, newest first; the first of each person is named as well if it was a pull request.
        hosted: what the hosting service says about them, if there is one.
    """
    known = hosted or HostedChanges()
    lines = [_thank(person, changes, known) for person in people]
    return "### First contributions\n\n" + "\n".join(lines) if lines else ""


def _thank(person: Author, changes: Sequence[Change], hosted: HostedChanges) -> str:
    """Return the line that names a person, and the pull request of the first change if there is one."""
    pull = next((change.pull for change in reversed(changes) if person in change.authors), 0)
    link = f" in {_link_pull(pull, hosted)}" if pull else ""
    return f"- {_link_person(person, hosted)}{link}"


def _to_markdown(text: str, markup: Markup) -> str:
    if markup is Markup.RST:
        return rst.to_markdown(text)
    return _unwrap(asciidoc.to_markdown(text) if markup is Markup.ASCIIDOC else text)


def _format_entry(change: Change, hosted: HostedChanges) -> str:
    pull = f" ({_link_pull(change.pull, hosted)})" if change.pull else ""
    names = ", ".join(_link_person(author, hosted) for author in change.authors)
    by = f", by {names}" if names else ""
    return f"- {sanitize.escape_markdown_line(change.text)}{pull}{by}"


def _link_pull(pull: int, hosted: HostedChanges) -> str:
    return f"[#{pull}]({hosted.repository_url}/pull/{pull})" if hosted.repository_url else f"#{pull}"


def _link_person(person: Author, hosted: HostedChanges) -> str:
    """Return a person's name, as a link to the account if that is known: a link calls nobody, as a mention would."""
    name, login = sanitize.escape_markdown_line(person.name), hosted.login_of(person)
    return f"[{name}]({hosted.site}/{login})" if login and name else name


def _unwrap(text: str) -> str:
    """Join the lines of each paragraph: GitHub would show a line end in a release's notes as one."""
    lines: list[list[str]] = []
    fenced = indented = False
    before = ""
    for line in text.splitlines():
        fence = _FENCE.match(line) is not None
        indented = line.startswith("    ") and (indented or not before.strip())
        if fenced or fence or indented or not _continues_paragraph(line, before):
            lines.append([line])
        else:
            lines[-1].append(line.strip())
        fenced ^= fence
        before = line
    return "\n".join(map(" ".join, lines))


def _continues_paragraph(line: str, before: str) -> bool:
    return not (_STARTS_BLOCK.match(line) or _STANDS_ALONE.match(before))


def _cut_to_fit(text: str) -> str:
    """Cut the text at the end of a line where it is too long."""
    if len(text) <= LONGEST:
        return text
    end = text.rfind("\n", 0, LONGEST)
    return sanitize.escape_markdown(text[: end if end > 0 else LONGEST]) + "\n\n…"
