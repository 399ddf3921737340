"""Upload to a package index by twine, as a library, with the credentials that twine itself would find."""

import io
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin
from zipfile import BadZipFile

from release_tools.artifacts.manifest import copy_privately
from release_tools.errors import ConfigError, CredentialError, RemoteError, UnreachableError, VerifyError
from release_tools.model.artifact import Artifact
from release_tools.publishers.package_index.index import Index
from release_tools.regular_files import read_regular_file
from release_tools.system.credentials import PYPI_PASSWORD, read_token
from release_tools.system.http import TRANSIENT, Http, shorten_reason, strip_address
from release_tools.system.retries import parse_retry_after
from release_tools.system.sanitize import escape_words
from release_tools.system.tool_settings import TWINE

if TYPE_CHECKING:
    from configparser import RawConfigParser

    import requests
    from twine.package import PackageFile
    from twine.repository import Repository

_TOKEN_USER: Final = "__token__"  # noqa: S105 - the user name that goes with a token
_LARGEST_PYPIRC: Final = 1_000_000
_FORBIDDEN: Final = frozenset({401, 403})
_REFUSED_FOR_GOOD: Final = frozenset({400, 409, 413, 415, 422})
_FILES_MUST_CHANGE: Final = (
    "The same file will be refused again: fix what the answer names, and build again. Where other files of this version"
    " are published already, release a new version."
)
_MESSAGE_LENGTH: Final = 400


@dataclass(frozen=True)
class Login:
    """Describe what is sent to an index with every upload.

    Attributes:
        username: ``__token__`` for API tokens.
        password: the password or token.
        source: where it was found, for people.
        lifetime: seconds for which it may be used.
    """

    username: str
    password: str = field(repr=False)
    source: str
    lifetime: float = inf


def find_stored_login(index: Index, env: Mapping[str, str]) -> Login | None:
    """Return the stored login: from the environment, ``.pypirc`` or the keyring, in twine's order.

    Args:
        index: the index.
        env: the environment: ``TWINE_USERNAME``, ``TWINE_PASSWORD``, and the home folder of ``.pypirc``.

    Returns:
        None where there is none, which leaves trusted publishing.

    Raises:
        CredentialError: the password is malformed.
        ConfigError: ``.pypirc`` is malformed.
    """
    env = TWINE.apply(env)
    username = env.get("TWINE_USERNAME") or ""
    if password := read_token(env, PYPI_PASSWORD):
        return Login(username or _TOKEN_USER, password, PYPI_PASSWORD)
    section = _read_pypirc(index, env)
    username = username or section.get("username") or (_TOKEN_USER if index.audience else "")
    if password := section.get("password"):
        return Login(username or _TOKEN_USER, password, ".pypirc")
    return _ask_keyring(index, username)


def _read_pypirc(index: Index, env: Mapping[str, str]) -> Mapping[str, str]:
    """Return the section of the user's ``.pypirc`` about an index, found by the index's address."""
    home = env.get("HOME") or env.get("USERPROFILE") or ""
    path = Path(home, ".pypirc")
    # A file in the current folder, which may be anybody's checkout, is not the user's.
    if not Path(home).is_absolute() or not path.is_file():
        return {}
    parser = _parse_pypirc(path)
    for name in parser.sections():
        address = parser.get(name, "repository", fallback=index.upload if name == index.name else "")
        if address.rstrip("/") == index.upload.rstrip("/"):
            return dict(parser.items(name))
    return {}


def _parse_pypirc(path: Path) -> "RawConfigParser":
    from configparser import Error, RawConfigParser

    parser = RawConfigParser()
    try:
        parser.read_string(read_regular_file(path, _LARGEST_PYPIRC).decode("utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}", "Check its permissions and its size.") from None
    except (Error, UnicodeDecodeError):
        # The parser's own message would show the line, which may hold the password.
        raise ConfigError(f"{path}: malformed", "See https://packaging.python.org/specifications/pypirc/") from None
    return parser


def _ask_keyring(index: Index, username: str) -> Login | None:
    from twine.auth import CredentialInput, Private

    resolver = Private({"repository": index.upload}, CredentialInput(username or None))
    username = username or resolver.get_username_from_keyring() or ""
    if not username:
        return None
    resolver.input.username = username
    password = resolver.get_password_from_keyring()
    return Login(username, password, "the keyring") if password else None


class Uploader:
    """Uploads files to one index over one connection; logs in when the first file is sent."""

    def __init__(self, http: Http, index: Index, attest: Callable[[Path], str] | None = None) -> None:
        """Prepare to upload.

        Args:
            http: the session.
            index: the index.
            attest: returns a file's attestation as JSON; None to upload without.
        """
        self._http = http
        self._index = index
        self._attest = attest
        self._login: Login | None = None
        self._expires = 0.0
        self._repository: Repository | None = None

    @contextmanager
    def connect(self) -> Iterator[None]:
        """Silence twine's own output, as standard output is the console's, and close the connection at the end."""
        with redirect_stdout(io.StringIO()):
            try:
                yield
            finally:
                if self._repository is not None:
                    self._repository.close()
                    self._repository = None

    def upload(self, artifact: Artifact, log_in: Callable[[], Login]) -> None:
        """Upload one file, once.

        Args:
            artifact: the file.
            log_in: returns a login; called for the first file, and again when the login has expired.

        Raises:
            CredentialError: the index refuses the login.
            RemoteError: the index refuses the file.
            UnreachableError: whether the file arrived is unknown.
            VerifyError: the file is not a distribution, or no longer what was built.
        """
        with tempfile.TemporaryDirectory(prefix="release-tools-") as folder:
            self._upload(copy_privately(artifact, Path(folder)), log_in)

    def _upload(self, artifact: Artifact, log_in: Callable[[], Login]) -> None:
        import requests

        package = self._make_package_file(artifact)
        if self._attest is not None:
            package.attestations = [json.loads(self._attest(artifact.path))]
        if self._login is None or monotonic() >= self._expires:
            self._login = log_in()
            self._expires = monotonic() + self._login.lifetime
        try:
            response = self._connect().upload(package, max_redirects=1)
        except requests.RequestException as error:
            raise UnreachableError(
                f"{strip_address(self._index.upload)} could not be reached: {shorten_reason(error)}"
            ) from error
        self._check_response(artifact.filename, self._login, response)

    def _make_package_file(self, artifact: Artifact) -> "PackageFile":
        from twine.exceptions import TwineException
        from twine.package import PackageFile

        try:
            return PackageFile.from_filename(str(artifact.path), None)
        except (TwineException, OSError, ValueError, BadZipFile) as error:
            raise VerifyError(f"{artifact.filename}: no index accepts this distribution: {error}") from error

    def _connect(self) -> "Repository":
        from twine.repository import Repository

        if self._repository is None:
            repository = Repository(self._index.upload, None, None, disable_progress_bar=True)
            session = self._http.new_session()
            session.auth, session.headers = self._authorize, repository.session.headers
            repository.session = session
            self._repository = repository
        return self._repository

    def _authorize(self, request: "requests.PreparedRequest") -> "requests.PreparedRequest":
        from requests.auth import HTTPBasicAuth

        if self._login is None:
            raise AssertionError("a request is sent after the login")
        HTTPBasicAuth(self._login.username, self._login.password)(request)
        return request

    def _check_response(self, filename: str, login: Login, response: "requests.Response") -> None:
        if response.ok and not response.is_redirect:
            return
        title, status, message = self._index.title, response.status_code, _read_message(response)
        if status in _FORBIDDEN:
            raise CredentialError(
                f"{title} refused the login from {login.source}: {status} {message}",
                "Check that the token is for this index, is valid, and may upload this project.",
            )
        if status in TRANSIENT:
            error = UnreachableError(f"{title} answered {status} to {filename}")
            error.wait = parse_retry_after(response.headers.get("Retry-After", ""))
            raise error
        if response.is_redirect:
            target = urljoin(self._index.upload, response.headers.get("Location", ""))
            raise RemoteError(
                f"{title} refused {filename}: {status}, redirected to {strip_address(target)}",
                "Set that address in the configuration.",
            )
        advice = _FILES_MUST_CHANGE if status in _REFUSED_FOR_GOOD else ""
        raise RemoteError(f"{title} refused {filename}: {status} {message}", advice)


def _read_message(response: "requests.Response") -> str:
    """Return a refusal in the index's own words, in one line: PyPI uses the reason phrase, others the body."""
    if len(response.reason or "") > len("Bad Request"):
        return escape_words(response.reason, _MESSAGE_LENGTH)
    text = re.sub(r"<[^<>]*>", " ", response.text[:20_000])
    return escape_words(text or response.reason or "", _MESSAGE_LENGTH)
