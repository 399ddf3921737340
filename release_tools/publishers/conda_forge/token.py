"""Check the token for conda-forge, as far as GitHub describes it."""

from collections.abc import Iterator

from release_tools.addresses import ACTIONS_BOT
from release_tools.engine.context import Context
from release_tools.errors import CredentialError
from release_tools.forges.github.client import GitHub
from release_tools.model.note import Note, State
from release_tools.publishers.base import CheckResult
from release_tools.publishers.conda_forge.feedstocks import open_conda_forge_hub
from release_tools.system.credentials import CONDA_FORGE_TOKEN

_CLASSIC = "Create a classic token with the scopes public_repo and workflow."


def find_token_login(hub: GitHub) -> str:
    """Return the account that would propose; empty where there is no token.

    Raises:
        CredentialError: the token is refused, or is a workflow's own.
        RemoteError: the server failed.
    """
    if hub.variable != CONDA_FORGE_TOKEN or hub.token is None:
        return ""
    name = hub.login()
    if name == ACTIONS_BOT[0]:
        raise CredentialError(f"{CONDA_FORGE_TOKEN} is a workflow's own token, which has no rights elsewhere", _CLASSIC)
    return name


def check_token(context: Context) -> Iterator[CheckResult]:
    """Check whose the token is, and its scopes; a release does not fail by them, so these are warnings.

    Raises:
        CredentialError: the token is refused, or is a workflow's own.
        RemoteError: the server failed.
    """
    hub = open_conda_forge_hub(context, CONDA_FORGE_TOKEN)
    name = find_token_login(hub)
    scopes = hub.scopes if name else None
    if not name:
        yield Note(
            State.SKIPPED,
            f"{CONDA_FORGE_TOKEN} is not set here",
            "the job that publishes has its own; without it, a person opens the pull request",
        )
    elif scopes is None:
        yield Note(State.WARNING, f"{name}'s {CONDA_FORGE_TOKEN} cannot open pull requests elsewhere", "", _CLASSIC)
    elif scopes.isdisjoint({"public_repo", "repo"}):
        yield Note(State.WARNING, f"{name}'s {CONDA_FORGE_TOKEN} lacks the scope public_repo", "", _CLASSIC)
    elif "workflow" not in scopes:
        text = f"{name}'s {CONDA_FORGE_TOKEN} lacks the scope workflow"
        yield Note(
            State.WARNING, text, "a fork cannot be updated after the workflows of its upstream changed", _CLASSIC
        )
    else:
        yield Note(State.DONE, f"{name}'s {CONDA_FORGE_TOKEN} can fork and open pull requests")
