"""Share what every double needs: requests in, responses out, a log of both sides, and faults as data.

A double is a plain object with `Double.answer`; it is reached directly on 127.0.0.1 (`serve`) or under its real host
name through the proxy (`tests.servers.proxy`).
"""

import json
import re
import socket
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """One request as it came in; header names are in lower case, `path` is decoded and `target` is not."""

    method: str
    host: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    client_port: int = 0

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def line(self) -> str:
        """Return how a test names it: ``POST upload.pypi.org/legacy/``."""
        return f"{self.method} {self.host}{self.target}"

    def json(self) -> Any:  # noqa: ANN401 - JSON is anything
        return json.loads(self.body)


@dataclass(frozen=True)
class Response:
    """Describe what is answered."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, content: object, status: int = 200, media: str = "application/json") -> Self:
        return cls(status, json.dumps(content).encode(), {"Content-Type": media})

    @classmethod
    def of_text(cls, content: str, status: int = 200, media: str = "text/plain; charset=utf-8") -> Self:
        return cls(status, content.encode(), {"Content-Type": media})


class What(StrEnum):
    """Describe what a fault does to the client."""

    ANSWER = "answer"  # the fault's own response
    DROP = "drop"  # the connection ends halfway: through the request, or through the answer if the action was done
    HANG = "hang"  # no answer until the client gives up
    KILL = "kill"  # the client's process is killed, by the double's `kill`


@dataclass(frozen=True)
class Fault:
    """Describe what goes wrong with a matching request.

    Attributes:
        what: happens to the client.
        method: of the requests that it strikes; empty for any.
        path: regular expression searched in ``host/path``; empty for any.
        body: what its body contains.
        done: whether the action itself is done before the fault strikes.
        times: how many requests it strikes; None for all.
        response: what is answered, for `What.ANSWER`.
        meanwhile: what somebody else does on the server just before.
    """

    what: What = What.ANSWER
    method: str = ""
    path: str = ""
    body: bytes = b""
    done: bool = False
    times: int | None = 1
    response: Response = field(default_factory=lambda: Response(500, b"scripted fault"))
    meanwhile: Callable[[], None] | None = None

    def strikes(self, request: Request) -> bool:
        return (
            self.method in {"", request.method}
            and re.search(self.path, request.host + request.path) is not None
            and self.body in request.body
        )


@dataclass(frozen=True)
class Outage(Fault):
    """From one write on the server answers nothing any more, and does only that one, if at all.

    Attributes:
        write: how many writes before it are answered.
    """

    write: int = 0
    seen: list[str] = field(default_factory=list)

    def strikes(self, request: Request) -> bool:
        if request.method not in {"GET", "HEAD"}:
            self.seen.append(request.line)
        return len(self.seen) > self.write


class Double:
    """The base of every double.

    Attributes:
        log: every request, in order.
        complaints: what no well-behaved client sends, and the double's own failures; empty in a passing test.
        faults: scripted, looked up in order; each is used up after its `times`.
        kill: ends the client's process, for `What.KILL`.
    """

    def __init__(self) -> None:
        self.log: list[Request] = []
        self.complaints: list[str] = []
        self.faults: list[Fault] = []
        self.kill: Callable[[], None] = lambda: None
        self._struck: dict[int, int] = {}
        self._lock = threading.RLock()
        self._closing = threading.Event()

    def answer(self, request: Request) -> Response:
        """The double's own behaviour; called with its lock held."""
        raise NotImplementedError

    def lines(self, method: str = "", path: str = "") -> list[str]:
        """The log as lines, filtered as a fault filters."""
        wanted = Fault(method=method, path=path)
        return [request.line for request in self.log if wanted.strikes(request)]

    def complain(self, text: str, status: int = 400) -> Response:
        """Refuse what a well-behaved client does not send."""
        self.complaints.append(text)
        return Response.of_text(text, status)

    def handle(self, request: Request) -> Response | None:
        """Answer a request, or None to cut the connection.

        A response that announces more bytes than it has is cut in the middle.
        """
        with self._lock:
            self.log.append(request)
            fault = self._next_fault(request)
            if fault is None:
                return self._answered(request)
            if fault.meanwhile:
                fault.meanwhile()
            done = self._answered(request) if fault.done else None
        return self._suffer(fault, done)

    def close(self) -> None:
        """Release the requests that hang."""
        self._closing.set()

    def _next_fault(self, request: Request) -> Fault | None:
        for index, fault in enumerate(self.faults):
            struck = self._struck.get(index, 0)
            if fault.strikes(request) and (fault.times is None or struck < fault.times):
                self._struck[index] = struck + 1
                return fault
        return None

    def _answered(self, request: Request) -> Response:
        try:
            return self.answer(request)
        except Exception:  # noqa: BLE001 - a fault of the double must reach the test, not a thread's stderr
            return self.complain(f"{request.line}: {traceback.format_exc()}", 500)

    def _suffer(self, fault: Fault, done: Response | None) -> Response | None:
        match fault.what:
            case What.ANSWER:
                return fault.response
            case What.DROP if done is not None:
                half = done.body[: len(done.body) // 2]
                return Response(done.status, half, {**done.headers, "Content-Length": str(len(done.body) + 1)})
            case What.HANG:
                self._closing.wait()
            case What.KILL:
                self.kill()
        return None


class Handler(BaseHTTPRequestHandler):
    """Reads requests off a connection and lets a double answer them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    double: Double | None = None

    def target_double(self) -> Double | None:
        """Return who answers on this connection."""
        return self.double

    def target_host(self) -> str:
        return self.headers.get("Host", "")

    def serve_request(self) -> None:
        double = self.target_double()
        if double is None:
            self.close_connection = True
            return
        request = Request(
            self.command,
            self.target_host(),
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self._body(),
            self.client_address[1],
        )
        response = double.handle(request)
        if response is None:
            self.close_connection = True
            return
        self._send(response)

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Every method is for the double to judge: the base class looks for ``do_GET`` and the like."""
        if not name.startswith("do_"):
            raise AttributeError(name)
        return self.serve_request

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing: the log is the double's."""

    def _body(self) -> bytes:
        self._acknowledge()
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _acknowledge(self) -> None:
        """Let the client go on at once: through a proxy urllib3 waits for it, and Linux would take 40 ms."""
        if hasattr(socket, "TCP_QUICKACK"):
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        headers = {"Content-Length": str(len(response.body)), **response.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.close_connection |= int(headers["Content-Length"]) > len(response.body)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)
        self.wfile.flush()


class Server(ThreadingHTTPServer):
    """A server that never prints and never waits for its threads."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what many tests are about."""


@contextmanager
def running(server: Server) -> Iterator[int]:
    """Serve in a thread; gives the port."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def serve(double: Double) -> Iterator[str]:
    """Serve a double directly; gives its address, ``http://127.0.0.1:PORT``."""
    handler = type("BoundHandler", (Handler,), {"double": double})
    with running(Server(("127.0.0.1", 0), handler)) as port:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            with suppress(RuntimeError):
                double.close()
