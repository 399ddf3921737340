"""Publish to a channel on Anaconda.org, whose labels say which users find a file.

https://api.anaconda.org/docs
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final, Self

from release_tools import addresses
from release_tools.config.schema import Config
from release_tools.errors import CredentialError, RemoteError, UnreachableError
from release_tools.model.note import Note, State
from release_tools.publishers.base import CheckResult, Unconfigured
from release_tools.publishers.conda_channel.channel_server import (
    MAIN_LABEL,
    Channel,
    ChannelEntry,
    ChannelFile,
    RattlerServer,
)
from release_tools.system.credentials import ANACONDA_TOKEN
from release_tools.system.http import TRANSIENT, strip_address

_WRITE_SCOPES: Final = frozenset({"all", "api", "api:write", "repos", "conda"})
_FORBIDDEN: Final = frozenset({401, 403})


class AnacondaServer(RattlerServer):
    """A channel on Anaconda.org, or on another server with its API: ``anaconda`` or ``anaconda:LABEL``."""

    kind = "anaconda"
    token_variable = ANACONDA_TOKEN
    token_advice = (
        f"Create it at {addresses.ANACONDA_SITE}, Settings, Access, with the scope api:write"
        " (and for a first release, api:read)."
    )
    url_output = "anaconda-url"
    has_labels = True
    upload_function = "upload_package_to_anaconda"

    @classmethod
    def parse(cls, name: str, address: str, config: Config) -> Channel | Unconfigured:
        """Return the configured owner's channel; the address is its label."""
        if not config.anaconda.owner:
            advice = 'Set anaconda.owner, or remove "anaconda" from the route.'
            return Unconfigured(":".join(filter(None, (name, address))), "no Anaconda.org owner is configured", advice)
        api = (config.anaconda.url or addresses.ANACONDA_API).rstrip("/")
        root = addresses.ANACONDA_CHANNEL if api == addresses.ANACONDA_API else api
        channel = Channel(name, cls.kind, f"{root}/{config.anaconda.owner}", api, config.anaconda.owner, MAIN_LABEL)
        return channel.under_label(address or MAIN_LABEL)

    @property
    def title(self) -> str:
        """Return ``Anaconda.org/OWNER``, with the label unless it is ``main``."""
        label = f"/label/{self.channel.label}" if self.channel.label != MAIN_LABEL else ""
        return f"Anaconda.org/{self.channel.owner}{label}"

    @property
    def group(self) -> str:
        """Return ``Anaconda.org``, for all labels."""
        return "Anaconda.org"

    @property
    def job_title(self) -> str:
        """Return ``Anaconda.org``."""
        return self.group

    def page(self, entry: ChannelEntry) -> str:
        """Return the package's page, where the server has pages."""
        if self.channel.api != addresses.ANACONDA_API:
            return super().page(entry)
        return f"{addresses.ANACONDA_SITE}/{self.channel.owner}/{entry.package}"

    def with_label(self, label: str) -> Self:
        """Return the same channel under another label."""
        return type(self)(self._context, self.channel.under_label(label))

    def has_label(self, file: ChannelFile) -> bool:
        """Return whether a file has this channel's label."""
        return self.channel.label in file.labels

    def find_files(self, package: str, version: str, subdirs: frozenset[str]) -> Mapping[str, ChannelFile]:  # noqa: ARG002 - one request has all
        """Return the files of one version under every label and subdir, by one request."""
        content = self._read_json(f"{self.channel.api}/release/{self.channel.owner}/{package}/{version}")
        found = {}
        try:
            for file in content.get("distributions", ()):
                labels = tuple(str(label) for label in file["labels"])
                found[str(file["basename"])] = ChannelFile(str(file.get("sha256") or "").lower(), labels)
        except (TypeError, KeyError, AttributeError):
            raise RemoteError(f"{self.title}: the server lists its files in an unknown form") from None
        return found

    def check_write_access(self) -> Iterator[CheckResult]:
        """Check the token's scopes, and that its account belongs to the channel's owner."""
        token, owner = self._token(), self.channel.owner
        scopes = self._read_scopes(token)
        if scopes and not scopes & _WRITE_SCOPES:
            raise CredentialError(
                f"{ANACONDA_TOKEN} may not upload: its scopes are {', '.join(sorted(scopes))}",
                f"Create one with the scope api:write at {addresses.ANACONDA_SITE}/{owner}/settings/access.",
            )
        user = self._get_authorized(token, "user")
        login = str(user.get("login") or "") if isinstance(user, dict) else ""
        if login.lower() != owner.lower() and owner.lower() not in self._read_organizations(token):
            raise CredentialError(
                f"{ANACONDA_TOKEN} belongs to {login}, who is not a member of {owner}",
                f"Set a token of {owner}, or correct anaconda.owner.",
            )
        yield Note(State.DONE, f"{ANACONDA_TOKEN} may upload to {self.title}", login)

    def _read_scopes(self, token: str) -> set[str]:
        """Return what a token may do; empty where the server does not say."""
        authentication = self._get_authorized(token, "authentication")
        scopes = authentication.get("scopes") if isinstance(authentication, dict) else None
        return set(map(str, scopes or ()))

    def _read_organizations(self, token: str) -> set[str]:
        """Return the organizations of a token's account, in lower case."""
        organizations = self._get_authorized(token, "user/orgs")
        if not isinstance(organizations, list):
            return set()
        return {str(one.get("login")).lower() for one in organizations}

    def upload_arguments(self, token: str) -> dict[str, Any]:
        """Return the keyword arguments of the upload function, besides the package."""
        channel = self.channel
        return {"owner": channel.owner, "channel": [channel.label], "api_key": token, "url": channel.api}

    def add_label(self, entry: ChannelEntry) -> None:
        """Add this channel's label to a file; the file itself stays as it is.

        Raises:
            CredentialError: the server refuses the token.
            RemoteError: it refuses otherwise, or cannot be reached.
        """
        self._change_label("POST", entry)

    def remove_label(self, entry: ChannelEntry) -> None:
        """Remove this channel's label from a file; the file itself stays.

        Raises:
            CredentialError: the server refuses the token.
            RemoteError: it refuses otherwise, or cannot be reached.
        """
        self._change_label("DELETE", entry)

    def _change_label(self, method: str, entry: ChannelEntry) -> None:
        url = f"{self.channel.api}/channels/{self.channel.owner}/{self.channel.label}"
        response = self._context.http.send(method, url, headers=_make_authorization(self._token()), json=asdict(entry))
        if response.status in _FORBIDDEN:
            raise CredentialError(
                f"{self.title} refused {ANACONDA_TOKEN}: {response.status}", "Check what the token may do."
            )
        if response.status in TRANSIENT:
            raise UnreachableError(f"{strip_address(url)} answered {response.status}")
        if not response.ok:
            raise RemoteError(f"{strip_address(url)} answered {response.status}")

    def _get_authorized(self, token: str, path: str) -> Any:  # noqa: ANN401 - JSON is anything
        response = self._context.http.get(f"{self.channel.api}/{path}", headers=_make_authorization(token))
        if response.status in _FORBIDDEN:
            raise CredentialError(
                f"{self.title} does not accept {ANACONDA_TOKEN}: it answered {response.status}",
                "The token may have expired: create another one and set it.",
            )
        if not response.ok:
            raise RemoteError(f"{strip_address(response.url)} answered {response.status}")
        return response.json()


def _make_authorization(token: str) -> dict[str, str]:
    return {"Authorization": f"token {token}"}
