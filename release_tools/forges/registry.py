"""List the hosting services, and find the one that a project is on."""

from collections.abc import Callable, Mapping
from typing import Final

from release_tools.engine.context import Context
from release_tools.errors import RepositoryError
from release_tools.forges.base import Forge, HostedRepository
from release_tools.forges.github.client import GitHub
from release_tools.git.project_repository import open_repository
from release_tools.git.remote import Remote
from release_tools.system.credentials import GITHUB_TOKEN
from release_tools.system.http import Http

FORGES: Final[tuple[Callable[[Mapping[str, str], Http, str], Forge], ...]] = (GitHub.of,)
"""Each makes a service from the environment, the session, and the name of the variable that holds the token."""
JOB_REPOSITORY: Final = "GITHUB_REPOSITORY"
"""The variable that names the repository of a job, as ``owner/name``."""


def find_hosted_repository(context: Context, variable: str = GITHUB_TOKEN) -> HostedRepository | None:
    """Return the project's repository on a hosting service, or None.

    It is named by ``github.repository``, by the git remote, or in a job by ``GITHUB_REPOSITORY``.

    Args:
        context: the run's context.
        variable: the environment variable that holds the token.

    Raises:
        ConfigError: the environment names a malformed address or repository.
        CredentialError: the token is malformed.
    """
    remote, named = find_git_remote(context), context.config.github.repository
    address = remote.url if remote and not named else ""
    forge = choose_forge(context, address, variable)
    slug = named or forge.slug(address) or context.env.get(JOB_REPOSITORY, "")
    return forge.repository(slug) if slug else None


def choose_forge(context: Context, address: str, variable: str = GITHUB_TOKEN) -> Forge:
    """Return the hosting service that a repository's address is on; GitHub for any other address.

    Args:
        context: the run's context.
        address: of the repository, as git has it; it may be empty.
        variable: the environment variable that holds the token.

    Raises:
        ConfigError: the environment names a malformed address.
        CredentialError: the token is malformed.
    """
    forges = [make_forge(context.env, context.http, variable) for make_forge in FORGES]
    return next((forge for forge in forges if forge.slug(address)), forges[0])


def find_git_remote(context: Context) -> Remote | None:
    """Return the configured git remote, which is looked up once; None where there is no checkout or no such remote."""
    return context.background.result(f"find the remote of {context.project}", _look_up_remote, context)


def _look_up_remote(context: Context) -> Remote | None:
    try:
        repository = open_repository(context)
        remote = Remote(repository, context.config.tag.remote, context.config.network.timeout)
    except RepositoryError:
        return None
    return remote if remote.url else None
