"""Define a kind of conda server; each kind is a file in this folder and a line in `servers`."""

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from release_tools.config.schema import Config
from release_tools.engine.context import Context
from release_tools.errors import ConfigError, CredentialError, RemoteError, UnreachableError
from release_tools.model.artifact import Artifact
from release_tools.model.note import Note, State
from release_tools.publishers.base import CheckResult, Unconfigured
from release_tools.publishers.conda_channel import upload_worker
from release_tools.system.credentials import read_token, remove_credentials
from release_tools.system.http import strip_address
from release_tools.system.process import ProcessError, run
from release_tools.system.sanitize import escape_words

MAIN_LABEL: Final = "main"
_MISSING: Final = 404
_SLOWEST_UPLOAD: Final = 50_000
"""Bytes a second; a slower upload is given up."""
_MESSAGE_LENGTH: Final = 400


@dataclass(frozen=True)
class Channel:
    """A conda channel, as the configuration names it.

    Attributes:
        name: in the configuration and in receipts: ``anaconda``.
        server: the kind of its server: a key of `servers.SERVERS`.
        url: of the channel, as conda installs from it; a ``file://`` address for a folder.
        api: where uploads go.
        owner: account or channel name; empty for a folder.
        label: on Anaconda.org, where users choose by it; empty elsewhere.
    """

    name: str
    server: str
    url: str
    api: str = ""
    owner: str = ""
    label: str = ""

    @property
    def origins(self) -> tuple[str, ...]:
        """Return the addresses whose hosts may be asked; none for a folder."""
        return tuple(url for url in (self.api, self.url) if url.startswith("http"))

    @property
    def base(self) -> "Channel":
        """Return the channel with all its labels: under ``main``."""
        return self.under_label(MAIN_LABEL) if self.label else self

    def under_label(self, label: str) -> "Channel":
        """Return the same channel under another label."""
        root = self.url.partition("/label/")[0]
        return replace(self, label=label, url=root if label == MAIN_LABEL else f"{root}/label/{label}")


@dataclass(frozen=True)
class ChannelEntry:
    """A file as a channel names it.

    Attributes:
        package: conda name.
        version: conda spelling.
        basename: ``noarch/demo-1.0-py_0.conda``.
    """

    package: str
    version: str
    basename: str

    @classmethod
    def from_artifact(cls, artifact: Artifact) -> Self:
        """Return the entry of one of our packages."""
        return cls.from_basename(artifact.key)

    @classmethod
    def from_basename(cls, basename: str) -> Self:
        """Return the entry of ``subdir/NAME-VERSION-BUILD.conda``."""
        stem = basename.rpartition("/")[2].removesuffix(".conda").removesuffix(".tar.bz2")
        package, version, _ = stem.rsplit("-", 2)
        return cls(package, version, basename)


@dataclass(frozen=True)
class ChannelFile:
    """A file on a channel.

    Attributes:
        sha256: lower-case hexadecimal; empty where the server does not say.
        labels: on Anaconda.org; ``("main",)`` elsewhere.
    """

    sha256: str
    labels: tuple[str, ...] = ("main",)


class ChannelServer(ABC):
    """One channel on one kind of server.

    Attributes:
        kind: the word before ``+https://`` in an address, or the name of the server in a route.
        address_prefix: how an address of this kind begins: ``quetz+``; empty where routes name it by its kind.
        token_variable: the environment variable that holds the token; empty where none is needed.
        token_advice: where a person gets the token.
        url_output: the output of the GitHub Action that links to the channel.
        has_labels: whether files have labels, by which users choose what they install.
        channel: the channel.
    """

    kind: ClassVar[str]
    address_prefix: ClassVar[str] = ""
    token_variable: ClassVar[str] = ""
    token_advice: ClassVar[str] = ""
    url_output: ClassVar[str] = ""
    has_labels: ClassVar[bool] = False

    def __init__(self, context: Context, channel: Channel) -> None:
        self._context = context
        self.channel = channel

    @classmethod
    @abstractmethod
    def parse(cls, name: str, address: str, config: Config) -> Channel | Unconfigured:
        """Return the channel that an address names.

        Args:
            name: the channel's name in the configuration.
            address: without the prefix; the label where routes name the server by its kind.
            config: the project's settings.

        Raises:
            ConfigError: the address names no channel.
        """

    @property
    def title(self) -> str:
        """Return the channel's name for people."""
        return self.channel.url

    @property
    def group(self) -> str:
        """Return the name under which reports group it."""
        return self.title

    @property
    def job_title(self) -> str:
        """Return the name of the job that publishes there, for people."""
        return self.channel.name

    def page(self, entry: ChannelEntry) -> str:
        """Return where people see a file."""
        return f"{self.channel.url}/{entry.basename}"

    @property
    def has_credentials(self) -> bool:
        """Return whether this process has what it takes to upload."""
        return not self.token_variable or read_token(self._context.env, self.token_variable) is not None

    def has_label(self, file: ChannelFile) -> bool:  # noqa: ARG002 - most servers have no labels
        """Return whether a file is found by those who install from this channel."""
        return True

    @abstractmethod
    def find_files(self, package: str, version: str, subdirs: frozenset[str]) -> Mapping[str, ChannelFile]:
        """Return the files of one version of a package, by ``subdir/file``.

        Args:
            package: conda name.
            version: conda spelling.
            subdirs: to search; a server that lists a version in one request may return others too.

        Raises:
            RemoteError: the server cannot be reached, refuses, or answers something unknown.
        """

    @abstractmethod
    def check_write_access(self) -> Iterator[CheckResult]:
        """Check, as far as possible without writing, that packages may be uploaded.

        Raises:
            CredentialError: the token is missing, or may not upload.
            RemoteError: the server cannot be reached.
        """

    @abstractmethod
    def upload(self, artifact: Artifact, path: Path) -> None:
        """Upload one package, once; never over another.

        Args:
            artifact: the package.
            path: a private copy of its bytes.

        Raises:
            CredentialError: the server refuses the token.
            RemoteError: the server refuses the file.
            UnreachableError: whether the file arrived is unknown.
            OutputError: the folder cannot be written to.
        """

    def add_label(self, entry: ChannelEntry) -> None:
        """Add this channel's label to a file that is there under another one."""
        raise AssertionError(f"{self.kind} has no labels, so {entry.basename} cannot lack one")

    def remove_label(self, entry: ChannelEntry) -> None:
        """Remove this channel's label from a file; the file itself stays."""
        raise AssertionError(f"{self.kind} has no labels, so {entry.basename} cannot lose one")

    def with_label(self, label: str) -> Self:  # noqa: ARG002 - most servers have no labels
        """Return the same channel under another label, where the server has labels."""
        return self


class RattlerServer(ChannelServer):
    """A server that rattler-build's uploader knows, and whose files are listed in ``repodata.json``.

    Attributes:
        upload_function: the uploader in `rattler_build.upload`.
    """

    upload_function: ClassVar[str]

    @classmethod
    def parse(cls, name: str, address: str, config: Config) -> Channel | Unconfigured:  # noqa: ARG003 - the address says it all
        """Return the channel of ``https://HOST/…/CHANNEL``."""
        url = address.rstrip("/")
        root, _, owner = url.rpartition("/")
        if not owner or "://" not in root or root.endswith("/"):
            raise ConfigError(
                f"{cls.address_prefix}{address}: the address names no channel", "Write it as https://HOST/CHANNEL."
            )
        return Channel(name, cls.kind, url, cls.api_root(root), owner)

    @classmethod
    def api_root(cls, root: str) -> str:
        """Return where uploads go, by the address that users install from, without the channel's name."""
        return root

    def find_files(self, package: str, version: str, subdirs: frozenset[str]) -> Mapping[str, ChannelFile]:
        """Return the files of one version, by one request a subdir."""
        found = {}
        for subdir in sorted(subdirs):
            content = self._read_json(f"{self.channel.url}/{subdir}/repodata.json")
            records = {**content.get("packages", {}), **content.get("packages.conda", {})}
            for filename, record in records.items():
                if (record.get("name"), record.get("version")) == (package, version):
                    found[f"{subdir}/{filename}"] = ChannelFile(str(record.get("sha256") or "").lower())
        return found

    def check_write_access(self) -> Iterator[CheckResult]:
        """Check that there is a token; these servers do not say what it may do."""
        self._token()
        yield Note(State.DONE, f"{self.token_variable} is set", self.title)

    def upload(self, artifact: Artifact, path: Path) -> None:
        """Upload one package by rattler-build, in a process of its own."""
        request = {
            "function": self.upload_function,
            "path": str(path),
            "arguments": self.upload_arguments(self._token()),
        }
        program = [sys.executable, "-P", str(Path(upload_worker.__file__))]
        http = self._context.http
        limit = http.retry_policy.timeout + artifact.size / _SLOWEST_UPLOAD
        try:
            run(program, env=remove_credentials(http.environment), stdin=json.dumps(request), timeout=limit)
        except ProcessError as error:
            raise self._upload_error(artifact, error) from None

    def upload_arguments(self, token: str) -> dict[str, Any]:
        """Return the keyword arguments of the upload function, besides the package."""
        return {"url": self.channel.api, "channels": self.channel.owner, "api_key": token}

    def _token(self) -> str:
        token = read_token(self._context.env, self.token_variable)
        if token is None:
            raise CredentialError(
                f"no token for {self.title}", f"Set {self.token_variable}, or remove the channel from the route."
            )
        return token

    def _read_json(self, url: str) -> dict[str, Any]:
        response = self._context.http.get(url, headers={"Accept": "application/json"})
        if response.status == _MISSING:
            return {}
        content = response.json() if response.ok else None
        if not isinstance(content, dict):
            raise RemoteError(f"{strip_address(url)} answered {response.status}")
        return content

    def _upload_error(self, artifact: Artifact, error: ProcessError) -> RemoteError | CredentialError:
        """Return what a failure of the uploader means; its last line says it."""
        last = (error.output.splitlines() or [error.message])[-1].rpartition("Error: ")[2]
        reason = escape_words(last, _MESSAGE_LENGTH)
        message = f"{self.title}: {artifact.filename}: {reason}"
        if any(status in reason for status in ("HTTP 401", "HTTP 403", "(401 ", "(403 ")):
            return CredentialError(message, f"Check {self.token_variable}: its account and what it may do.")
        return RemoteError(message) if _is_final(reason) else UnreachableError(message)


def _is_final(reason: str) -> bool:
    """Return whether the uploader would fail in the same way again."""
    return "already exists" in reason or ("client error (4" in reason and "(429 " not in reason)
