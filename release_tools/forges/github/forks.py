"""A person's own fork of somebody else's repository."""

from release_tools.errors import CredentialError, RemoteError
from release_tools.forges.github.client import HostedRepository

_CONFLICT = 409
_INVALID = 422


def fork_of(upstream: HostedRepository, login: str) -> HostedRepository | None:
    """The fork of an account, where it has the same name; None where there is none, or only something else.

    Raises:
        CredentialError: GitHub refuses the token.
        RemoteError: the server failed.
    """
    from github import UnknownObjectException

    fork = upstream.hub.repository(f"{login}/{upstream.slug.partition('/')[2]}")
    with upstream.hub.doing(f"look for {fork.slug}"):
        try:
            handle = fork.handle
            relatives = (handle.parent, handle.source) if handle.fork else ()
        except UnknownObjectException:
            return None
        names = {relative.full_name.lower() for relative in relatives if relative is not None and relative.full_name}
    return fork if upstream.slug.lower() in names else None


def make_fork(upstream: HostedRepository) -> HostedRepository:
    """A fork for the token's account; the one that it has, under whatever name, if it has one. Not at once readable.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed or refused.
    """
    with upstream.hub.doing(f"fork {upstream.slug}"):
        return upstream.hub.repository(upstream.handle.create_fork().full_name)


def sync(fork: HostedRepository, branch: str) -> None:
    """Bring a branch of a fork up to date with the same branch of what it is a fork of.

    Raises:
        CredentialError: the token may not.
        RemoteError: the server failed, or the branch has commits of its own that are in the way.
    """
    from github import GithubException

    with fork.hub.doing(f"bring {branch} of {fork.slug} up to date"):
        try:
            fork.handle.merge_upstream(branch)
        except GithubException as error:
            if error.status == _CONFLICT:
                raise RemoteError(
                    f"{fork.slug}: its {branch} has commits of its own that conflict",
                    f"Reset it to what it is a fork of, or delete the fork: {fork.url}",
                ) from None
            if error.status == _INVALID and "workflow" in str(error.data).lower():
                raise CredentialError(
                    f"{fork.slug}: GitHub brings changes of workflows only with a token that may change them",
                    f"Add the scope workflow to the token in {fork.hub.variable}.",
                ) from None
            raise
