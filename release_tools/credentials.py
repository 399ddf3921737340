"""Credentials: the names under which the environment may hold them, and keeping them out of everything else."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import quote

from release_tools.errors import CredentialError

PYPI_PASSWORD: Final = "TWINE_PASSWORD"  # noqa: S105 - the name of a variable, not a password
ANACONDA_TOKEN: Final = "ANACONDA_API_TOKEN"  # noqa: S105 - as above
GITHUB_TOKEN: Final = "GITHUB_TOKEN"  # noqa: S105 - as above
CONDA_FORGE_TOKEN: Final = "CONDA_FORGE_TOKEN"  # noqa: S105 - as above
OIDC_URL: Final = "ACTIONS_ID_TOKEN_REQUEST_URL"
OIDC_TOKEN: Final = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105 - as above

CONDA_SERVER_TOKENS: Final = ("QUETZ_API_KEY", "PREFIX_API_KEY", "ARTIFACTORY_TOKEN")

PUBLISHING: Final = (PYPI_PASSWORD, ANACONDA_TOKEN, *CONDA_SERVER_TOKENS, CONDA_FORGE_TOKEN, OIDC_URL, OIDC_TOKEN)
"""What lets its holder publish; a build must not run beside any of these."""

_REFUSED: Final = (
    "Build in a job or shell without them and publish in another: release-tools build, then release-tools publish."
    " If you trust every build requirement: --allow-credentials-in-build."
)
_SECRET_NAME: Final = re.compile(r"(TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|CREDENTIAL)", re.ASCII)
_NOT_SECRET: Final = frozenset({OIDC_URL})
_WITHHELD_PREFIXES: Final = ("ACTIONS_", "GITHUB_", "RUNNER_", "TWINE_", "GIT_", "PYTHON", "RELEASE_TOOLS_")
_SHORTEST_SECRET: Final = 6


def is_secret(name: str) -> bool:
    """Whether a variable of that name holds a secret, by its name."""
    return name not in _NOT_SECRET and _SECRET_NAME.search(name.upper()) is not None


def without_credentials(env: Mapping[str, str]) -> dict[str, str]:
    """What a child that runs other people's code may see: no secret, nothing of the job, of git or of Python."""
    return {
        name: value
        for name, value in env.items()
        if not is_secret(name) and not name.upper().startswith(_WITHHELD_PREFIXES)
    }


def refuse_near_build(env: Mapping[str, str], *, allowed: bool) -> tuple[str, ...]:
    """The variables by which other people's code, about to run in a build, could publish.

    Leaving them out of the build's own environment is not enough: on Linux it can read that of the process above it.

    Raises:
        CredentialError: there are some, and they are not allowed.
    """
    present = tuple(name for name in PUBLISHING if env.get(name))
    if present and not allowed:
        raise CredentialError(
            f"{', '.join(present)}: set while other people's code is about to run in the build", _REFUSED
        )
    return present


@dataclass(frozen=True, repr=False)
class Secrets:
    """The secret values that must never be shown, and how to take them out of a text."""

    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Self:
        """Every secret that the environment holds, by the variables' names."""
        found = {value.strip() for name, value in env.items() if is_secret(name)}
        return cls(tuple(sorted((value for value in found if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)))

    def redact(self, text: str) -> str:
        """The text with each secret, also base64- and URL-encoded, replaced by ``***``."""
        for value in self.values:
            for spelling in (value, base64.b64encode(value.encode()).decode().rstrip("="), quote(value, safe="")):
                text = text.replace(spelling, "***")
        return text


def read_token(env: Mapping[str, str], name: str) -> str | None:
    """The token of that name, None where it is not set or empty.

    Raises:
        CredentialError: it contains white space or control characters (a pasted line end, most often).
    """
    value = env.get(name, "")
    if not value:
        return None
    if any(character.isspace() or not character.isprintable() for character in value):
        raise CredentialError(
            f"{name}: the token contains a line end, a space or a control character",
            f"Set {name} again, without the line end that was pasted along.",
        )
    return value
