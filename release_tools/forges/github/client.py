"""Connect to a GitHub server; every request goes through our own HTTP session."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlencode, urlsplit

from release_tools.addresses import ACTIONS_BOT, CONDA_FORGE_OWNER, GITHUB_API, GITHUB_SITE
from release_tools.errors import ConfigError, CredentialError, RemoteError, UnreachableError
from release_tools.forges.github.moved import refuse_moved
from release_tools.forges.github.pull_requests import GitHubPullRequests
from release_tools.forges.github.refs import GitHubRefs
from release_tools.forges.github.releases import GitHubReleases
from release_tools.model.note import Note, State
from release_tools.system.credentials import CONDA_FORGE_TOKEN, GITHUB_TOKEN, read_token
from release_tools.system.http import Http, Response, strip_address

if TYPE_CHECKING:
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
_JSON: Final = "application/vnd.github+json"
_PAGE: Final = 100
_UNAUTHORIZED: Final = 401
_NOT_FOUND: Final = 404
_SERVER_FAILED: Final = 500


@dataclass(eq=False)
class GitHub:
    """A GitHub server, as the holder of one token sees it.

    Attributes:
        api: address of the API.
        site: address that people visit, and that git clones from.
        http: the session.
        token: the token to send; None to read only what is public.
        variable: the environment variable that held the token, for messages.
        guest_of: the owner whose repositories may only be forked, commented on and sent pull requests.
    """

    api: str
    site: str
    http: Http = field(repr=False)
    token: str | None = field(default=None, repr=False)
    variable: str = GITHUB_TOKEN
    guest_of: str = ""

    @classmethod
    def of(cls, env: Mapping[str, str], http: Http, variable: str = GITHUB_TOKEN) -> Self:
        """Return the server that the environment names (``GITHUB_API_URL``, ``GITHUB_SERVER_URL``), or else github.com.

        Args:
            env: of the process.
            http: the session whose timeouts and proxies are used.
            variable: the environment variable that holds the token.

        Raises:
            ConfigError: an address is not valid.
            CredentialError: the token is malformed.
        """
        site = _find_address(env, "GITHUB_SERVER_URL", GITHUB_SITE)
        api = _find_address(env, "GITHUB_API_URL", GITHUB_API if site == GITHUB_SITE else f"{site}/api/v3")
        own = http.with_hosts([api, _find_uploads_address(api), site])
        return cls(api, site, own, read_token(env, variable), variable)

    @classmethod
    def public(cls, env: Mapping[str, str], http: Http, *variables: str) -> Self:
        """Return github.com as guests of conda-forge, also where the environment names another server.

        Args:
            env: of the process.
            http: the session whose timeouts and proxies are used.
            variables: the first that is set holds the token; ``GITHUB_TOKEN`` counts only if it is for github.com.

        Raises:
            CredentialError: the token is malformed.
        """
        here = _find_address(env, "GITHUB_SERVER_URL", GITHUB_SITE) == GITHUB_SITE
        known = {name: env.get(name, "") for name in variables if here or name != GITHUB_TOKEN}
        variable = next((name for name, value in known.items() if value), variables[0])
        return replace(cls.of(known, http, variable), guest_of=CONDA_FORGE_OWNER)

    def slug(self, remote: str) -> str:
        """Return ``owner/name`` of a git remote's address on this server; empty for any other address.

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

    def repository(self, slug: str) -> "GitHubRepository":
        """Return a repository by ``owner/name``; nothing is requested yet.

        Raises:
            ConfigError: the name is malformed.
        """
        if not _SLUG.fullmatch(slug):
            raise ConfigError(f"{slug!r} is not the name of a GitHub repository", "Write it as owner/name.")
        return GitHubRepository(self, slug)

    def login(self) -> str:
        """Return the account that the token belongs to; empty without a token.

        A workflow's own token belongs to GitHub's bot, which the API does not name.

        Raises:
            CredentialError: the token is refused.
            RemoteError: the server failed.
        """
        if self.token is None:
            return ""
        from github import GithubException
        from github.AuthenticatedUser import AuthenticatedUser

        with self.translate_errors("read the token's account"):
            try:
                return AuthenticatedUser(self.requester, url="/user").login
            except GithubException as error:
                if error.status == _FORBIDDEN:
                    return ACTIONS_BOT[0]
                raise

    def check(self, verb: str, url: str) -> None:
        """Refuse a request that a guest must not make, so that nothing is ever pushed to a feedstock.

        Raises:
            AssertionError: it would write to a repository of the owner that we are guests of.
        """
        path = urlsplit(url).path.lower().removeprefix(urlsplit(self.api).path)
        theirs = bool(self.guest_of) and path.startswith(f"/repos/{self.guest_of.lower()}/")
        if theirs and verb != "GET" and not (verb == "POST" and _GUESTS.fullmatch(path)):
            raise AssertionError(
                f"{verb} {strip_address(url)}: nothing is ever written to repositories of {self.guest_of}"
            )

    @cached_property
    def requester(self) -> "Requester":
        """Return the requester that PyGithub's objects use."""
        from release_tools.forges.github.requester import make_requester

        return make_requester(self.api, self.token, self.http, self.check)

    @property
    def scopes(self) -> frozenset[str] | None:
        """Return the scopes of a classic token, as the last response listed them; None for other kinds of token."""
        scopes: list[str] | None = vars(self.requester)["oauth_scopes"]  # PyGithub's type knows only None
        return None if scopes is None else frozenset(scopes)

    @contextmanager
    def translate_errors(self, task: str) -> Iterator[None]:
        """Turn PyGithub's errors into ours.

        Args:
            task: what is being done, to follow "could not": "upload demo-1.0.tar.gz to o/r".

        Raises:
            CredentialError: the token is missing or expired, or may not do this.
            UnreachableError: the server failed.
            RemoteError: it refused.
        """
        from github import GithubException

        try:
            yield
        except GithubException as error:
            raise self._explain(error.status, _read_reason(error.status, error.data), task) from None

    def fetch_file(self, url: str, size: int, into: IO[bytes]) -> None:
        """Download a release's file.

        GitHub redirects to a storage host, which differs by server. The token is not sent there, and the caller
        compares the digest, so any host that the API names may be used, over https if the API is.

        Args:
            url: of the file, in the API.
            size: of the file, in bytes.
            into: an open binary file.

        Raises:
            RemoteError: it could not be read, or is larger than it should be.
        """
        headers = {**self._authorization, "Accept": "application/octet-stream"}
        answer = self.http.get(url, headers=headers, limit=size, into=into, follow=False)
        if location := answer.headers.get("location"):
            if urlsplit(location).scheme not in {"https", urlsplit(self.api).scheme}:
                raise RemoteError(f"{url}: GitHub redirects to {strip_address(location)}, which is not https")
            storage = Http.to([location], self.http.environment, self.http.retry_policy)
            with closing(storage):
                answer = storage.get(location, limit=size, into=into)
        if not answer.ok:
            raise RemoteError(f"{url}: GitHub answered {answer.status}", "Run the same command again to continue.")

    def read(self, path: str, task: str, *, missing: Collection[int] = ()) -> Any:  # noqa: ANN401 - JSON is anything
        """Return the JSON that the API answers, without loading PyGithub, which takes longer than to ask.

        Args:
            path: in the API, beginning with ``/``.
            task: what is being done, to follow "could not".
            missing: the statuses of what need not exist; the answer is then None.

        Raises:
            CredentialError: the token is missing or expired, or may not do this.
            RemoteError: the server failed or refused, or sends us elsewhere.
        """
        url = f"{self.api}{path}"
        answer = self.http.get(url, headers={**self._authorization, "Accept": _JSON}, follow=False)
        if answer.status in missing:
            return None
        refuse_moved(url, answer)
        if not answer.ok:
            raise self._explain(answer.status, _read_reason(answer.status, _parse(answer)), task)
        return answer.json()

    def read_pages(self, path: str, query: Mapping[str, str], task: str, *, most: int) -> Iterator[dict[str, Any]]:
        """Yield the items of a list in the API, page by page, without loading PyGithub.

        Args:
            path: in the API, beginning with ``/``.
            query: the parameters.
            task: what is being done, to follow "could not".
            most: how many pages are read.

        Raises:
            RemoteError: the server failed or refused.
        """
        headers = {**self._authorization, "Accept": _JSON}
        for page in range(1, most + 1):
            asked = urlencode({**query, "per_page": str(_PAGE), "page": str(page)})
            answer = self.http.get(f"{self.api}{path}?{asked}", headers=headers, follow=False)
            items = answer.json() if answer.ok else None
            if not isinstance(items, list):
                raise RemoteError(f"could not {task}: GitHub answered {answer.status}")
            yield from (item for item in items if isinstance(item, dict))
            if len(items) < _PAGE:
                return

    @property
    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _explain(self, status: int, reason: str, task: str) -> RemoteError | CredentialError:
        """Return the error for a status that is no success."""
        if status in (403, 429) and "rate limit" in reason.lower():
            more = "" if self.token else f" A token in {self.variable} raises the limit."
            return UnreachableError(
                f"could not {task}: {reason}", f"Run the same command again later to continue.{more}"
            )
        if status in (401, 403, 404):
            return self._explain_refusal(status, reason, task)
        if status >= _SERVER_FAILED:
            return UnreachableError(
                f"could not {task}: GitHub answered {status}", "Run the same command again to continue."
            )
        return RemoteError(f"could not {task}: GitHub refused: {reason}")

    def _explain_refusal(self, status: int, reason: str, task: str) -> CredentialError:
        """Return what is wrong with the token: there is none, it is not valid, or it has too few permissions."""
        if self.token is None:
            return CredentialError(f"could not {task}: {reason}", f"Set {self.variable} to a token that may do this.")
        if status == _UNAUTHORIZED:
            return CredentialError(
                f"could not {task}: GitHub refused the token in {self.variable}: {reason}",
                f"It may have expired or been revoked: make a new one and set {self.variable}.",
            )
        return CredentialError(
            f"could not {task}: the token in {self.variable} does not allow it: {reason}",
            _MAY.get(self.variable, ""),
        )


class GitHubRepository:
    """A repository on a GitHub server.

    Attributes:
        hub: the server, with the token that requests are made with.
        slug: ``owner/name``.
    """

    def __init__(self, hub: GitHub, slug: str) -> None:
        self.hub = hub
        self.slug = slug

    @property
    def handle(self) -> "Repository":
        """Return PyGithub's own object; nothing is requested yet."""
        from github.Repository import Repository

        return Repository(self.hub.requester, url=f"/repos/{self.slug}")

    def find_details(self) -> Mapping[str, Any] | None:
        """Return what GitHub's API says of the repository; None where it shows none of that name.

        https://docs.github.com/rest/repos/repos#get-a-repository

        Raises:
            CredentialError: GitHub wants, or refuses, a token.
            RemoteError: GitHub could not be reached or failed.
        """
        found = self.hub.read(f"/repos/{self.slug}", f"read {self.slug}", missing=(_NOT_FOUND,))
        return found if isinstance(found, dict) else None

    @property
    def url(self) -> str:
        """Return the repository's page for people."""
        return f"{self.hub.site}/{self.slug}"

    @property
    def has_token(self) -> bool:
        """Return whether requests are authenticated."""
        return self.hub.token is not None

    @cached_property
    def refs(self) -> GitHubRefs:
        """Return its tags, branches, commits and files."""
        return GitHubRefs(self)

    @cached_property
    def releases(self) -> GitHubReleases:
        """Return its releases."""
        return GitHubReleases(self)

    @cached_property
    def pull_requests(self) -> GitHubPullRequests:
        """Return its pull requests and forks."""
        return GitHubPullRequests(self)

    def login(self) -> str:
        """Return the account that the token belongs to; empty without a token.

        Raises:
            CredentialError: the token is refused.
            RemoteError: the server failed.
        """
        return self.hub.login()

    def check_write_access(self) -> Iterator[Note]:
        """Check, as far as possible without writing, that the token may create releases here.

        GitHub says what a person may do, but not what a workflow's own token may.

        Raises:
            CredentialError: there is no token, it is refused, or its account has no write access.
            RemoteError: the server failed.
        """
        hub = self.hub
        if hub.token is None:
            raise CredentialError(
                f"no token for {self.slug}: {hub.variable} is not set",
                f"Set {hub.variable} (in a job, with permissions: contents: write), or skip the GitHub release:"
                " --no-github",
            )
        login = hub.login()
        with hub.translate_errors(f"read {self.slug}"):
            has_access = login == ACTIONS_BOT[0] or self.handle.permissions.push
        if not has_access:
            raise CredentialError(
                f"{login} has no write access to {self.slug}",
                f"Set {hub.variable} to a token of an account that has.",
            )
        yield Note(State.DONE, f"{login} has write access to {self.slug}")


def _find_address(env: Mapping[str, str], name: str, default: str) -> str:
    address = env.get(name) or default
    parts = urlsplit(address)
    if parts.scheme not in {"https", "http"} or not parts.netloc or "@" in parts.netloc:
        raise ConfigError(f"{name}: {address!r} is not an https address", f"Write it like {default}.")
    return address.rstrip("/")


def _find_uploads_address(api: str) -> str:
    """Return where files are uploaded: a host next to ``api.…``, or the same host on GitHub Enterprise Server."""
    return api.replace("://api.", "://uploads.", 1)


def _parse(answer: Response) -> object:
    """Return the JSON of an answer; None if it is something else."""
    try:
        return answer.json()
    except RemoteError:
        return None


def _read_reason(status: int, data: object) -> str:
    """Return GitHub's own message, with the single faults that it lists."""
    table = data if isinstance(data, dict) else {}
    faults = (
        fault if isinstance(fault, str) else fault.get("message") or f"{fault.get('field')}: {fault.get('code')}"
        for fault in table.get("errors") or ()
    )
    return "; ".join([str(table.get("message") or status), *map(str, faults)])
