"""What commits say of themselves: Conventional Commits 1.0.0, merged pull requests, and who wrote them."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

_CONVENTIONAL: Final = re.compile(
    r"(?P<type>[A-Za-z][\w-]{0,20})(?:\((?P<scope>[^()\n]{1,60})\))?(?P<bang>!?):[ ](?P<text>\S.*)"
)
_BREAKING: Final = re.compile(r"^BREAKING[ -]CHANGE:[ ](?P<text>.*)", re.MULTILINE)
_MERGED: Final = re.compile(r"Merge pull request #(?P<number>\d{1,9}) from \S+")
_SQUASHED: Final = re.compile(r"(?P<text>.*\S)\s*\(#(?P<number>\d{1,9})\)")
_NOISE: Final = re.compile(r"Merge (?:(?:remote-tracking )?branch|tag|commit)\b|(?:fixup|squash|amend)! ")
_KNOWN_TYPES: Final = frozenset(
    {"build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test"}
)
_SHARE: Final = 0.5


@dataclass(frozen=True)
class Author:
    """A person, or a bot, as a commit names it."""

    name: str
    email: str

    @property
    def is_bot(self) -> bool:
        """Whether it is one of GitHub's apps, which are named so."""
        return "[bot]" in self.name or "[bot]@" in self.email

    @property
    def identities(self) -> frozenset[str]:
        """By what one is known again in another commit."""
        return frozenset({self.name.lower(), self.email.lower()} - {""})


@dataclass(frozen=True)
class Commit:
    """A commit.

    Attributes:
        id: its full hexadecimal name.
        parents: ids; more than one for a merge.
        authors: its author and co-authors, by the repository's mailmap.
        subject: the first line of its message.
        body: the rest of it.
    """

    id: str
    parents: tuple[str, ...]
    authors: tuple[Author, ...]
    subject: str
    body: str


@dataclass(frozen=True)
class Change:
    """One commit, or one merged pull request, as release notes tell it.

    Attributes:
        type: by Conventional Commits (``feat``, ``fix``, ...), in lower case; empty where the commit doesn't say.
        breaking: what it breaks, in the author's words; empty if nothing.
        text: what it does: the subject without type, scope and pull request.
        pull: the number of the pull request; 0 where there was none.
        authors: names, the commit's own first.
        commit: 40 hexadecimal digits.
    """

    type: str
    breaking: str
    text: str
    pull: int
    authors: tuple[str, ...]
    commit: str


def main_line(commits: Sequence[Commit]) -> list[Commit]:
    """The commits that a branch shows one after the other; a merge carries the authors of what it brought.

    Args:
        commits: newest first, the tip of the branch foremost.
    """
    known = {commit.id: commit for commit in commits}
    line, at = [], commits[0].id if commits else ""
    while at in known:
        line.append(known[at])
        at = next(iter(known[at].parents), "")
    seen = {commit.id for commit in line}
    told = []
    for commit in reversed(line):
        brought, ahead = list[Commit](), list(commit.parents[1:])
        while ahead:
            at = ahead.pop()
            if at in known and at not in seen:
                seen.add(at)
                brought.append(known[at])
                ahead += known[at].parents
        authors = (author for other in reversed(brought) if len(other.parents) < 2 for author in other.authors)  # noqa: PLR2004 - a merge has two
        told.append(replace(commit, authors=tuple(dict.fromkeys(authors))) if brought else commit)
    return told[::-1]


def changes(commits: Iterable[Commit]) -> list[Change]:
    """What commits tell, in their order; merges of branches and commits to be squashed tell nothing."""
    return [_change(commit) for commit in commits if not _NOISE.match(commit.subject)]


def are_conventional(told: Collection[Change]) -> bool:
    """Whether a project keeps to Conventional Commits: at least half of the changes carry a usual type."""
    known = sum(change.type in _KNOWN_TYPES for change in told)
    return known > 0 and known >= _SHARE * len(told)


def first_time_authors(commits: Iterable[Commit], before: Collection[str]) -> list[str]:
    """Names of the people, bots left out, none of whose commits came before, in the order of their first one.

    Args:
        commits: newest first.
        before: everybody's names and e-mail addresses up to the previous release, in lower case.
    """
    met = {name.lower() for name in before}
    names: list[str] = []
    for commit in reversed(list(commits)):
        for author in commit.authors:
            if not author.is_bot and met.isdisjoint(author.identities):
                names.append(author.name)
            met |= author.identities
    return names


def _change(commit: Commit) -> Change:
    text, pull = commit.subject, 0
    if merged := _MERGED.match(text):
        pull, text = int(merged["number"]), next(iter(commit.body.strip().splitlines()), text)
    if squashed := _SQUASHED.fullmatch(text):
        pull, text = pull or int(squashed["number"]), squashed["text"]
    authors = tuple(dict.fromkeys(author.name for author in commit.authors))
    breaking = _BREAKING.search(commit.body)
    conventional = _CONVENTIONAL.fullmatch(text)
    if conventional is None:
        return Change("", breaking["text"] if breaking else "", text, pull, authors, commit.id)
    text = conventional["text"]
    broken = breaking["text"] if breaking else text if conventional["bang"] else ""
    return Change(conventional["type"].lower(), broken, text, pull, authors, commit.id)
