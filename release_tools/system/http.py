"""The only HTTP session: timeouts everywhere, reads retried, hosts allowed by name, nothing followed with a credential.

Proxies and certificate authorities come from the environment that is handed in (companies need them); ``.netrc`` is
never read.
"""

import io
import socket
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import IO, TYPE_CHECKING, Any, Final, Self
from urllib.parse import urljoin, urlsplit

from release_tools.errors import RemoteError, UnreachableError
from release_tools.parsed_values import parse_json
from release_tools.system.retries import Retries, RetryPolicy, parse_retry_after

if TYPE_CHECKING:
    import requests

PLENTY: Final = 64 * 1024 * 1024
"""The largest answer that is read, in bytes, unless the caller says otherwise."""
TRANSIENT: Final = frozenset({429, 500, 502, 503, 504})
"""Statuses by which a server says that the fault is its own, or that it was too soon."""
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_AT_MOST_REDIRECTED: Final = 5
_PIECE: Final = 1 << 18
"""Bytes that are sent at a time: with the usual 16 kB an upload is busier with the pieces than with sending them."""


@dataclass(frozen=True)
class Response:
    """Describe what a server answered.

    Attributes:
        url: that answered, after redirects.
        status: of HTTP.
        headers: with names in lower case.
        body: whole.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Return whether the status is a 2xx."""
        return self.status // 100 == 2  # noqa: PLR2004 - the class of success

    @property
    def text(self) -> str:
        """Return the body as UTF-8; what is not is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        """Return the body as JSON.

        Raises:
            RemoteError: it is not JSON.
        """
        try:
            return parse_json(self.body)
        except ValueError as error:
            raise RemoteError(f"{self.url} answered {self.status} with something that is not JSON") from error


@dataclass(eq=False)
class Http:
    """Reads and writes over HTTP, within the places that are allowed.

    Attributes:
        allowed: addresses whose origin (scheme, host, port) may be asked. Only what a person configured may be plain
            ``http``.
        environment: where ``HTTPS_PROXY``, ``NO_PROXY``, ``SSL_CERT_FILE`` and ``REQUESTS_CA_BUNDLE`` are looked up.
        retry_policy: timeouts and retries.
        once: whether each address is read once, and what it answered, or that it could not, holds from then on.
    """

    allowed: frozenset[str]
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    once: bool = False
    _answers: dict[object, "Future[Response]"] = field(default_factory=dict, init=False, repr=False, compare=False)
    _others: dict[object, "Http"] = field(default_factory=dict, init=False, repr=False, compare=False)

    @classmethod
    def to(
        cls,
        urls: Iterable[str],
        environment: Mapping[str, str],
        retry_policy: RetryPolicy | None = None,
        *,
        once: bool = False,
    ) -> Self:
        """Allow the origins of these addresses."""
        return cls(frozenset(map(parse_origin, urls)), environment, retry_policy or RetryPolicy(), once)

    def with_hosts(self, urls: Iterable[str], retry_policy: RetryPolicy | None = None) -> "Http":
        """Return the session of this run for other hosts, the same each time; its connections end with this one's.

        Args:
            urls: whose origins may be asked.
            retry_policy: another than that of this session.
        """
        allowed, retry_policy = frozenset(map(parse_origin, urls)), retry_policy or self.retry_policy
        return self._others.setdefault((allowed, retry_policy), Http(allowed, self.environment, retry_policy))

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        limit: int = PLENTY,
        into: IO[bytes] | None = None,
        follow: bool = True,
    ) -> Response:
        """Read; tried again on 429, 5xx and broken connections.

        Args:
            url: in an allowed place.
            headers: to send; with an ``Authorization`` among them no redirect is followed.
            limit: the largest answer, in bytes.
            into: a file that takes the body, which is then left out of the answer.
            follow: whether a redirect is followed, or answered as it is.

        Raises:
            RemoteError: the server could not be reached, kept failing, or answered too much.
        """
        if not self.once or into is not None:
            return self._get(url, dict(headers or {}), limit, into, follow=follow)
        fresh: Future[Response] = Future()
        answer = self._answers.setdefault((url, tuple(sorted((headers or {}).items())), limit, follow), fresh)
        if answer is fresh:  # others that ask meanwhile wait for this answer
            try:
                fresh.set_result(self._get(url, dict(headers or {}), limit, follow=follow))
            except BaseException as error:
                fresh.set_exception(error)
                raise
        return answer.result()

    def _get(
        self, url: str, headers: dict[str, str], limit: int, into: IO[bytes] | None = None, *, follow: bool
    ) -> Response:
        for _ in range(_AT_MOST_REDIRECTED):
            answer = self._read(url, headers, limit, into)
            if answer.status not in _REDIRECTS or not follow:
                return answer
            target = urljoin(url, answer.headers.get("location", ""))
            if "authorization" in map(str.lower, headers):
                raise RemoteError(f"{url} redirects to {target}; not followed, because a credential would travel along")
            url = target
        raise RemoteError(f"{url}: redirected more than {_AT_MOST_REDIRECTED} times")

    def post(
        self, url: str, *, headers: Mapping[str, str] | None = None, json: object = None, data: bytes | None = None
    ) -> Response:
        """Write, once: never repeated, never redirected.

        Raises:
            RemoteError: the server could not be reached or answered too much; it is unknown whether it is done.
        """
        return self.send("POST", url, headers=headers, json=json, data=data)

    def send(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **body: Any) -> Response:  # noqa: ANN401 - handed on to requests
        """Write as `post` does, with another method.

        Raises:
            RemoteError: as there.
        """
        return self._once(method, url, dict(headers or {}), PLENTY, **body)

    def reaches(self, url: str) -> bool:
        """Return whether the server of an address takes connections; behind a proxy it is assumed to."""
        parts = urlsplit(url)
        port = parts.port or (80 if parts.scheme == "http" else 443)
        try:
            if not self.proxies(url):
                socket.create_connection((parts.hostname or "", port), self.retry_policy.timeout).close()
        except OSError:
            return False
        return True

    def new_session(self) -> "requests.Session":
        """Return a session for a library that makes requests of its own; everything said here holds for them too."""
        import requests

        session = requests.Session()
        session.trust_env = False
        adapter = _make_adapter(self)
        for scheme in ("https://", "http://"):
            session.mount(scheme, adapter)
        return session

    @cached_property
    def session(self) -> "requests.Session":
        """Return the session that `get` and `post` use."""
        return self.new_session()

    def get_ready(self) -> None:
        """Load what requests need, for a thread that is to make one; see `release_tools.engine.tasks`."""
        self.session.get_adapter("https://")

    def close(self) -> None:
        """Close the connections, and those of the sessions derived from this one."""
        for other in self._others.values():
            other.close()
        if "session" in self.__dict__:
            self.session.close()

    @property
    def verify(self) -> str | bool:
        """Return the bundle of certificate authorities to trust; True for the usual ones."""
        names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
        return next((self.environment[name] for name in names if self.environment.get(name)), True)

    def proxies(self, url: str) -> dict[str, str]:
        """Return the proxies for one address, as requests wants them."""
        parts = urlsplit(url)
        if self._is_exempt(parts.hostname or ""):
            return {}
        proxy = self._variable(f"{parts.scheme}_proxy") or self._variable("all_proxy")
        return {parts.scheme: proxy} if proxy else {}

    def _is_exempt(self, host: str) -> bool:
        """Return whether ``NO_PROXY`` names a host, or a domain that it is in."""
        entries = [entry.strip().lstrip(".") for entry in self._variable("no_proxy").split(",")]
        return "*" in entries or any(f".{host}".endswith(f".{entry}") for entry in filter(None, entries))

    def check(self, url: str) -> None:
        """Refuse an address outside the allowed places.

        Raises:
            RemoteError: naming the host.
        """
        if parse_origin(url) not in self.allowed:
            raise RemoteError(
                f"{parse_origin(url)} is not among the hosts that this run may ask",
                "Only the places that are configured are asked, over https unless configured otherwise.",
            )

    def _variable(self, name: str) -> str:
        return self.environment.get(name) or self.environment.get(name.upper()) or ""

    def _read(self, url: str, headers: dict[str, str], limit: int, into: IO[bytes] | None) -> Response:
        """Read as often as the policy allows, while the server fails."""
        retries = Retries(self.retry_policy)
        while True:
            try:
                return self._read_once(url, headers, limit, into)
            except UnreachableError as error:
                if not retries.wait(error.wait):
                    raise

    def _read_once(self, url: str, headers: dict[str, str], limit: int, into: IO[bytes] | None) -> Response:
        answer = self._once("GET", url, headers, limit, into)
        if answer.status in TRANSIENT:
            error = UnreachableError(
                f"{strip_address(url)} answered {answer.status}, {self.retry_policy.tries} times",
                "Run the same command again to continue.",
            )
            error.wait = parse_retry_after(answer.headers.get("retry-after", ""))
            raise error
        return answer

    def _once(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        limit: int,
        into: IO[bytes] | None = None,
        **body: Any,  # noqa: ANN401 - handed on to requests
    ) -> Response:
        import requests
        import urllib3

        end = time.monotonic() + self.retry_policy.longest_answer
        if into is not None:
            into.seek(0)
            into.truncate()
        try:
            with self.session.request(
                method, url, headers=headers, allow_redirects=False, stream=True, **body
            ) as response:
                content = io.BytesIO()
                _copy_body(response, into or content, limit, end)
                lower = {name.lower(): value for name, value in response.headers.items()}
                return Response(url, response.status_code, lower, content.getvalue())
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise UnreachableError(
                f"{strip_address(url)} could not be reached: {shorten_reason(error)}",
                "Run the same command again to continue.",
            ) from error


def _copy_body(response: "requests.Response", into: IO[bytes], limit: int, end: float) -> None:
    """Write the body of a response to a file, as long as it is not too large and not too slow.

    Args:
        response: whose body was not read yet.
        into: the file.
        limit: bytes.
        end: a time of the monotonic clock.

    Raises:
        RemoteError: it is larger.
        UnreachableError: it takes longer.
    """
    shown = strip_address(response.url)
    size = 0
    # Piece by piece as it comes: requests' own reader would wait until many pieces are together.
    while piece := response.raw.read1(1 << 16, decode_content=True):
        size += into.write(piece)
        if size > limit:
            raise RemoteError(f"{shown} answered more than {limit} bytes; not read further")
        if time.monotonic() > end:
            raise UnreachableError(f"{shown} answers so slowly that it was given up")


def parse_origin(url: str) -> str:
    """Scheme, host and port of an address, without credentials: ``https://pypi.org``."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.rpartition('@')[2].lower()}"


def strip_address(url: str) -> str:
    """Return an address without credentials, query and fragment, fit to be shown."""
    return parse_origin(url) + urlsplit(url).path


def shorten_reason(error: BaseException) -> str:
    """Return why a connection failed, in a few words, without addresses of objects or the whole chain."""
    import requests
    import urllib3

    said = str(error)
    if "certificate has expired" in said or "certificate is not yet valid" in said:
        return "its certificate does not hold today; is this machine's clock right?"
    named = (
        (requests.exceptions.ProxyError, "the proxy refused"),
        (requests.exceptions.SSLError, "its certificate is not trusted (set SSL_CERT_FILE for a private authority)"),
        (requests.Timeout, "no answer in time"),
        (urllib3.exceptions.TimeoutError, "no answer in time"),
        ((requests.exceptions.ChunkedEncodingError, urllib3.exceptions.ProtocolError), "the connection broke off"),
        (requests.ConnectionError, "no connection"),
    )
    return next((words for kind, words in named if isinstance(error, kind)), type(error).__name__)


def _make_adapter(http: Http) -> "requests.adapters.HTTPAdapter":
    """Timeouts, allowed hosts, proxies and authorities for every request of every library."""
    import requests.adapters

    class Adapter(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *sizes: Any, **settings: Any) -> None:  # noqa: ANN401 - handed on
            super().init_poolmanager(*sizes, **settings, blocksize=_PIECE)

        def send(self, request: requests.PreparedRequest, *_: Any, **settings: Any) -> requests.Response:  # noqa: ANN401 - handed on
            url = request.url or ""
            http.check(url)
            settings["timeout"] = settings.get("timeout") or http.retry_policy.timeout
            settings |= {"verify": http.verify, "proxies": http.proxies(url)}
            return super().send(request, **settings)

    return Adapter()
