"""Conda channels on servers: what is there, and uploading by rattler-build's uploader.

Anaconda.org tells digest and labels of a release's files in one request; of other servers the channel's own index
(``repodata.json``) is read.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from release_tools import addresses
from release_tools.engine.routes import Channel, Server
from release_tools.errors import CredentialError, RemoteError, UnreachableError
from release_tools.model.artifact import Artifact
from release_tools.publishers.conda_channel import upload_worker
from release_tools.system.credentials import ANACONDA_TOKEN, read_token, without_credentials
from release_tools.system.http import TRANSIENT, Http, bare
from release_tools.system.process import ProcessError, run
from release_tools.system.sanitize import whole_words

TOKENS: Final[Mapping[Server, str]] = {
    Server.ANACONDA: ANACONDA_TOKEN,
    Server.QUETZ: "QUETZ_API_KEY",
    Server.PREFIX: "PREFIX_API_KEY",
    Server.ARTIFACTORY: "ARTIFACTORY_TOKEN",
}
"""Where each kind of server's token stands: the names that rattler-build reads."""

_WRITING: Final = frozenset({"all", "api", "api:write", "repos", "conda"})
_NOT_THERE: Final = 404
_FORBIDDEN: Final = frozenset({401, 403})
_SLOWEST: Final = 50_000
"""Bytes a second below which an upload is given up."""
_SHOWN: Final = 400


@dataclass(frozen=True)
class ChannelEntry:
    """A file by the names that a channel knows it under.

    Attributes:
        package: conda name.
        version: conda spelling.
        basename: ``noarch/demo-1.0-py_0.conda``.
    """

    package: str
    version: str
    basename: str

    @classmethod
    def of(cls, artifact: Artifact) -> Self:
        """Of one of our packages."""
        return cls.at(f"{artifact.subdir}/{artifact.filename}")

    @classmethod
    def at(cls, basename: str) -> Self:
        """From ``subdir/file``; the file is called ``NAME-VERSION-BUILD``."""
        stem = basename.rpartition("/")[2].removesuffix(".conda").removesuffix(".tar.bz2")
        package, version, _ = stem.rsplit("-", 2)
        return cls(package, version, basename)


@dataclass(frozen=True)
class ChannelFile:
    """A file on a channel.

    Attributes:
        sha256: lower-case hexadecimal; empty where the server does not say.
        labels: under which it is found; ``("main",)`` where the server has none.
    """

    sha256: str
    labels: tuple[str, ...] = ("main",)


def find_channel_files(
    http: Http, channel: Channel, package: str, version: str, subdirs: frozenset[str]
) -> Mapping[str, ChannelFile]:
    """What a channel has of one version of a package, by ``subdir/file``.

    One request for Anaconda.org, one a subdir elsewhere.

    Raises:
        RemoteError: the server cannot be reached, refuses, or answers something else.
    """
    if channel.server is Server.ANACONDA:
        return _anaconda(http, channel, package, version)
    found: dict[str, ChannelFile] = {}
    for subdir in sorted(subdirs):
        found |= _repodata(http, channel, package, version, subdir)
    return found


def _anaconda(http: Http, channel: Channel, package: str, version: str) -> Mapping[str, ChannelFile]:
    content = _read(http, f"{channel.api}/release/{channel.owner}/{package}/{version}")
    try:
        return {
            str(dist["basename"]): ChannelFile(str(dist.get("sha256") or "").lower(), tuple(map(str, dist["labels"])))
            for dist in content.get("distributions", ())
        }
    except (TypeError, KeyError, AttributeError):
        raise RemoteError(f"{channel.title} tells its files in a form that we do not know") from None


def _repodata(http: Http, channel: Channel, package: str, version: str, subdir: str) -> dict[str, ChannelFile]:
    content = _read(http, f"{channel.url}/{subdir}/repodata.json")
    records = {**content.get("packages", {}), **content.get("packages.conda", {})}
    return {
        f"{subdir}/{filename}": ChannelFile(str(record.get("sha256") or "").lower())
        for filename, record in records.items()
        if (record.get("name"), record.get("version")) == (package, version)
    }


def _read(http: Http, url: str) -> dict[str, Any]:
    answer = http.get(url, headers={"Accept": "application/json"})
    if answer.status == _NOT_THERE:
        return {}
    content = answer.json() if answer.ok else None
    if not isinstance(content, dict):
        raise RemoteError(f"{bare(url)} answered {answer.status}")
    return content


def token(channel: Channel, env: Mapping[str, str]) -> str | None:
    """The token for a channel's server; None where it is not set.

    Raises:
        CredentialError: it is malformed.
    """
    return read_token(env, TOKENS[channel.server])


def check_token(http: Http, channel: Channel, secret: str) -> str:
    """Whose token it is, where that can be known (Anaconda.org); empty elsewhere.

    Raises:
        CredentialError: the token is unknown, may not write, or is of an account that has no part in the owner's.
        RemoteError: the server cannot be reached.
    """
    if channel.server is not Server.ANACONDA:
        return ""
    told = _authorized(http, channel, secret, "authentication")
    scopes = {str(scope) for scope in told.get("scopes") or ()} if isinstance(told, dict) else set()
    if scopes and not scopes & _WRITING:
        raise CredentialError(
            f"{ANACONDA_TOKEN} may not write: its scopes are {', '.join(sorted(scopes))}",
            f"Make one with the scope api:write at {addresses.ANACONDA_SITE}/{channel.owner}/settings/access.",
        )
    user = _authorized(http, channel, secret, "user")
    login = str(user.get("login") or "") if isinstance(user, dict) else ""
    if login.lower() != channel.owner.lower():
        organizations = _authorized(http, channel, secret, "user/orgs")
        names = [str(one.get("login")) for one in organizations] if isinstance(organizations, list) else []
        if channel.owner.lower() not in map(str.lower, names):
            raise CredentialError(
                f"{ANACONDA_TOKEN} is {login}'s, who has no part in {channel.owner}",
                f"Set a token of {channel.owner}'s, or correct anaconda.owner.",
            )
    return login


def _authorized(http: Http, channel: Channel, secret: str, path: str) -> Any:  # noqa: ANN401 - JSON is anything
    answer = http.get(f"{channel.api}/{path}", headers=_authorization(secret))
    if answer.status in _FORBIDDEN:
        raise CredentialError(
            f"{channel.title} does not know {ANACONDA_TOKEN}: it answered {answer.status}",
            "The token may have expired: make another and set it.",
        )
    if not answer.ok:
        raise RemoteError(f"{bare(answer.url)} answered {answer.status}")
    return answer.json()


def upload(http: Http, channel: Channel, artifact: Artifact, secret: str) -> None:
    """Upload one package, once; never over another.

    Raises:
        CredentialError: the server refuses the token.
        RemoteError: the server refuses the file.
        UnreachableError: whether the file arrived is unknown.
    """
    request = {
        "server": channel.server.value,
        "path": str(artifact.path),
        "api": channel.api,
        "owner": channel.owner,
        "labels": [channel.label],
        "token": secret,
    }
    program = [sys.executable, "-P", str(Path(upload_worker.__file__))]
    limit = http.patience.timeout + artifact.size / _SLOWEST
    try:
        run(program, env=without_credentials(http.environment), stdin=json.dumps(request), timeout=limit)
    except ProcessError as error:
        raise _meaning(channel, artifact, error) from None


def relabel(http: Http, channel: Channel, file: ChannelEntry, secret: str, *, on: bool) -> None:
    """Put a file of Anaconda.org under the channel's label, or take it out; the file itself stays.

    Raises:
        CredentialError: the server refuses the token.
        RemoteError: it refuses otherwise, or cannot be reached.
    """
    url = f"{channel.api}/channels/{channel.owner}/{channel.label}"
    answer = http.send("POST" if on else "DELETE", url, headers=_authorization(secret), json=asdict(file))
    if answer.status in _FORBIDDEN:
        raise CredentialError(f"{channel.title} refused {ANACONDA_TOKEN}: {answer.status}", "Check what it may do.")
    if answer.status in TRANSIENT:
        raise UnreachableError(f"{bare(url)} answered {answer.status}")
    if not answer.ok:
        raise RemoteError(f"{bare(url)} answered {answer.status}")


def _authorization(secret: str) -> dict[str, str]:
    return {"Authorization": f"token {secret}"}


def _meaning(channel: Channel, artifact: Artifact, error: ProcessError) -> RemoteError | CredentialError:
    """What a failure of the uploader means; its last line tells."""
    said = (error.output.splitlines() or [error.message])[-1].rpartition("Error: ")[2]
    said = whole_words(said, _SHOWN)
    about = f"{channel.title}: {artifact.filename}: {said}"
    if any(status in said for status in ("HTTP 401", "HTTP 403", "(401 ", "(403 ")):
        return CredentialError(about, f"Check {TOKENS[channel.server]}: whose it is and what it may do.")
    if "already exists" in said or ("client error (4" in said and "(429 " not in said):
        return RemoteError(about)
    return UnreachableError(about)
