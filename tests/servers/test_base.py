"""The doubles' own ground: what they promise to the tests that lean on them."""

import socket
from collections.abc import Iterator

import pytest
import requests

from tests.servers.base import Double, Fault, Request, Response, What, serve
from tests.servers.proxy import Proxy, proxying


class Echo(Double):
    def answer(self, request: Request) -> Response:
        if request.path == "/boom":
            raise LookupError("a bug of the double")
        return Response.of_json({"host": request.host, "path": request.path, "body": request.body.decode()})


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    with proxying({"pypi.org": echo}) as running:
        yield running


def through(proxy: Proxy) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.proxies = {"https": proxy.url, "http": proxy.url}
    session.verify = str(proxy.ca)
    return session


def test_a_real_host_name_is_answered_by_its_double(echo: Echo, proxy: Proxy) -> None:
    with through(proxy) as session:
        for text in ("one", "two"):
            answer = session.post("https://pypi.org/a%20b?x=1", data=text).json()
            assert answer == {"host": "pypi.org", "path": "/a b", "body": text}
    assert echo.lines() == ["POST pypi.org/a%20b?x=1"] * 2
    assert proxy.complaints == []


def test_a_host_that_nobody_plays_is_refused_and_remembered(proxy: Proxy) -> None:
    with through(proxy) as session, pytest.raises(requests.exceptions.ProxyError):
        session.get("https://evil.example/")
    assert proxy.complaints == ["unknown host asked: evil.example"]


def test_a_bug_of_a_double_reaches_the_test(echo: Echo) -> None:
    with serve(echo) as url:
        assert requests.get(f"{url}/boom", timeout=5).status_code == 500
    assert "a bug of the double" in echo.complaints[0]


@pytest.mark.parametrize("done", [False, True])
def test_a_dropped_connection_is_a_fault_once(echo: Echo, *, done: bool) -> None:
    echo.faults = [Fault(What.DROP, method="POST", done=done)]
    with serve(echo) as url:
        with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
            requests.post(url, data="x", timeout=5)
        assert requests.post(url, data="x", timeout=5).json()["body"] == "x"


def test_a_hanging_answer_ends_with_the_server(echo: Echo) -> None:
    echo.faults = [Fault(What.HANG)]
    with serve(echo) as url, pytest.raises(requests.Timeout):
        requests.get(url, timeout=0.05)


def test_a_chunked_body_is_read(echo: Echo) -> None:
    with serve(echo) as url:
        assert requests.post(url, data=iter([b"ab", b"c"]), timeout=5).json()["body"] == "abc"


def test_the_client_is_killed_after_the_action(echo: Echo) -> None:
    killed: list[str] = []
    echo.kill = lambda: killed.append("now")
    echo.faults = [Fault(What.KILL, done=True)]
    with serve(echo) as url, pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    assert killed == ["now"]


def test_an_idle_connection_does_not_delay_the_end(echo: Echo) -> None:
    with serve(echo) as url:
        port = int(url.rpartition(":")[2])
        idle = socket.create_connection(("127.0.0.1", port))
    idle.close()
