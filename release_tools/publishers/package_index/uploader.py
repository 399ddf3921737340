"""Uploading to a package index: twine, as a library, with the credentials that twine itself would find."""

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urljoin
from zipfile import BadZipFile

from release_tools.artifacts.manifest import check_unchanged, find_changed
from release_tools.engine.routes import Index
from release_tools.errors import ConfigError, CredentialError, RemoteError, UnreachableError, VerifyError
from release_tools.model.artifact import Artifact
from release_tools.system.credentials import PYPI_PASSWORD, read_token
from release_tools.system.http import TRANSIENT, Http, bare, reason, seconds
from release_tools.system.sanitize import whole_words

if TYPE_CHECKING:
    import requests
    from twine.package import PackageFile
    from twine.repository import Repository

_TOKEN_USER: Final = "__token__"  # noqa: S105 - the user name that goes with a token
_FORBIDDEN: Final = frozenset({401, 403})
_REFUSED_FOR_GOOD: Final = frozenset({400, 409, 413, 415, 422})
_FILES_MUST_CHANGE: Final = (
    "The same file will be refused again: correct what the answer names, and build again. Where other files of this"
    " version are there already, release under a new version."
)
_SHOWN: Final = 400


@dataclass(frozen=True)
class Login:
    """What an index is shown with every upload.

    Attributes:
        username: ``__token__`` for API tokens.
        password: the password or token.
        source: where it was found, for a person.
        lasts: seconds for which it may be used.
    """

    username: str
    password: str = field(repr=False)
    source: str
    lasts: float = inf


def stored_login(index: Index, env: Mapping[str, str]) -> Login | None:
    """The login that lies ready: from the environment, ``.pypirc`` or the keyring, in twine's order.

    Args:
        index: to upload to.
        env: the environment: ``TWINE_USERNAME``, ``TWINE_PASSWORD``, and the home folder of ``.pypirc``.

    Returns:
        None where there is none, which leaves trusted publishing.

    Raises:
        CredentialError: the password is malformed.
        ConfigError: ``.pypirc`` is.
    """
    username = env.get("TWINE_USERNAME") or ""
    if password := read_token(env, PYPI_PASSWORD):
        return Login(username or _TOKEN_USER, password, PYPI_PASSWORD)
    section = _pypirc(index, env)
    username = username or section.get("username") or (_TOKEN_USER if index.audience else "")
    if password := section.get("password"):
        return Login(username or _TOKEN_USER, password, ".pypirc")
    return _keyring(index, username)


def _pypirc(index: Index, env: Mapping[str, str]) -> Mapping[str, str]:
    """The section of ``.pypirc`` about an index, by the index's address."""
    from configparser import Error, RawConfigParser

    path = Path(env.get("HOME") or env.get("USERPROFILE") or "", ".pypirc")
    if not path.is_file():
        return {}
    parser = RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8"))
    except (Error, UnicodeDecodeError):
        # The parser's own words would show the line, which may be the password's.
        raise ConfigError(f"{path}: malformed", "See https://packaging.python.org/specifications/pypirc/") from None
    for name in parser.sections():
        address = parser.get(name, "repository", fallback=index.upload if name == index.name else "")
        if address.rstrip("/") == index.upload.rstrip("/"):
            return dict(parser.items(name))
    return {}


def _keyring(index: Index, username: str) -> Login | None:
    from twine.auth import CredentialInput, Private

    resolver = Private({"repository": index.upload}, CredentialInput(username or None))
    username = username or resolver.get_username_from_keyring() or ""
    if not username:
        return None
    resolver.input.username = username
    password = resolver.get_password_from_keyring()
    return Login(username, password, "the keyring") if password else None


class _Fresh:
    """The login, asked for when it is first needed, and again once it has grown old."""

    def __init__(self, ask: Callable[[], Login]) -> None:
        self._ask = ask
        self._known: tuple[Login, float] | None = None

    def __call__(self) -> Login:
        if self._known is None or monotonic() >= self._known[1]:
            login = self._ask()
            self._known = login, monotonic() + login.lasts
        return self._known[0]


@dataclass(frozen=True)
class Uploader:
    """Uploads files to one index over one connection; logs in when the first file goes.

    Attributes:
        http: the session.
        index: to upload to.
        login: answers the login; called at the first upload and when it has grown old, as minted tokens do in minutes.
        attest: answers a file's attestation as JSON; None to upload without.
    """

    http: Http
    index: Index
    login: Callable[[], Login]
    attest: Callable[[Path], str] | None = None

    def upload(self, artifact: Artifact) -> None:
        """Upload one file, once.

        Raises:
            CredentialError: the index refuses the login.
            RemoteError: the index refuses the file.
            UnreachableError: whether the file arrived is unknown.
            VerifyError: the file is not a distribution, or no longer what was built.
        """
        import requests

        package = self._package(artifact)
        if package.sha2_digest != artifact.sha256 or artifact.path.is_symlink():
            raise find_changed(artifact, f"sha256 {package.sha2_digest}")
        if self.attest is not None:
            package.attestations = [json.loads(self.attest(artifact.path))]
        try:
            response = self._repository.upload(package, max_redirects=1)
        except requests.RequestException as error:
            raise UnreachableError(f"{bare(self.index.upload)} could not be reached: {reason(error)}") from error
        self._judge(artifact.filename, response)

    @contextmanager
    def at_work(self) -> Iterator[Self]:
        """While it lasts, twine's own words go nowhere (the console has its stream); then the connection closes."""
        with redirect_stdout(io.StringIO()):
            try:
                yield self
            finally:
                if "_repository" in self.__dict__:
                    self._repository.close()

    def _package(self, artifact: Artifact) -> "PackageFile":
        from twine.exceptions import TwineException
        from twine.package import PackageFile

        try:
            return PackageFile.from_filename(str(artifact.path), None)
        except (TwineException, OSError, ValueError, BadZipFile) as error:
            check_unchanged(artifact)
            raise VerifyError(f"{artifact.filename}: not a distribution that an index takes: {error}") from error

    @cached_property
    def _login(self) -> _Fresh:
        return _Fresh(self.login)

    @cached_property
    def _repository(self) -> "Repository":
        from requests.auth import HTTPBasicAuth
        from twine.repository import Repository

        def shown(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
            login = self._login()
            HTTPBasicAuth(login.username, login.password)(request)
            return request

        self._login()
        repository = Repository(self.index.upload, None, None, disable_progress_bar=True)
        guarded = self.http.new_session()
        guarded.auth, guarded.headers = shown, repository.session.headers
        repository.session = guarded
        return repository

    def _judge(self, filename: str, response: "requests.Response") -> None:
        if response.ok and not response.is_redirect:
            return
        said = _said(response)
        if response.status_code in _FORBIDDEN:
            raise CredentialError(
                f"{self.index.title} refused the login from {self._login().source}: {response.status_code} {said}",
                "Check the token, what it may upload to, and that it is this index's.",
            )
        if response.status_code in TRANSIENT:
            error = UnreachableError(f"{self.index.title} answered {response.status_code} to {filename}")
            error.wait = seconds(response.headers.get("Retry-After", ""))
            raise error
        if response.is_redirect:
            target = urljoin(self.index.upload, response.headers.get("Location", ""))
            said = f"it redirects to {bare(target)}; configure that address"
        advice = _FILES_MUST_CHANGE if response.status_code in _REFUSED_FOR_GOOD else ""
        raise RemoteError(f"{self.index.title} refused {filename}: {response.status_code} {said}", advice)


def _said(response: "requests.Response") -> str:
    """A refusal in the index's own words, in one line: PyPI puts them into the reason phrase, others into the body."""
    text = re.sub(r"<[^<>]*>", " ", response.text[:20_000]) if len(response.reason or "") <= len("Bad Request") else ""
    return whole_words(text or response.reason or "", _SHOWN)
