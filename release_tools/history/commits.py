"""Read commits: Conventional Commits 1.0.0, merged pull requests, and the people who wrote them."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

_CONVENTIONAL: Final = re.compile(
    r"(?P<type>[A-Za-z][\w-]{0,20})(?:\((?P<scope>[^()\n]{1,60})\))?(?P<bang>!?):[ ](?P<text>\S.*)"
)
_BREAKING: Final = re.compile(r"^BREAKING[ -]CHANGE:[ ](?P<text>.*)", re.MULTILINE)
_MERGED: Final = re.compile(r"Merge pull request #(?P<number>\d{1,9}) from \S+")
_SQUASHED: Final = re.compile(r"(?P<text>.*\S)\s*\(#(?P<number>\d{1,9})\)")
_NOISE: Final = re.compile(r"Merge (?:(?:remote-tracking )?branch|tag|commit)\b|(?:fixup|squash|amend)! ")
KNOWN_TYPES: Final = frozenset(
    {"build", "chore", "ci", "docs", "feat", "fix", "perf", "refactor", "revert", "style", "test"}
)
_SHARE: Final = 0.5


_CO_AUTHOR: Final = re.compile(
    r"^[ \t]*co-authored-by:[ \t]*(?P<name>[^<>\n]{0,200})<(?P<email>[^<>\n]{0,200})>", re.IGNORECASE | re.MULTILINE
)
_FORGE_ADDRESS: Final = re.compile(r"(?:\d+[+-])?(?P<login>[^@+]+)@users\.noreply\.(?P<host>[\w.-]+)")
_PROGRAMS_MAILBOX: Final = re.compile(
    r"(?:no-?reply|do-?not-?reply|bots?|[\w.+-]{0,64}[-_.]bot|actions?|cursoragent|agent|assistant)(?:\+[^@]*)?@"
)
_SHARED_MAILBOX: Final = re.compile(
    r"(?:root|build|builds|ci|admin|info|dev|team|user|git|none|unknown|you|me)@|[^@]*\Z"
)
_PROGRAM: Final = re.compile(
    r".*\[bot\].*|(?:.*[-_ .(])?(?:bot|agent|assistant|copilot)(?:[-_ .)\d].*)?|.*[a-z](?-i:Bot|Machine)"
    r"|(?:dependabot|renovate|greenkeeper|snyk|(?:hosted )?weblate|github|pre-commit|allcontributors|imgbot"
    r"|semantic-release|release-please|web-?flow|copybara|mergify|bors|homu|readthedocs|sourcery|pyup|travis|circleci"
    r"|conda-forge-(?:admin|curator|webservices)|regro-cf-autotick)(?:[-_ .(/\d].*)?"
    r"|(?:chat)?gpt[- .\d].*|chatgpt|(?:openai )?codex|aider\b.*|devin ai|openhands|cursor"
    r"|claude[- ](?:code|ai|opus|sonnet|haiku|[a-z]{2,12} ?\d|\d).*|gemini[- ](?:cli|code|pro|flash|\d).*",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Author:
    """A person or a program, as a commit names it.

    Attributes:
        name: of the person.
        email: the address.
        aliases: identities of the same person in other commits.
    """

    name: str
    email: str
    aliases: frozenset[str] = frozenset()

    @property
    def is_bot(self) -> bool:
        """Tell whether it is a bot or an assistant: by its name, or by an address that nobody reads."""
        email = self.email.strip().lower()
        if "[bot]" in email or _PROGRAM.fullmatch(self.name.strip()):
            return True
        return _PROGRAMS_MAILBOX.match(email) is not None and _FORGE_ADDRESS.fullmatch(email) is None

    @property
    def identities(self) -> frozenset[str]:
        """Return the strings by which the same person is known again in another commit, in lower case."""
        return self.certain_identities | self.aliases | ({self.name.strip().lower()} - {""})

    @property
    def certain_identities(self) -> frozenset[str]:
        """Return those of the identities that no other person has: a name of two words, an address, a login.

        An address that GitHub or GitLab gives out counts by the login in it, as ``@login@host``.
        """
        name, email = " ".join(self.name.lower().split()), self.email.strip().lower()
        found = {name} if " " in name else set[str]()
        if forge := _FORGE_ADDRESS.fullmatch(email):
            found.add(f"@{forge['login']}@{forge['host']}")
        elif not _SHARED_MAILBOX.match(email) and not _PROGRAMS_MAILBOX.match(email):
            found.add(email)
        return frozenset(found)


@dataclass(frozen=True)
class Commit:
    """A commit.

    Attributes:
        id: its full hexadecimal name.
        parents: ids; more than one for a merge.
        authors: its author and co-authors, by the repository's mailmap, each person once.
        subject: the first line of its message.
        body: the rest of it.
    """

    id: str
    parents: tuple[str, ...]
    authors: tuple[Author, ...]
    subject: str
    body: str

    @property
    def is_merge(self) -> bool:
        """Tell whether it joins two branches or more."""
        return len(self.parents) > 1


@dataclass(frozen=True)
class Change:
    """A commit or a merged pull request, as release notes show it.

    Attributes:
        type: by Conventional Commits (``feat``, ``fix``, ...), in lower case; empty where the commit doesn't say.
        breaking: the author's words about what no longer works; empty if nothing.
        text: the subject without type, scope and pull request.
        pull: the number of the pull request; 0 where there was none.
        authors: people, the commit's own author first; bots and assistants are left out.
        commit: 40 hexadecimal digits.
    """

    type: str
    breaking: str
    text: str
    pull: int
    authors: tuple[Author, ...]
    commit: str


def list_co_authors(body: str) -> list[Author]:
    """Return the people whom a commit's message names as co-authors, wherever in it the lines are."""
    return [Author(found["name"].strip(), found["email"].strip()) for found in _CO_AUTHOR.finditer(body)]


def unify_authors(commits: Sequence[Commit]) -> list[Commit]:
    """Give each person one name in all commits, and name nobody twice in one.

    Two authors are one person where they share a full name, an address, or a login of GitHub or GitLab. The name that
    has several words goes before one that has not, and then the most frequent.
    """
    groups = _Groups()
    for commit in commits:
        for author in commit.authors:
            groups.add(author)
    people = groups.people()
    return [replace(commit, authors=tuple(dict.fromkeys(map(people, commit.authors)))) for commit in commits]


class _Groups:
    """Authors, grouped by the identities that they share."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._names: dict[str, Counter[Author]] = {}

    def add(self, author: Author) -> None:
        """Add one, and join the groups that its identities belong to."""
        first, *others = sorted(author.certain_identities) or [f"={author.name}"]
        for other in others:
            self._parents[self._find_root(other)] = self._find_root(first)
        self._names.setdefault(first, Counter())[author] += 1

    def people(self) -> Callable[[Author], Author]:
        """Return a function that gives the person behind an author."""
        members: dict[str, Counter[Author]] = {}
        for identity, names in self._names.items():
            members.setdefault(self._find_root(identity), Counter()).update(names)
        person: dict[Author, Author] = {}
        for names in members.values():
            order = {author: index for index, author in enumerate(names)}
            best = max(names, key=lambda author: (" " in author.name, names[author], -order[author]))
            aliases = frozenset().union(*(author.identities for author in names))
            person |= dict.fromkeys(names, replace(best, aliases=aliases))
        return person.__getitem__

    def _find_root(self, identity: str) -> str:
        while (parent := self._parents.get(identity, identity)) != identity:
            identity = parent
        return identity


def follow_main_line(commits: Sequence[Commit]) -> list[Commit]:
    """Return the commits that a branch shows one after the other; a merge carries the authors of what it brought.

    Args:
        commits: newest first, the tip of the branch foremost.
    """
    known = {commit.id: commit for commit in commits}
    line, at = list[Commit](), commits[0].id if commits else ""
    while at in known:
        line.append(known[at])
        at = next(iter(known[at].parents), "")
    visited = {commit.id for commit in line}
    merged = [_with_authors(commit, _take_brought(commit, known, visited)) for commit in reversed(line)]
    return merged[::-1]


def _take_brought(merge: Commit, known: Mapping[str, Commit], visited: set[str]) -> list[Commit]:
    """Return the commits that a merge brought, the tip of its branch foremost, and mark them as visited."""
    brought, waiting = list[Commit](), list(merge.parents[1:])
    while waiting:
        at = waiting.pop()
        if at in known and at not in visited:
            visited.add(at)
            brought.append(known[at])
            waiting += known[at].parents
    return brought


def _with_authors(merge: Commit, brought: Sequence[Commit]) -> Commit:
    """Return a merge with the authors of what it brought; a commit that brought nothing keeps its own."""
    if not brought:
        return merge
    authors = [author for commit in reversed(brought) if not commit.is_merge for author in commit.authors]
    return replace(merge, authors=tuple(dict.fromkeys(authors)))


def list_changes(commits: Iterable[Commit]) -> list[Change]:
    """Return the change of each commit, in their order, without merges of branches and commits to be squashed."""
    return [_make_change(commit) for commit in commits if not _NOISE.match(commit.subject)]


def is_conventional(found: Collection[Change]) -> bool:
    """Tell whether a project keeps to Conventional Commits: at least half of the changes carry a usual type."""
    known = sum(change.type in KNOWN_TYPES for change in found)
    return known > 0 and known >= _SHARE * len(found)


def list_first_time_authors(commits: Iterable[Commit], before: Collection[str]) -> list[Author]:
    """Return the people, without bots, none of whose commits came before, in the order of their first one.

    Args:
        commits: newest first.
        before: everybody's identities up to the previous release, in lower case.
    """
    met = {identity.lower() for identity in before}
    people: list[Author] = []
    for commit in reversed(list(commits)):
        for author in commit.authors:
            if not author.is_bot and met.isdisjoint(author.identities):
                people.append(author)
            met |= author.identities
    return people


def _make_change(commit: Commit) -> Change:
    text, pull = _read_title(commit)
    authors = tuple(dict.fromkeys(author for author in commit.authors if author.name and not author.is_bot))
    footer = _BREAKING.search(commit.body)
    plain = Change("", footer["text"] if footer else "", text, pull, authors, commit.id)
    conventional = _CONVENTIONAL.fullmatch(text)
    return _make_conventional(plain, conventional) if conventional else plain


def _make_conventional(change: Change, subject: re.Match[str]) -> Change:
    """Return a change with what the subject says by Conventional Commits; ``!`` alone makes it a breaking one."""
    by_mark = subject["text"] if subject["bang"] else ""
    return replace(change, type=subject["type"].lower(), breaking=change.breaking or by_mark, text=subject["text"])


def _read_title(commit: Commit) -> tuple[str, int]:
    """Return the title of a commit or of the pull request that it merges, and that one's number, or 0."""
    text, pull = commit.subject, 0
    if merged := _MERGED.match(text):
        pull, text = int(merged["number"]), next(iter(commit.body.strip().splitlines()), text)
    if squashed := _SQUASHED.fullmatch(text):
        pull, text = pull or int(squashed["number"]), squashed["text"]
    return text, pull
