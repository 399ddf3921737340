"""Hold the state of the GitHub double."""

from dataclasses import dataclass, field
from enum import StrEnum

from tests.servers.github.bare import Bare


class TokenKind(StrEnum):
    """The kinds of token differ in where they may write."""

    CLASSIC = "classic"  # wherever its person may; pull requests to any public repository
    FINE_GRAINED = "fine-grained"  # only in its person's own repositories
    ACTIONS = "actions"  # only in the repository whose workflow runs


@dataclass(frozen=True)
class Token:
    """Describe who somebody is.

    Attributes:
        login: of the person, or ``github-actions[bot]``.
        kind: of the token.
        repository: the only one that it may write to, for a workflow's token.
        writes: whether it may write at all (``contents: write``).
        scopes: of a classic token.
    """

    login: str
    kind: TokenKind = TokenKind.CLASSIC
    repository: str = ""
    writes: bool = True
    scopes: str = "public_repo, workflow"

    @property
    def refusal(self) -> str:
        match self.kind:
            case TokenKind.ACTIONS:
                return "Resource not accessible by integration"
            case TokenKind.FINE_GRAINED:
                return "Resource not accessible by personal access token"
            case TokenKind.CLASSIC:
                return "Not Found"


@dataclass
class Asset:
    """A file of a release."""

    id: int
    name: str
    label: str
    content: bytes
    digest: str | None
    media: str
    uploader: str
    state: str = "uploaded"


@dataclass
class Release:
    """A release; `latest` is what a person sees as the badge."""

    id: int
    tag: str
    target: str
    name: str
    body: str
    draft: bool
    prerelease: bool
    author: str
    created: int
    published: int | None = None
    immutable: bool = False
    assets: list[Asset] = field(default_factory=list)

    def asset(self, name: str) -> Asset | None:
        return next((asset for asset in self.assets if asset.name == name), None)


@dataclass
class Comment:
    """A comment on an issue or pull request."""

    id: int
    author: str
    body: str


@dataclass
class Pull:
    """A pull request; `head` is ``owner/name:branch``.

    `checks` has the conclusion of each check run, None for one that runs; `statuses` the state of each older service.
    """

    number: int
    title: str
    body: str
    head_repository: str
    head_branch: str
    head_sha: str
    base: str
    author: str
    created: int
    state: str = "open"
    draft: bool = False
    maintainer_can_modify: bool = True
    merge_sha: str | None = None
    merged: int | None = None
    updated: int | None = None
    labels: list[str] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    checks: dict[str, str | None] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)


@dataclass
class Repository:
    """A repository: real git, and what GitHub keeps beside it.

    Attributes:
        parent: full name of what it is a fork of.
        collaborators: who may write besides the owner.
        immutable: whether its releases are frozen when published.
        locked_tags: whether a rule forbids to make tags.
        latest: id of the release that is marked so by its maker.
        reads_until_ready: how many times a new fork is not there yet.
        archived: whether it takes nothing any more.
    """

    owner: str
    name: str
    bare: Bare
    id: int
    default_branch: str = "main"
    parent: str = ""
    collaborators: set[str] = field(default_factory=set)
    immutable: bool = False
    locked_tags: bool = False
    releases: list[Release] = field(default_factory=list)
    latest: int | None = None
    pulls: list[Pull] = field(default_factory=list)
    reads_until_ready: int = 0
    archived: bool = False

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"

    def writable(self, token: Token | None) -> bool:
        """Return whether a token may push here."""
        if token is None or not token.writes:
            return False
        if token.kind is TokenKind.ACTIONS:
            return token.repository == self.full_name
        if token.kind is TokenKind.FINE_GRAINED:
            return token.login == self.owner
        return token.login == self.owner or token.login in self.collaborators


@dataclass(frozen=True)
class Addresses:
    """Under which addresses the server is reached; GitHub Enterprise has all of them on one host."""

    api: str = "https://api.github.com"
    uploads: str = "https://uploads.github.com"
    site: str = "https://github.com"
    storage: str = "https://release-assets.githubusercontent.com"
    archives: str = "https://codeload.github.com"

    @classmethod
    def enterprise(cls, url: str) -> "Addresses":
        return cls(f"{url}/api/v3", f"{url}/api/uploads", url, f"{url}/storage", f"{url}/archives")
