"""The project's own repository as others see it: by git, or by GitHub's API where the checkout has no credentials."""

from dataclasses import dataclass
from typing import Protocol

from release_tools.addresses import ACTIONS_BOT
from release_tools.engine.context import Context
from release_tools.errors import ConfigError, RepositoryError
from release_tools.forges.github import git_data, refs
from release_tools.forges.github.client import GitHub, HostedRepository
from release_tools.git.remote import Remote
from release_tools.git.repository import Repository
from release_tools.git.tags import contains, create_tag, identity, is_signed
from release_tools.system.credentials import GITHUB_TOKEN


class Origin(Protocol):
    """Where tags are published."""

    @property
    def title(self) -> str:
        """How a person calls it."""

    def url(self, tag: str) -> str:
        """Where a person finds a tag."""

    def commit_of_tag(self, tag: str) -> str:
        """The commit that a tag peels to over there; empty where there is no such tag."""

    def default_branch(self) -> str:
        """The branch that a clone checks out."""

    def tip(self, branch: str) -> str:
        """The newest commit of a branch over there; empty where there is no such branch."""

    def contains(self, branch: str, commit: str) -> bool:
        """Whether a branch over there contains a commit."""

    def make_tag(self, tag: str, commit: str, message: str) -> None:
        """Make an annotated tag over there."""


@dataclass(frozen=True)
class GitOrigin:
    """A remote of the checkout, spoken to by git.

    Attributes:
        remote: where it is.
        sign: whether tags must be signed.
    """

    remote: Remote
    sign: bool = False

    @property
    def title(self) -> str:
        """The remote's name."""
        return self.remote.name

    def url(self, tag: str) -> str:
        """The remote's address; git knows no other for a tag."""
        return f"{self.remote.url}#{tag}"

    def commit_of_tag(self, tag: str) -> str:
        """The commit that a tag peels to over there; empty where there is no such tag."""
        return self.remote.commit_of_tag(tag)

    def default_branch(self) -> str:
        """The branch that a clone checks out."""
        return self.remote.default_branch()

    def tip(self, branch: str) -> str:
        """The newest commit of a branch over there; empty where there is no such branch."""
        return self.remote.tip(branch)

    def contains(self, branch: str, commit: str) -> bool:
        """Whether a branch over there contains a commit."""
        return contains(self.remote.repository, self.remote.tip(branch), commit)

    def make_tag(self, tag: str, commit: str, message: str) -> None:
        """Make an annotated tag here, unless a former run did, and push it.

        Raises:
            RepositoryError: git cannot sign, or the tag that is here is on another commit or not as it should be.
            RemoteError: the remote refused it.
        """
        repository = self.remote.repository
        here = repository.commit_of_tag(tag)
        if not here:
            create_tag(repository, tag, commit, message, sign=self.sign)
        elif here != commit:
            raise RepositoryError(f"{tag}: the tag here is on {here}, not on {commit}", f"Type: git tag --delete {tag}")
        if self.sign and not is_signed(repository, tag):
            raise RepositoryError(f"{tag}: the tag here is not signed", f"Type: git tag --delete {tag}")
        self.remote.push_tag(tag)


@dataclass(frozen=True)
class ApiOrigin:
    """A repository on GitHub, spoken to by its API.

    Attributes:
        repository: which one.
        tagger: name and address of whoever tags.
    """

    repository: HostedRepository
    tagger: tuple[str, str]

    @property
    def title(self) -> str:
        """The repository's name on GitHub."""
        return self.repository.slug

    def url(self, tag: str) -> str:
        """The tag's page."""
        return f"{self.repository.url}/tree/{tag}"

    def commit_of_tag(self, tag: str) -> str:
        """The commit that a tag peels to over there; empty where there is no such tag."""
        return refs.commit_of_tag(self.repository, tag)

    def default_branch(self) -> str:
        """The branch that a clone checks out."""
        return refs.default_branch(self.repository)

    def tip(self, branch: str) -> str:
        """The newest commit of a branch over there; empty where there is no such branch."""
        return git_data.tip(self.repository, branch)

    def contains(self, branch: str, commit: str) -> bool:
        """Whether a branch over there contains a commit."""
        return refs.contains(self.repository, branch, commit)

    def make_tag(self, tag: str, commit: str, message: str) -> None:
        """Make an annotated tag over there.

        Raises:
            CredentialError: the token may not.
            RemoteError: GitHub refused it.
        """
        refs.create_tag(self.repository, tag, commit, message, self.tagger)


def hosted(context: Context, variable: str = GITHUB_TOKEN) -> HostedRepository | None:
    """The project's repository on GitHub; None where it lies elsewhere.

    Which one is told by ``github.repository``, by the git remote, or in a job by ``GITHUB_REPOSITORY``.
    """
    hub = GitHub.of(context.env, context.http, variable)
    remote = _remote(context)
    slug = (
        context.config.github.repository
        or (hub.slug(remote.url) if remote else "")
        or context.env.get("GITHUB_REPOSITORY", "")
    )
    return hub.repository(slug) if slug else None


def origin(context: Context) -> Origin | None:
    """Where this project's tags are published; None where it has neither a git remote nor a repository on GitHub.

    Raises:
        ConfigError: ``tag.push`` asks for what there is not.
    """
    config, remote = context.config.tag, _remote(context)
    repository = hosted(context)
    if config.push != "git" and repository and _api_is_meant(context, repository, remote):
        if config.sign:
            raise ConfigError("tag.push: GitHub's API cannot sign tags", 'Set tag.push = "git", or tag.sign = false.')
        return ApiOrigin(repository, identity(remote.repository) if remote else ACTIONS_BOT)
    if config.push == "api":
        raise ConfigError(
            f"tag.push: to push by GitHub's API, a repository on GitHub and a {GITHUB_TOKEN} are needed",
            'Set github.repository, or tag.push = "git".',
        )
    return GitOrigin(remote, config.sign) if remote else None


def _api_is_meant(context: Context, repository: HostedRepository, remote: Remote | None) -> bool:
    if repository.hub.token is None:
        return False
    if context.config.tag.push == "api":
        return True
    return not context.config.tag.sign and (remote is None or remote.url.startswith(repository.hub.site))


def _remote(context: Context) -> Remote | None:
    """The configured git remote; None where there is no checkout or no such remote."""
    try:
        repository = Repository.open(context.project, context.env)
        remote = Remote(repository, context.config.tag.remote, context.config.network.timeout)
    except RepositoryError:
        return None
    return remote if remote.url else None
