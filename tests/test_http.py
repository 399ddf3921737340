"""`release_tools.system.http` against servers that fail on purpose."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme

from release_tools.errors import RemoteError
from release_tools.system.http import Http
from release_tools.system.retries import RetryPolicy
from tests.servers.base import Double, Fault, Request, Response, What, serve
from tests.servers.proxy import proxying


class Store(Double):
    def answer(self, request: Request) -> Response:
        match request.path:
            case "/elsewhere":
                return Response(302, headers={"Location": "https://evil.example/"})
            case "/moved":
                return Response(301, headers={"Location": "/here"})
            case "/round":
                return Response(302, headers={"Location": "/round"})
            case "/big":
                return Response(200, b"x" * 2000)
            case "/secret":
                return Response.of_json(request.headers.get("authorization"))
        return Response.of_json(request.path)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def url(store: Store) -> Iterator[str]:
    with serve(store) as address:
        yield address


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def http(url: str, pauses: list[float]) -> Iterator[Http]:
    client = Http.to([url], {}, RetryPolicy(sleep=pauses.append))
    with client.session:
        yield client


def patient(http: Http, what: What) -> Http:
    """Only a server that hangs is not waited for: any other may be slow, on a machine that has much to do."""
    return replace(http, retry_policy=replace(http.retry_policy, timeout=0.5 if what is What.HANG else 30.0))


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        (Fault(), 0.5),
        (Fault(response=Response(503)), 0.5),
        (Fault(response=Response(429, headers={"Retry-After": "7"})), 7),
        (Fault(response=Response(429, headers={"Retry-After": "86400"})), 30),
        (Fault(response=Response(429, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})), 0.5),
        (Fault(What.DROP), 0.5),
        (Fault(What.DROP, done=True), 0.5),
        (Fault(What.HANG), 0.5),
    ],
)
def test_a_read_is_tried_again(
    store: Store, url: str, http: Http, pauses: list[float], fault: Fault, waited: float
) -> None:
    store.faults = [fault]
    with closing(patient(http, fault.what)) as client:
        assert client.get(f"{url}/here").json() == "/here"
    assert pauses == [waited]


def test_a_server_may_name_the_time_of_the_next_try(store: Store, url: str, http: Http, pauses: list[float]) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=12), usegmt=True)
    store.faults = [Fault(response=Response(503, headers={"Retry-After": later}))]
    assert http.get(f"{url}/here").json() == "/here"
    assert 5 < pauses[0] <= 12


@pytest.mark.parametrize("header", ["soon", "-1", "1e3", "\u00b2", "9" * 400, "Wed, 99 Foo 2026 07:28:00 GMT"])
def test_a_time_that_cannot_be_read_is_ignored(
    store: Store, url: str, http: Http, pauses: list[float], header: str
) -> None:
    store.faults = [Fault(response=Response(503, headers={"Retry-After": header}))]
    assert http.get(f"{url}/here").json() == "/here"
    assert pauses[0] in (0.5, 30.0)


def test_a_read_is_given_up_after_four_tries(store: Store, url: str, http: Http, pauses: list[float]) -> None:
    store.faults = [Fault(times=None)]
    with pytest.raises(RemoteError, match="answered 500, 4 times"):
        http.get(f"{url}/here?token=abc")
    assert pauses == [0.5, 1.0, 2.0]
    assert len(store.log) == 4


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_a_refusal_is_an_answer_and_not_tried_again(store: Store, url: str, http: Http, status: int) -> None:
    store.faults = [Fault(response=Response(status), times=None)]
    assert http.get(f"{url}/here").status == status
    assert len(store.log) == 1


@pytest.mark.parametrize("fault", [Fault(), Fault(response=Response(503))])
def test_a_write_is_never_repeated(store: Store, url: str, http: Http, fault: Fault) -> None:
    store.faults = [fault]
    assert not http.post(f"{url}/here", json={}).ok
    assert len(store.log) == 1


@pytest.mark.parametrize("what", [What.DROP, What.HANG])
def test_a_write_that_gets_no_answer_is_an_error_at_once(store: Store, url: str, http: Http, what: What) -> None:
    store.faults = [Fault(what)]
    with closing(patient(http, what)) as client, pytest.raises(RemoteError):
        client.post(f"{url}/here", data=b"x")
    assert len(store.log) == 1


def test_a_redirect_within_the_allowed_places_is_followed(url: str, http: Http) -> None:
    assert http.get(f"{url}/moved").url == f"{url}/here"


def test_a_redirect_to_another_host_is_refused(url: str, http: Http) -> None:
    with pytest.raises(RemoteError, match=r"evil\.example is not among the hosts"):
        http.get(f"{url}/elsewhere")


def test_no_redirect_is_followed_with_a_credential(store: Store, url: str, http: Http) -> None:
    with pytest.raises(RemoteError, match="credential"):
        http.get(f"{url}/moved", headers={"Authorization": "token s3cret"})
    assert len(store.log) == 1


def test_redirects_in_a_circle_end(url: str, http: Http) -> None:
    with pytest.raises(RemoteError, match="redirected more than"):
        http.get(f"{url}/round")


def test_an_answer_larger_than_the_limit_is_not_read(url: str, http: Http) -> None:
    with pytest.raises(RemoteError, match="more than 1000 bytes"):
        http.get(f"{url}/big", limit=1000)


@pytest.mark.parametrize(
    "address",
    ["http://pypi.org/", "https://pypi.org.evil.example/", "https://pypi.org@evil.example/", "https://pypi.org:444/"],
)
def test_a_place_that_is_not_allowed_is_not_asked(address: str) -> None:
    with pytest.raises(RemoteError, match="not among the hosts"):
        Http.to(["https://pypi.org"], {}).get(address)


def test_a_session_for_other_hosts_has_places_of_its_own_and_ends_with_it(url: str) -> None:
    quick = RetryPolicy(tries=1)
    other = Http.to(["https://pypi.org"], {}).with_hosts([url], quick)
    with closing(Http.to(["https://pypi.org"], {"NO_PROXY": "*"})) as first:
        derived = first.with_hosts([url], quick)
        assert first.with_hosts([f"{url}/elsewhere"], quick) is derived
        assert derived is not other
        assert (derived.retry_policy, derived.environment) == (quick, first.environment)
        assert derived.get(f"{url}/here").json() == "/here"
        for session, address in ((first, f"{url}/here"), (derived, "https://pypi.org/")):
            with pytest.raises(RemoteError, match="not among the hosts"):
                session.get(address)
        pools = derived.session.get_adapter(url).poolmanager.pools  # type: ignore[attr-defined]  # an HTTPAdapter has one
        assert len(pools) == 1
    assert len(pools) == 0


def test_the_netrc_is_never_read(url: str, http: Http, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password s3cret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert http.get(f"{url}/secret").json() is None


def test_proxy_and_authority_come_from_the_environment_handed_in(store: Store) -> None:
    with proxying({"pypi.org": store}) as proxy:
        http = Http.to(["https://pypi.org"], proxy.environment)
        with http.session:
            assert http.get("https://pypi.org/here").json() == "/here"


def test_an_untrusted_certificate_is_named(store: Store) -> None:
    with proxying({"pypi.org": store}) as proxy:
        http = Http.to(["https://pypi.org"], {"HTTPS_PROXY": proxy.url}, RetryPolicy(tries=1))
        with http.session, pytest.raises(RemoteError, match="certificate is not trusted"):
            http.get("https://pypi.org/here")


@pytest.mark.parametrize(
    ("exempt", "direct"),
    [("pypi.org", True), (".org", True), ("*", True), ("ypi.org", False), ("", False), ("other.org, pypi.org", True)],
)
def test_no_proxy_is_honoured(exempt: str, *, direct: bool) -> None:
    http = Http.to([], {"https_proxy": "http://proxy:1", "NO_PROXY": exempt})
    assert http.proxies("https://pypi.org/simple/") == ({} if direct else {"https": "http://proxy:1"})


@contextmanager
def dripping(content: bytes, every: float) -> Iterator[str]:
    """A server that answers a byte at a time, and would for years."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve_one() -> None:
            with suppress(OSError):
                client, _ = server.accept()
                with client:
                    client.recv(65536)
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
                    while True:
                        client.sendall(content)
                        time.sleep(every)

        thread = threading.Thread(target=serve_one, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_that_answers_for_years_is_given_up() -> None:
    with dripping(b"x", every=0.01) as address:
        http = Http.to([address], {}, RetryPolicy(timeout=30, tries=1, longest_answer=0.2))
        with http.session, pytest.raises(RemoteError, match="so slowly that it was given up"):
            http.get(f"{address}/")


@pytest.mark.parametrize("days", [(-2, -1), (1, 2)], ids=["it was", "it will be"])
def test_a_clock_that_is_wrong_by_a_day_is_thought_of(days: tuple[int, int], tmp_path: Path) -> None:
    begins, ends = (datetime.now(UTC) + timedelta(days=day) for day in days)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", not_before=begins, not_after=ends).configure_cert(context)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            with suppress(OSError):
                client, _ = server.accept()
                with client, context.wrap_socket(client, server_side=True):
                    pass

        threading.Thread(target=refuse, daemon=True).start()
        address = f"https://localhost:{server.getsockname()[1]}"
        http = Http.to([address], {"SSL_CERT_FILE": str(tmp_path / "ca.pem")}, RetryPolicy(tries=1))
        with http.session, pytest.raises(RemoteError, match="is this machine's clock right"):
            http.get(f"{address}/")
