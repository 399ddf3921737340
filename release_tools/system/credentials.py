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

CONDA_SERVER_TOKENS: Final = ("QUETZ_API_KEY", "PREFIX_API_KEY", "ARTIFACTORY_TOKEN", "CLOUDSMITH_API_KEY")

PUBLISHING: Final = (PYPI_PASSWORD, ANACONDA_TOKEN, *CONDA_SERVER_TOKENS, CONDA_FORGE_TOKEN, OIDC_URL, OIDC_TOKEN)
"""Variables by which release-tools itself publishes; `find_visible_credentials` adds every other secret."""

_REFUSED: Final = (
    "Build in a job or shell without them and publish in another: release-tools build, then release-tools publish."
    " If you trust every build requirement: --allow-credentials-in-build."
)
_SECRET_NAME: Final = re.compile(
    r"(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|APIKEY)S?(?![A-Z])"
    r"|(?:^|_)(?:PAT|AUTH|PASS|KEY)S?[0-9]*(?:_|$)"  # a whole word: PATH, AUTHOR and KEYBOARD are none
    r"|(?:PASS|AUTH|KEY)[0-9]*$",
    re.ASCII,
)
_USERINFO: Final = re.compile(r"(?<=://)([^/@\s]{1,500})@")
_TOKEN_VALUE: Final = re.compile(
    r"(?:pypi-[A-Za-z0-9_-]{16,}|gh[a-z]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|glpat-[A-Za-z0-9_-]{16,}"
    r"|AKIA[A-Z0-9]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----)"
)
"""The values of credentials that are known by their form, whatever the variable is called."""
_NOT_SECRET: Final = frozenset(
    {
        OIDC_URL, "GIT_ASKPASS", "GPG_KEY", "PASSWORD_STORE_DIR", "SSH_ASKPASS", "SSH_AUTH_SOCK", "SUDO_ASKPASS",
        "XAUTHORITY",
    }
)  # fmt: skip
"""Names that the pattern hits: sockets, programs, folders, and the public key that the Python images name."""
_JOB_CREDENTIALS: Final[Mapping[str, frozenset[str]]] = {
    "GITLAB_CI": frozenset(
        {
            "CI_BUILD_TOKEN", "CI_DEPENDENCY_PROXY_PASSWORD", "CI_DEPLOY_PASSWORD", "CI_JOB_TOKEN",
            "CI_REGISTRY_PASSWORD", "CI_REPOSITORY_URL", "CI_SERVER_TLS_KEY_FILE",
        }
    ),
    "CIRCLECI": frozenset({"CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2"}),
    "BUILDKITE": frozenset({"BUILDKITE_AGENT_ACCESS_TOKEN"}),
}  # fmt: skip
"""Credentials that a CI service gives to every job, by the variable that shows the service; no setting removes them."""
_AGENTS: Final = frozenset({"GPG_AGENT_INFO", "SSH_AGENT_PID", "SSH_AUTH_SOCK"})
_SWITCHES: Final = frozenset({"", "0", "1", "true", "false", "yes", "no", "on", "off", "none"})
_WITHHELD_PREFIXES: Final = ("ACTIONS_", "GITHUB_", "RUNNER_", "TWINE_", "GIT_", "PYTHON", "RELEASE_TOOLS_")
_OUR_PREFIX: Final = "RELEASE_TOOLS_"
_SHORTEST_SECRET: Final = 6


def is_secret(name: str) -> bool:
    """Return whether a variable of that name holds a secret, judging by its name."""
    name = name.upper()
    return name not in _NOT_SECRET and not name.startswith(_OUR_PREFIX) and _SECRET_NAME.search(name) is not None


def remove_credentials(env: Mapping[str, str]) -> dict[str, str]:
    """Return what a program that runs other people's code may be given.

    No secret is in it, no agent that signs or logs in, and nothing of the job, of git or of Python. Addresses with a
    password are left as they are: `refuse_credentials` and `cleaned` keep them from a build that is not allowed to read
    them.
    """
    return {
        name: value
        for name, value in env.items()
        if not is_secret(name)
        and not _TOKEN_VALUE.search(value)
        and name.upper() not in _AGENTS
        and not name.upper().startswith(_WITHHELD_PREFIXES)
    }


def find_visible_credentials(env: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the variables that hold a credential, or an address with a password.

    Leaving them out of the environment of a program is not enough: on Linux it can read that of the processes above it.
    """
    return tuple(name for name, value in env.items() if _is_credential(name, value))


def refuse_credentials(env: Mapping[str, str], *, allowed: bool) -> tuple[str, ...]:
    """Return `find_visible_credentials`, where they are allowed.

    Raises:
        CredentialError: there are some, and they are not allowed.
    """
    present = find_visible_credentials(env)
    if present and not allowed:
        raise CredentialError(f"{', '.join(present)}: set while other people's code is about to be run", _REFUSED)
    return present


def clean_variables(env: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without credentials, for a command that needs none; addresses lose their passwords."""
    return {
        name: _USERINFO.sub("", value)
        for name, value in env.items()
        if not (_is_credential(name, _USERINFO.sub("", value)) or name.startswith("ACTIONS_ID_TOKEN_REQUEST_"))
    }


def without_job_credentials(env: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without the credentials that a CI service gives to every job.

    Those that somebody configured for the job stay: a build refuses them, as they can be configured for another job.
    """
    given = {name for service, names in _JOB_CREDENTIALS.items() if env.get(service) == "true" for name in names}
    return {name: value for name, value in env.items() if name not in given}


def _is_credential(name: str, value: str) -> bool:
    if value.lower() in _SWITCHES:
        return False
    known = name in PUBLISHING or is_secret(name)
    return known or _USERINFO.search(value) is not None or _TOKEN_VALUE.search(value) is not None


@dataclass(eq=False, repr=False)
class Secrets:
    """The secret values that must never be shown, and how to take them out of a text."""

    values: tuple[str, ...] = ()

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Self:
        """Return every secret of an environment: by the variables' names, by their form, and in addresses."""
        named = (
            value
            for name, value in env.items()
            if (is_secret(name) or _TOKEN_VALUE.search(value)) and value.lower() not in _SWITCHES
        )
        return cls(
            tuple(dict.fromkeys((*named, *(found for value in env.values() for found in _find_in_address(value)))))
        )

    def redact(self, text: str) -> str:
        """Return the text with each secret replaced by ``***``, whole or line by line, plain or encoded."""
        for spelling in self._spellings:
            text = text.replace(spelling, "***")
        return text

    @cached_property
    def _spellings(self) -> tuple[str, ...]:
        """Return the longest first, because a secret may be a part of another."""
        found = {
            spelling
            for value in self.values
            for part in (value.strip(), *map(str.strip, value.splitlines()))
            if len(part) >= _SHORTEST_SECRET
            for spelling in _list_spellings(part)
        }
        return tuple(sorted(found, key=lambda spelling: (-len(spelling), spelling)))


def _list_spellings(secret: str) -> Iterator[str]:
    """Yield a secret as it may occur in an address, in JSON, or inside of something that is base64-encoded."""
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


def _find_in_address(value: str) -> Iterator[str]:
    """Yield the passwords of the addresses in a text: ``https://user:password@host``; a user alone is a token."""
    for found in _USERINFO.findall(value):
        password = found.partition(":")[2] or found
        yield password
        yield unquote(password)


def read_token(env: Mapping[str, str], name: str) -> str | None:
    """Return the token of that name; None where it is not set or empty.

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
