"""Tags, through the git data API: for a checkout that has no credentials of its own."""

from release_tools.errors import RemoteError
from release_tools.forges.github.client import HostedRepository


def commit_of_tag(repository: HostedRepository, tag: str) -> str:
    """The commit that a tag peels to; empty where there is no such tag.

    Raises:
        RemoteError: the tag names something that is no commit, or the server failed.
        CredentialError: the repository cannot be read.
    """
    from github import UnknownObjectException

    with repository.hub.doing(f"read the tag {tag} of {repository.slug}"):
        try:
            target = repository.handle.get_git_ref(f"tags/{tag}").object
        except UnknownObjectException:
            return ""
        while target.type == "tag":
            target = repository.handle.get_git_tag(target.sha).object
        if target.type != "commit":
            raise RemoteError(f"{tag}: the tag of {repository.slug} is on a {target.type}, not on a commit")
        return target.sha


def default_branch(repository: HostedRepository) -> str:
    """The branch that a clone checks out.

    Raises:
        CredentialError: the repository cannot be read.
        RemoteError: the server failed.
    """
    with repository.hub.doing(f"read {repository.slug}"):
        return repository.handle.default_branch


def contains(repository: HostedRepository, branch: str, commit: str) -> bool:
    """Whether a branch contains a commit; False where either is not there.

    Raises:
        CredentialError: the repository cannot be read.
        RemoteError: the server failed.
    """
    from github import UnknownObjectException

    with repository.hub.doing(f"compare {commit} with {branch} of {repository.slug}"):
        try:
            return repository.handle.compare(branch, commit).status in {"behind", "identical"}
        except UnknownObjectException:
            return False


def create_tag(repository: HostedRepository, tag: str, commit: str, message: str, tagger: tuple[str, str]) -> None:
    """Make an annotated tag.

    Args:
        repository: where.
        tag: its name.
        commit: that it stands on.
        message: of the tag.
        tagger: name and address.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused: a rule forbids it, or the tag is there already.
    """
    from github import InputGitAuthor

    with repository.hub.doing(f"make the tag {tag} in {repository.slug}"):
        made = repository.handle.create_git_tag(tag, message, commit, "commit", InputGitAuthor(*tagger))
        repository.handle.create_git_ref(f"refs/tags/{tag}", made.sha)
