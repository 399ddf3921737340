"""The facts about changes that only a hosting service knows: pull requests with their labels, and people's accounts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlsplit

from release_tools.history.commits import Author, Change

_LOGIN: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,99})", re.ASCII)
_MERGE_SUBJECT: Final = re.compile(r"Merge pull request #\d{1,9} from \S+")


@dataclass(frozen=True)
class MergedPull:
    """A pull request that was merged.

    Attributes:
        number: in its repository.
        title: of the pull request.
        author: the account that opened it; empty where the account is gone.
        labels: their names.
        commit: by which it was merged: the merge, the squashed commit, or the last one of those that were rebased.
    """

    number: int
    title: str
    author: str = ""
    labels: tuple[str, ...] = ()
    commit: str = ""


@dataclass(frozen=True)
class HostedChanges:
    """Describe what a hosting service says about the changes of a release; nothing for a project without one.

    Attributes:
        repository_url: the page of the repository; empty where the project is on no hosting service.
        site: the address of the service, where the accounts have their pages.
        pulls: the merged pull requests by their numbers; empty where the service was not asked.
        logins: the account of each address that commits were written with, in lower case.
        problem: why the service could not be asked; empty where it was.
    """

    repository_url: str = ""
    site: str = ""
    pulls: Mapping[int, MergedPull] = field(default_factory=dict)
    logins: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""

    def login_of(self, author: Author) -> str:
        """Return the account of a person; empty where none is known for certain."""
        known = sorted(author.identities)
        by_address = [self.logins.get(email, "") for email in (author.email.strip().lower(), *known)]
        found = (*map(self._find_login, known), *by_address)
        return next((login for login in found if _LOGIN.fullmatch(login)), "")

    def _find_login(self, identity: str) -> str:
        """Return the account in an identity ``@login@host`` of this host; empty for any other."""
        login, _, host = identity.removeprefix("@").rpartition("@")
        is_own = identity.startswith("@") and host == urlsplit(self.site).hostname
        return login if is_own else ""

    def complete(self, changes: Sequence[Change]) -> list[Change]:
        """Return changes with the pull requests by which they came, and with the titles of those."""
        by_commit = {pull.commit: pull for pull in self.pulls.values() if pull.commit}
        return [_complete_change(change, self._find_pull(change, by_commit)) for change in changes]

    def _find_pull(self, change: Change, by_commit: Mapping[str, MergedPull]) -> MergedPull | None:
        """Return the pull request that a change names; where it names none, the one that its commit merged."""
        return self.pulls.get(change.pull) if change.pull else by_commit.get(change.commit)


def _complete_change(change: Change, pull: MergedPull | None) -> Change:
    """Return a change with its pull request, and with the title of that where git named the merge."""
    if pull is None:
        return change
    is_named_by_git = _MERGE_SUBJECT.fullmatch(change.text) is not None
    text = pull.title if pull.title and is_named_by_git else change.text
    return replace(change, pull=change.pull or pull.number, text=text)
