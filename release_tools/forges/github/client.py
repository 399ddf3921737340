"""Where GitHub is, who asks, and how its refusals read; every request goes through our own HTTP session."""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import IO, TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from release_tools.addresses import ACTIONS_BOT, CONDA_FORGE_OWNER, GITHUB_API, GITHUB_SITE
from release_tools.errors import ConfigError, CredentialError, RemoteError, UnreachableError
from release_tools.model.note import Note, State
from release_tools.system.credentials import CONDA_FORGE_TOKEN, GITHUB_TOKEN, read_token
from release_tools.system.http import Http, bare

if TYPE_CHECKING:
    import github
    from github.Repository import Repository
    from github.Requester import Requester

_REMOTE: Final = re.compile(
    r"(?:https?://(?:[^/@]*@)?(?P<web>[^/@]+)/|ssh://(?:[^/@]*@)?(?P<ssh>[^/@:]+)(?::[0-9]{1,5})?/"
    r"|(?:[^/@:]+@)?(?P<scp>[^/@:]+):)(?P<path>.+)"
)
_SLUG: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,99})/[A-Za-z0-9_.-]{1,100}", re.ASCII)
_GUESTS: Final = re.compile(r"/repos/[^/]+/[^/]+/(?:forks|pulls|issues/\d+/comments)", re.ASCII)
_MAY: Final[Mapping[str, str]] = {
    GITHUB_TOKEN: "A workflow's job needs 'permissions: contents: write'; a token of your own needs write access to the"
    " repository's contents.",
    CONDA_FORGE_TOKEN: "Only a classic token with the scopes public_repo and workflow may fork and open pull requests"
    " elsewhere; a fine-grained one may not.",
}
_FORBIDDEN: Final = 403
_SERVER_FAILED: Final = 500


@dataclass(frozen=True)
class GitHub:
    """A GitHub server, as the holder of one token sees it.

    Attributes:
        api: address of the API.
        site: address that people visit, and that git clones from.
        http: the session.
        token: who asks; None for anybody, who can read what is public.
        variable: where the token came from, for messages.
        guest_of: the owner whose repositories take nothing from us but forks, pull requests and comments.
    """

    api: str
    site: str
    http: Http = field(repr=False)
    token: str | None = field(default=None, repr=False)
    variable: str = GITHUB_TOKEN
    guest_of: str = ""

    @classmethod
    def of(cls, env: Mapping[str, str], http: Http, variable: str = GITHUB_TOKEN) -> Self:
        """The server that the environment names (``GITHUB_API_URL``, ``GITHUB_SERVER_URL``), github.com without.

        Args:
            env: of the process.
            http: whose patience and proxies hold here too.
            variable: that holds the token.

        Raises:
            ConfigError: an address is none.
            CredentialError: the token is malformed.
        """
        site = _address(env, "GITHUB_SERVER_URL", GITHUB_SITE)
        api = _address(env, "GITHUB_API_URL", GITHUB_API if site == GITHUB_SITE else f"{site}/api/v3")
        own = http.beside([api, _uploads(api), site])
        return cls(api, site, own, read_token(env, variable), variable)

    @classmethod
    def public(cls, env: Mapping[str, str], http: Http, *variables: str) -> Self:
        """github.com, also where the environment names another server, as guests of conda-forge.

        Args:
            env: of the process.
            http: whose patience and proxies hold here too.
            variables: the first that is set has the token; ``GITHUB_TOKEN`` counts only if it is one of github.com.

        Raises:
            CredentialError: the token is malformed.
        """
        here = _address(env, "GITHUB_SERVER_URL", GITHUB_SITE) == GITHUB_SITE
        known = {name: env.get(name, "") for name in variables if here or name != GITHUB_TOKEN}
        variable = next((name for name, value in known.items() if value), variables[0])
        return replace(cls.of(known, http, variable), guest_of=CONDA_FORGE_OWNER)

    def slug(self, remote: str) -> str:
        """``owner/name`` of a git remote's address on this server; empty where it lies elsewhere.

        Addresses are ``https://host/owner/name``, ``ssh://git@host/owner/name`` and ``git@host:owner/name``, each with
        or without ``.git``.
        """
        site = urlsplit(self.site)
        found = _REMOTE.fullmatch(remote)
        if found is None:
            return ""
        here = found["web"] == site.netloc or site.hostname in (found["ssh"], found["scp"])
        path = found["path"].strip("/").removesuffix(".git")
        return path if here and _SLUG.fullmatch(path) else ""

    def repository(self, slug: str) -> "HostedRepository":
        """A repository there, by ``owner/name``; nothing is asked yet.

        Raises:
            ConfigError: that is no such name.
        """
        if not _SLUG.fullmatch(slug):
            raise ConfigError(f"{slug!r} is no repository on GitHub", "Write it like owner/name.")
        return HostedRepository(self, slug)

    def login(self) -> str:
        """The account that the token belongs to; empty without a token.

        A workflow's own token belongs to nobody who could be asked for: it writes as GitHub's bot.

        Raises:
            CredentialError: the token is refused.
            RemoteError: the server failed.
        """
        from github import GithubException
        from github.AuthenticatedUser import AuthenticatedUser

        if self.token is None:
            return ""
        with self.doing("tell whose token it is"):
            try:
                return AuthenticatedUser(self.requester, url="/user").login
            except GithubException as error:
                if error.status == _FORBIDDEN:
                    return ACTIONS_BOT[0]
                raise

    def check(self, verb: str, url: str) -> None:
        """See that a request is one that guests make; this is why nothing is ever pushed to a feedstock.

        Raises:
            AssertionError: it would write to a repository of the owner whose guests we are.
        """
        path = urlsplit(url).path.lower().removeprefix(urlsplit(self.api).path)
        theirs = bool(self.guest_of) and path.startswith(f"/repos/{self.guest_of.lower()}/")
        if theirs and verb != "GET" and not (verb == "POST" and _GUESTS.fullmatch(path)):
            raise AssertionError(f"{verb} {bare(url)}: nothing is ever written to repositories of {self.guest_of}")

    @cached_property
    def requester(self) -> "Requester":
        """What PyGithub's objects ask through."""
        from release_tools.forges.github.requester import make_requester

        return make_requester(self.api, self.token, self.http, self.check)

    @property
    def scopes(self) -> frozenset[str] | None:
        """What a classic token may do, as the last answer told it; None for every other kind of token."""
        told: list[str] | None = vars(self.requester)["oauth_scopes"]  # PyGithub's type knows only None
        return None if told is None else frozenset(told)

    @contextmanager
    def doing(self, deed: str) -> Iterator[None]:
        """Turn PyGithub's errors into ours.

        Args:
            deed: what is being done, after "could not": "upload demo-1.0.tar.gz to o/r".

        Raises:
            CredentialError: the token is missing, expired, or may not do this.
            UnreachableError: the server failed.
            RemoteError: it refused.
        """
        from github import GithubException

        try:
            yield
        except GithubException as error:
            raise self._translated(error, deed) from None

    def fetch_file(self, url: str, size: int, into: IO[bytes]) -> None:
        """Read a release's file as it was uploaded.

        GitHub redirects to a storage host, which differs by server. The token stays behind, and the caller compares
        the digest, so whichever host the API names may be asked, over https if the API is.

        Args:
            url: of the file, at the API.
            size: of the file, in bytes.
            into: an open binary file.

        Raises:
            RemoteError: it could not be read, or is larger than it should be.
        """
        headers = {**self._authorization, "Accept": "application/octet-stream"}
        answer = self.http.get(url, headers=headers, limit=size, into=into, follow=False)
        if location := answer.headers.get("location"):
            if urlsplit(location).scheme not in {"https", urlsplit(self.api).scheme}:
                raise RemoteError(f"{url}: GitHub sends us to {bare(location)}, which is not https")
            storage = Http.to([location], self.http.environment, self.http.patience)
            with closing(storage):
                answer = storage.get(location, limit=size, into=into)
        if not answer.ok:
            raise RemoteError(f"{url}: GitHub answered {answer.status}", "Run the same command again to go on.")

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _translated(self, error: "github.GithubException", deed: str) -> RemoteError | CredentialError:
        said = _said(error)
        match error.status:
            case 403 | 429 if "rate limit" in said.lower():
                more = "" if self.token else f" With a token in {self.variable} it lets more be asked."
                return UnreachableError(
                    f"could not {deed}: {said}",
                    f"GitHub asks to wait; run the same command again later to go on.{more}",
                )
            case 401 | 403 | 404 if self.token is None:
                return CredentialError(f"could not {deed}: {said}", f"Set {self.variable} to a token that may.")
            case 401:
                return CredentialError(
                    f"could not {deed}: GitHub refused the token in {self.variable}: {said}",
                    f"It may have expired or been revoked: make a new one and set {self.variable}.",
                )
            case 403 | 404:
                return CredentialError(
                    f"could not {deed}: the token in {self.variable} does not allow it: {said}",
                    _MAY.get(self.variable, ""),
                )
            case status if status >= _SERVER_FAILED:
                return UnreachableError(
                    f"could not {deed}: GitHub answered {status}", "Run the same command again to go on."
                )
            case _:
                return RemoteError(f"could not {deed}: GitHub refused: {said}")


@dataclass(frozen=True)
class HostedRepository:
    """A repository on a GitHub server.

    Attributes:
        hub: the server, and who asks.
        slug: ``owner/name``.
    """

    hub: GitHub
    slug: str

    @property
    def handle(self) -> "Repository":
        """PyGithub's own object; nothing is asked yet."""
        from github.Repository import Repository

        return Repository(self.hub.requester, url=f"/repos/{self.slug}")

    @property
    def url(self) -> str:
        """Where people see it."""
        return f"{self.hub.site}/{self.slug}"

    def may_be_written_to(self) -> Iterator[Note]:
        """See, as far as that can be seen without writing, that the token may make releases here.

        GitHub tells what a person may do, but not what a workflow's own token may.

        Raises:
            CredentialError: there is no token, it is refused, or its person may not.
            RemoteError: the server failed.
        """
        hub = self.hub
        if hub.token is None:
            raise CredentialError(
                f"no token for {self.slug}: {hub.variable} is not set",
                f"Set {hub.variable} (in a job, with permissions: contents: write), or leave the GitHub release out:"
                " --no-github",
            )
        login = hub.login()
        with hub.doing(f"read {self.slug}"):
            may = login == ACTIONS_BOT[0] or self.handle.permissions.push
        if not may:
            raise CredentialError(
                f"{login} may not write to {self.slug}", f"Set {hub.variable} to a token of somebody who may."
            )
        yield Note(State.DONE, f"{login} may write to {self.slug}")


def _address(env: Mapping[str, str], name: str, default: str) -> str:
    address = env.get(name) or default
    parts = urlsplit(address)
    if parts.scheme not in {"https", "http"} or not parts.netloc or "@" in parts.netloc:
        raise ConfigError(f"{name}: {address!r} is not an https address", f"Write it like {default}.")
    return address.rstrip("/")


def _uploads(api: str) -> str:
    """Where files are uploaded: a host of its own beside ``api.…``, the same host on GitHub Enterprise Server."""
    return api.replace("://api.", "://uploads.", 1)


def _said(error: "github.GithubException") -> str:
    """GitHub's own words, with the single faults that it names."""
    data = error.data if isinstance(error.data, dict) else {}
    faults = (
        fault if isinstance(fault, str) else fault.get("message") or f"{fault.get('field')}: {fault.get('code')}"
        for fault in data.get("errors") or ()
    )
    return "; ".join([str(data.get("message") or error.status), *map(str, faults)])
