"""Reach the repository where the project's tags are published: by git, or by an API without git credentials."""

from dataclasses import dataclass
from typing import Protocol

from release_tools.addresses import ACTIONS_BOT
from release_tools.engine.context import Context
from release_tools.errors import ConfigError, RepositoryError
from release_tools.forges.base import HostedRepository
from release_tools.forges.registry import find_git_remote, find_hosted_repository
from release_tools.git.remote import Remote
from release_tools.git.tags import choose_identity, contains, create_tag, is_signed
from release_tools.system.credentials import GITHUB_TOKEN


class TagRemote(Protocol):
    """The repository where tags are published."""

    @property
    def title(self) -> str:
        """Return its name for people."""

    def url(self, tag: str) -> str:
        """Return the address of a tag for people."""

    def commit_of_tag(self, tag: str) -> str:
        """Return the commit that a tag peels to there; empty where there is no such tag."""

    def default_branch(self) -> str:
        """Return the branch that a clone checks out."""

    def tip(self, branch: str) -> str:
        """Return the newest commit of a branch there; empty where there is no such branch."""

    def contains(self, branch: str, commit: str) -> bool:
        """Return whether a branch there contains a commit."""

    def create_tag(self, tag: str, commit: str, message: str) -> None:
        """Create an annotated tag there."""

    def delete_tag(self, tag: str) -> None:
        """Delete a tag there."""


@dataclass(frozen=True)
class GitTagRemote:
    """A remote of the checkout, reached by git.

    Attributes:
        remote: the git remote.
        is_signing: whether tags must be signed.
        page: the address of the repository's page; empty where it has none.
    """

    remote: Remote
    is_signing: bool = False
    page: str = ""

    @property
    def title(self) -> str:
        """Return the remote's name."""
        return self.remote.name

    def url(self, tag: str) -> str:
        """Return the tag's page, or the remote's address with the tag where there is none."""
        return f"{self.page}/tree/{tag}" if self.page else f"{self.remote.url}#{tag}"

    def commit_of_tag(self, tag: str) -> str:
        """Return the commit that a tag peels to there; empty where there is no such tag."""
        return self.remote.commit_of_tag(tag)

    def default_branch(self) -> str:
        """Return the branch that a clone checks out."""
        return self.remote.default_branch()

    def tip(self, branch: str) -> str:
        """Return the newest commit of a branch there; empty where there is no such branch."""
        return self.remote.tip(branch)

    def contains(self, branch: str, commit: str) -> bool:
        """Return whether a branch there contains a commit."""
        return contains(self.remote.repository, self.remote.tip(branch), commit)

    def create_tag(self, tag: str, commit: str, message: str) -> None:
        """Create an annotated tag here, unless an earlier run did, and push it.

        Raises:
            RepositoryError: git cannot sign, or the tag that is here is on another commit or not as it should be.
            RemoteError: the remote refused it.
        """
        repository = self.remote.repository
        here = repository.commit_of_tag(tag)
        if not here:
            create_tag(repository, tag, commit, message, sign=self.is_signing)
        elif here != commit:
            raise RepositoryError(f"{tag}: the tag here is on {here}, not on {commit}", f"Type: git tag --delete {tag}")
        if self.is_signing and not is_signed(repository, tag):
            raise RepositoryError(f"{tag}: the tag here is not signed", f"Type: git tag --delete {tag}")
        self.remote.push_tag(tag)

    def delete_tag(self, tag: str) -> None:
        """Delete a tag there; the checkout keeps its own.

        Raises:
            RemoteError: the remote refused it.
        """
        self.remote.delete_tag(tag)


@dataclass(frozen=True)
class ApiTagRemote:
    """A repository on a hosting service, reached by its API.

    Attributes:
        repository: the repository.
        tagger: name and address for new tags and commits.
    """

    repository: HostedRepository
    tagger: tuple[str, str]

    @property
    def title(self) -> str:
        """Return the repository's name."""
        return self.repository.slug

    def url(self, tag: str) -> str:
        """Return the tag's page."""
        return f"{self.repository.url}/tree/{tag}"

    def commit_of_tag(self, tag: str) -> str:
        """Return the commit that a tag peels to there; empty where there is no such tag."""
        return self.repository.refs.commit_of_tag(tag)

    def default_branch(self) -> str:
        """Return the branch that a clone checks out."""
        return self.repository.refs.default_branch()

    def tip(self, branch: str) -> str:
        """Return the newest commit of a branch there; empty where there is no such branch."""
        return self.repository.refs.tip(branch)

    def contains(self, branch: str, commit: str) -> bool:
        """Return whether a branch there contains a commit."""
        return self.repository.refs.contains(branch, commit)

    def create_tag(self, tag: str, commit: str, message: str) -> None:
        """Create an annotated tag there.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: GitHub refused it.
        """
        self.repository.refs.create_tag(tag, commit, message, self.tagger)

    def delete_tag(self, tag: str) -> None:
        """Delete a tag there.

        Raises:
            CredentialError: the token may not do this.
            RemoteError: GitHub refused it.
        """
        self.repository.refs.delete_tag(tag)


def find_tag_remote(context: Context) -> TagRemote | None:
    """Return where this project's tags are published; None with neither a git remote nor a hosted repository.

    Raises:
        ConfigError: ``tag.push`` cannot be followed.
    """
    config, remote = context.config.tag, find_git_remote(context)
    repository = find_hosted_repository(context)
    if repository and config.push != "git" and _uses_api(context, repository, remote):
        if config.sign:
            raise ConfigError("tag.push: GitHub's API cannot sign tags", 'Set tag.push = "git", or tag.sign = false.')
        return ApiTagRemote(repository, choose_identity(remote.repository) if remote else ACTIONS_BOT)
    if config.push == "api":
        raise ConfigError(
            f"tag.push: pushing by the API needs a repository on GitHub and a {GITHUB_TOKEN}",
            'Set github.repository, or tag.push = "git".',
        )
    if remote is None:
        return None
    page = repository.url if repository and f"{repository.slug}." in f"{remote.url}." else ""
    return GitTagRemote(remote, is_signing=config.sign, page=page)


def _uses_api(context: Context, repository: HostedRepository, remote: Remote | None) -> bool:
    if not repository.has_token:
        return False
    if context.config.tag.push == "api":
        return True
    if context.config.tag.sign:
        return False
    return remote is None or remote.url.startswith(repository.url.removesuffix(repository.slug))
