"""Credentials: the names under which the environment may hold them, and keeping them out of everything else."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self
from urllib.parse import quote, unquote

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
_SECRET_NAME: Final = re.compile(
    r"(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|(API|ACCESS|PRIVATE|SIGNING)_?KEY|CREDENTIAL)", re.ASCII
)
_USERINFO: Final = re.compile(r"https?://([^/@\s]{1,500})@")
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


def visible_credentials(env: Mapping[str, str]) -> tuple[str, ...]:
    """The variables by which other people's code that we run could publish.

    Leaving them out of its own environment is not enough: on Linux it can read that of the process above it.
    """
    return tuple(name for name in PUBLISHING if env.get(name))


def refuse_credentials(env: Mapping[str, str], *, allowed: bool) -> tuple[str, ...]:
    """What `visible_credentials` tells, where it is allowed.

    Raises:
        CredentialError: there are some, and they are not allowed.
    """
    present = visible_credentials(env)
    if present and not allowed:
        raise CredentialError(f"{', '.join(present)}: set while other people's code is about to be run", _REFUSED)
    return present


@dataclass(frozen=True, repr=False)
class Secrets:
    """The secret values that must never be shown, and how to take them out of a text."""

    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Self:
        """Every secret that the environment holds: by the variables' names, and in the addresses of whatever name."""
        named = (value for name, value in env.items() if is_secret(name))
        return cls(tuple(dict.fromkeys((*named, *(found for value in env.values() for found in _in_address(value))))))

    def redact(self, text: str) -> str:
        """The text with each secret replaced by ``***``, whole or line by line, plain or encoded."""
        for spelling in self._spellings:
            text = text.replace(spelling, "***")
        return text

    @cached_property
    def _spellings(self) -> tuple[str, ...]:
        """The longest first, because a secret may be a part of another."""
        found = {
            spelling
            for value in self.values
            for part in (value.strip(), *map(str.strip, value.splitlines()))
            if len(part) >= _SHORTEST_SECRET
            for spelling in _spelled(part)
        }
        return tuple(sorted(found, key=lambda spelling: (-len(spelling), spelling)))


def _spelled(secret: str) -> Iterator[str]:
    """A secret as it may come up in an address, in JSON, or somewhere inside of something base64-encoded."""
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    data = secret.encode("utf-8", "surrogateescape")
    for before in range(3):  # three bytes are four letters: where the secret begins decides how its letters come out
        encoded = base64.b64encode(bytes(before) + data)
        letters = encoded[(0, 2, 3)[before] : len(encoded) - (0, 3, 2)[(before + len(data)) % 3]].decode()
        if len(letters) >= _SHORTEST_SECRET:
            yield letters
            yield letters.replace("+", "-").replace("/", "_")


def _in_address(value: str) -> Iterator[str]:
    """The passwords of the addresses in a text: ``https://user:password@host``; a user alone is a token."""
    for found in _USERINFO.findall(value):
        password = found.partition(":")[2] or found
        yield password
        yield unquote(password)


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
