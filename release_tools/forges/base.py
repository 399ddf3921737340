"""Define what release-tools asks of a hosting service.

GitHub is the one implementation today. Another service is another folder next to ``github/`` and one line in
`release_tools.forges.registry`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from release_tools.model.note import Note


@dataclass(frozen=True)
class Asset:
    """A file of a hosted release.

    Attributes:
        name: the file's name as it was uploaded; the service itself may show another.
        id: the service's number for it.
        sha256: of its bytes, in lower-case hexadecimal; empty where the service does not say (older servers).
        size: in bytes.
        url: its address in the API.
        is_complete: False where an upload was interrupted.
        uploader: the account that uploaded it.
    """

    name: str
    id: int
    sha256: str
    size: int
    url: str
    is_complete: bool
    uploader: str


@dataclass(frozen=True)
class HostedRelease:
    """A release on a hosting service.

    Attributes:
        id: the service's number for it.
        tag: its tag, which need not exist while the release is a draft.
        title: its headline.
        text: its notes, in Markdown.
        is_draft: whether only people with write access see it.
        is_prerelease: whether it is marked as a pre-release.
        is_immutable: whether its tag and files are locked for good.
        url: its page for people.
        api_url: its address in the API.
        upload_url: where its files are sent.
        assets: its files, in the order of their upload.
    """

    id: int
    tag: str
    title: str
    text: str
    is_draft: bool
    is_prerelease: bool
    is_immutable: bool
    url: str
    api_url: str
    upload_url: str
    assets: tuple[Asset, ...] = ()

    def asset(self, name: str) -> Asset | None:
        """Return the file of that name, or None."""
        return next((asset for asset in self.assets if asset.name == name), None)


@dataclass(frozen=True)
class Draft:
    """A draft release to create.

    Attributes:
        tag: its tag.
        commit: the commit that the tag is on.
        title: its headline.
        text: its notes, in Markdown.
        is_prerelease: whether to mark it as a pre-release.
    """

    tag: str
    commit: str
    title: str
    text: str
    is_prerelease: bool


@dataclass(frozen=True)
class PullRequest:
    """A pull request.

    Attributes:
        number: in its repository.
        title: of the pull request.
        author: the account that opened it; empty where the account is gone.
        head: the branch that it comes from, as ``owner:branch``; empty where a search found it.
        base: the branch that it would change; empty where a search found it.
        commit: the newest commit of its branch; empty where a search found it.
        url: its page for people.
        is_open: whether it can still be merged.
        is_merged: whether it was merged.
        labels: their names; empty where a search found it.
        merge_commit: the commit by which it was merged; empty where it was not, or where a search found it.
    """

    number: int
    title: str
    author: str
    head: str
    base: str
    commit: str
    url: str
    is_open: bool
    is_merged: bool
    labels: tuple[str, ...] = ()
    merge_commit: str = ""


@dataclass(frozen=True)
class Checks:
    """The checks of a pull request's newest commit.

    Attributes:
        passed: the number of those that passed, or did not need to run.
        failed: the names of those that failed.
        pending: the names of those that have not ended.
    """

    passed: int = 0
    failed: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()


@dataclass(frozen=True)
class NewPullRequest:
    """A pull request to open.

    Attributes:
        head: the branch that it comes from, as ``owner:branch``.
        base: the branch that it would change.
        title: of the pull request.
        body: its text, in Markdown.
        is_draft: whether it is opened as a draft.
    """

    head: str
    base: str
    title: str
    body: str
    is_draft: bool = False


class Refs(Protocol):
    """Tags, branches, commits and files of a repository, by the service's API."""

    def default_branch(self) -> str:
        """Return the branch that a clone checks out."""

    def commit_of_tag(self, tag: str) -> str:
        """Return the commit that a tag peels to; empty where there is no such tag."""

    def message_of_tag(self, tag: str) -> str:
        """Return the message of an annotated tag; empty where there is no such tag."""

    def tip(self, branch: str) -> str:
        """Return the newest commit of a branch; empty where there is no such branch."""

    def contains(self, branch: str, commit: str) -> bool:
        """Return whether a branch contains a commit."""

    def logins(self, commit: str, count: int) -> Mapping[str, str]:
        """Return the account of each address that the newest commits up to one were written with, in lower case."""

    def read_file(self, commit: str, path: str) -> bytes | None:
        """Return a file's content at a commit (the default branch if empty), or None."""

    def create_tag(self, tag: str, commit: str, message: str, tagger: tuple[str, str]) -> None:
        """Create an annotated tag."""

    def delete_tag(self, tag: str) -> None:
        """Delete a tag."""

    def tree_of(self, commit: str) -> str:
        """Return the name of the tree of a commit."""

    def commit_files(
        self,
        parent: str,
        files: Mapping[str, bytes | None],
        message: str,
        author: tuple[str, str] | None,
        *,
        executables: Collection[str] = (),
    ) -> str:
        """Create a commit that no branch has yet, and return it; None removes a file."""

    def create_branch(self, branch: str, commit: str) -> None:
        """Create a branch at a commit."""

    def set_branch(self, branch: str, commit: str) -> None:
        """Create a branch at a commit, or reset it to that commit."""


class Releases(Protocol):
    """The releases of a repository."""

    def find_all(self, tag: str) -> tuple[HostedRelease, ...]:
        """Return the releases of a tag, drafts included where the token may see them."""

    def find_published(self, tag: str) -> HostedRelease | None:
        """Return the published release of a tag, or None."""

    def list_published_tags(self) -> tuple[str, ...]:
        """Return the tags of all releases that are neither drafts nor pre-releases."""

    def create_draft(self, draft: Draft) -> HostedRelease:
        """Create a draft release."""

    def upload(self, release: HostedRelease, path: Path) -> Asset:
        """Add a file to a release."""

    def delete_asset(self, asset: Asset) -> None:
        """Delete a file from a draft."""

    def download(self, asset: Asset, path: Path) -> None:
        """Write a release's file to a path."""

    def publish(self, release: HostedRelease, *, is_prerelease: bool, is_latest: bool) -> HostedRelease:
        """Publish a draft."""

    def mark_prerelease(self, release: HostedRelease, *, title: str, text: str) -> HostedRelease:
        """Change the title and the notes of a published release, and mark it as a pre-release."""

    def delete_draft(self, release: HostedRelease) -> None:
        """Delete a draft release."""


class PullRequests(Protocol):
    """The pull requests to a repository, and the forks that they come from."""

    def fork_of(self, login: str) -> "HostedRepository | None":
        """Return an account's fork, or None."""

    def create_fork(self) -> "HostedRepository":
        """Create a fork for the token's account, or return the one that it has."""

    def sync_fork(self, fork: "HostedRepository", branch: str) -> None:
        """Bring a branch of a fork up to date."""

    def newest(self, head: str = "") -> tuple[PullRequest, ...]:
        """Return the newest pull requests, whatever their state."""

    def list_merged_since(self, time: int) -> tuple[PullRequest, ...]:
        """Return the pull requests that were merged after a time, in seconds since the epoch."""

    def search(self, words: str) -> tuple[PullRequest, ...]:
        """Return the pull requests with these words in their titles."""

    def open(self, new: NewPullRequest) -> PullRequest:
        """Open a pull request."""

    def read(self, number: int) -> PullRequest:
        """Return a pull request by its number."""

    def checks(self, pull: PullRequest) -> Checks:
        """Return how the checks of its newest commit ended."""

    def comments(self, pull: PullRequest) -> Iterator[tuple[str, str]]:
        """Yield the text and the address of each comment."""

    def comment(self, pull: PullRequest, text: str) -> str:
        """Comment on a pull request, and return the comment's address."""


class HostedRepository(Protocol):
    """A repository on a hosting service, as the holder of one token sees it."""

    @property
    def slug(self) -> str:
        """Return ``owner/name``."""

    @property
    def url(self) -> str:
        """Return the repository's page for people."""

    @property
    def has_token(self) -> bool:
        """Return whether requests are authenticated."""

    @property
    def refs(self) -> Refs:
        """Return its tags, branches, commits and files."""

    @property
    def releases(self) -> Releases:
        """Return its releases."""

    @property
    def pull_requests(self) -> PullRequests:
        """Return its pull requests and forks."""

    def login(self) -> str:
        """Return the account that the token belongs to; empty without a token."""

    def check_write_access(self) -> Iterator[Note]:
        """Check, as far as possible without writing, that the token may create releases."""


class Forge(Protocol):
    """A hosting service."""

    @property
    def site(self) -> str:
        """Return the address that people visit, and that git clones from."""

    def slug(self, remote_url: str) -> str:
        """Return ``owner/name`` of a git remote's address on this service; empty for any other address."""

    def repository(self, slug: str) -> HostedRepository:
        """Return a repository by ``owner/name``; nothing is requested yet."""
