"""PyGithub's requests, made through our own HTTP session.

PyGithub by itself has no timeout on the hosts for uploads and downloads, holds whole files in memory, repeats writes
and takes its proxy from the process. So it is handed connections that are ours.
"""

from collections.abc import Callable, ItemsView, Mapping
from typing import IO, Final

from github import Auth
from github.Requester import HTTPRequestsConnectionClass, HTTPSRequestsConnectionClass, Requester

from release_tools.forges.github.moved import refuse_moved
from release_tools.system.http import Http, Response
from release_tools.system.retries import Retries, parse_retry_after

_REFUSED_FOR_NOW: Final = (403, 429)
_PAGE: Final = 100


def make_requester(api: str, token: str | None, http: Http, check: Callable[[str, str], None]) -> Requester:
    """Return a requester of PyGithub's for one server.

    Args:
        api: address of the API.
        token: who asks; None for anybody.
        http: the session that every request goes through.
        check: sees each request's verb and address, and raises where it must not be made.
    """

    class Ours(Requester):
        """PyGithub's requester with connections of its own; those of PyGithub's class stay as they are."""

    ours = {"http": http, "check": staticmethod(check)}
    Ours.injectConnectionClasses(
        type("Plain", (_Connection, HTTPRequestsConnectionClass), {**ours, "scheme": "http"}),
        type("Secure", (_Connection, HTTPSRequestsConnectionClass), {**ours, "scheme": "https"}),
    )
    return Ours(
        auth=Auth.Token(token) if token else None,
        base_url=api,
        timeout=round(http.retry_policy.timeout),
        user_agent="release-tools",
        per_page=_PAGE,
        verify=True,
        retry=None,
        pool_size=None,
        lazy=True,
    )


class _Connection:
    """Describe what PyGithub takes for a connection; it asks through our session."""

    http: Http
    check: Callable[[str, str], None]
    scheme: str
    verb: str
    url: str
    headers: dict[str, str]
    input: str | IO[bytes] | None

    def __init__(self, host: str, port: int | None = None, **_: object) -> None:
        self.host = host
        self.authority = f"{host}:{port}" if port else host

    def getresponse(self) -> "_Answered":
        """Send what PyGithub said to `request`.

        Raises:
            RemoteError: the server failed, or sends us elsewhere.
        """
        url = f"{self.scheme}://{self.authority}{self.url}"
        self.check(self.verb, url)
        data = self.input.encode() if isinstance(self.input, str) else self.input
        answer = _ask(self.http, self.verb, url, self.headers, data)
        refuse_moved(url, answer)
        return _Answered(answer)

    def close(self) -> None:
        """Leave the session open: other connections use it too."""


def _ask(http: Http, verb: str, url: str, headers: Mapping[str, str], data: bytes | IO[bytes] | None) -> Response:
    """Write once, but for a write that the rate limit refused: it was not done, so it may be repeated."""
    if verb == "GET":
        return http.get(url, headers=headers, follow=False)
    retries = Retries(http.retry_policy)
    while True:
        answer = http.send(verb, url, headers=headers, data=data)
        retry_after = answer.headers.get("retry-after", "")
        if answer.status not in _REFUSED_FOR_NOW or not retry_after or not retries.wait(parse_retry_after(retry_after)):
            return answer
        if data is not None and not isinstance(data, bytes):
            data.seek(0)


class _Answered:
    """Describe what PyGithub takes for an answer."""

    def __init__(self, answer: Response) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self._answer = answer

    def getheaders(self) -> ItemsView[str, str]:
        return self.headers.items()

    def read(self) -> str:
        return self._answer.text
